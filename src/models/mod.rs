//! The catalogue of models, and their files on disk: what there is, where it comes from, how to
//! know that it is the right file, and fetching it.
//!
//! Nothing here runs a model. No file stands under its final name unless its SHA-256 was right.

mod catalogue;
mod download;
mod enclosed;
mod error;
mod fetch;
mod library;
mod part;
mod wheel;

pub use catalogue::{Catalogue, CatalogueError, Entry, Kind, Source};
pub use enclosed::Enclosed;
pub use error::{FetchError, SourceError};
pub use fetch::{FetchProgress, FetchStage, Fetcher, fetch};
pub use library::Library;

/// The embedded speech model, in whisper.cpp's format: the fall-back on a machine that reaches no
/// source of a full one.
pub const EMBEDDED_SPEECH: &[u8] = include_bytes!("../../models/hark-mini-en.q8_0.bin");

/// The adapter with which the embedded language model plans, as a file that llama.cpp can read.
pub const EMBEDDED_ADAPTER: Enclosed = Enclosed {
    file: "hark-planner.d45d2e93.lora.gguf",
    bytes: include_bytes!("../../models/hark-planner.lora.gguf"),
};

/// The model of the catalogue that the adapter was trained on.
pub const ADAPTED_MODEL: &str = "smollm2-135m-instruct";

/// The small model that finds the tools that a command is about, as a file that llama.cpp can read.
pub const EMBEDDED_RANKER: Enclosed =
    Enclosed { file: "hark-ranker.80dcff43.gguf", bytes: include_bytes!("../../models/hark-ranker.gguf") };
