//! The flow itself: hear, look up the tools, plan, carry out. [`Pipeline::carry_out`] is the one function
//! to read.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chrono::Utc;
use serde_json::{Value, json};

use super::job::{Job, cancelled, failure, millis, unless_cancelled};
use super::{Input, Pipeline, Rehearsal, approval, doubt, stop};
use crate::domain::{
    Command, Decision, EventType, Failure, Language, Outcome, Plan, Question, Receipt, Stages, Step,
    StepStatus, ToolSet, Transcript, Turn, TurnOutcome,
};
use crate::executor::{self, Run};
use crate::phrases::{Phrase, say};
use crate::speech::Hints;
use crate::store::{AuditAction, AuditEntry};

impl Pipeline {
    /// The flow.
    pub(super) async fn carry_out(
        &self,
        job: &Job,
        input: Input,
        outcome: &mut Outcome,
    ) -> Result<Option<Question>, Failure> {
        let mut rehearsal = None;
        let text = match input {
            Input::Text(text) => text,
            Input::Audio(bytes) => {
                let transcript = self.hear(job, bytes, &mut outcome.stages).await?;
                write_down(job, transcript, outcome)
            }
            Input::Heard(heard) => {
                rehearsal = heard.rehearsal;
                outcome.stages.speech_ms = Some(millis(heard.ended.elapsed()));
                let began = rehearsal.as_ref().map(Rehearsal::began);
                let ahead = began.map(|began| heard.ended.saturating_duration_since(began));
                outcome.stages.ahead_ms = ahead.map(millis);
                write_down(job, heard.transcript, outcome)
            }
        };
        outcome.text.clone_from(&text);
        if stop::is_meant(&text, job.language) {
            return self.stop_others(job, outcome).await.map(|()| None);
        }
        let tools = self.discover(job, &mut outcome.stages).await?;
        let command = Command {
            id: job.id,
            user: job.user.clone(),
            session: job.session.clone(),
            text,
            timezone: job.timezone,
            language: job.language,
            dry_run: job.dry_run,
            received_at: job.received_at,
        };
        match self.plan(job, &command, &tools, rehearsal, outcome).await? {
            Decision::Act(plan) => self.act(job, &plan, outcome).await.map(|()| None),
            Decision::Ask(question) => {
                let (kind, detail) = approval::event(&question);
                job.progress.emit(kind, question.text.clone(), detail);
                outcome.reply.clone_from(&question.text);
                outcome.needs_clarification = true;
                outcome.clarification_question = Some(question.text.clone());
                Ok(Some(question))
            }
            Decision::Nothing(why) => {
                outcome.reply.clone_from(&why);
                Err(Failure { code: "no_tool_fits".to_owned(), message: why })
            }
        }
    }

    /// Ends what the person has under way.
    async fn stop_others(&self, job: &Job, outcome: &mut Outcome) -> Result<(), Failure> {
        let stopped = self.cancel_all(&job.user, Some(job.id));
        let history = self.history(job).await?;
        let had_question = matches!(history.last(), Some(Turn { outcome: TurnOutcome::Asked(_), .. }));
        outcome.reply = stop::reply(stopped, had_question, job.language);
        outcome.success = true;
        Ok(())
    }

    async fn hear(&self, job: &Job, bytes: Bytes, stages: &mut Stages) -> Result<Transcript, Failure> {
        let parts = &self.inner.parts;
        job.progress.emit(
            EventType::Transcribing,
            say("progress-reading", job.language),
            json!({"status": "decoding"}),
        );
        let started = Instant::now();
        let pcm = unless_cancelled(job, parts.decoder.decode(bytes))
            .await?
            .map_err(|error| failure(error.code(), &error.say(job.language)))?;
        stages.decode_ms = Some(millis(started.elapsed()));

        job.progress.emit(
            EventType::Transcribing,
            say("progress-listening", job.language),
            json!({"status": "listening", "audioMs": pcm.duration().as_millis()}),
        );
        let started = Instant::now();
        let vocabulary = Some(self.vocabulary(&job.user).await);
        let hints = Hints { vocabulary, ..Hints::default() };
        let heard = parts.speech.transcribe(pcm, hints, job.cancel.clone()).await;
        stages.speech_ms = Some(millis(started.elapsed()));
        heard.map_err(|error| match job.cancel.is_cancelled() {
            true => cancelled(job.language),
            false => failure(error.code(), &error.phrase().say(job.language)),
        })
    }

    async fn discover(&self, job: &Job, stages: &mut Stages) -> Result<Arc<ToolSet>, Failure> {
        let registry = &self.inner.parts.registry;
        let started = Instant::now();
        let mut tools = registry.snapshot(&job.user).await;
        if tools.tools().is_empty() {
            // Only the first commands after a start get here; later a missing server costs nobody time.
            unless_cancelled(job, registry.settle(self.inner.config.tools_grace)).await?;
            tools = registry.snapshot(&job.user).await;
        }
        stages.discover_ms = Some(millis(started.elapsed()));
        if tools.tools().is_empty() {
            return Err(failure("no_tools", &say("command-no-tools", job.language)));
        }
        let services = tools.services();
        let at_hand = match services.as_slice() {
            [only] => Phrase::new("progress-tools-of-one").with("service", only.to_string()),
            all => Phrase::new("progress-tools-of-many").with("services", all.len()),
        };
        job.progress.emit(
            EventType::Discovering,
            at_hand.with("count", tools.tools().len()).say(job.language),
            json!({"tools": tools.tools().len(), "services": services, "version": tools.version()}),
        );
        Ok(tools)
    }

