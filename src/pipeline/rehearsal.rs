//! A command planned in the hope that it is the whole command: while somebody pauses, who may go on to
//! speak. Nothing of it is recorded, told or done. If it was the whole command, its plan is there sooner.

use std::time::Instant;

use chrono::Utc;
use chrono_tz::Tz;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Pipeline;
use crate::domain::{Command, CommandId, Language, SessionId, ToolSet, Turn, UserId};
use crate::planner::Planned;

/// Whose command it would be.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// Who asks.
    pub user: UserId,
    /// Whether the person may agree to calls that the policy asks about.
    pub may_approve: bool,
    /// The conversation.
    pub session: SessionId,
    /// The person's time zone; the configured one where absent.
    pub timezone: Option<Tz>,
    /// The language to answer in; the configured one where absent.
    pub language: Option<Language>,
}

/// A plan under way. Dropping it stops the work.
#[derive(Debug)]
pub struct Rehearsal {
    began: Instant,
    text: String,
    planned: oneshot::Receiver<Option<Rehearsed>>,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Rehearsed {
    planned: Planned,
    tools: String,
    history: Vec<Turn>,
}

impl Pipeline {
    /// Plans what would be done if `speaker` said `text`.
    pub fn rehearse(&self, speaker: &Speaker, text: &str) -> Rehearsal {
        let cancel = self.inner.shutdown.child_token();
        let (tell, planned) = oneshot::channel();
        let (pipeline, speaker, said, stop) =
            (self.clone(), speaker.clone(), text.to_owned(), cancel.clone());
        self.inner.tracker.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                rehearsed = pipeline.plan_ahead(speaker, said, &stop) => {
                    // Nobody may want it any more.
                    tell.send(rehearsed).ok();
                }
            }
        });
        Rehearsal { began: Instant::now(), text: text.to_owned(), planned, _stop: cancel.drop_guard() }
    }

    /// None where no plan came of it; then the command is planned as if nobody had tried.
    async fn plan_ahead(
        &self,
        speaker: Speaker,
        text: String,
        stop: &CancellationToken,
    ) -> Option<Rehearsed> {
        let parts = &self.inner.parts;
        let tools = parts.registry.snapshot(&speaker.user).await;
        let turns = self.inner.config.history_turns;
        let history = parts.store.turns(&speaker.user, &speaker.session, turns).await.ok()?;
        let command = Command {
            id: CommandId::new(),
            user: speaker.user,
            session: speaker.session,
            text,
            timezone: speaker.timezone.unwrap_or(self.inner.config.timezone),
            language: speaker.language.unwrap_or(self.inner.config.language),
            dry_run: true,
            received_at: Utc::now(),
        };
        let planned = parts.planner.decide(&command, &tools, &history, stop).await.ok()?;
        Some(Rehearsed { planned, tools: tools.version().to_owned(), history })
    }
}

impl Rehearsal {
    /// When it began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// What it came to, if all that it was made of is still so.
    pub(super) async fn planned(self, text: &str, tools: &ToolSet, history: &[Turn]) -> Option<Planned> {
        if self.text != text {
            return None;
        }
        let rehearsed = self.planned.await.ok()??;
        let still_so = rehearsed.tools == tools.version() && rehearsed.history == history;
        still_so.then_some(rehearsed.planned)
    }
}
