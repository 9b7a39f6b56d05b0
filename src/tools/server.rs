//! What is known of one server, shared by its supervisor, by calls and by whoever asks how it does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::cache::{ListedTools, ToolCache};
use super::connect::{self, Session};
use super::gate::Gate;
use super::process::ProcessNotes;
use super::status::CallTimes;
use super::{CallError, ServerConfig, ServerState, ServerStatus};
use crate::domain::{Tool, ToolOutput};

/// A flood of notices counts as over when there was none for so long.
const FLOOD_OVER_AFTER: Duration = Duration::from_secs(10);

/// One server.
pub(super) struct Server {
    pub(super) config: ServerConfig,
    /// How many calls there may be at once.
    pub(super) gate: Gate,
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
    /// What it lists now; before it was ready for the first time, what it listed when Hark ran last.
    latest: Option<Arc<ListedTools>>,
    is_stale: bool,
    /// What is wrong with it although it is ready.
    troubles: BTreeMap<Trouble, String>,
    flood: Option<Flood>,
    /// Why nothing of it may be called until a person agrees.
    held: Option<String>,
    phrases: Arc<[String]>,
    connect_time: Option<Duration>,
    calls: CallTimes,
    protocol_version: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

/// What can be wrong with a server that is ready, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// Its last call got no answer, or none that can be used.
    Call,
    /// Its list of tools could not be read anew.
    List,
}

/// More notices than are read.
struct Flood {
    dropped: u64,
    last: Instant,
}

