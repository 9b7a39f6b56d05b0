//! The calls that a step comes to: each one announced in the audit log before it is sent, and tried
//! again only where the tool says that a second call does no harm.

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use futures::FutureExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::ending::{Clock, Ending};
use super::{Executor, Run};
use crate::domain::{EventType, Step, Tool, ToolOutput, Trust};
use crate::phrases::{Phrase, say};
use crate::store::{AuditAction, AuditEntry, Durability, StoreError};
use crate::tools::CallError;

/// The pause before the first retry; it doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why an attempt gave no answer.
pub(super) enum Trouble {
    /// It could not be announced, so that nothing was sent.
    Audit(StoreError),
    /// It did not go through.
    Call(CallError),
    /// A fault of ours on the way.
    Panic,
}

/// A step's call, with all its attempts.
pub(super) struct Call<'a> {
    executor: &'a Executor,
    step: &'a Step,
    arguments: &'a Value,
    run: &'a Run,
    /// Tells the server to stop: at a cancellation of the run, or when time is up.
    cancel: CancellationToken,
    attempts: AtomicU32,
    /// An attempt is on its way at this moment.
    is_sent: AtomicBool,
    /// When the first attempt was sent: what came before is our own time, not the tool's.
    first_sent: OnceLock<Clock>,
    /// An attempt ended without showing whether it was carried out. Stays, whatever later ones say.
    is_unclear: AtomicBool,
}

impl<'a> Call<'a> {
    pub(super) fn new(executor: &'a Executor, step: &'a Step, arguments: &'a Value, run: &'a Run) -> Self {
        Self {
            executor,
            step,
            arguments,
            run,
            cancel: run.cancel.child_token(),
            attempts: AtomicU32::new(0),
            is_sent: AtomicBool::new(false),
            first_sent: OnceLock::new(),
            is_unclear: AtomicBool::new(false),
        }
    }

    /// Tries until there is an answer, or none is to be had.
    pub(super) async fn attempts(&self) -> Result<ToolOutput, Trouble> {
        let is_repeatable = is_repeatable(self.step.tool());
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(self.executor.config.retries as usize)
            .with_jitter();
        (|| self.attempt())
            .retry(pauses)
            .when(|trouble| {
                let is_safe = trouble.was_never_delivered() || (trouble.was_cut() && is_repeatable);
                is_safe && !self.cancel.is_cancelled()
            })
            .notify(|_, _| self.note(say("progress-again", self.run.language)))
            .await
    }

    /// Tells the server to stop.
    pub(super) fn stop(&self) {
        self.cancel.cancel();
    }

    /// When it was sent first; none where it never was.
    pub(super) fn first_sent(&self) -> Option<Clock> {
        self.first_sent.get().copied()
    }

    /// Whether an entry of the audit log waits for its end.
    pub(super) fn was_announced(&self) -> bool {
        self.attempts.load(Ordering::Relaxed) > 0
    }

    /// Whether a call that was told to stop gave an answer all the same.
    pub(super) fn is_answer(&self, result: &Result<ToolOutput, Trouble>) -> bool {
        match result {
            Ok(_) => true,
            Err(Trouble::Call(error)) => !matches!(error, CallError::Cancelled { .. }),
            Err(Trouble::Audit(_) | Trouble::Panic) => false,
        }
    }

    /// What the attempts came to.
    pub(super) fn judge(&self, result: Result<ToolOutput, Trouble>) -> Ending {
        match result {
            Ok(output) => Ending::answered(output, self.run.language),
            Err(Trouble::Audit(error)) => {
                let phrase = Phrase::new("step-uncalled").with("reason", error.to_string());
                self.unanswered(phrase.say(self.run.language))
            }
            Err(Trouble::Call(CallError::Cancelled { .. })) => self.stopped(),
            Err(Trouble::Call(error)) => self.unanswered(error.phrase().say(self.run.language)),
            Err(Trouble::Panic) => self.unanswered(say("step-fault", self.run.language)),
        }
    }

