//! The flow: hear, look up the tools, plan, carry out, tell. [`Pipeline::carry_out`] is the one
//! function to read; everything around it keeps a command's record, its end and its cancellation.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::audio::Decoder;
use crate::domain::{
    Command, CommandId, Decision, EventType, Failure, Outcome, Plan, Question, Receipt, SessionId, Stages,
    StepStatus, ToolSet, UserId,
};
use crate::executor::{self, Executor, Run};
use crate::planner::Planner;
use crate::progress::{CommandProgress, Progress};
use crate::speech::{Hints, Transcriber};
use crate::store::{AuditAction, AuditEntry, CommandRecord, Store, StoreError};
use crate::tools::Registry;

/// Bounds of the flow.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// The time zone where a command names none.
    pub timezone: Tz,
    /// Longest text of a command, in characters.
    pub max_text_chars: usize,
    /// Most commands under way at once; more are refused.
    pub max_running: usize,
    /// Longest time for one command, questions not included.
    pub deadline: Duration,
    /// Earlier turns of the conversation that the planner sees.
    pub history_turns: usize,
    /// How long a command waits for the first server while all of them still start.
    pub tools_grace: Duration,
}

/// The parts that the flow leads through.
pub struct Parts {
    /// Uploaded bytes to sound.
    pub decoder: Decoder,
    /// Sound to words.
    pub speech: Arc<dyn Transcriber>,
    /// The tools.
    pub registry: Registry,
    /// Words and tools to a decision.
    pub planner: Planner,
    /// A plan to receipts.
    pub executor: Executor,
    /// The event streams.
    pub progress: Progress,
    /// History and audit.
    pub store: Store,
}

/// What a person sends.
pub enum Input {
    /// A typed command.
    Text(String),
    /// A recording in any format that [`crate::audio`] reads.
    Audio(Bytes),
}

/// A command on its way in.
pub struct Submission {
    /// Who asks.
    pub user: UserId,
    /// The conversation; a new one where absent.
    pub session: Option<SessionId>,
    /// The person's time zone; the configured one where absent.
    pub timezone: Option<Tz>,
    /// Plan and show, but call no tool.
    pub dry_run: bool,
    /// The command.
    pub input: Input,
}

/// Why a command was not accepted. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No words.
    #[error("the command is empty; say or type what is to be done")]
    EmptyText,
    /// Too many words.
    #[error("the command has {length} characters, at most {limit} are taken; shorten it or split it")]
    TextTooLong {
        /// Characters that came.
        length: usize,
        /// Characters that are taken.
        limit: usize,
    },
    /// Too much is going on.
    #[error("{0} commands are under way, which is the limit; try again in a moment")]
    TooBusy(usize),
    /// Hark is on its way out.
    #[error("Hark is shutting down; send the command again once it is back")]
    ShuttingDown,
    /// The history can't be written, and nothing is done off the record.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SubmitError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyText => "text_empty",
            Self::TextTooLong { .. } => "text_too_long",
            Self::TooBusy(_) => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::Store(error) => error.code(),
        }
    }
}

/// Carries commands out. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    config: PipelineConfig,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    running: Mutex<HashMap<CommandId, Running>>,
}

struct Running {
    user: UserId,
    cancel: CancellationToken,
    ended: watch::Receiver<Option<Arc<Outcome>>>,
}

/// One command while it is under way.
struct Job {
    id: CommandId,
    user: UserId,
    session: SessionId,
    timezone: Tz,
    dry_run: bool,
    received_at: DateTime<Utc>,
    started: Instant,
    progress: CommandProgress,
    cancel: CancellationToken,
}

impl Pipeline {
    /// Puts the parts together. Tasks run on `tracker` and stop on `shutdown`.
    pub fn new(
        parts: Parts,
        config: PipelineConfig,
        tracker: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let running = Mutex::new(HashMap::new());
        Self { inner: Arc::new(Inner { parts, config, tracker, shutdown, running }) }
    }

