//! One step from its start to its receipt: told, limited in time, stoppable, written down.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};

use super::attempt::Call;
use super::ending::{Clock, Ending};
use super::spoken::tool_in_words;
use super::{Executor, Run};
use crate::domain::{EventType, Receipt, Step, StepStatus, ToolOutput};
use crate::phrases::Phrase;
use crate::store::{AuditAction, AuditEntry};

/// How long a call that was told to stop may still answer. An answer in this time is believed; after
/// it, nobody waits.
const GRACE: Duration = Duration::from_millis(200);

/// Carries out one step. The result comes with the receipt only where the step was done.
pub(super) async fn carry_out(
    executor: &Executor,
    step: &Step,
    arguments: Value,
    run: &Run,
) -> (Receipt, Option<ToolOutput>) {
    let tool = step.tool();
    let clock = Clock::start();
    run.progress.emit(
        EventType::Executing,
        Phrase::new("progress-calling").with("tool", tool_in_words(&tool.name)).say(run.language),
        json!({"step": step.number(), "tool": tool.name, "status": "started", "arguments": arguments}),
    );
    let call = Call::new(executor, step, &arguments, run);
    let ending = to_its_end(&call, executor.config.step_timeout, run).await;
    let was_announced = call.was_announced();
    let clock = call.first_sent().unwrap_or(clock);
    drop(call);

    let (receipt, output) = ending.into_receipt(step, arguments, clock);
    if was_announced {
        note_end(executor, &receipt, run).await;
    }
    tracing::debug!(
        command.id = %run.command,
        tool.name = %receipt.tool,
        status = ?receipt.status,
        elapsed_ms = receipt.elapsed_ms,
        "a step has ended"
    );
    tell_end(&receipt, run);
    (receipt, output)
}

/// Tells the person how a step ended.
pub(super) fn tell_end(receipt: &Receipt, run: &Run) {
    let tool = tool_in_words(&receipt.tool);
    let phrase = Phrase::new(match receipt.status {
        StepStatus::Done => "progress-done",
        StepStatus::Failed => "progress-failed",
        StepStatus::Unknown => "progress-unknown",
        StepStatus::Cancelled => "progress-cancelled",
        StepStatus::Skipped => "progress-skipped",
    });
    run.progress.emit(
        EventType::Executing,
        phrase.with("tool", tool).say(run.language),
        json!({"step": receipt.step, "tool": receipt.tool, "status": "finished", "receipt": receipt}),
    );
}

/// The answer, or what can be said without one.
async fn to_its_end(call: &Call<'_>, limit: Duration, run: &Run) -> Ending {
    let mut attempts = pin!(call.attempts());
    let is_stopped = tokio::select! {
        biased;
        result = &mut attempts => return call.judge(result),
        () = run.cancel.cancelled() => true,
        () = tokio::time::sleep(limit) => false,
    };
    call.stop();
    match tokio::time::timeout(GRACE, attempts).await {
        Ok(result) if call.is_answer(&result) => call.judge(result),
        Ok(_) | Err(_) if is_stopped => call.stopped(),
        Ok(_) | Err(_) => call.timed_out(limit),
    }
}

/// The effect, if there was one, is on record since before the call; that its end cannot be written
/// changes nothing of it, so nobody waits for that. The outcome of the command is written after it.
async fn note_end(executor: &Executor, receipt: &Receipt, run: &Run) {
    let entry = AuditEntry {
        command: run.command,
        user: run.user.clone(),
        action: AuditAction::CallEnded,
        tool: Some(receipt.tool.clone()),
        detail: json!({
            "step": receipt.step,
            "status": receipt.status,
            "error": receipt.error,
            "elapsedMs": receipt.elapsed_ms,
        }),
    };
    if let Err(error) = executor.store.audit_behind(entry).await {
        tracing::warn!(command.id = %run.command, %error, "the end of a call is missing in the audit log");
    }
}
