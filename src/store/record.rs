//! What goes into the store and what comes out of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::{CommandId, Event, Outcome, SessionId, ToolName, UserId};

/// A command that has just come in.
#[derive(Clone, Debug)]
pub struct CommandRecord {
    /// Its address.
    pub id: CommandId,
    /// Who asks.
    pub user: UserId,
    /// The conversation that it belongs to.
    pub session: SessionId,
    /// It came as sound.
    pub spoken: bool,
    /// The words; empty until they are heard.
    pub text: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

/// What a request is known by when it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The client's name for the request.
    pub key: String,
    /// A hash of all that was asked for, so that a key cannot stand for two requests.
    pub fingerprint: String,
}

/// One line of a user's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryItem {
    /// The command.
    pub command_id: CommandId,
    /// Its conversation.
    pub session_id: SessionId,
    /// It came as sound.
    pub spoken: bool,
    /// The words; empty where nothing was heard.
    pub text: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Whether everything was done; absent where no end is on record, since the command still runs or
    /// the program was cut off.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub success: Option<bool>,
    /// The code of what went wrong, where something did; `cancelled` where a person stopped it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// What was said to the person at the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply: Option<String>,
    /// Whether it ended with a question.
    pub needs_clarification: bool,
    /// From its arrival to its end, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub execution_time: Option<f64>,
}

/// One command with all that came of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredCommand {
    /// Its address.
    pub id: CommandId,
    /// The conversation that it belongs to.
    pub session: SessionId,
    /// It came as sound.
    pub spoken: bool,
    /// The words; empty where nothing was heard.
    pub text: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// What came of it; absent while it runs, or where the program was cut off.
    pub outcome: Option<Outcome>,
    /// Its events in order; none before its end.
    pub events: Vec<Event>,
}

/// An entry for the audit log.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// The command.
    pub command: CommandId,
    /// Whose command it is.
    pub user: UserId,
    /// What is about to happen or has happened.
    pub action: AuditAction,
    /// The tool, where it is about one.
    pub tool: Option<ToolName>,
    /// Details: arguments, status, reasons.
    pub detail: Value,
}

/// An entry of the audit log as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its number in the log, growing.
    pub number: i64,
    /// When it was handed in.
    pub at: DateTime<Utc>,
    /// What happened.
    pub action: AuditAction,
    /// The tool, where it is about one.
    #[schema(value_type = Option<String>)]
    pub tool: Option<ToolName>,
    /// Details.
    pub detail: Value,
}

/// What an audit entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A decision was made: a plan, a question, or nothing to do.
    Planned,
    /// A call is about to be sent.
    CallStarted,
    /// A call came to an end, or its outcome is unknown.
    CallEnded,
    /// A person stopped the command.
    Cancelled,
    /// Something was refused by a rule of ours.
    Refused,
}

impl AuditAction {
    /// How safe the entry must be before the work goes on.
    ///
    /// Only what announces an effect must outlive a power cut: without the entry, an effect could
    /// exist that no record tells of. All other entries follow from what was already announced or
    /// have no effect, and outlive a crash of the program, which is by far the likelier fault.
    pub fn durability(self) -> Durability {
        match self {
            Self::CallStarted => Durability::PowerCut,
            Self::Planned | Self::CallEnded | Self::Cancelled | Self::Refused => Durability::Process,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::CallStarted => "call_started",
            Self::CallEnded => "call_ended",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Planned, Self::CallStarted, Self::CallEnded, Self::Cancelled, Self::Refused]
            .into_iter()
            .find(|action| action.name() == name)
    }
}

/// What a write outlives once its caller has gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of the program, however it comes: the operating system has the data.
    Process,
    /// A power cut too: the disk has said that it has the data. Costs one `fsync` for all that wait.
    PowerCut,
}
