//! What can be said of a command in whose middle Hark was cut off: what is on record as done, and that
//! nobody knows of what was under way.

use chrono::Utc;
use serde_json::Value;

use super::job::failure;
use crate::domain::{Language, Outcome, Receipt, Stages, StepStatus, ToolName};
use crate::executor;
use crate::phrases::{Phrase, say};
use crate::store::{Interrupted, LedgerEntry};

/// The code of its failure.
pub const INTERRUPTED: &str = "interrupted";

/// The outcome of a command that was cut off. Nothing of it is tried again.
pub fn outcome_of(command: &Interrupted, language: Language) -> Outcome {
    let mut results: Vec<Receipt> = command.calls.iter().map(|call| called(call, language)).collect();
    let planned = command.plan.as_ref().and_then(|plan| plan.get("selectedTools")).and_then(Value::as_array);
    for (index, step) in planned.into_iter().flatten().enumerate() {
        let is_called = results.iter().any(|receipt| receipt.step == index + 1);
        results.extend((!is_called).then(|| uncalled(index + 1, step, language)).flatten());
    }
    results.sort_by_key(|receipt| receipt.step);
    let told = executor::reply(&results, language);
    let reply = Phrase::new("reply-interrupted").with("reply", told).say(language);
    Outcome {
        command_id: command.id,
        session_id: command.session.clone(),
        success: false,
        text: command.text.clone(),
        transcript: None,
        plan: command.plan.clone(),
        results,
        error: Some(failure(INTERRUPTED, &reply)),
        reply,
        needs_clarification: false,
        clarification_question: None,
        execution_time: 0.0,
        stages: Stages::default(),
    }
}

fn called(call: &LedgerEntry, language: Language) -> Receipt {
    // What only reads leaves nothing behind that could be unknown.
    let (status, error) = match (call.status, call.read_only) {
        (Some(status), _) => (status, call.error.clone()),
        (None, true) => (StepStatus::Cancelled, Some(say("step-interrupted-reading", language))),
        (None, false) => (StepStatus::Unknown, Some(say("step-interrupted", language))),
    };
    Receipt {
        step: call.step,
        tool: call.tool.clone(),
        arguments: call.arguments.clone(),
        status,
        text: String::new(),
        structured: None,
        error,
        started_at: call.announced_at,
        elapsed_ms: call.elapsed_ms.unwrap_or_default(),
    }
}

fn uncalled(number: usize, step: &Value, language: Language) -> Option<Receipt> {
    let (service, tool) = (step.get("service")?.as_str()?, step.get("tool")?.as_str()?);
    Some(Receipt {
        step: number,
        tool: ToolName::new(service, tool),
        arguments: step.get("params").cloned().unwrap_or_default(),
        status: StepStatus::Skipped,
        text: String::new(),
        structured: None,
        error: Some(say("step-interrupted-before", language)),
        started_at: Utc::now(),
        elapsed_ms: 0.0,
    })
}
