//! The engine: one thread that owns model and context, behind a bounded queue.
//!
//! Requests are answered one after the other, since the cores are few and llama.cpp uses them all.
//! Nothing outside this folder knows llama.cpp.

mod blocks;
mod encoder;
mod generate;
mod grammar;
mod load;
mod prefix;
mod prior;
mod prompt;
mod sample;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::wire::{Beginning, ChatMessage, Timings, TokenLogprob};

/// What to load and how much of the machine to use.
#[derive(Debug)]
pub(crate) struct EngineConfig {
    pub(crate) model: PathBuf,
    pub(crate) adapter: Option<PathBuf>,
    /// A second model, which makes vectors of texts.
    pub(crate) encoder: Option<PathBuf>,
    pub(crate) threads: i32,
    /// Those that read the prompt.
    pub(crate) prompt_threads: i32,
    pub(crate) context_tokens: u32,
    pub(crate) queue: usize,
}

/// One request, checked as far as that is possible without the model.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) messages: Vec<ChatMessage>,
    /// Where the blocks of the first message begin, in bytes; empty for a prompt that is read as a whole.
    pub(crate) blocks: Vec<usize>,
    pub(crate) schema: Option<Value>,
    /// What is known of the answer before the model is asked.
    pub(crate) prior: Vec<Beginning>,
    pub(crate) max_tokens: usize,
    pub(crate) temperature: f32,
    pub(crate) seed: u64,
    pub(crate) deadline: Instant,
    /// Set when nobody waits for the answer any more.
    pub(crate) cancel: CancellationToken,
}

/// What the model said.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) tokens: Vec<TokenLogprob>,
    pub(crate) prompt_tokens: usize,
    pub(crate) cached_tokens: usize,
    /// Whether the model came to an end by itself, rather than by `max_tokens`.
    pub(crate) complete: bool,
    pub(crate) timings: Timings,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("the model is still being loaded")]
    Loading,
    #[error("the model could not be loaded: {0}")]
    Failed(String),
    #[error("{0} requests are waiting already")]
    Busy(usize),
    #[error("the schema cannot be used: {0}")]
    BadSchema(String),
    #[error("the messages cannot be used: {0}")]
    BadMessages(String),
    #[error(
        "the prompt has {prompt} tokens and the answer may take {answer}, \
         but the context holds {context}"
    )]
    TooLong { prompt: usize, answer: usize, context: usize },
    #[error("the request's time was over after {0} tokens of the answer")]
    Timeout(usize),
    #[error("there is no encoder: hark-llm was started without one")]
    NoEncoder,
    #[error("nobody waits for the answer any more")]
    Cancelled,
    #[error("the model failed: {0}")]
    Model(String),
}

/// What is known once the model is loaded.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) context_tokens: usize,
    pub(crate) load_ms: f64,
}

enum Job {
    Answer { task: Task, queued: Instant, answer: oneshot::Sender<Result<Answer, EngineError>> },
    Encode { texts: Vec<String>, answer: oneshot::Sender<Result<Vec<Vec<f32>>, EngineError>> },
}

/// The way to the inference thread.
pub(crate) struct Engine {
    name: String,
    queue: mpsc::Sender<Job>,
    bound: usize,
    state: Arc<State>,
}

/// What the inference thread lets others see.
#[derive(Default)]
struct State {
    loaded: OnceLock<Result<Loaded, String>>,
    answering: AtomicBool,
}

impl Engine {
    /// Starts to load the model on a thread of its own and returns at once. The receiver resolves
    /// when that thread has ended, which only a fault makes it do.
    pub(crate) fn start(config: EngineConfig) -> anyhow::Result<(Self, oneshot::Receiver<()>)> {
        let name = config
            .model
            .file_stem()
            .map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let bound = config.queue;
        let (queue, jobs) = mpsc::channel(bound);
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let (alive, gone) = oneshot::channel();
        std::thread::Builder::new()
            .name("inference".into())
            .spawn(move || {
                // Dropped with the thread, by a panic too: `gone` then resolves.
                let _alive = alive;
                work(&config, &shared, jobs);
            })
            .context("the inference thread cannot be started")?;
        let engine = Self { name, queue, bound, state };
        Ok((engine, gone))
    }