    /// Records the command and starts it.
    ///
    /// # Errors
    /// [`SubmitError`], and then nothing was done.
    pub async fn submit(&self, submission: Submission) -> Result<CommandId, SubmitError> {
        let Submission { user, session, timezone, dry_run, input } = submission;
        let input = self.admit(input)?;
        let id = CommandId::new();
        let job = Job {
            id,
            session: session.unwrap_or_else(|| SessionId(CommandId::new().to_string())),
            timezone: timezone.unwrap_or(self.inner.config.timezone),
            dry_run,
            received_at: Utc::now(),
            started: Instant::now(),
            progress: self.inner.parts.progress.open(id),
            cancel: self.inner.shutdown.child_token(),
            user,
        };
        let text = match &input {
            Input::Text(text) => text.clone(),
            Input::Audio(_) => String::new(),
        };
        let (end, ended) = watch::channel(None);
        {
            // The place is taken before the record is written, so that many at once can't overshoot.
            let mut running = self.running();
            if running.len() >= self.inner.config.max_running {
                return Err(SubmitError::TooBusy(running.len()));
            }
            running.insert(id, Running { user: job.user.clone(), cancel: job.cancel.clone(), ended });
        }
        let record = CommandRecord {
            id,
            user: job.user.clone(),
            session: job.session.clone(),
            spoken: matches!(input, Input::Audio(_)),
            text,
            received_at: job.received_at,
        };
        // From here on it is a task of its own: whoever submits may be gone at any moment (a connection
        // that breaks drops its handler), and a command that took its place must come to its end.
        let (told, begun) = oneshot::channel();
        let pipeline = self.clone();
        let span = tracing::info_span!("command", command.id = %id);
        let task = async move {
            match pipeline.inner.parts.store.begin(record).await {
                Ok(()) => {
                    told.send(Ok(())).ok();
                    pipeline.run(job, input, end).await;
                }
                Err(error) => {
                    pipeline.running().remove(&id);
                    told.send(Err(error)).ok();
                }
            }
        };
        self.inner.tracker.spawn(task.instrument(span));
        begun.await.map_err(|_| SubmitError::ShuttingDown)??;
        Ok(id)
    }

    /// Asks a running command to stop. `false` where it is not running or not this person's.
    pub fn cancel(&self, user: &UserId, id: CommandId) -> bool {
        match self.running().get(&id) {
            Some(running) if running.user == *user => {
                running.cancel.cancel();
                true
            }
            _ => false,
        }
    }

    /// Waits for the end of a command; `None` where this person has none of that id.
    ///
    /// # Errors
    /// Where the history can't be read.
    pub async fn outcome(&self, user: &UserId, id: CommandId) -> Result<Option<Outcome>, StoreError> {
        let waiting = match self.running().get(&id) {
            Some(running) if running.user == *user => Some(running.ended.clone()),
            Some(_) => return Ok(None),
            None => None,
        };
        if let Some(mut ended) = waiting
            && let Ok(outcome) = ended.wait_for(Option::is_some).await
            && let Some(outcome) = outcome.as_deref()
        {
            return Ok(Some(outcome.clone()));
        }
        Ok(self.inner.parts.store.find(user, id).await?.and_then(|stored| stored.outcome))
    }

    /// Whose a running command is.
    pub fn owner(&self, id: CommandId) -> Option<UserId> {
        self.running().get(&id).map(|running| running.user.clone())
    }

    /// Commands under way.
    pub fn running_count(&self) -> usize {
        self.running().len()
    }

    fn admit(&self, input: Input) -> Result<Input, SubmitError> {
        if self.inner.shutdown.is_cancelled() {
            return Err(SubmitError::ShuttingDown);
        }
        let Input::Text(text) = input else { return Ok(input) };
        let limit = self.inner.config.max_text_chars;
        let text = text.trim();
        match text.chars().count() {
            0 => Err(SubmitError::EmptyText),
            length if length > limit => Err(SubmitError::TextTooLong { length, limit }),
            _ => Ok(Input::Text(text.to_owned())),
        }
    }

