//! What the speech model heard.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Words heard in one utterance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    /// The text, trimmed; never empty.
    pub text: String,
    /// The words in order.
    pub words: Vec<Word>,
    /// Geometric mean of the token probabilities, 0 to 1.
    pub confidence: f32,
    /// The name of the model in the catalogue that heard it.
    pub model: String,
    /// Length of the sound in milliseconds.
    pub audio_ms: u64,
    /// Time in the speech model in milliseconds, waiting in its queue not included.
    pub decode_ms: f64,
}

/// One word and how sure the model was of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Word {
    /// The word with its punctuation.
    pub text: String,
    /// The lowest probability among its tokens, 0 to 1.
    pub confidence: f32,
}
