//! A command on its way in, and why it may be turned away.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use chrono_tz::Tz;

use super::Rehearsal;
use crate::domain::{Language, SessionId, Transcript, UserId};
use crate::phrases::Phrase;
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
    /// Whether the person may agree to calls that the policy asks about.
    pub may_approve: bool,
    /// The conversation; a new one where absent.
    pub session: Option<SessionId>,
    /// The person's time zone; the configured one where absent.
    pub timezone: Option<Tz>,
    /// The language to answer in; the configured one where absent.
    pub language: Option<Language>,
    /// Plan and show, but call no tool.
    pub dry_run: bool,
    /// The command.
    pub input: Input,
}

/// Why a command was not accepted. Nothing of it was done.
#[derive(Debug)]
pub enum SubmitError {
    /// No words.
    EmptyText,
    /// Too many words.
    TextTooLong {
        /// Characters that came.
        length: usize,
        /// Characters that are taken.
        limit: usize,
    },
    /// Its key came before, with another request.
    KeyReused,
    /// Too much is going on.
    TooBusy(usize),
    /// Hark is on its way out.
    ShuttingDown,
    /// The history can't be written, and nothing is done off the record.
    Store(StoreError),
}

impl SubmitError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyText => "text_empty",
            Self::TextTooLong { .. } => "text_too_long",
            Self::KeyReused => "idempotency_key_reused",
            Self::TooBusy(_) => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::Store(error) => error.code(),
        }
    }

    /// What happened and the way out, for a person.
    pub fn say(&self, language: Language) -> String {
        let phrase = match self {
            Self::EmptyText => Phrase::new("submit-empty"),
            Self::TextTooLong { length, limit } => {
                Phrase::new("submit-too-long").with("length", *length).with("limit", *limit)
            }
            Self::KeyReused => Phrase::new("submit-key-reused"),
            Self::TooBusy(count) => Phrase::new("submit-busy").with("count", *count),
            Self::ShuttingDown => Phrase::new("submit-shutting-down"),
            Self::Store(error) => return error.to_string(),
        };
        phrase.say(language)
    }
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::ENGLISH))
    }
}

impl std::error::Error for SubmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
