//! Why a model could not be fetched. Every message names what was tried and the way out.

use std::path::PathBuf;

/// Why a fetch failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The model is inside the binary.
    #[error("{name} is built into hark, so there is nothing to fetch")]
    Embedded {
        /// The model.
        name: String,
    },
    /// The library's folder cannot be used.
    #[error("could not {action} {}: {source}; check that the folder exists, is yours and has room", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// No source gave the right file.
    #[error("could not fetch {name}: {}; when one of them can be reached, run `hark models fetch {name}` \
             again (it goes on where it stopped), or put the file at {}", list(failures), path.display())]
    NoSource {
        /// The model.
        name: String,
        /// Where its file belongs.
        path: PathBuf,
        /// What each source did, in the order tried.
        failures: Vec<SourceError>,
    },
}

/// What one source did instead of giving the right file.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No connection, or none that lasted.
    #[error("{address} could not be reached ({reason})")]
    Unreachable {
        /// The address.
        address: String,
        /// The innermost cause.
        reason: String,
    },
    /// It answered with another status than success.
    #[error("{address} answered with HTTP status {status}")]
    Status {
        /// The address.
        address: String,
        /// The status.
        status: u16,
    },
    /// The connection ended before the file did, again and again.
    #[error("{address} stopped after {done} of {size} bytes ({reason})")]
    Cut {
        /// The address.
        address: String,
        /// Bytes that are here now.
        done: u64,
        /// Bytes that the file has.
        size: u64,
        /// The innermost cause.
        reason: String,
    },
    /// The file there has another size.
    #[error("{address} offers {found} bytes where the catalogue says {expected}")]
    WrongSize {
        /// The address.
        address: String,
        /// The size that it announced or passed.
        found: u64,
        /// The size in the catalogue.
        expected: u64,
    },
    /// The file there is another one.
    #[error("{address} gave a file with SHA-256 {found} where the catalogue says {expected}")]
    WrongContent {
        /// The address.
        address: String,
        /// The checksum of what came.
        found: String,
        /// The checksum in the catalogue.
        expected: String,
    },
    /// pip could not be run or failed.
    #[error("`{command}` failed ({reason})")]
    Pip {
        /// The command.
        command: String,
        /// What it said last.
        reason: String,
    },
    /// The wheel is not what the catalogue says.
    #[error("the package {package} {fault}")]
    Wheel {
        /// Package and version.
        package: String,
        /// What is wrong.
        fault: String,
    },
    /// Writing failed, which another source would not mend.
    #[error("could not {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

fn list(failures: &[SourceError]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
