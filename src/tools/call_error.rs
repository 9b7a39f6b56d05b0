//! Why a call came to nothing.

use std::fmt;
use std::time::Duration;

use crate::domain::Language;
use crate::phrases::Phrase;

/// A call that gave no result that can be used.
#[derive(Debug)]
pub enum CallError {
    /// No such server is configured.
    UnknownServer {
        /// The key that was asked for.
        server: String,
        /// The keys that there are.
        known: String,
    },
    /// The arguments are not an object, so that nothing was sent.
    BadArguments {
        /// The tool.
        tool: String,
    },
    /// The server is not there, and nothing was sent.
    NotConnected {
        /// Its key.
        server: String,
        /// Why, and the way out.
        reason: String,
    },
    /// The server has as many calls as it may have, and nothing was sent.
    Busy {
        /// Its key.
        server: String,
        /// How many calls wait already.
        waiting: usize,
    },
    /// The tool is no longer what it was when the plan was made, and nothing was sent.
    ToolChanged {
        /// The tool.
        tool: String,
    },
    /// The call could not be handed to the server, which has not seen it.
    NotDelivered {
        /// Its key.
        server: String,
        /// What went wrong on the way.
        reason: String,
    },
    /// The call was sent, and the connection ended before an answer came.
    Lost {
        /// Its key.
        server: String,
        /// How it ended.
        reason: String,
    },
    /// The call was sent, and no answer came in time. The server was told to stop.
    TimedOut {
        /// The tool.
        tool: String,
        /// The limit.
        after: Duration,
    },
    /// The person or the program stopped it.
    Cancelled {
        /// The tool.
        tool: String,
        /// The server had the call already, and was told to stop.
        sent: bool,
    },
    /// The server answered that it does not do this.
    Refused {
        /// The tool.
        tool: String,
        /// The JSON-RPC code, or the HTTP status where the call was refused before it came that far.
        code: i32,
        /// The server's words.
        message: String,
    },
    /// The server wants to ask back, which Hark does not offer.
    WantsInput {
        /// The tool.
        tool: String,
    },
    /// The result is not what the tool promised, so that nothing in it can be relied on.
    BadResult {
        /// The tool.
        tool: String,
        /// Each fault.
        faults: Vec<String>,
    },
    /// The result is larger than is taken in.
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
            Self::Busy { .. } => "server_busy",
            Self::ToolChanged { .. } => "tool_changed",
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

    /// What happened and the way out, for a person; the reasons of servers are in their own words.
    pub fn phrase(&self) -> Phrase {
        let about = |name, tool: &String| Phrase::new(name).with("tool", tool.clone());
        let server = |name, server: &String| Phrase::new(name).with("server", format!("{server:?}"));
        match self {
            Self::UnknownServer { server: key, known } => {
                server("call-server-unknown", key).with("known", known.clone())
            }
            Self::BadArguments { tool } => about("call-arguments", tool),
            Self::NotConnected { server: key, reason } => {
                server("call-not-connected", key).with("reason", reason.clone())
            }
            Self::Busy { server: key, waiting } => server("call-busy", key).with("waiting", *waiting),
            Self::ToolChanged { tool } => about("call-tool-changed", tool),
            Self::NotDelivered { server: key, reason } => {
                server("call-not-delivered", key).with("reason", reason.clone())
            }
            Self::Lost { server: key, reason } => server("call-lost", key).with("reason", reason.clone()),
            Self::TimedOut { tool, after } => {
                about("call-timeout", tool).with("seconds", after.as_secs_f64())
            }
            Self::Cancelled { tool, sent: true } => about("call-stopped-late", tool),
            Self::Cancelled { tool, sent: false } => about("call-stopped", tool),
            Self::Refused { tool, code, message } => {
                about("call-refused", tool).with("code", *code).with("reason", message.clone())
            }
            Self::WantsInput { tool } => about("call-wants-input", tool),
            Self::BadResult { tool, faults } => {
                about("call-bad-result", tool).with("faults", faults.join("; "))
            }
            Self::TooLarge { tool, bytes, limit } => {
                about("call-too-large", tool).with("bytes", *bytes).with("limit", *limit)
            }
        }
    }

    /// The server has not seen the call and may see a second try: trying again is safe for any tool.
    /// Where [`Self::effect_unknown`] holds, it is safe only for a tool that is read-only or idempotent.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NotConnected { .. } | Self::Busy { .. } | Self::NotDelivered { .. } => true,
            Self::UnknownServer { .. }
            | Self::BadArguments { .. }
            | Self::ToolChanged { .. }
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
            | Self::Busy { .. }
            | Self::ToolChanged { .. }
            | Self::NotDelivered { .. }
            | Self::Refused { .. }
            | Self::WantsInput { .. }
            | Self::BadResult { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}

/// As the log and programs are told it.
impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.phrase().say(Language::ENGLISH))
    }
}

impl std::error::Error for CallError {}
