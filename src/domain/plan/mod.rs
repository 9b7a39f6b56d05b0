//! What is to be done. A [`Plan`] exists only where every step was checked against the tools that are
//! really there: [`Draft::check`] is the one way to make it, so the executor checks nothing again.

mod check;
mod draft;
mod reference;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Proposal, Tool, ToolName, ToolOutput, fingerprint};

pub use check::{MAX_STEPS, Problem, ProblemKind};
pub use draft::{Draft, DraftStep};
pub use reference::{Reference, UnresolvedReference};

/// What the planner decided.
#[derive(Debug)]
pub enum Decision {
    /// Carry this out.
    Act(Plan),
    /// Ask this first.
    Ask(Question),
    /// No tool fits; the sentence says so to the person.
    Nothing(String),
}

/// A question to the person, and what it is about, so that the next turn can be read as its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The question in words.
    pub text: String,
    /// The tool that was meant, where that much is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The arguments that were understood.
    #[serde(default)]
    pub known: Value,
    /// The required argument that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// What is done where the answer is a plain yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Box<Proposal>>,
}

/// Steps that were proved against one version of the tools.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    summary: String,
    confidence: Option<f32>,
    tools_version: String,
}

impl Plan {
    /// The steps, in order, at least one.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// One sentence for a person.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// How sure the model was, 0 to 1, from its token probabilities; none where it tells none.
    pub fn confidence(&self) -> Option<f32> {
        self.confidence
    }

    /// [`super::ToolSet::version`] of the tools that it was checked against.
    pub fn tools_version(&self) -> &str {
        &self.tools_version
    }

    /// By what the plan is known again: its tools, their definitions and the arguments, in order.
    pub fn fingerprint(&self) -> String {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| json!([step.tool.name, step.tool.definition_hash(), step.arguments]))
            .collect();
        fingerprint::of(&[&Value::Array(steps)])
    }

    /// The draft that makes this plan again.
    pub fn to_draft(&self) -> Draft {
        let steps = self.steps.iter().map(|step| DraftStep {
            service: step.tool.name.service.to_string(),
            tool: step.tool.name.tool.to_string(),
            params: step.arguments.clone(),
        });
        Draft { selected_tools: steps.collect(), execution_plan: self.summary.clone(), ..Draft::default() }
    }

    /// The plan in the form of A4.
    pub fn to_json(&self) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "service": &*step.tool.name.service,
                    "tool": &*step.tool.name.tool,
                    "params": step.arguments,
                })
            })
            .collect();
        json!({
            "selectedTools": steps,
            "executionPlan": self.summary,
            "confidence": self.confidence,
            "needsClarification": false,
            "clarificationQuestion": null,
            "toolsVersion": self.tools_version,
        })
    }
}

/// One call to a tool.
#[derive(Debug)]
pub struct Step {
    number: usize,
    tool: Arc<Tool>,
    arguments: Value,
    after: BTreeSet<usize>,
}

impl Step {
    /// Its number, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The tool.
    pub fn tool(&self) -> &Arc<Tool> {
        &self.tool
    }

    /// The arguments, references not yet filled in.
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// The earlier steps that must have succeeded first: those whose results it uses, and those on the
    /// same server whose order matters because one of the two changes something.
    pub fn after(&self) -> &BTreeSet<usize> {
        &self.after
    }

    /// The uses of earlier results in the arguments, each with the JSON pointer of its place.
    pub fn references(&self) -> Vec<(String, Reference)> {
        let mut found = Vec::new();
        reference::visit(&self.arguments, &mut String::new(), &mut |place, reference| {
            found.push((place.to_owned(), reference));
        });
        found
    }

    /// The arguments with each reference replaced by the result that it names.
    ///
    /// # Errors
    /// Where a result lacks what the reference names, or the filled-in arguments do not fit the tool.
    pub fn fill<'a>(
        &self,
        result_of: impl Fn(usize) -> Option<&'a ToolOutput>,
    ) -> Result<Value, UnresolvedReference> {
        reference::fill(self, result_of)
    }
}
