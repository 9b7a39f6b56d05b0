//! What the user wrote becomes what each room gets. The only place that reads the environment.
//!
//! Later sources win over earlier ones: defaults, `hark.toml`, `.env`, the environment
//! (`HARK_SERVER__BIND` is `bind` of `[server]`), flags. A faulty configuration stops the start with
//! its faults named, and never with a value, which may be a key.

mod approval;
mod environment;
mod fault;
mod hearing;
mod places;
mod raw;
mod settings;

use std::path::PathBuf;

pub use environment::Environment;
pub use hearing::SpeechChoice;
pub use places::Places;
pub use raw::{Raw, RemoteUse};
pub use settings::{AdapterChoice, LanguageModel, Settings};

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read.
    #[error("{path} can't be read: {source}; check the name and its rights")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file or a variable is not of the right form.
    #[error("{place}: {fault}")]
    Malformed {
        /// The file or variable.
        place: String,
        /// What is wrong, with the line where there is one.
        fault: String,
    },
    /// Values that are well formed and still can't be.
    #[error("the settings can't be used:\n  {}", .0.join("\n  "))]
    Faulty(Vec<String>),
    /// There is no home folder to keep data in.
    #[error("no home folder was found; say where to keep data: HARK_DATA_DIR=/some/folder")]
    NoHome,
}
