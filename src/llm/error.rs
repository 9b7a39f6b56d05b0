//! Why a model gave no answer.

use std::time::Duration;

/// Why a model gave no answer; each says what was tried and, where there is one, the way out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// The model, or the program that serves it, is not there.
    #[error("the model {model} is not available: {reason}")]
    Missing {
        /// The model's name.
        model: String,
        /// What is missing and how to get it.
        reason: String,
    },
    /// The model was not ready within the request's time.
    #[error("the model {model} was not ready in time: {reason}")]
    Starting {
        /// The model's name.
        model: String,
        /// What it is doing.
        reason: String,
    },
    /// Too many requests wait, or the provider's rate limit is reached.
    #[error("the model {model} is busy: {reason}")]
    Busy {
        /// The model's name.
        model: String,
        /// The server's words.
        reason: String,
        /// When to try again, if the server says.
        retry_after: Option<Duration>,
    },
    /// No whole answer came in time.
    #[error("the model {model} gave no answer within {:.0} s", after.as_secs_f64().max(1.0))]
    Timeout {
        /// The model's name.
        model: String,
        /// How long was waited.
        after: Duration,
    },
    /// No connection, or a broken one.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// The server's address.
        address: String,
        /// What the network said.
        reason: String,
    },
    /// The server refused the key.
    #[error("{address} refused the key ({status}): set the right one for this model")]
    KeyRefused {
        /// The server's address.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server found fault with the request.
    #[error("{address} refused the request ({status}): {reason}")]
    Refused {
        /// The server's address.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The server's words.
        reason: String,
    },
    /// The prompt and the answer do not fit the model's context.
    #[error("the request is too long for {model}: {reason}")]
    TooLong {
        /// The model's name.
        model: String,
        /// The server's words, with the sizes where it gives them.
        reason: String,
    },
    /// The schema cannot be kept to by this server.
    #[error("{model} cannot keep to the schema: {reason}")]
    BadSchema {
        /// The model's name.
        model: String,
        /// The server's words.
        reason: String,
    },
    /// The server failed.
    #[error("{address} failed ({status}): {reason}")]
    Failed {
        /// The server's address.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The server's words.
        reason: String,
    },
    /// The server answered something that is no chat reply.
    #[error("{address} gave no usable answer: {reason}")]
    Rubbish {
        /// The server's address.
        address: String,
        /// What was wrong with it.
        reason: String,
    },
    /// The request was cancelled.
    #[error("the request to the model was cancelled")]
    Cancelled,
    /// The settings of this model cannot work.
    #[error("the settings of the model {model} cannot work: {reason}")]
    BadSettings {
        /// The model's name.
        model: String,
        /// What to change.
        reason: String,
    },
}

impl ModelError {
    /// A stable name for clients and figures.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "model_missing",
            Self::Starting { .. } => "model_starting",
            Self::Busy { .. } => "model_busy",
            Self::Timeout { .. } => "model_timeout",
            Self::Unreachable { .. } => "model_unreachable",
            Self::KeyRefused { .. } => "model_key_refused",
            Self::Refused { .. } => "model_refused",
            Self::TooLong { .. } => "model_context_exceeded",
            Self::BadSchema { .. } => "model_schema_refused",
            Self::Failed { .. } => "model_failed",
            Self::Rubbish { .. } => "model_rubbish",
            Self::Cancelled => "model_cancelled",
            Self::BadSettings { .. } => "model_settings",
        }
    }

    /// Whether the same request may succeed if it is made again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Starting { .. }
            | Self::Busy { .. }
            | Self::Timeout { .. }
            | Self::Unreachable { .. }
            | Self::Failed { .. } => true,
            Self::Missing { .. }
            | Self::KeyRefused { .. }
            | Self::Refused { .. }
            | Self::TooLong { .. }
            | Self::BadSchema { .. }
            | Self::Rubbish { .. }
            | Self::Cancelled
            | Self::BadSettings { .. } => false,
        }
    }
}
