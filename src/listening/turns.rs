//! Utterances that have ended become commands, one after the other.

use std::time::Instant;

use futures::StreamExt;
use tokio::sync::mpsc;

use super::attempt::{Attempt, Ear, Said};
use super::{Notice, echo};
use crate::domain::{CommandId, Event, Language};
use crate::phrases::say;
use crate::pipeline::{Heard, Input, Submission};

/// What was said, complete.
pub(super) struct Utterance {
    pub(super) attempt: Attempt,
    /// When the end was certain.
    pub(super) ended: Instant,
    /// What Hark was saying when it began.
    pub(super) spoken_over: Option<String>,
}

/// Takes utterances until there are no more.
pub(super) async fn take(ear: Ear, mut utterances: mpsc::Receiver<Utterance>) {
    while let Some(utterance) = utterances.recv().await {
        ear.take_turn(utterance).await;
    }
}

impl Ear {
    async fn take_turn(&self, utterance: Utterance) {
        let Utterance { attempt, ended, spoken_over } = utterance;
        let notice = match attempt.said().await {
            Err(error) => Notice::refused(error.code(), error.phrase().say(self.language())),
            Ok(Said::ToOthers) => Notice::Unaddressed,
            Ok(Said::WakePhrase) => {
                self.attention.wake();
                Notice::Awake
            }
            Ok(Said::Words { transcript, rehearsal }) => {
                let is_echo = |spoken: String| echo::is_likely(&transcript.text, &spoken);
                if !spoken_over.is_some_and(is_echo) {
                    return self.submit(Input::Heard(Heard { transcript, ended, rehearsal })).await;
                }
                Notice::refused("own_voice", say("own-voice", self.language()))
            }
        };
        self.tell(notice).await;
    }

    /// Gives a command, if the person may give one now.
    pub(super) async fn submit(&self, input: Input) {
        let speaker = &self.listening.speaker;
        if let Err(refusal) = (self.listener.admission)(&speaker.user, self.language()) {
            return self.tell(Notice::refused(&refusal.code, refusal.message)).await;
        }
        self.attention.rest();
        let text = input.text().to_owned();
        let submission = Submission {
            user: speaker.user.clone(),
            may_approve: speaker.may_approve,
            session: Some(speaker.session.clone()),
            timezone: speaker.timezone,
            language: speaker.language,
            dry_run: self.listening.dry_run,
            input,
        };
        match self.listener.pipeline.submit(submission).await {
            Err(error) => self.tell(Notice::refused(error.code(), error.say(self.language()))).await,
            Ok(command_id) => {
                // Told before its progress.
                self.tell(Notice::Command { command_id, session_id: speaker.session.clone(), text }).await;
                let ear = self.clone();
                self.listener.tracker.spawn(async move { ear.tell_progress(command_id).await });
            }
        }
    }

    /// The language to answer in.
    pub(super) fn language(&self) -> Language {
        self.listening.speaker.language.unwrap_or_else(|| self.listener.pipeline.language())
    }

    /// Whoever listened may be gone; their commands go on.
    pub(super) async fn tell(&self, notice: Notice) {
        self.notices.send(notice).await.ok();
    }

    /// Passes the progress of a command on. A slow client holds up nothing but its own lines.
    async fn tell_progress(&self, id: CommandId) {
        let Some(mut events) = self.listener.progress.watch(id, 0) else { return };
        while let Some(event) = events.next().await {
            if event.kind.is_last() {
                self.heed(&event);
            }
            if self.notices.send(Notice::Progress(event)).await.is_err() {
                return;
            }
        }
    }

    /// A question of Hark's is answered without the wake phrase, and what Hark says is not heard.
    fn heed(&self, last: &Event) {
        self.attention.set_reply(&last.message);
        if last.data.get("needsClarification").is_some_and(|needs| needs == true) {
            self.attention.wake();
        }
    }
}