    /// Told to stop, and no answer.
    pub(super) fn stopped(&self) -> Ending {
        match self.may_be_done() {
            true => Ending::unknown(say("step-cancelled-late", self.run.language)),
            false => Ending::cancelled(self.run.language),
        }
    }

    /// Out of time, and no answer.
    pub(super) fn timed_out(&self, limit: Duration) -> Ending {
        let phrase = Phrase::new("step-timeout")
            .with("tool", self.step.tool().name.to_string())
            .with("seconds", limit.as_secs_f64());
        self.unanswered(phrase.say(self.run.language))
    }

    fn unanswered(&self, error: String) -> Ending {
        match self.may_be_done() {
            true => Ending::unknown(error),
            false => Ending::failed(error),
        }
    }

    fn may_be_done(&self) -> bool {
        let is_open = self.is_sent.load(Ordering::Relaxed) || self.is_unclear.load(Ordering::Relaxed);
        is_open && !self.step.tool().annotations.read_only
    }

    async fn attempt(&self) -> Result<ToolOutput, Trouble> {
        let tool = self.step.tool();
        if self.cancel.is_cancelled() {
            return Err(Trouble::Call(CallError::Cancelled { tool: tool.name.to_string(), sent: false }));
        }
        self.announce().await.map_err(Trouble::Audit)?;
        self.is_sent.store(true, Ordering::Relaxed);
        self.first_sent.get_or_init(Clock::start);
        let note = |message: String| self.note(message);
        let call = self.executor.registry.call(tool, self.arguments, &self.cancel, &note);
        // Side by side in one task, a panic would take the other steps along.
        let result = match AssertUnwindSafe(call).catch_unwind().await {
            Ok(result) => result.map_err(Trouble::Call),
            Err(_) => Err(Trouble::Panic),
        };
        if result.as_ref().is_err_and(Trouble::leaves_effect_open) {
            self.is_unclear.store(true, Ordering::Relaxed);
        }
        self.is_sent.store(false, Ordering::Relaxed);
        result
    }

    /// Writes down that the call is about to be sent. What only reads leaves nothing behind that a
    /// record would have to explain after a power cut, so it does not wait for the disk.
    async fn announce(&self) -> Result<(), StoreError> {
        let tool = self.step.tool();
        let entry = AuditEntry {
            command: self.run.command,
            user: self.run.user.clone(),
            action: AuditAction::CallStarted,
            tool: Some(tool.name.clone()),
            detail: json!({
                "step": self.step.number(),
                "attempt": self.attempts.load(Ordering::Relaxed) + 1,
                "readOnly": tool.annotations.read_only,
                "arguments": self.arguments,
            }),
        };
        match tool.annotations.read_only {
            true => self.executor.store.audit_with(entry, Durability::Process).await?,
            false => self.executor.store.audit(entry).await?,
        }
        self.attempts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn note(&self, message: String) {
        let data = json!({
            "step": self.step.number(),
            "tool": self.step.tool().name,
            "status": "progress",
            "note": message,
        });
        self.run.progress.emit(EventType::Executing, message, data);
    }
}

/// Whether a call that may have been carried out can be sent again: what only reads changes nothing, and
/// what is idempotent changes nothing more, if its server is trusted to know. This is the one place that
/// decides it.
fn is_repeatable(tool: &Tool) -> bool {
    let hints = tool.believed();
    hints.read_only || (hints.idempotent && tool.trust == Trust::Trusted)
}

impl Trouble {
    /// The server has not seen the call, so that a second one does no harm whatever the tool.
    fn was_never_delivered(&self) -> bool {
        matches!(self, Self::Call(error) if error.is_retryable())
    }

    /// The connection ended before an answer came.
    fn was_cut(&self) -> bool {
        matches!(self, Self::Call(CallError::Lost { .. }))
    }

    /// The tool may have done it. A result that cannot be used shows that it did something.
    fn leaves_effect_open(&self) -> bool {
        match self {
            Self::Call(error) => {
                error.effect_unknown()
                    || matches!(error, CallError::BadResult { .. } | CallError::TooLarge { .. })
            }
            Self::Audit(_) => false,
            Self::Panic => true,
        }
    }
}
