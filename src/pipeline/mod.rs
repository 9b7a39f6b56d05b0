//! The flow: hear, look up the tools, plan, carry out, tell. `flow.rs` has it in one function; this file
//! keeps a command's record, its end and its cancellation.

mod approval;
mod doubt;
mod flow;
mod interrupted;
mod job;
mod rehearsal;
mod stop;
mod submission;
mod vocabulary;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use chrono_tz::Tz;
use futures::FutureExt;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::audio::Decoder;
use crate::domain::{CommandId, Language, Outcome, SessionId, ToolSet, UserId};
use crate::executor::Executor;
use crate::phrases::{Phrase, say};
use crate::planner::Planner;
use crate::policy::Policy;
use crate::progress::Progress;
use crate::speech::Transcriber;
use crate::store::{Begun, CommandRecord, RequestKey, Store, StoreError};
use crate::tools::Registry;

pub use interrupted::{INTERRUPTED, outcome_of};
pub use rehearsal::{Rehearsal, Speaker};
pub use submission::{Heard, Input, Submission, SubmitError};

use vocabulary::Vocabulary;

use job::{Job, empty_outcome, failure, millis, sentence};

/// Bounds of the flow.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// The time zone where a command names none.
    pub timezone: Tz,
    /// The language to answer in where a command names none.
    pub language: Language,
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
    /// Words of the person's own that are likely to be said: names, places.
    pub words: Vec<String>,
    /// An argument that rests on a word heard with less confidence is asked for, 0 to 1.
    pub least_word_confidence: f32,
    /// What is carried out, asked about or refused.
    pub policy: Policy,
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
    vocabulary: Vocabulary,
}

struct Running {
    user: UserId,
    cancel: CancellationToken,
    ended: watch::Receiver<Option<Arc<Outcome>>>,
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
        let vocabulary = Vocabulary::new(config.words.clone());
        Self { inner: Arc::new(Inner { parts, config, tracker, shutdown, running, vocabulary }) }
    }

    /// Has the planner's model warm up in the background: by what every prompt begins with, and where
    /// Hark stays and waits for commands (`stays`) by the tools that are connected, too.
    pub fn warm_up(&self, stays: bool) {
        let (pipeline, stop) = (self.clone(), self.inner.shutdown.child_token());
        self.inner.tracker.spawn(async move {
            let Parts { planner, registry, .. } = &pipeline.inner.parts;
            let tools = match stays {
                true => {
                    registry.settle(pipeline.inner.config.tools_grace).await;
                    registry.snapshot(&UserId::local()).await
                }
                false => Arc::new(ToolSet::new(Vec::new(), Vec::new())),
            };
            planner.warm_up(&tools, &stop).await;
        });
    }

    /// Records the command and starts it.
    ///
    /// # Errors
    /// [`SubmitError`], and then nothing was done.
    pub async fn submit(&self, submission: Submission) -> Result<CommandId, SubmitError> {
        self.submit_once(submission, None).await
    }

    /// Records the command and starts it, unless a request with its key came before: then nothing is
    /// begun, and the first one's command is named, which may still be under way.
    ///
    /// # Errors
    /// [`SubmitError`], and then nothing was done.
    pub async fn submit_once(
        &self,
        submission: Submission,
        key: Option<RequestKey>,
    ) -> Result<CommandId, SubmitError> {
        let Submission { user, may_approve, session, timezone, language, dry_run, input } = submission;
        let input = self.admit(input)?;
        let id = CommandId::new();
        let job = Job {
            id,
            may_approve,
            is_first_turn: session.is_none(),
            session: session.unwrap_or_else(|| SessionId(CommandId::new().to_string())),
            timezone: timezone.unwrap_or(self.inner.config.timezone),
            language: language.unwrap_or(self.inner.config.language),
            dry_run,
            received_at: Utc::now(),
            started: match &input {
                Input::Heard(heard) => heard.ended,
                Input::Text(_) | Input::Audio(_) => Instant::now(),
            },
            progress: self.inner.parts.progress.open(id),
            cancel: self.inner.shutdown.child_token(),
            user,
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
            spoken: input.is_spoken(),
            text: input.text().to_owned(),
            received_at: job.received_at,
        };
        // From here on it is a task of its own: whoever submits may be gone at any moment (a connection
        // that breaks drops its handler), and a command that took its place must come to its end.
        let (told, begun) = oneshot::channel();
        let pipeline = self.clone();
        let span = tracing::info_span!("command", command.id = %id);
        let task = async move {
            let store = &pipeline.inner.parts.store;
            let begun = match key {
                Some(key) => store.begin_once(record, key).await,
                None => store.begin(record).await.map(|()| Begun::New),
            };
            if let Ok(Begun::New) = begun {
                told.send(Ok(id)).ok();
                return pipeline.run(job, input, end).await;
            }
            pipeline.running().remove(&id);
            let answer = match begun {
                Ok(Begun::New) => Ok(id),
                Ok(Begun::Again(first)) => Ok(first),
                Ok(Begun::OtherRequest) => Err(SubmitError::KeyReused),
                Err(error) => Err(error.into()),
            };
            told.send(answer).ok();
        };
        self.inner.tracker.spawn(task.instrument(span));
        begun.await.map_err(|_| SubmitError::ShuttingDown)?
    }

    /// The language to answer in where nobody names one.
    pub fn language(&self) -> Language {
        self.inner.config.language
    }

    /// What a person is likely to say to the tools at hand now.
    pub async fn vocabulary(&self, user: &UserId) -> Arc<[String]> {
        let tools = self.inner.parts.registry.snapshot(user).await;
        self.inner.vocabulary.of(&tools, self.inner.parts.registry.phrases())
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

    /// Asks all running commands of a person to stop but the one named; how many there were.
    pub fn cancel_all(&self, user: &UserId, but: Option<CommandId>) -> usize {
        let running = self.running();
        let theirs = running.iter().filter(|(id, running)| running.user == *user && Some(**id) != but);
        theirs.map(|(_, running)| running.cancel.cancel()).count()
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
                Err(failure("internal", &say("command-internal", job.language)))
            }
            Err(_) => {
                job.cancel.cancel();
                let seconds = self.inner.config.deadline.as_secs();
                let phrase = Phrase::new("command-timeout").with("seconds", seconds);
                Err(failure("command_timeout", &phrase.say(job.language)))
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

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<CommandId, Running>> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
