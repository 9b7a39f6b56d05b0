//! The catalogue of models, and their files on disk: what there is, where it comes from, how to
//! know that it is the right file, and fetching it.
//!
//! Nothing here runs a model. No file stands under its final name unless its SHA-256 was right.

mod adapter;
mod catalogue;
mod download;
mod error;
mod fetch;
mod library;
mod part;
mod wheel;

pub use adapter::Adapter;
pub use catalogue::{Catalogue, CatalogueError, Entry, Kind, Source};
pub use error::{FetchError, SourceError};
pub use fetch::{FetchProgress, FetchStage, Fetcher, fetch};
pub use library::Library;

/// The embedded speech model, in whisper.cpp's format: the fall-back on a machine that reaches no
/// source of a full one.
pub const EMBEDDED_SPEECH: &[u8] = include_bytes!("../../models/hark-mini-en.q8_0.bin");

/// The adapter with which the embedded language model plans, as a file that llama.cpp can read.
pub const EMBEDDED_ADAPTER: Adapter = Adapter {
    base: "smollm2-135m-instruct",
    file: "hark-planner.d45d2e93.lora.gguf",
    bytes: include_bytes!("../../models/hark-planner.lora.gguf"),
};