    /// The model's file name without its ending.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether requests can be answered now.
    pub(crate) fn loaded(&self) -> Result<&Loaded, EngineError> {
        match self.state.loaded.get() {
            Some(Ok(loaded)) => Ok(loaded),
            Some(Err(reason)) => Err(EngineError::Failed(reason.clone())),
            None => Err(EngineError::Loading),
        }
    }

    /// Whether a request is being answered now.
    pub(crate) fn is_answering(&self) -> bool {
        self.state.answering.load(Ordering::Relaxed)
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.bound.saturating_sub(self.queue.capacity())
    }

    /// Waits for the answer to one task; refuses at once when too many wait already.
    pub(crate) async fn answer(&self, task: Task) -> Result<Answer, EngineError> {
        self.loaded()?;
        let (sender, receiver) = oneshot::channel();
        let job = Job::Answer { task, queued: Instant::now(), answer: sender };
        self.queue.try_send(job).map_err(|_| EngineError::Busy(self.bound))?;
        receiver.await.map_err(|_| EngineError::Model("the inference thread has ended".into()))?
    }

    /// Waits for the vectors of texts; refuses at once when too many wait already.
    pub(crate) async fn encode(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EngineError> {
        self.loaded()?;
        let (answer, receiver) = oneshot::channel();
        self.queue.try_send(Job::Encode { texts, answer }).map_err(|_| EngineError::Busy(self.bound))?;
        receiver.await.map_err(|_| EngineError::Model("the inference thread has ended".into()))?
    }
}

fn work(config: &EngineConfig, state: &State, mut jobs: mpsc::Receiver<Job>) {
    let started = Instant::now();
    let parts = match load::Parts::load(config) {
        Ok(parts) => parts,
        Err(fault) => return stay_failed(state, &fault, jobs),
    };
    let mut generator = match parts.generator(config) {
        Ok(generator) => generator,
        Err(fault) => return stay_failed(state, &fault, jobs),
    };
    let mut encoder = match parts.encoder(config) {
        Ok(encoder) => encoder,
        Err(fault) => return stay_failed(state, &fault, jobs),
    };
    let load_ms = milliseconds(started);
    tracing::info!(load_ms, model = %config.model.display(), "the model is loaded");
    let _ = state.loaded.set(Ok(Loaded { context_tokens: generator.context_tokens(), load_ms }));
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Answer { task, .. } if task.cancel.is_cancelled() => {}
            Job::Answer { task, queued, answer: waiting } => {
                let queue_ms = milliseconds(queued);
                state.answering.store(true, Ordering::Relaxed);
                let answer = generator.answer(&task).map(|mut answer| {
                    answer.timings.queue_ms = queue_ms;
                    answer
                });
                state.answering.store(false, Ordering::Relaxed);
                if let Err(error) = &answer {
                    tracing::debug!("a request got no answer: {error}");
                }
                let _ = waiting.send(answer);
            }
            Job::Encode { answer, .. } if answer.is_closed() => {}
            Job::Encode { texts, answer } => {
                let vectors = encoder.as_mut().ok_or(EngineError::NoEncoder).and_then(|it| it.encode(&texts));
                let _ = answer.send(vectors);
            }
        }
    }
}

/// The process stays, so that `/health` can tell the reason; starting it again would not help.
fn stay_failed(state: &State, fault: &anyhow::Error, mut jobs: mpsc::Receiver<Job>) {
    tracing::error!("the model could not be loaded: {fault:#}");
    let _ = state.loaded.set(Err(format!("{fault:#}")));
    while let Some(job) = jobs.blocking_recv() {
        let reason = EngineError::Failed(format!("{fault:#}"));
        match job {
            Job::Answer { answer, .. } => drop(answer.send(Err(reason))),
            Job::Encode { answer, .. } => drop(answer.send(Err(reason))),
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
