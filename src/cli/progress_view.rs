//! Progress for a person at a terminal.

use serde_json::Value;

use super::output::Output;
use crate::domain::{Event, EventType, Outcome, Receipt, Stages, StepStatus};

/// Shows events as they come.
pub(super) struct ProgressView<'a> {
    output: &'a Output,
}

impl<'a> ProgressView<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self { output }
    }

    /// One event as a line or a few.
    pub(super) fn show(&self, event: &Event) {
        let name = format!("{:>12}", event.kind.name());
        match event.kind {
            EventType::Executing => self.show_step(&name, event),
            EventType::Planned => {
                self.output.line(format_args!("{name}  {}", event.message));
                for step in
                    event.data.pointer("/plan/selectedTools").and_then(Value::as_array).into_iter().flatten()
                {
                    let part = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
                    let params = step.get("params").unwrap_or(&Value::Null);
                    self.output.line(format_args!(
                        "{:>12}  → {}.{} {params}",
                        "",
                        part("service"),
                        part("tool")
                    ));
                }
            }
            EventType::Completed | EventType::Error => {}
            EventType::Transcribing
            | EventType::Analyzing
            | EventType::Discovering
            | EventType::Confirming
            | EventType::Clarifying => self.output.line(format_args!("{name}  {}", event.message)),
        }
    }

    fn show_step(&self, name: &str, event: &Event) {
        self.output.line(format_args!("{name}  {}", event.message));
        let Some(receipt) = event.data.get("receipt") else { return };
        let Ok(receipt) = serde_json::from_value::<Receipt>(receipt.clone()) else { return };
        let said = match receipt.status {
            StepStatus::Done => receipt.text,
            StepStatus::Failed | StepStatus::Unknown | StepStatus::Cancelled | StepStatus::Skipped => {
                receipt.error.unwrap_or(receipt.text)
            }
        };
        for line in said.lines().take(12) {
            self.output.line(format_args!("{:>12}  │ {line}", ""));
        }
    }

    /// What came of it all.
    pub(super) fn summary(&self, outcome: &Outcome) {
        self.output.line(format_args!("\n{}", self.output.bold(&outcome.reply)));
        self.output.note(format_args!("{}", times(&outcome.stages, outcome.execution_time)));
        if let Some(error) = &outcome.error {
            self.output.note(format_args!("Error code: {}", error.code));
        }
        if outcome.needs_clarification {
            self.output
                .note(format_args!("Answer with: hark say --session {} \"your answer\"", outcome.session_id));
        }
    }
}

fn times(stages: &Stages, total_ms: f64) -> String {
    let named = [
        ("decode", stages.decode_ms),
        ("speech", stages.speech_ms),
        ("tools", stages.discover_ms),
        ("plan", stages.plan_ms),
        ("do", stages.execute_ms),
    ];
    let parts: Vec<String> =
        named.iter().filter_map(|(name, ms)| ms.map(|ms| format!("{name} {ms:.0} ms"))).collect();
    format!("{} · all {total_ms:.0} ms", parts.join(" · "))
}
