//! Sound to a transcript, or a refusal with a name.
//!
//! One model, a fixed pool of decoding states on threads of their own, a bounded queue that refuses
//! when it is full. Speech is never written down anywhere but in the answer.

mod bias;
mod checks;
mod engine_log;
mod error;
mod fallback;
mod heard;
mod listener;
mod pieces;
mod pool;
mod remote;
mod whisper;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::domain::{Decoding, Pcm, Transcript};

pub use error::SpeechError;
pub use fallback::Fallback;
pub use remote::{RemoteConfig, RemoteTranscriber};
pub use whisper::Whisper;

/// Hears words in sound.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Writes down what is said.
    ///
    /// # Errors
    /// A refusal by name (silence, too short, nothing that can be understood), a full queue, a time
    /// limit, or a cancellation.
    async fn transcribe(
        &self,
        pcm: Pcm,
        hints: Hints,
        cancel: CancellationToken,
    ) -> Result<Transcript, SpeechError>;

    /// Which model hears.
    fn model(&self) -> SpeechModel;
}

/// What the recogniser may be told beforehand.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// A text that may have gone before. Ignored by models that were not trained with a prompt.
    pub prompt: Option<String>,
    /// Phrases to expect, the most important first.
    pub vocabulary: Option<Arc<[String]>>,
    /// The language that is spoken, of two letters, where it is another than that of the settings.
    pub language: Option<String>,
    /// Gets the text of each part as soon as it is heard, where the sound is long. A refusal may follow.
    pub parts: Option<mpsc::UnboundedSender<String>>,
}

/// The model in use, for people.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpeechModel {
    /// Its name in the catalogue.
    pub name: String,
    /// It is the small one inside the program.
    pub embedded: bool,
    /// The only language that it hears, of two letters; none where it hears many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What it can't do, and the one command that fetches a full one; none for a full one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where a model is, and how it wants to be run.
#[derive(Clone, Debug)]
pub struct SpeechModelConfig {
    /// Its name in the catalogue.
    pub name: String,
    /// Its weights.
    pub weights: Weights,
    /// The only language that it hears, of two letters; none where it hears many.
    pub language: Option<String>,
    /// A sentence for people where it is a fall-back.
    pub note: Option<String>,
    /// How it wants to be run.
    pub decoding: Decoding,
}

/// The weights of a model, in whisper.cpp's format.
#[derive(Clone, Debug)]
pub enum Weights {
    /// A file.
    File(PathBuf),
    /// Inside the program.
    Embedded(&'static [u8]),
}

/// How speech is run.
#[derive(Clone, Debug)]
pub struct SpeechConfig {
    /// The model.
    pub model: SpeechModelConfig,
    /// Utterances decoded at once. Each state costs memory (some 100 to 300 MB for full models).
    pub states: usize,
    /// Threads for each.
    pub threads_per_state: usize,
    /// Utterances that may wait; more are refused.
    pub queue: usize,
    /// Longest time for one utterance, waiting included.
    pub deadline: Duration,
    /// The language that is spoken, of two letters, or `auto`: found out for each utterance, at the cost of
    /// a further pass of the encoder. Models of one language hear that one.
    pub language: String,
}
