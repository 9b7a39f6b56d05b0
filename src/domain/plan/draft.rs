//! The JSON exactly as a model wrote it: believed in nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A model's answer in the form of A4. Whatever a model leaves out has its harmless meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Draft {
    /// The calls, in order.
    pub selected_tools: Vec<DraftStep>,
    /// One sentence for a person.
    pub execution_plan: String,
    /// The model wants to ask instead.
    pub needs_clarification: bool,
    /// What it wants to ask.
    pub clarification_question: Option<String>,
}

/// One call in a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftStep {
    /// The server's key.
    pub service: String,
    /// The tool's name there.
    pub tool: String,
    /// The arguments.
    pub params: Value,
}
