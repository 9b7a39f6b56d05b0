//! What a call to a tool came to. What Hark says it did is made from these and from nothing else.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ToolName;

/// What a tool gave back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolOutput {
    /// The text parts of the content, joined by line ends; other kinds named in brackets.
    pub text: String,
    /// The structured content, checked against the tool's output schema.
    pub structured: Option<Value>,
    /// The tool itself says that it failed.
    pub is_error: bool,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// The tool did it.
    Done,
    /// The tool, its server or the way there failed: nothing is known to have been done.
    Failed,
    /// The call was sent and no answer came: it may have been done.
    Unknown,
    /// Stopped before it was sent.
    Cancelled,
    /// Not tried, since a step that it needs did not succeed, or because of a dry run.
    Skipped,
}

/// The proof of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Number of the step in the plan, from 1.
    pub step: usize,
    /// The tool, `service.tool`.
    #[schema(value_type = String)]
    pub tool: ToolName,
    /// What it was called with, references filled in.
    pub arguments: Value,
    /// How it ended.
    pub status: StepStatus,
    /// What the tool said.
    pub text: String,
    /// The structured result, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub structured: Option<Value>,
    /// What went wrong and what can be done about it, for a person.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// When the call was sent; when the step began, where it never was.
    pub started_at: DateTime<Utc>,
    /// From then to its end, in milliseconds; further tries included.
    pub elapsed_ms: f64,
}
