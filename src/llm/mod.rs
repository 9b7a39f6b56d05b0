//! Language models behind one face: the embedded one, other local servers and hosted ones are one
//! client with different addresses.
//!
//! Nothing here knows tools or plans. A model's text is handed on as it came; whoever asked for a
//! schema checks the answer again, since not every server keeps to it.

mod chat;
mod embeddings;
mod error;
mod openai;
mod wire;
mod worker;

use async_trait::async_trait;

pub use crate::domain::Secret;
pub use chat::{Beginning, ChatReply, ChatRequest, Finish, Message, Role, TokenLogprob, Usage};
pub use embeddings::TextEncoder;
pub use error::ModelError;
pub use openai::{OpenAiChat, OpenAiConfig};
pub use worker::{LocalWorker, WorkerConfig, WorkerState, WorkerStatus};

/// Something that answers a conversation.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name, for people and figures.
    fn name(&self) -> String;

    /// Answers one request, within its deadline and unless it is cancelled.
    ///
    /// # Errors
    /// [`ModelError`] says who must act; [`ModelError::is_retryable`] whether trying again may help.
    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError>;
}
