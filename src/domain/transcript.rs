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
    /// The parts in which it was heard, one after the other; a short utterance has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
    /// Geometric mean of the token probabilities, 0 to 1.
    pub confidence: f32,
    /// The language that was heard, of two letters, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name of the model in the catalogue that heard it.
    pub model: String,
    /// Length of the sound in milliseconds.
    pub audio_ms: u64,
    /// Time in the speech model in milliseconds, waiting in its queue not included.
    pub decode_ms: f64,
}

/// A part of an utterance that was heard at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Its text, trimmed.
    pub text: String,
    /// Where its sound begins, in milliseconds.
    pub start_ms: u64,
    /// Where its sound ends, in milliseconds.
    pub end_ms: u64,
    /// Geometric mean of its token probabilities, 0 to 1.
    pub confidence: f32,
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
