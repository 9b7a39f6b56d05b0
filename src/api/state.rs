//! What the handlers need: the parts that the app put together, and what the door itself keeps.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ApiError;
use super::Users;
use super::metrics::Instruments;
use super::rate::RateLimit;
use crate::app::App;
use crate::audio::Decoder;
use crate::domain::UserId;
use crate::listening::{Listener, ListeningConfig, MicrophoneHandle};
use crate::llm::{ChatModel, LocalWorker, Secret};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::speech::Transcriber;
use crate::store::Store;
use crate::tools::Registry;

/// How the door is kept.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// The address that is served.
    pub bind: SocketAddr,
    /// Who may come in with which token; nobody is asked for one where there are none.
    pub tokens: Vec<(UserId, Secret)>,
    /// People with tokens of their own.
    pub users: Users,
    /// Names that Hark goes by beside those of loopback, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Commands a minute for each user.
    pub commands_per_minute: u32,
    /// Longest recording in bytes.
    pub max_audio_bytes: usize,
    /// Longest recording.
    pub max_audio: Duration,
    /// Longest text in characters, as the page is told; the pipeline keeps it.
    pub max_text_chars: usize,
    /// Longest time for a request's body to arrive.
    pub body_timeout: Duration,
    /// A comment is sent this often on a stream where nothing happens, and a ping on a live socket.
    pub heartbeat: Duration,
    /// Live sessions that may be open at once.
    pub max_streams: usize,
    /// How live sound is heard.
    pub listening: ListeningConfig,
    /// How long requests under way may go on when Hark is told to stop.
    pub grace: Duration,
    /// The time zone of commands that name none, as the page is told.
    pub timezone: chrono_tz::Tz,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 7380)),
            tokens: Vec::new(),
            users: Users::default(),
            allowed_hosts: Vec::new(),
            commands_per_minute: 10,
            max_audio_bytes: 8 * 1024 * 1024,
            max_audio: Duration::from_secs(60),
            max_text_chars: 4_000,
            body_timeout: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            max_streams: 64,
            listening: ListeningConfig::default(),
            grace: Duration::from_secs(5),
            timezone: chrono_tz::Tz::UTC,
        }
    }
}

/// The parts behind the door.
pub struct Parts {
    /// The flow.
    pub pipeline: Pipeline,
    /// The event streams.
    pub progress: Progress,
    /// History.
    pub store: Store,
    /// The tools.
    pub registry: Registry,
    /// Uploaded bytes to sound.
    pub decoder: Decoder,
    /// The speech model.
    pub speech: Arc<dyn Transcriber>,
    /// The planner's model.
    pub model: Arc<dyn ChatModel>,
    /// The embedded language model's process, where that is used.
    pub worker: Option<Arc<LocalWorker>>,
    /// Where the tasks of live sessions run.
    pub tracker: TaskTracker,
    /// Ends them.
    pub shutdown: CancellationToken,
}

/// Shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    config: ApiConfig,
    rate: Arc<RateLimit>,
    listener: Listener,
    microphone: OnceLock<MicrophoneHandle>,
    seats: Arc<Semaphore>,
    instruments: Instruments,
    started: Instant,
}

impl AppState {
    /// Puts the parts behind a door that is kept as `config` says, and begins to count.
    pub fn new(parts: Parts, config: ApiConfig) -> Self {
        let instruments = Instruments::new(&parts.progress);
        let rate = Arc::new(RateLimit::new(config.commands_per_minute, config.users.clone()));
        let admission = rate.clone();
        let listener = Listener::new(
            parts.speech.clone(),
            parts.pipeline.clone(),
            parts.progress.clone(),
            Arc::new(move |user, language| admission.take(user, language).map_err(ApiError::into_refusal)),
            parts.tracker.clone(),
        );
        let seats = Arc::new(Semaphore::new(config.max_streams));
        let started = Instant::now();
        Self {
            inner: Arc::new(Inner {
                parts,
                config,
                rate,
                listener,
                microphone: OnceLock::new(),
                seats,
                instruments,
                started,
            }),
        }
    }

    /// The door of an app, as its settings say. A token that is set is the one person's.
    pub fn of(app: &App) -> Self {
        let settings = &app.settings;
        let config = ApiConfig {
            bind: settings.bind,
            tokens: settings.token.iter().map(|token| (UserId::local(), token.clone())).collect(),
            users: Users::at(settings.users_file()),
            allowed_hosts: settings.allowed_hosts.clone(),
            commands_per_minute: settings.commands_per_minute,
            max_audio_bytes: settings.audio.max_bytes,
            max_audio: settings.audio.max_duration,
            max_text_chars: settings.pipeline.max_text_chars,
            timezone: settings.timezone,
            listening: settings.listening.clone(),
            ..ApiConfig::default()
        };
        let parts = Parts {
            pipeline: app.pipeline.clone(),
            progress: app.progress.clone(),
            store: app.store.clone(),
            registry: app.registry.clone(),
            decoder: app.decoder.clone(),
            speech: app.speech.clone(),
            model: app.model.clone(),
            worker: app.worker.clone(),
            tracker: app.tracker.clone(),
            shutdown: app.shutdown.clone(),
        };
        Self::new(parts, config)
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(super) fn config(&self) -> &ApiConfig {
        &self.inner.config
    }

    pub(super) fn rate(&self) -> &RateLimit {
        &self.inner.rate
    }

    /// Opens live sessions; the door's own and others that count with it.
    pub fn listener(&self) -> &Listener {
        &self.inner.listener
    }

    /// Lets other programs press the key of this machine's microphone. Only the first one is taken.
    pub fn set_microphone(&self, microphone: MicrophoneHandle) {
        self.inner.microphone.set(microphone).ok();
    }

    pub(super) fn microphone(&self) -> Option<&MicrophoneHandle> {
        self.inner.microphone.get()
    }

    pub(super) fn seats(&self) -> Arc<Semaphore> {
        self.inner.seats.clone()
    }

    pub(super) fn instruments(&self) -> &Instruments {
        &self.inner.instruments
    }

    /// Since the door was opened.
    pub(super) fn uptime(&self) -> Duration {
        self.inner.started.elapsed()
    }
}
