//! A command on its way in, and why it may be turned away.

use std::time::Instant;

use bytes::Bytes;
use chrono_tz::Tz;

use super::Rehearsal;
use crate::domain::{SessionId, Transcript, UserId};
use crate::store::StoreError;

/// What a person sends.
pub enum Input {
    /// A typed command.
    Text(String),
    /// A recording in any format that [`crate::audio`] reads.
    Audio(Bytes),
    /// Words that were heard in live sound.
    Heard(Heard),
}

impl Input {
    /// The words, where they are known; empty for a recording.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Audio(_) => "",
            Self::Heard(heard) => &heard.transcript.text,
        }
    }

    pub(super) fn is_spoken(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

/// What was heard in live sound, and what was done with it while the person might still go on.
#[derive(Debug)]
pub struct Heard {
    /// The words.
    pub transcript: Transcript,
    /// When it was certain that the person had ended; the command's time counts from here.
    pub ended: Instant,
    /// A plan made ahead.
    pub rehearsal: Option<Rehearsal>,
}

/// A command on its way in.
pub struct Submission {
    /// Who asks.
    pub user: UserId,
    /// The conversation; a new one where absent.
    pub session: Option<SessionId>,
    /// The person's time zone; the configured one where absent.
    pub timezone: Option<Tz>,
    /// Plan and show, but call no tool.
    pub dry_run: bool,
    /// The command.
    pub input: Input,
}

/// Why a command was not accepted. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No words.
    #[error("the command is empty; say or type what is to be done")]
    EmptyText,
    /// Too many words.
    #[error("the command has {length} characters, at most {limit} are taken; shorten it or split it")]
    TextTooLong {
        /// Characters that came.
        length: usize,
        /// Characters that are taken.
        limit: usize,
    },
    /// Too much is going on.
    #[error("{0} commands are under way, which is the limit; try again in a moment")]
    TooBusy(usize),
    /// Hark is on its way out.
    #[error("Hark is shutting down; send the command again once it is back")]
    ShuttingDown,
    /// The history can't be written, and nothing is done off the record.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SubmitError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyText => "text_empty",
            Self::TextTooLong { .. } => "text_too_long",
            Self::TooBusy(_) => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::Store(error) => error.code(),
        }
    }
}
