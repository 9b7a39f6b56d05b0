//! What came of a command: the answer of A7.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{CommandId, Event, EventType, Receipt, SessionId, Transcript};

/// The result of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The command.
    pub command_id: CommandId,
    /// Its conversation; send it again with the answer to a question.
    pub session_id: SessionId,
    /// Whether everything that was asked for was done.
    pub success: bool,
    /// The command in words; empty where nothing could be heard.
    pub text: String,
    /// What was heard, where the command was spoken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transcript: Option<Transcript>,
    /// The plan in the form of A4, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<Value>,
    /// A receipt for each step.
    pub results: Vec<Receipt>,
    /// What to say to the person, made from the receipts.
    pub reply: String,
    /// Whether `clarification_question` waits for an answer.
    pub needs_clarification: bool,
    /// The question, where one is asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clarification_question: Option<String>,
    /// What went wrong, where something did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<Failure>,
    /// From the arrival of the command to its end, in milliseconds.
    pub execution_time: f64,
    /// Where the time went.
    pub stages: Stages,
}

impl Outcome {
    /// The type of the command's last event.
    pub fn last_event_type(&self) -> EventType {
        if self.error.is_some() { EventType::Error } else { EventType::Completed }
    }

    /// The command's last event, for a command that arrived at `received_at`.
    pub fn last_event(&self, seq: u64, received_at: DateTime<Utc>) -> Event {
        Event {
            seq,
            command_id: self.command_id,
            kind: self.last_event_type(),
            message: self.reply.clone(),
            timestamp: received_at + TimeDelta::microseconds((self.execution_time * 1e3) as i64),
            data: serde_json::to_value(self).unwrap_or(Value::Null),
        }
    }
}

/// A failure that ends a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A stable name for programs, such as `audio_too_long`.
    pub code: String,
    /// What happened and the way out, for a person.
    pub message: String,
}

/// Times of the stages in milliseconds; absent where a stage was not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stages {
    /// Decoding and resampling of the sound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decode_ms: Option<f64>,
    /// The speech model, waiting for it included.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub speech_ms: Option<f64>,
    /// Of live speech, what was heard and planned before its end was certain: from the beginning of the
    /// plan made ahead to the end of speech. It is no part of the command's time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ahead_ms: Option<f64>,
    /// Looking up the tools.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub discover_ms: Option<f64>,
    /// Picking the best-fitting tools.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shortlist_ms: Option<f64>,
    /// The planner, its model included.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan_ms: Option<f64>,
    /// Of `plan_ms`, the time spent waiting for the language model.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model_ms: Option<f64>,
    /// All steps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub execute_ms: Option<f64>,
}
