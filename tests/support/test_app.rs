//! Hark put together for tests of its HTTP door: the real pipeline, planner, executor, store and
//! decoder, a real MCP server, and in place of the two models what a test says.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "what cannot be set up fails the test, and the server needs the path to find python3"
)]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use hark::api::{self, ApiConfig, AppState};
use hark::audio::{AudioConfig, Decoder};
use hark::domain::{Language, Pcm, Transcript};
use hark::executor::{Executor, ExecutorConfig};
use hark::llm::{ChatModel, ChatReply, ChatRequest, Finish, ModelError, Usage};
use hark::pipeline::{Parts, Pipeline, PipelineConfig};
use hark::planner::{Planner, PlannerConfig};
use hark::policy::Policy;
use hark::progress::{Progress, ProgressConfig};
use hark::speech::{Hints, SpeechError, SpeechModel, Transcriber};
use hark::store::Store;
use hark::tools::{Environment, Registry, ServerConfig, ToolsConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// A bound that is never reached unless something is broken; no test takes its measure from it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A plan of one call to the tool that the test's server has.
pub(crate) const GOOD_PLAN: &str = r#"{"selectedTools":[{"service":"shed","tool":"good","params":{}}]}"#;

/// The planner's model: gives its answers in order, each once a permit is there, and then the last one
/// again and again.
pub(crate) struct Answers {
    answers: Mutex<VecDeque<String>>,
    gate: Semaphore,
}

impl Answers {
    /// Lets `count` answers through that were held back.
    pub(crate) fn let_through(&self, count: usize) {
        self.gate.add_permits(count);
    }
}

#[async_trait]
impl ChatModel for Answers {
    fn name(&self) -> String {
        "answers".to_owned()
    }

    async fn complete(&self, _: ChatRequest) -> Result<ChatReply, ModelError> {
        self.gate.acquire().await.expect("the gate stays").forget();
        let mut answers = self.answers.lock().expect("no test panics here");
        let text = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(ChatReply {
            text: text.expect("an answer"),
            tokens: Vec::new(),
            usage: Usage::default(),
            model: self.name(),
            elapsed: Duration::ZERO,
            finish: Finish::Stop,
        })
    }
}

/// The speech model: hears the same in everything.
struct Hears(&'static str);

#[async_trait]
impl Transcriber for Hears {
    async fn transcribe(&self, pcm: Pcm, _: Hints, _: CancellationToken) -> Result<Transcript, SpeechError> {
        Ok(Transcript {
            text: self.0.to_owned(),
            words: Vec::new(),
            segments: Vec::new(),
            language: None,
            confidence: 0.9,
            model: "hears".to_owned(),
            audio_ms: u64::try_from(pcm.duration().as_millis()).expect("short"),
            decode_ms: 1.0,
        })
    }

    fn model(&self) -> SpeechModel {
        SpeechModel { name: "hears".to_owned(), embedded: false, language: None, note: None }
    }
}

/// What a test says.
pub(crate) struct Setup {
    /// The planner's answers.
    pub(crate) answers: Vec<&'static str>,
    /// Hold the answers back until [`Answers::let_through`].
    pub(crate) is_held: bool,
    /// What the test's server does wrong: an argument of `fixtures/servers/faulty.py`.
    pub(crate) fault: &'static str,
    /// Further arguments of that server.
    pub(crate) args: Vec<String>,
    /// The door.
    pub(crate) api: ApiConfig,
    /// The streams.
    pub(crate) progress: ProgressConfig,
    /// The speech model; one that hears "do good" in everything where absent.
    pub(crate) speech: Option<Arc<dyn Transcriber>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            answers: vec![GOOD_PLAN],
            is_held: false,
            fault: "none",
            args: Vec::new(),
            api: ApiConfig { commands_per_minute: 1_000, ..ApiConfig::default() },
            progress: ProgressConfig::default(),
            speech: None,
        }
    }
}

/// Hark, ready.
pub(crate) struct TestApp {
    /// The door's state.
    pub(crate) state: AppState,
    /// The planner's model.
    pub(crate) model: Arc<Answers>,
    /// History and audit, in memory.
    pub(crate) store: Store,
    shutdown: CancellationToken,
}

