//! A whole Hark with servers whose tools a test writes down, and a model that says what the test says.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hark::app::App;
use hark::config::{Environment, Places, Settings};
use hark::domain::{Outcome, SessionId, UserId};
use hark::llm::{ChatModel, ChatReply, ChatRequest, Finish, ModelError, Usage};
use hark::pipeline::{Input, Submission};
use hark::policy::Policy;
use hark::tools::{ServerState, ServerStatus};
use serde_json::{Value, json};

/// A bound that is never reached unless something is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// A model that obeys: it says what was written down for it, whatever it is asked.
#[derive(Default)]
struct Obeys(Mutex<VecDeque<String>>);

#[async_trait]
impl ChatModel for Obeys {
    fn name(&self) -> String {
        "obeys".to_owned()
    }

    async fn complete(&self, _: ChatRequest) -> Result<ChatReply, ModelError> {
        Ok(ChatReply {
            text: self.0.lock().expect("the script").pop_front().unwrap_or_else(|| "{}".to_owned()),
            tokens: Vec::new(),
            usage: Usage::default(),
            model: self.name(),
            elapsed: Duration::ZERO,
            finish: Finish::Stop,
        })
    }
}

/// Hark with its desk and the servers of a test.
pub(super) struct House {
    pub(super) app: App,
    model: Arc<Obeys>,
    home: PathBuf,
}

/// A server: its key, its trust where it has one, its tools.
pub(super) type Server<'a> = (&'a str, Option<&'a str>, Value);

impl House {
    pub(super) async fn open(name: &str, policy: Policy, servers: &[Server<'_>]) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy").join(name);
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(home.join("data")).expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/servers/house.py");
        let mut entries = serde_json::Map::new();
        for (key, trust, tools) in servers {
            let file = home.join(format!("{key}.json"));
            std::fs::write(&file, tools.to_string()).expect("a file");
            let entry =
                json!({"command": "python3", "args": [script, file, home.join("calls.log")], "trust": trust});
            entries.insert((*key).to_owned(), entry);
        }
        std::fs::write(home.join("mcp.json"), json!({"mcpServers": entries}).to_string()).expect("a file");
        let places = Places {
            working_dir: home.clone(),
            config_dir: home.join("config"),
            data_dir: home.join("data"),
        };
        let path = std::env::var("PATH").expect("a PATH");
        let environment = Environment::of([
            ("PATH", &*path),
            ("HARK_TIMEZONE", "Europe/Berlin"),
            // All tools are shown, whatever the words.
            ("HARK_PLANNER__PROFILE", "large"),
        ]);
        let mut settings =
            Settings::load(None, toml::Table::new(), &environment, &places).expect("settings that hold");
        settings.pipeline.policy = policy;
        let model = Arc::new(Obeys::default());
        let app = App::build_with_model(settings, model.clone()).expect("an app");
        let all_ready =
            |servers: &[ServerStatus]| servers.iter().all(|server| server.state == ServerState::Ready);
        assert!(app.registry.until(PATIENCE, all_ready).await, "{:#?}", app.registry.servers());
        Self { app, model, home }
    }

    /// A command of a conversation; the model answers with these steps.
    pub(super) async fn say(&self, session: &str, text: &str, steps: &Value) -> Outcome {
        // A refused plan is asked for twice.
        let answer = json!({"selectedTools": steps}).to_string();
        *self.model.0.lock().expect("the script") = VecDeque::from([answer.clone(), answer]);
        self.answer(session, text).await
    }

    /// A command for which the model has nothing to say.
    pub(super) async fn answer(&self, session: &str, text: &str) -> Outcome {
        let user = UserId::local();
        let submission = Submission {
            user: user.clone(),
            may_approve: true,
            session: Some(SessionId(session.to_owned())),
            timezone: None,
            language: None,
            dry_run: false,
            input: Input::Text(text.to_owned()),
        };
        let id = self.app.pipeline.submit(submission).await.expect("taken");
        let outcome = tokio::time::timeout(PATIENCE, self.app.pipeline.outcome(&user, id)).await;
        self.model.0.lock().expect("the script").clear();
        outcome.expect("an end").expect("on record").expect("an outcome")
    }

    /// The calls that reached the test's servers, in order.
    pub(super) fn calls(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.home.join("calls.log")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).expect("a call")).collect()
    }
}

/// A tool with text arguments.
pub(super) fn tool(name: &str, arguments: &[&str], hints: Value) -> Value {
    let properties: serde_json::Map<String, Value> =
        arguments.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    json!({
        "name": name,
        "description": format!("Does {name}."),
        "inputSchema": {"type": "object", "properties": properties, "required": arguments},
        "annotations": hints,
    })
}
