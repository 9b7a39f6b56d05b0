//! What is known of one server, shared by its supervisor, by calls and by whoever asks how it does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::cache::{ListedTools, ToolCache};
use super::connect::Session;
use super::process::ProcessNotes;
use super::status::CallTimes;
use super::{ServerConfig, ServerState, ServerStatus};
use crate::domain::RejectedTool;

/// One server.
pub(super) struct Server {
    pub(super) config: ServerConfig,
    /// Counts what made earlier lists of its tools void.
    generation: AtomicU64,
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
    cache: ToolCache,
}

struct Inner {
    state: ServerState,
    session: Option<Arc<Session>>,
    /// It was ready or failed at least once.
    is_settled: bool,
    starts: u32,
    error: Option<String>,
    process: Option<Arc<ProcessNotes>>,
    /// What the process before said last: shown until the present one is ready or says something.
    last_words: Option<String>,
    tools: usize,
    rejected: Vec<RejectedTool>,
    phrases: Arc<[String]>,
    connect_time: Option<Duration>,
    calls: CallTimes,
    protocol_version: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

impl Server {
    pub(super) fn new(config: ServerConfig, cache: ToolCache, changes: watch::Sender<u64>) -> Self {
        let state = if config.disabled { ServerState::Disabled } else { ServerState::Starting };
        let inner = Inner {
            state,
            session: None,
            is_settled: config.disabled,
            starts: 0,
            error: None,
            process: None,
            last_words: None,
            tools: 0,
            rejected: Vec::new(),
            phrases: Arc::default(),
            connect_time: None,
            calls: CallTimes::default(),
            protocol_version: None,
            name: None,
            version: None,
        };
        Self { config, generation: AtomicU64::new(0), inner: Mutex::new(inner), changes, cache }
    }

    pub(super) fn key(&self) -> &str {
        &self.config.key
    }

    /// Lists of an earlier generation are void.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The session, while the server is ready.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.inner().session.clone()
    }

    /// Why there is no session, and the way out.
    pub(super) fn why_not_ready(&self) -> String {
        let inner = self.inner();
        match (inner.state, &inner.error) {
            (ServerState::Disabled, _) => {
                "it is disabled in mcp.json; take the flag away to use it".to_owned()
            }
            (ServerState::Stopped, _) => "Hark is shutting down".to_owned(),
            (_, Some(error)) => format!("{error} (it is tried again by itself)"),
            (_, None) => "it is still starting; try again in a moment".to_owned(),
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.inner().is_settled
    }

    pub(super) fn has_stopped(&self) -> bool {
        matches!(self.inner().state, ServerState::Stopped | ServerState::Disabled)
    }

    pub(super) fn starting(&self) {
        let mut inner = self.inner();
        inner.state = ServerState::Starting;
        inner.starts += 1;
        drop(inner);
        self.changed();
    }

    /// A process exists; its error output is shown from now on.
    pub(super) fn has_process(&self, process: Arc<ProcessNotes>) {
        let mut inner = self.inner();
        if let Some(words) = inner.process.take().and_then(|before| before.stderr_tail()) {
            inner.last_words = Some(words);
        }
        inner.process = Some(process);
    }

    /// To count on whenever something changed that its status shows.
    pub(super) fn changes(&self) -> watch::Sender<u64> {
        self.changes.clone()
    }

    pub(super) fn ready(&self, session: &Arc<Session>, listed: &ListedTools, took: Duration) {
        self.forget_tools();
        let mut inner = self.inner();
        let info = session.peer.peer_info();
        let implementation = info.as_ref().and_then(|info| info.server_info.as_ref());
        inner.protocol_version = info.as_ref().map(|info| info.protocol_version.to_string());
        inner.name = implementation.map(|it| it.name.clone());
        inner.version = implementation.map(|it| it.version.clone());
        inner.state = ServerState::Ready;
        inner.session = Some(Arc::clone(session));
        inner.is_settled = true;
        inner.error = None;
        inner.last_words = None;
        inner.connect_time = Some(took);
        inner.tools = listed.tools.len();
        inner.rejected = listed.rejected.clone();
        drop(inner);
        self.changed();
    }

    /// A newer list of its tools came in.
    pub(super) fn listed(&self, listed: &ListedTools) {
        let mut inner = self.inner();
        inner.tools = listed.tools.len();
        inner.rejected = listed.rejected.clone();
        drop(inner);
        self.changed();
    }

    /// What its resources are called and hold.
    pub(super) fn has_phrases(&self, phrases: Vec<String>) {
        self.inner().phrases = phrases.into();
    }

    /// What its resources are called and hold, while it is ready.
    pub(super) fn phrases(&self) -> Arc<[String]> {
        self.inner().phrases.clone()
    }

    /// It did not come up, or did not stay up.
    pub(super) fn failed(&self, reason: String) {
        self.down(ServerState::Failed, Some(reason));
    }

    pub(super) fn stopped(&self) {
        self.down(ServerState::Stopped, None);
    }

    fn down(&self, state: ServerState, error: Option<String>) {
        let mut inner = self.inner();
        inner.state = state;
        inner.session = None;
        inner.is_settled = true;
        inner.error = error;
        inner.tools = 0;
        inner.rejected = Vec::new();
        inner.phrases = Arc::default();
        drop(inner);
        self.forget_tools();
        self.changed();
    }

    /// Drops every user's list of its tools.
    pub(super) fn forget_tools(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.cache.forget_server(self.key());
    }

    pub(super) fn record_call(&self, took: Duration) {
        self.inner().calls.record(took);
    }

    pub(super) fn status(&self) -> ServerStatus {
        let inner = self.inner();
        ServerStatus {
            key: self.config.key.clone(),
            transport: self.config.transport.name(),
            state: inner.state,
            tools: inner.tools,
            rejected: inner.rejected.clone(),
            error: inner.error.clone(),
            stderr: inner
                .process
                .as_ref()
                .and_then(|process| process.stderr_tail())
                .or_else(|| inner.last_words.clone()),
            restarts: inner.starts.saturating_sub(1),
            connect_ms: inner.connect_time.map(|time| time.as_secs_f64() * 1_000.0),
            call_p50_ms: inner.calls.percentile(0.5),
            call_p95_ms: inner.calls.percentile(0.95),
            protocol_version: inner.protocol_version.clone(),
            server_name: inner.name.clone(),
            server_version: inner.version.clone(),
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
