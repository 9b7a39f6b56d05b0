//! One command while it is under way, and how its end is put into words.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;

use crate::domain::{CommandId, Failure, Language, Outcome, SessionId, Stages, UserId};
use crate::phrases::say;
use crate::progress::CommandProgress;

/// One command while it is under way.
pub(super) struct Job {
    pub(super) id: CommandId,
    pub(super) user: UserId,
    pub(super) may_approve: bool,
    pub(super) session: SessionId,
    /// The conversation begins with it, so that there is no history to read.
    pub(super) is_first_turn: bool,
    pub(super) timezone: Tz,
    pub(super) language: Language,
    pub(super) dry_run: bool,
    pub(super) received_at: DateTime<Utc>,
    pub(super) started: Instant,
    pub(super) progress: CommandProgress,
    pub(super) cancel: CancellationToken,
}

pub(super) async fn unless_cancelled<T>(job: &Job, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        () = job.cancel.cancelled() => Err(cancelled(job.language)),
        done = work => Ok(done),
    }
}

pub(super) fn empty_outcome(job: &Job) -> Outcome {
    Outcome {
        command_id: job.id,
        session_id: job.session.clone(),
        success: false,
        text: String::new(),
        transcript: None,
        plan: None,
        results: Vec::new(),
        reply: String::new(),
        needs_clarification: false,
        clarification_question: None,
        error: None,
        execution_time: 0.0,
        stages: Stages::default(),
    }
}

pub(super) fn failure(code: &str, message: &str) -> Failure {
    Failure { code: code.to_owned(), message: message.to_owned() }
}

pub(super) fn cancelled(language: Language) -> Failure {
    failure("cancelled", &say("command-cancelled", language))
}

/// An error message as a sentence that can be read out.
pub(super) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => {
            let rest = letters.as_str().trim_end_matches('.');
            let mark = if rest.ends_with(['?', '!', '…']) { "" } else { "." };
            format!("{}{rest}{mark}", first.to_uppercase())
        }
        None => String::new(),
    }
}

pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
