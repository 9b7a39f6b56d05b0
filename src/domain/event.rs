//! The progress of a command, as told to people and programs: the wire contract of A6.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::CommandId;

/// One numbered step forward in a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number within the command: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// The command.
    pub command_id: CommandId,
    /// What is going on.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// One sentence for a person.
    pub message: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// Details for programs; their shape follows from the type (`docs/events.md`).
    pub data: Value,
}

/// What is going on. `completed` and `error` are the last event of every command, one of them always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventType {
    /// Sound is decoded and heard; with `data.transcript` once that is done.
    Transcribing,
    /// The model thinks.
    Analyzing,
    /// The tools at hand were looked up.
    Discovering,
    /// A checked plan exists.
    Planned,
    /// A person must agree first.
    Confirming,
    /// Something is missing and a question is put.
    Clarifying,
    /// A step starts, goes on or ends: `data.step` and `data.status`.
    Executing,
    /// It is over; `data` is the outcome.
    Completed,
    /// It failed; `data` is the outcome, with its `error`.
    Error,
}

impl EventType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transcribing => "transcribing",
            Self::Analyzing => "analyzing",
            Self::Discovering => "discovering",
            Self::Planned => "planned",
            Self::Confirming => "confirming",
            Self::Clarifying => "clarifying",
            Self::Executing => "executing",
            Self::Completed => "completed",
            Self::Error => "error",
        }
    }

    /// Whether no event follows.
    pub fn is_last(self) -> bool {
        matches!(self, Self::Completed | Self::Error)
    }
}