    /// Runs a command to its end, whatever happens on the way: an outcome is stored, the last event is
    /// told, and whoever waits is woken.
    async fn run(&self, job: Job, input: Input, end: watch::Sender<Option<Arc<Outcome>>>) {
        let mut outcome = empty_outcome(&job);
        let flow = AssertUnwindSafe(self.carry_out(&job, input, &mut outcome)).catch_unwind();
        let result = match tokio::time::timeout(self.inner.config.deadline, flow).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => {
                tracing::error!("a part of Hark panicked on this command");
                Err(failure("internal", "Hark made a mistake of its own on this command; the log has more"))
            }
            Err(_) => {
                job.cancel.cancel();
                let seconds = self.inner.config.deadline.as_secs();
                Err(failure("command_timeout", &format!("the command was stopped after {seconds} seconds")))
            }
        };
        let asked = match result {
            Ok(asked) => asked,
            Err(error) => {
                outcome.success = false;
                if outcome.reply.is_empty() {
                    outcome.reply = sentence(&error.message);
                }
                outcome.error = Some(error);
                None
            }
        };
        outcome.execution_time = millis(job.started.elapsed());
        tracing::info!(
            success = outcome.success,
            code = outcome.error.as_ref().map(|error| error.code.as_str()),
            steps = outcome.results.len(),
            duration_ms = outcome.execution_time,
            "command ended"
        );
        // On record before it is told: whoever sees the end finds it in the history, and the next
        // command of the conversation finds its turn.
        let events = job.progress.events();
        if let Err(error) = self.inner.parts.store.finish(&job.user, &outcome, asked.as_ref(), &events).await
        {
            tracing::error!(%error, "the outcome of a command could not be kept");
        }
        let last = outcome.last_event(0, job.received_at);
        job.progress.emit(last.kind, last.message, last.data);
        let outcome = Arc::new(outcome);
        end.send_replace(Some(outcome));
        self.running().remove(&job.id);
    }

    /// The flow.
    async fn carry_out(
        &self,
        job: &Job,
        input: Input,
        outcome: &mut Outcome,
    ) -> Result<Option<Question>, Failure> {
        let text = match input {
            Input::Text(text) => text,
            Input::Audio(bytes) => self.hear(job, bytes, outcome).await?,
        };
        outcome.text.clone_from(&text);
        let tools = self.discover(job, &mut outcome.stages).await?;
        let command = Command {
            id: job.id,
            user: job.user.clone(),
            session: job.session.clone(),
            text,
            timezone: job.timezone,
            dry_run: job.dry_run,
            received_at: job.received_at,
        };
        match self.plan(job, &command, &tools, &mut outcome.stages).await? {
            Decision::Act(plan) => self.act(job, &plan, outcome).await.map(|()| None),
            Decision::Ask(question) => {
                job.progress.emit(
                    EventType::Clarifying,
                    question.text.clone(),
                    json!({"question": question.text, "tool": question.tool, "missing": question.missing}),
                );
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

    async fn hear(&self, job: &Job, bytes: Bytes, outcome: &mut Outcome) -> Result<String, Failure> {
        let parts = &self.inner.parts;
        job.progress.emit(EventType::Transcribing, "Reading the recording", json!({"status": "decoding"}));
        let started = Instant::now();
        let pcm = unless_cancelled(job, parts.decoder.decode(bytes))
            .await?
            .map_err(|error| failure(error.code(), &error.to_string()))?;
        outcome.stages.decode_ms = Some(millis(started.elapsed()));

        job.progress.emit(
            EventType::Transcribing,
            "Listening to it",
            json!({"status": "listening", "audioMs": pcm.duration().as_millis()}),
        );
        let started = Instant::now();
        let heard = parts.speech.transcribe(pcm, Hints::default(), job.cancel.clone()).await;
        outcome.stages.speech_ms = Some(millis(started.elapsed()));
        let transcript = heard.map_err(|error| match job.cancel.is_cancelled() {
            true => cancelled(),
            false => failure(error.code(), &error.to_string()),
        })?;
        job.progress.emit(
            EventType::Transcribing,
            format!("Heard: {}", transcript.text),
            json!({"status": "done", "transcript": transcript}),
        );
        let text = transcript.text.clone();
        outcome.transcript = Some(transcript);
        Ok(text)
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
            return Err(failure(
                "no_tools",
                "no tool is connected; `hark doctor` shows each server and what keeps it away",
            ));
        }
        let services = tools.services();
        job.progress.emit(
            EventType::Discovering,
            format!("{} tools of {} services are at hand", tools.tools().len(), services.len()),
            json!({"tools": tools.tools().len(), "services": services, "version": tools.version()}),
        );
        Ok(tools)
    }

    async fn plan(
        &self,
        job: &Job,
        command: &Command,
        tools: &ToolSet,
        stages: &mut Stages,
    ) -> Result<Decision, Failure> {
        let parts = &self.inner.parts;
        let turns = self.inner.config.history_turns;
        let history = parts
            .store
            .turns(&command.user, &command.session, turns)
            .await
            .map_err(|error| failure(error.code(), &error.to_string()))?;
        job.progress.emit(EventType::Analyzing, "Thinking about it", json!({"tools": tools.tools().len()}));
        let started = Instant::now();
        let planned = parts.planner.decide(command, tools, &history, &job.cancel).await;
        stages.plan_ms = Some(millis(started.elapsed()));
        let planned = planned.map_err(|error| match job.cancel.is_cancelled() {
            true => cancelled(),
            false => failure(error.code(), &error.to_string()),
        })?;
        stages.shortlist_ms = Some(millis(planned.shortlist_time));
        stages.model_ms = Some(millis(planned.model_time));
        if let Decision::Act(plan) = &planned.decision {
            job.progress.emit(EventType::Planned, plan.summary(), json!({"plan": plan.to_json()}));
            self.audit(job, AuditAction::Planned, plan.to_json()).await?;
        }
        Ok(planned.decision)
    }

    async fn act(&self, job: &Job, plan: &Plan, outcome: &mut Outcome) -> Result<(), Failure> {
        outcome.plan = Some(plan.to_json());
        if job.dry_run {
            outcome.results = plan.steps().iter().map(|step| skipped(step.number(), step)).collect();
            outcome.reply = format!("This is what I would do: {}", plan.summary());
            outcome.success = true;
            return Ok(());
        }
        let started = Instant::now();
        let run = Run {
            command: job.id,
            user: job.user.clone(),
            progress: job.progress.clone(),
            cancel: job.cancel.clone(),
        };
        outcome.results = self.inner.parts.executor.run(plan, &run).await;
        outcome.stages.execute_ms = Some(millis(started.elapsed()));
        outcome.reply = executor::reply(&outcome.results);
        outcome.success = outcome.results.iter().all(|receipt| receipt.status == StepStatus::Done);
        if outcome.success {
            return Ok(());
        }
        Err(match job.cancel.is_cancelled() {
            true => cancelled(),
            false => failure("step_failed", &outcome.reply),
        })
    }

    async fn audit(&self, job: &Job, action: AuditAction, detail: Value) -> Result<(), Failure> {
        let entry = AuditEntry { command: job.id, user: job.user.clone(), action, tool: None, detail };
        self.inner.parts.store.audit(entry).await.map_err(|error| failure(error.code(), &error.to_string()))
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<CommandId, Running>> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn unless_cancelled<T>(job: &Job, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        () = job.cancel.cancelled() => Err(cancelled()),
        done = work => Ok(done),
    }
}

fn skipped(number: usize, step: &crate::domain::Step) -> Receipt {
    Receipt {
        step: number,
        tool: step.tool().name.clone(),
        arguments: step.arguments().clone(),
        status: StepStatus::Skipped,
        text: String::new(),
        structured: None,
        error: Some("a dry run calls no tool".to_owned()),
        started_at: Utc::now(),
        elapsed_ms: 0.0,
    }
}

fn empty_outcome(job: &Job) -> Outcome {
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

fn failure(code: &str, message: &str) -> Failure {
    Failure { code: code.to_owned(), message: message.to_owned() }
}

fn cancelled() -> Failure {
    failure("cancelled", "stopped, as you asked")
}

/// An error message as a sentence that can be read out.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
