//! How a step ended, on its way to a receipt.
//!
//! The rule for honesty: a step is `Done` only by the tool's own answer, and `Failed` only where
//! nothing can have been done; everything between is `Unknown`.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::spoken::shorten;
use crate::domain::{Language, Receipt, Step, StepStatus, ToolOutput};
use crate::phrases::say;

/// A receipt's text has no more characters than this: it goes into events, history and page, while
/// later steps use the whole result.
const TEXT_CHARS_AT_MOST: usize = 64 * 1024;

/// An error is for a person to read.
const ERROR_CHARS_AT_MOST: usize = 2_000;

/// When a step began.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    started_at: DateTime<Utc>,
    began: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started_at: Utc::now(), began: Instant::now() }
    }
}

/// How a step ended.
pub(super) struct Ending {
    status: StepStatus,
    output: Option<ToolOutput>,
    error: Option<String>,
}

impl Ending {
    /// The tool answered.
    pub(super) fn answered(output: ToolOutput, language: Language) -> Self {
        if !output.is_error {
            return Self { status: StepStatus::Done, output: Some(output), error: None };
        }
        let error = match output.text.trim() {
            "" => say("step-no-reason", language),
            text => text.to_owned(),
        };
        Self { status: StepStatus::Failed, output: Some(output), error: Some(error) }
    }

    /// Nothing can have been done.
    pub(super) fn failed(error: impl Into<String>) -> Self {
        Self { status: StepStatus::Failed, output: None, error: Some(error.into()) }
    }

    /// It was sent, and whether it was done is not known.
    pub(super) fn unknown(error: impl Into<String>) -> Self {
        Self { status: StepStatus::Unknown, output: None, error: Some(error.into()) }
    }

    /// Stopped before anything can have been done.
    pub(super) fn cancelled(language: Language) -> Self {
        let error = Some(say("step-cancelled", language));
        Self { status: StepStatus::Cancelled, output: None, error }
    }

    /// Not tried.
    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self { status: StepStatus::Skipped, output: None, error: Some(reason.into()) }
    }

    /// The receipt, and the whole result for later steps where there is one.
    pub(super) fn into_receipt(
        self,
        step: &Step,
        arguments: serde_json::Value,
        clock: Clock,
    ) -> (Receipt, Option<ToolOutput>) {
        let text = self.output.as_ref().map(|output| shorten(&output.text, TEXT_CHARS_AT_MOST));
        let receipt = Receipt {
            step: step.number(),
            tool: step.tool().name.clone(),
            arguments,
            status: self.status,
            text: text.unwrap_or_default(),
            structured: self.output.as_ref().and_then(|output| output.structured.clone()),
            error: self.error.map(|error| shorten(&error, ERROR_CHARS_AT_MOST)),
            started_at: clock.started_at,
            elapsed_ms: clock.began.elapsed().as_secs_f64() * 1000.0,
        };
        let done = (self.status == StepStatus::Done).then_some(self.output).flatten();
        (receipt, done)
    }
}
