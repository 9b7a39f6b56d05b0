//! What goes over the wire: the part of OpenAI's chat completions that Hark uses, and our additions.
//!
//! Additions to the reply: `forced` and `legal_mass` at each token of `logprobs.content`,
//! `usage.completion_tokens_details.forced_tokens`, and `timings`. Addition to the request:
//! `timeout_ms`, `blocks` and `prior`. Streaming is not offered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request for one answer. Fields that other clients send and we do not know are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct ChatRequest {
    pub(crate) messages: Vec<ChatMessage>,
    #[serde(default, alias = "max_completion_tokens")]
    pub(crate) max_tokens: Option<u32>,
    #[serde(default)]
    pub(crate) temperature: Option<f32>,
    #[serde(default)]
    pub(crate) seed: Option<u64>,
    #[serde(default)]
    pub(crate) logprobs: bool,
    #[serde(default)]
    pub(crate) stream: bool,
    #[serde(default)]
    pub(crate) response_format: ResponseFormat,
    /// Ours: the answer is given up after this time, the wait in the queue included.
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
    /// Ours: where parts of the first message begin that do not see each other, in bytes; the last one ends
    /// with the message. For models that were trained so.
    #[serde(default)]
    pub(crate) blocks: Vec<usize>,
    /// Ours: beginnings of the answer, with how likely each one was held to be before the model was asked.
    #[serde(default)]
    pub(crate) prior: Vec<Beginning>,
}

/// How an answer may begin.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Beginning {
    pub(crate) text: String,
    /// In proportion to the others'.
    pub(crate) weight: f32,
}

/// A request for vectors, as OpenAI's embeddings have it.
#[derive(Debug, Deserialize)]
pub(crate) struct EmbeddingRequest {
    pub(crate) input: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ChatMessage {
    pub(crate) role: String,
    pub(crate) content: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ResponseFormat {
    #[default]
    Text,
    JsonObject,
    JsonSchema {
        json_schema: NamedSchema,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct NamedSchema {
    pub(crate) schema: Value,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChatReply {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) choices: [Choice; 1],
    pub(crate) usage: Usage,
    pub(crate) timings: Timings,
}

#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    pub(crate) index: u32,
    pub(crate) message: ReplyMessage,
    pub(crate) logprobs: Option<Logprobs>,
    pub(crate) finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReplyMessage {
    pub(crate) role: &'static str,
    pub(crate) content: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Logprobs {
    pub(crate) content: Vec<TokenLogprob>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TokenLogprob {
    pub(crate) token: String,
    /// Natural logarithm, among the tokens that the schema allowed here; 0 for a forced token.
    pub(crate) logprob: f32,
    /// Given where the token alone is no whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<Vec<u8>>,
    /// The schema left no choice, so the model was not asked.
    pub(crate) forced: bool,
    /// The probability that the model gave to all allowed tokens together, before the others were
    /// taken away; absent where nothing was taken away or the model was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) legal_mass: Option<f32>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: usize,
    pub(crate) completion_tokens: usize,
    pub(crate) total_tokens: usize,
    pub(crate) prompt_tokens_details: PromptDetails,
    pub(crate) completion_tokens_details: CompletionDetails,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PromptDetails {
    pub(crate) cached_tokens: usize,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct CompletionDetails {
    pub(crate) forced_tokens: usize,
}

/// Where the time went, in milliseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Timings {
    pub(crate) queue_ms: f64,
    pub(crate) schema_ms: f64,
    pub(crate) prompt_ms: f64,
    pub(crate) predicted_ms: f64,
    /// Part of `predicted_ms`: working out which tokens the schema allows.
    pub(crate) mask_ms: f64,
}
