//! Why a call came to nothing.

use std::time::Duration;

/// A call that gave no result that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No such server is configured.
    #[error("there is no server {server:?}; configured are: {known}")]
    UnknownServer {
        /// The key that was asked for.
        server: String,
        /// The keys that there are.
        known: String,
    },
    /// The arguments are not an object, so that nothing was sent.
    #[error("the arguments of {tool} must be an object")]
    BadArguments {
        /// The tool.
        tool: String,
    },
    /// The server is not there, and nothing was sent.
    #[error("the server {server:?} is not connected: {reason}")]
    NotConnected {
        /// Its key.
        server: String,
        /// Why, and the way out.
        reason: String,
    },
    /// The call could not be handed to the server, which has not seen it.
    #[error("the call did not reach the server {server:?}: {reason}")]
    NotDelivered {
        /// Its key.
        server: String,
        /// What went wrong on the way.
        reason: String,
    },
    /// The call was sent, and the connection ended before an answer came.
    #[error(
        "the server {server:?} was lost during the call: {reason}; whether it was carried out is not known"
    )]
    Lost {
        /// Its key.
        server: String,
        /// How it ended.
        reason: String,
    },
    /// The call was sent, and no answer came in time. The server was told to stop.
    #[error("{tool} gave no answer within {} s and was told to stop; whether it was carried out is not known", .after.as_secs_f64())]
    TimedOut {
        /// The tool.
        tool: String,
        /// The limit.
        after: Duration,
    },
    /// The person or the program stopped it.
    #[error("the call of {tool} was stopped{}", if *.sent { " after it was sent; whether it was carried out is not known" } else { "" })]
    Cancelled {
        /// The tool.
        tool: String,
        /// The server had the call already, and was told to stop.
        sent: bool,
    },
    /// The server answered that it does not do this.
    #[error("the server refused the call of {tool}: {message} (code {code})")]
    Refused {
        /// The tool.
        tool: String,
        /// The JSON-RPC code, or the HTTP status where the call was refused before it came that far.
        code: i32,
        /// The server's words.
        message: String,
    },
    /// The server wants to ask back, which Hark does not offer.
    #[error(
        "{tool} wants to ask something back during the call, which is not supported yet; give all details in the command"
    )]
    WantsInput {
        /// The tool.
        tool: String,
    },
    /// The result is not what the tool promised, so that nothing in it can be relied on.
    #[error("the result of {tool} does not fit what it promises: {}", .faults.join("; "))]
    BadResult {
        /// The tool.
        tool: String,
        /// Each fault.
        faults: Vec<String>,
    },
    /// The result is larger than is taken in.
    #[error("the result of {tool} has {bytes} bytes, over the limit of {limit}; ask it for less")]
    TooLarge {
        /// The tool.
        tool: String,
        /// Its size.
        bytes: usize,
        /// What is taken in.
        limit: usize,
    },
}

impl CallError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownServer { .. } => "server_unknown",
            Self::BadArguments { .. } => "arguments_invalid",
            Self::NotConnected { .. } => "server_unavailable",
            Self::NotDelivered { .. } => "call_not_delivered",
            Self::Lost { .. } => "server_lost",
            Self::TimedOut { .. } => "call_timeout",
            Self::Cancelled { .. } => "call_cancelled",
            Self::Refused { .. } => "call_refused",
            Self::WantsInput { .. } => "input_wanted",
            Self::BadResult { .. } => "result_invalid",
            Self::TooLarge { .. } => "result_too_large",
        }
    }

    /// The server has not seen the call and may see a second try: trying again is safe for any tool.
    /// Where [`Self::effect_unknown`] holds, it is safe only for a tool that is read-only or idempotent.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NotConnected { .. } | Self::NotDelivered { .. } => true,
            Self::UnknownServer { .. }
            | Self::BadArguments { .. }
            | Self::Lost { .. }
            | Self::TimedOut { .. }
            | Self::Cancelled { .. }
            | Self::Refused { .. }
            | Self::WantsInput { .. }
            | Self::BadResult { .. }
            | Self::TooLarge { .. } => false,
        }
    }

    /// The call was sent and no answer came: it may have been carried out.
    pub fn effect_unknown(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::TimedOut { .. } => true,
            Self::Cancelled { sent, .. } => *sent,
            Self::UnknownServer { .. }
            | Self::BadArguments { .. }
            | Self::NotConnected { .. }
            | Self::NotDelivered { .. }
            | Self::Refused { .. }
            | Self::WantsInput { .. }
            | Self::BadResult { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}
