//! What can go wrong with the file, and who mends it how.

use std::path::PathBuf;

use crate::domain::CommandId;

/// A failure of the store. It names the file and never what stands in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made, or the file in it.
    #[error("cannot make the history file {path}: {source}; check the rights on its folder or choose another data folder", path = path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite cannot open it.
    #[error("cannot open the history file {path}: {source}; check its rights or choose another data folder", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It is no SQLite file, or a broken one.
    #[error(
        "the history file {path} is damaged ({source}); move it away together with its -wal and -shm files \
         and start again with an empty history, or mend it with: sqlite3 {path} .recover",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It is a database, but not one of Hark's.
    #[error("{path} is the database of another program; choose another data folder", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer Hark made it.
    #[error(
        "the history file {path} was made by a newer Hark (its version is {found}, this one knows {known}); \
         update Hark or choose another data folder",
        path = path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The system gave no thread.
    #[error("cannot start a thread for the history: {0}; end other programs or raise the limit of processes")]
    Thread(std::io::Error),
    /// No place in the queue for too long.
    #[error("cannot {what}: the disk does not keep up; try again in a moment")]
    Busy {
        /// What was tried.
        what: &'static str,
    },
    /// The thread is gone.
    #[error("cannot {what}: the store is closed; start Hark again")]
    Closed {
        /// What was tried.
        what: &'static str,
    },
    /// SQLite refuses.
    #[error("cannot {what} in {path}: {source}; check that the disk has room and the file may be written", path = path.display())]
    Sqlite {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// An outcome that cannot be written down as JSON.
    #[error("cannot write down the outcome of command {id}: {source}")]
    Encode {
        /// The command.
        id: CommandId,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The user has no such command, or it was old and is no longer kept.
    #[error("there is no command {id} to finish; it may have been removed because newer ones took its place")]
    UnknownCommand {
        /// The command.
        id: CommandId,
    },
}

impl StoreError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Create { .. } => "store_create",
            Self::Open { .. } => "store_open",
            Self::Damaged { .. } => "store_damaged",
            Self::Foreign { .. } => "store_foreign",
            Self::Newer { .. } => "store_newer",
            Self::Thread(_) => "store_thread",
            Self::Busy { .. } => "store_busy",
            Self::Closed { .. } => "store_closed",
            Self::Sqlite { .. } => "store_failed",
            Self::Encode { .. } => "store_encode",
            Self::UnknownCommand { .. } => "store_unknown_command",
        }
    }
}