impl TestApp {
    /// Starts it with all defaults.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// Starts it and waits until its server is ready.
    pub(crate) async fn with(setup: Setup) -> Self {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/servers/faulty.py");
        let args = [script.to_string_lossy().into_owned(), setup.fault.to_owned()].into_iter();
        let mut server = ServerConfig::stdio("shed", "python3", args.chain(setup.args));
        server.environment =
            Environment::new(|name| (name == "PATH").then(|| std::env::var("PATH").expect("a PATH")));
        let config = ToolsConfig { servers: vec![server], ..ToolsConfig::default() };
        let registry = Registry::start(config, &tracker, shutdown.clone());
        registry.settle(PATIENCE).await;
        let model = Arc::new(Answers {
            answers: Mutex::new(setup.answers.into_iter().map(str::to_owned).collect()),
            gate: Semaphore::new(if setup.is_held { 0 } else { Semaphore::MAX_PERMITS }),
        });
        let store = Store::open(None).expect("a store in memory");
        let progress = Progress::new(setup.progress);
        let speech = setup.speech.unwrap_or_else(|| Arc::new(Hears("do good")));
        let decoder = Decoder::new(AudioConfig::default()).expect("a decoder");
        let parts = Parts {
            decoder: decoder.clone(),
            speech: speech.clone(),
            registry: registry.clone(),
            planner: Planner::new(model.clone(), PlannerConfig::default()).expect("a planner"),
            executor: Executor::new(registry.clone(), store.clone(), ExecutorConfig::default()),
            progress: progress.clone(),
            store: store.clone(),
        };
        let config = PipelineConfig {
            timezone: chrono_tz::Tz::UTC,
            language: Language::ENGLISH,
            max_text_chars: 4_000,
            max_running: 200,
            deadline: PATIENCE,
            history_turns: 4,
            tools_grace: PATIENCE,
            words: Vec::new(),
            least_word_confidence: 0.3,
            policy: Policy::default(),
        };
        let parts = api::Parts {
            pipeline: Pipeline::new(parts, config, tracker.clone(), shutdown.clone()),
            progress,
            store: store.clone(),
            registry,
            decoder,
            speech,
            model: model.clone(),
            worker: None,
            tracker,
            shutdown: shutdown.clone(),
        };
        Self { state: AppState::new(parts, setup.api), model, store, shutdown }
    }

    /// The door.
    pub(crate) fn router(&self) -> Router {
        api::router(self.state.clone())
    }

    /// Sends a request through the door and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router().oneshot(request).await.expect("the router cannot fail");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Gets a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }

    /// Deletes a path.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(request(Method::DELETE, path).body(Body::empty()).expect("a request")).await
    }

    /// Gives a typed command and waits for its result.
    pub(crate) async fn say(&self, text: &str) -> Answer {
        self.send(command(&json!({"text": text}))).await
    }

    /// Gives a typed command and returns its id at once.
    pub(crate) async fn begin(&self, text: &str) -> String {
        let mut request = command(&json!({"text": text}));
        request.headers_mut().insert("prefer", "respond-async".parse().expect("a header"));
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.json()["commandId"].as_str().expect("an id").to_owned()
    }

    /// Serves on a free port of this machine until the app is dropped; the address.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = api::serve(listener, self.state.clone(), self.shutdown.clone());
        TaskTracker::new().spawn(served);
        format!("http://{address}")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// A header as text; empty where it is absent.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Fails unless this is a problem with that status and code, told as the standard says.
    pub(crate) fn assert_problem(&self, status: StatusCode, code: &str) {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{problem}");
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(problem["type"], format!("urn:hark:problem:{code}"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        assert!(problem["instance"].as_str().is_some_and(|path| path.starts_with('/')), "{problem}");
    }
}

/// A request by the name that a person at this machine uses.
pub(crate) fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7380")
}

/// A command with that body in that form.
pub(crate) fn post(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    request(Method::POST, "/api/voice/command")
        .header(header::CONTENT_TYPE, content_type)
        .body(body.into())
        .expect("a request")
}

/// A command as JSON.
pub(crate) fn command(body: &Value) -> Request<Body> {
    post("application/json", body.to_string())
}

/// One second of a tone as WAV.
pub(crate) fn wav() -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut file, spec).expect("a writer");
    for index in 0..16_000 {
        let sample = (f64::from(index) * 440.0 * std::f64::consts::TAU / 16_000.0).sin() * 8_000.0;
        writer.write_sample(sample as i16).expect("a sample");
    }
    writer.finalize().expect("a file");
    file.into_inner()
}