impl Server {
    pub(super) fn new(config: ServerConfig, cache: ToolCache, changes: watch::Sender<u64>) -> Self {
        let state = if config.disabled { ServerState::Off } else { ServerState::Starting };
        let remembered = if config.disabled { None } else { cache.remember(&config) };
        let (latest, protocol_version) = remembered.unzip();
        let gate = Gate::new(config.limits);
        let inner = Inner {
            state,
            session: None,
            is_settled: config.disabled,
            starts: 0,
            error: None,
            process: None,
            last_words: None,
            is_stale: latest.is_some(),
            latest: latest.map(Arc::new),
            troubles: BTreeMap::new(),
            flood: None,
            held: None,
            phrases: Arc::default(),
            connect_time: None,
            calls: CallTimes::default(),
            protocol_version: protocol_version.flatten(),
            name: None,
            version: None,
        };
        Self { config, gate, generation: AtomicU64::new(0), inner: Mutex::new(inner), changes, cache }
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
            (ServerState::Off, _) if self.config.disabled => {
                "it is disabled in mcp.json; take the flag away to use it".to_owned()
            }
            (ServerState::Off, _) => "Hark is shutting down".to_owned(),
            (_, Some(error)) => format!("{error} (it is tried again by itself)"),
            (_, None) => "it is still starting; try again in a moment".to_owned(),
        }
    }

    /// It spoke the older generation of the protocol when Hark ran last.
    pub(super) fn was_legacy(&self) -> bool {
        self.inner().protocol_version.as_deref().is_some_and(connect::is_legacy)
    }

    pub(super) fn is_settled(&self) -> bool {
        self.inner().is_settled
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.inner().state == ServerState::Off
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

    /// It is up with these tools, which are also what is kept of it.
    pub(super) fn ready(
        &self,
        session: &Arc<Session>,
        mut listed: ListedTools,
        took: Duration,
    ) -> Arc<ListedTools> {
        self.forget_tools();
        listed.generation = self.generation();
        let listed = Arc::new(listed);
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
        inner.latest = Some(Arc::clone(&listed));
        inner.is_stale = false;
        inner.troubles.clear();
        inner.flood = None;
        drop(inner);
        self.changed();
        listed
    }

    /// A list of its tools came in; the newest one counts.
    pub(super) fn listed(&self, listed: &Arc<ListedTools>) {
        let mut inner = self.inner();
        inner.troubles.remove(&Trouble::List);
        if inner.session.is_some() && inner.latest.as_ref().is_none_or(|it| it.serial < listed.serial) {
            inner.latest = Some(Arc::clone(listed));
        }
        drop(inner);
        self.changed();
    }

    /// It was asked for its tools and did not list them.
    pub(super) fn unlisted(&self, reason: &str) {
        let sentence = format!("its tools could not be read anew: {reason}");
        self.inner().troubles.insert(Trouble::List, sentence);
        self.changed();
    }

    /// The tools of the last run, as long as it has not said which it has now.
    pub(super) fn remembered(&self) -> Option<Arc<ListedTools>> {
        let inner = self.inner();
        if inner.is_stale { inner.latest.clone() } else { None }
    }

    /// It is on its way up for the first time, and what is planned with it are the tools of the last run.
    pub(super) fn is_unconfirmed(&self) -> bool {
        let inner = self.inner();
        inner.is_stale && !inner.is_settled
    }

    /// Whether it has the tool as it was when the plan was made; true where its tools are not known.
    pub(super) fn still_has(&self, tool: &Tool) -> bool {
        let Some(latest) = self.inner().latest.clone() else { return true };
        latest.tools.iter().any(|now| now.name == tool.name && now.is_same_as(tool))
    }

    /// Keeps its tools from being planned with and called, and says why; `None` lets go of them.
    pub(super) fn hold(&self, why: Option<String>) {
        self.inner().held = why;
        self.forget_tools();
        self.changed();
    }

    /// Why nothing of it may be called until a person agrees.
    pub(super) fn why_held(&self) -> Option<String> {
        self.inner().held.clone()
    }

    /// It sends more notices than are read.
    pub(super) fn floods(&self, dropped: u64) {
        let mut inner = self.inner();
        let before = inner.flood.as_ref().map_or(0, |flood| flood.dropped);
        inner.flood = Some(Flood { dropped: before + dropped, last: Instant::now() });
        drop(inner);
        self.changed();
    }

    /// What a call came to says how the server is doing.
    pub(super) fn called(&self, result: &Result<ToolOutput, CallError>) {
        let trouble = match result {
            // It was let in before: what it was given has run out.
            Err(error @ CallError::Refused { code: 401 | 403, .. }) => Some(error.to_string()),
            Ok(_) | Err(CallError::Refused { .. }) => None,
            Err(
                error @ (CallError::TimedOut { .. }
                | CallError::BadResult { .. }
                | CallError::TooLarge { .. }),
            ) => Some(error.to_string()),
            // These say nothing of the server, or are told by the end of its connection.
            Err(_) => return,
        };
        if matches!(result, Err(CallError::TimedOut { .. }))
            && let Some(session) = self.session()
        {
            session.suspect();
        }
        let mut inner = self.inner();
        let before = match trouble {
            Some(trouble) => inner.troubles.insert(Trouble::Call, trouble).is_none(),
            None => inner.troubles.remove(&Trouble::Call).is_some(),
        };
        drop(inner);
        if before {
            self.changed();
        }
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
        self.down(ServerState::Off, None);
    }

    fn down(&self, state: ServerState, error: Option<String>) {
        let mut inner = self.inner();
        inner.state = state;
        inner.session = None;
        inner.is_settled = true;
        inner.error = error;
        inner.latest = None;
        inner.is_stale = false;
        inner.troubles.clear();
        inner.flood = None;
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
        let (state, error) = inner.state_and_reason();
        ServerStatus {
            key: self.config.key.clone(),
            transport: self.config.transport.name(),
            state,
            tools: inner.latest.as_ref().map_or(0, |listed| listed.tools.len()),
            stale: inner.is_stale,
            rejected: inner.latest.as_ref().map(|listed| listed.rejected.clone()).unwrap_or_default(),
            error,
            stderr: inner
                .process
                .as_ref()
                .and_then(|process| process.stderr_tail())
                .or_else(|| inner.last_words.clone()),
            restarts: inner.starts.saturating_sub(1),
            calls: self.gate.calls(),
            waiting: self.gate.waiting(),
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

impl Inner {
    /// What is wrong with a server that is ready stands beside its state, so that it is ready again by
    /// itself once that is over.
    fn state_and_reason(&self) -> (ServerState, Option<String>) {
        if self.state != ServerState::Ready {
            return (self.state, self.error.clone());
        }
        if let Some(why) = &self.held {
            return (ServerState::Quarantined, Some(why.clone()));
        }
        let flood = self.flood.as_ref().filter(|flood| flood.last.elapsed() < FLOOD_OVER_AFTER);
        let flood = flood.map(|flood| {
            format!("it sends more notices than are read; {} of them were dropped", flood.dropped)
        });
        match self.troubles.values().next().cloned().or(flood) {
            Some(trouble) => (ServerState::Degraded, Some(trouble)),
            None => (ServerState::Ready, None),
        }
    }
}