    async fn plan(
        &self,
        job: &Job,
        command: &Command,
        tools: &ToolSet,
        rehearsal: Option<Rehearsal>,
        outcome: &mut Outcome,
    ) -> Result<Decision, Failure> {
        let stages = &mut outcome.stages;
        let history = self.history(job).await?;
        job.progress.emit(
            EventType::Analyzing,
            say("progress-thinking", job.language),
            json!({"tools": tools.tools().len()}),
        );
        if let Some(decision) = self.consent(job, command, tools, &history).await? {
            return self.tell_decision(job, decision).await;
        }
        let started = Instant::now();
        let ahead = match rehearsal {
            Some(rehearsal) => {
                unless_cancelled(job, rehearsal.planned(&command.text, tools, &history)).await?
            }
            None => None,
        };
        let planned = match ahead {
            Some(planned) => Ok(planned),
            None => self.inner.parts.planner.decide(command, tools, &history, &job.cancel).await,
        };
        stages.plan_ms = Some(millis(started.elapsed()));
        let mut planned = planned.map_err(|error| match job.cancel.is_cancelled() {
            true => cancelled(job.language),
            false => failure(error.code(), &error.say(job.language)),
        })?;
        stages.shortlist_ms = Some(millis(planned.shortlist_time));
        stages.model_ms = Some(millis(planned.model_time));
        // Whoever was asked already is believed, or nothing would ever be done in a noisy place.
        let was_asked = matches!(history.last(), Some(Turn { outcome: TurnOutcome::Asked(_), .. }));
        if let (Decision::Act(plan), Some(transcript), false) =
            (&planned.decision, &outcome.transcript, was_asked)
            && let Some(question) =
                doubt::question(plan, transcript, self.inner.config.least_word_confidence, job.language)
        {
            planned.decision = Decision::Ask(question);
        }
        if !job.dry_run {
            planned.decision = self.weigh(job, command, tools, planned.decision).await?;
        }
        self.tell_decision(job, planned.decision).await
    }

    /// Writes the decision down, and shows a plan.
    async fn tell_decision(&self, job: &Job, decision: Decision) -> Result<Decision, Failure> {
        let detail = match &decision {
            Decision::Act(plan) => plan.to_json(),
            Decision::Ask(question) => json!({"question": question}),
            Decision::Nothing(why) => json!({"nothing": why}),
        };
        // It announces no effect, and is written before whatever does: each call waits for its own entry.
        self.audit_behind(job, AuditAction::Planned, detail).await?;
        if let Decision::Act(plan) = &decision {
            job.progress.emit(EventType::Planned, plan.summary(), json!({"plan": plan.to_json()}));
        }
        Ok(decision)
    }

    /// The conversation so far.
    async fn history(&self, job: &Job) -> Result<Vec<Turn>, Failure> {
        if job.is_first_turn {
            return Ok(Vec::new());
        }
        let (store, turns) = (&self.inner.parts.store, self.inner.config.history_turns);
        let history = store.turns(&job.user, &job.session, turns).await;
        history.map_err(|error| failure(error.code(), &error.to_string()))
    }

    async fn act(&self, job: &Job, plan: &Plan, outcome: &mut Outcome) -> Result<(), Failure> {
        outcome.plan = Some(plan.to_json());
        if job.dry_run {
            outcome.results = plan.steps().iter().map(|step| skipped(step, job.language)).collect();
            outcome.reply =
                Phrase::new("reply-dry-run").with("plan", plan.summary().to_owned()).say(job.language);
            outcome.success = true;
            return Ok(());
        }
        let started = Instant::now();
        let run = Run {
            command: job.id,
            user: job.user.clone(),
            language: job.language,
            progress: job.progress.clone(),
            cancel: job.cancel.clone(),
        };
        outcome.results = self.inner.parts.executor.run(plan, &run).await;
        outcome.stages.execute_ms = Some(millis(started.elapsed()));
        outcome.reply = executor::reply(&outcome.results, job.language);
        outcome.success = outcome.results.iter().all(|receipt| receipt.status == StepStatus::Done);
        if outcome.success {
            return Ok(());
        }
        Err(match job.cancel.is_cancelled() {
            true => cancelled(job.language),
            false => failure("step_failed", &outcome.reply),
        })
    }

    async fn audit_behind(&self, job: &Job, action: AuditAction, detail: Value) -> Result<(), Failure> {
        let entry = AuditEntry { command: job.id, user: job.user.clone(), action, tool: None, detail };
        let queued = self.inner.parts.store.audit_behind(entry).await;
        queued.map_err(|error| failure(error.code(), &error.to_string()))
    }
}

/// Tells what was heard, and keeps it.
fn write_down(job: &Job, transcript: Transcript, outcome: &mut Outcome) -> String {
    job.progress.emit(
        EventType::Transcribing,
        Phrase::new("progress-heard").with("text", transcript.text.clone()).say(job.language),
        json!({"status": "done", "transcript": transcript}),
    );
    let text = transcript.text.clone();
    outcome.transcript = Some(transcript);
    text
}

fn skipped(step: &Step, language: Language) -> Receipt {
    Receipt {
        step: step.number(),
        tool: step.tool().name.clone(),
        arguments: step.arguments().clone(),
        status: StepStatus::Skipped,
        text: String::new(),
        structured: None,
        error: Some(say("step-dry-run", language)),
        started_at: Utc::now(),
        elapsed_ms: 0.0,
    }
}
