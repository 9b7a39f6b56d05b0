//! What is asked of a model, and what it answers, free of any provider's wire format.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// One request for one answer.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// Where in the first message its blocks begin, in bytes: parts that were trained not to see each other, and
    /// that the embedded model keeps one by one. Other servers read the message as a whole.
    pub blocks: Vec<usize>,
    /// The JSON Schema that the answer must fit; properties are written in the schema's order.
    pub schema: Option<Value>,
    /// How the answer may begin, as another judge sees it. Of use to the embedded model only.
    pub prior: Vec<Beginning>,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
    /// 0 for the likeliest answer, up to 2 for variety.
    pub temperature: f32,
    /// Stops the work, at the model as well.
    pub cancel: CancellationToken,
    /// The longest wait for the whole answer.
    pub deadline: Duration,
}

/// A beginning of an answer, and how likely it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beginning {
    /// Its text.
    pub text: String,
    /// In proportion to the others of the request.
    pub weight: f32,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A turn of `role`.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into() }
    }
}

/// Who speaks in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// What a model answered.
#[derive(Debug, Clone)]
pub struct ChatReply {
    /// The answer as it came.
    pub text: String,
    /// The answer's tokens with their probabilities; empty where the server tells none.
    pub tokens: Vec<TokenLogprob>,
    /// What was counted; zeros where the server does not count.
    pub usage: Usage,
    /// The model that answered, as its server names it.
    pub model: String,
    /// From asking to the last byte.
    pub elapsed: Duration,
    /// Why the answer ended.
    pub finish: Finish,
}

/// One token of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// Its text.
    #[serde(rename = "token")]
    pub text: String,
    /// Natural logarithm of its probability, after illegal tokens were taken away.
    pub logprob: f32,
    /// The probability of all legal tokens together before that; only the embedded model tells it.
    #[serde(default)]
    pub legal_mass: Option<f32>,
    /// The schema left no choice; only the embedded model tells it.
    #[serde(default)]
    pub forced: bool,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Those of them that the model remembered from an earlier request.
    pub cached_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
    /// Those of them that the schema forced.
    pub forced_tokens: u32,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model came to an end.
    Stop,
    /// `max_tokens` were used up: the text is cut off.
    Length,
    /// Something else, such as a provider's filter.
    Other,
}
