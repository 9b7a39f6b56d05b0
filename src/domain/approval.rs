//! What a person agrees to: a plan that was shown, or a kind of call once and for all.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ToolName;
use super::plan::Draft;

/// A plan that was shown with a question: a plain yes carries it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The plan.
    #[serde(flatten)]
    pub draft: Draft,
    /// What the yes is bound to, where the policy demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl From<Draft> for Proposal {
    fn from(draft: Draft) -> Self {
        Self { draft, approval: None }
    }
}

/// The right to carry out one plan, once, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Its address, by which it is spent.
    pub id: Uuid,
    /// [`super::Plan::fingerprint`] of what was shown.
    pub plan: String,
    /// No yes counts after it.
    pub expires_at: DateTime<Utc>,
    /// What "always" would remember; empty where it can't be said here.
    #[serde(default)]
    pub remember: Vec<AllowedCalls>,
}

/// Calls that need no further question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedCalls {
    /// The tool, `service.tool`.
    #[schema(value_type = String)]
    pub tool: ToolName,
    /// The hash of its definition: a tool that changed is another one.
    pub definition: String,
    /// The arguments that must be exactly these.
    #[schema(value_type = Object)]
    pub same: Map<String, Value>,
    /// The arguments that may be any text: they are the content.
    pub any: Vec<String>,
}

/// "Always allow this", as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
    /// Its number, by which it is withdrawn.
    pub id: i64,
    /// The calls.
    #[serde(flatten)]
    pub calls: AllowedCalls,
    /// When the person said so.
    pub since: DateTime<Utc>,
}
