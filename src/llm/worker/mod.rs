//! The embedded model: `hark-llm` as a child process, started, watched and started again.
//!
//! A crash of llama.cpp costs the answer in work and nothing else. A model that is missing is looked
//! for again and again, so that fetching it is all that a person must do.

mod process;
mod supervisor;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;

use super::{ChatModel, ChatReply, ChatRequest, ModelError, OpenAiChat, TextEncoder};

/// A small model gains nothing from more.
const MOST_THREADS: usize = 4;

/// How to start the worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// The `hark-llm` program.
    pub program: PathBuf,
    /// The model, a GGUF file.
    pub model: PathBuf,
    /// A LoRA adapter for it.
    pub adapter: Option<PathBuf>,
    /// A second model, a GGUF file, that makes vectors of texts.
    pub encoder: Option<PathBuf>,
    /// Threads that write the answer; see [`WorkerConfig::usual_threads`].
    pub threads: usize,
    /// Threads that read the prompt. It is read in large pieces, so that they wait for each other far
    /// less often than those that write token by token, and every core may take part.
    pub prompt_threads: usize,
    /// The most tokens of one request, prompt and answer together.
    pub context_tokens: u32,
    /// Requests that may wait.
    pub queue: usize,
    /// What the person can do when the model is missing; part of the error.
    pub remedy: String,
}

impl WorkerConfig {
    /// The usual settings for a model.
    pub fn new(program: impl Into<PathBuf>, model: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            model: model.into(),
            adapter: None,
            encoder: None,
            threads: Self::usual_threads(),
            prompt_threads: Self::usual_prompt_threads(),
            context_tokens: 4096,
            queue: 8,
            remedy: "`hark models` lists what can be fetched, `hark models fetch NAME` fetches it".into(),
        }
    }

    /// One core is left free: llama.cpp's threads wait for each other by spinning, hundreds of times
    /// a token, so that with no core to spare any other busy program makes answers ten times slower.
    pub fn usual_threads() -> usize {
        cores().saturating_sub(1).clamp(1, MOST_THREADS)
    }

    /// Every core may read.
    pub fn usual_prompt_threads() -> usize {
        cores().clamp(1, MOST_THREADS)
    }

    /// The model's file name without its ending.
    fn name(&self) -> String {
        self.model.file_stem().map_or_else(|| "model".into(), |stem| stem.to_string_lossy().into_owned())
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// How the worker is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    /// What it is doing.
    pub state: WorkerState,
    /// Why it is not ready, in words for a person.
    pub reason: Option<String>,
    /// How often it had to be started again.
    pub restarts: u32,
    /// The model's name.
    pub model: String,
    /// The process, while there is one.
    pub pid: Option<u32>,
}

/// What the worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Started for the first time, loading its model.
    Starting,
    /// Answers requests.
    Ready,
    /// Ended by itself; started again soon.
    Restarting,
    /// Cannot work until a person does something.
    Failed,
}

/// The state that supervisor and requests share.
#[derive(Debug, Clone)]
struct Situation {
    status: WorkerStatus,
    client: Option<Arc<OpenAiChat>>,
}

/// The embedded model. Dropping it does not end the worker; its shutdown token does.
#[derive(Debug)]
pub struct LocalWorker {
    name: String,
    files: Vec<PathBuf>,
    situation: watch::Receiver<Situation>,
}

impl LocalWorker {
    /// Starts the worker in the background and returns at once; requests wait until it is ready.
    pub fn start(config: WorkerConfig, tracker: &TaskTracker, shutdown: CancellationToken) -> Self {
        let name = config.name();
        let files =
            std::iter::once(&config.model).chain(&config.adapter).chain(&config.encoder).cloned().collect();
        let status = WorkerStatus {
            state: WorkerState::Starting,
            reason: None,
            restarts: 0,
            model: name.clone(),
            pid: None,
        };
        let (sender, situation) = watch::channel(Situation { status, client: None });
        tracker.spawn(supervisor::supervise(config, sender, tracker.clone(), shutdown));
        Self { name, files, situation }
    }

    /// The model's file, its adapter's, and the encoder's.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How the worker is now.
    pub fn status(&self) -> WorkerStatus {
        self.situation.borrow().status.clone()
    }

    /// Waits until the worker is ready or has failed, at most that long; then says how it is.
    pub async fn settle(&self, at_most: Duration) -> WorkerStatus {
        let mut situation = self.situation.clone();
        let settled =
            situation.wait_for(|now| matches!(now.status.state, WorkerState::Ready | WorkerState::Failed));
        let _ = tokio::time::timeout(at_most, settled).await;
        self.status()
    }

    async fn client(&self) -> Result<Arc<OpenAiChat>, ModelError> {
        let mut situation = self.situation.clone();
        let gone = || ModelError::Missing { model: self.name.clone(), reason: "hark is ending".into() };
        let now = situation
            .wait_for(|now| now.client.is_some() || now.status.state == WorkerState::Failed)
            .await
            .map_err(|_| gone())?;
        now.client.clone().ok_or_else(|| ModelError::Missing {
            model: self.name.clone(),
            reason: now.status.reason.clone().unwrap_or_default(),
        })
    }
}

#[async_trait]
impl ChatModel for LocalWorker {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(&self, mut request: ChatRequest) -> Result<ChatReply, ModelError> {
        let started = Instant::now();
        let client = tokio::select! {
            biased;
            () = request.cancel.cancelled() => return Err(ModelError::Cancelled),
            client = tokio::time::timeout(request.deadline, self.client()) => client.map_err(|_| {
                let status = self.status();
                ModelError::Starting {
                    model: self.name.clone(),
                    reason: status.reason.unwrap_or_else(|| "it is still being loaded".into()),
                }
            })??,
        };
        request.deadline = request.deadline.saturating_sub(started.elapsed());
        client.complete(request).await
    }
}

#[async_trait]
impl TextEncoder for LocalWorker {
    async fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.client().await?.encode(texts).await
    }
}
