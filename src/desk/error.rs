//! What can go wrong at the desk, in words for the person who asked.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A fault of the desk. All but [`DeskError::Serve`] reach the client as a tool result with
/// `isError`, so the messages are sentences that can be spoken.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The words could not be read as a time, a duration, a place or a sum.
    #[error("I did not understand the {what} \"{said}\"; say for example \"{example}\"")]
    NotUnderstood {
        /// What the words were taken for.
        what: &'static str,
        /// The words themselves, shortened.
        said: String,
        /// Words that would have been understood.
        example: &'static str,
    },
    /// Nothing of that name exists; `known` says what does.
    #[error("there is no {what} called \"{said}\"; {known}")]
    NotFound {
        /// The kind of thing that was looked for.
        what: &'static str,
        /// The name that was given, shortened.
        said: String,
        /// A clause that names what exists.
        known: String,
    },
    /// Several things fit the name.
    #[error("more than one {what} fits \"{said}\": {choices}; say which one")]
    Ambiguous {
        /// The kind of thing that was looked for.
        what: &'static str,
        /// The name that was given, shortened.
        said: String,
        /// The things that fit.
        choices: String,
    },
    /// A required argument was empty.
    #[error("the {what} is missing; say for example \"{example}\"")]
    Missing {
        /// The argument that was empty.
        what: &'static str,
        /// Words that would do.
        example: &'static str,
    },
    /// A text or a file is over its bound.
    #[error("the {what} is too long: {found} {unit}, and at most {limit} are kept")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The bound.
        limit: usize,
        /// The unit of both.
        unit: &'static str,
    },
    /// There are as many things of this kind as the desk keeps.
    #[error("there are already {limit} {what}, which is the most that the desk keeps; delete some first")]
    Full {
        /// The kind of thing.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// The time lies in the past, and the future was needed.
    #[error("{when} is already past; say a time that is still to come, for example \"tomorrow at 3pm\"")]
    Past {
        /// The time as it was understood.
        when: String,
    },
    /// The sum could not be worked out.
    #[error("I could not work out \"{said}\": {reason}")]
    Arithmetic {
        /// The expression, shortened.
        said: String,
        /// The reason that the calculator gave.
        reason: String,
    },
    /// Another process has the files.
    #[error("another program has held the desk's files for {seconds} seconds; try again in a moment")]
    Busy {
        /// How long the desk waited.
        seconds: u64,
    },
    /// A file could not be read or written.
    #[error("could not {doing} {path}: {source}; check that the folder is there, writable and not full")]
    File {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// The fault of the system.
        source: io::Error,
    },
    /// The desk's own work was cut off.
    #[error("the desk was interrupted at its work; ask again")]
    Interrupted,
    /// The MCP connection could not be opened or kept.
    #[error("the desk's MCP connection failed: {0}")]
    Serve(String),
}

impl DeskError {
    /// The message as a spoken sentence: a capital letter, a full stop.
    pub(super) fn sentence(&self) -> String {
        super::spoken::sentence(&self.to_string())
    }
}

/// At most 80 characters of what was said, so that an error stays a sentence.
pub(super) fn shortened(said: &str) -> String {
    let said = said.trim();
    match said.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said.to_owned(),
    }
}
