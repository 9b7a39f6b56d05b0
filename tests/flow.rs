//! From a person's words to the deed with nothing in between made up: recordings, the embedded speech
//! model, the embedded language model under its supervisor, and five real MCP servers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hark::app::App;
use hark::config::{Environment, Places, Settings};
use hark::domain::{Outcome, SessionId, StepStatus, UserId};
use hark::pipeline::{Input, Submission};
use hark::tools::{ServerState, ServerStatus};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A bound that is never reached unless something is broken.
const PATIENCE: Duration = Duration::from_secs(120);

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One Hark for all tests here: what takes time is its start. They take turns, so that each has the
/// machine's two cores to itself.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static HOUSE: LazyLock<Mutex<House>> = LazyLock::new(|| Mutex::new(RUNTIME.block_on(House::open())));

fn with_house<T>(work: impl AsyncFnOnce(&House) -> T) -> T {
    let house = HOUSE.lock().unwrap_or_else(PoisonError::into_inner);
    RUNTIME.block_on(work(&house))
}

/// Hark as a person has it, in a folder of its own.
struct House {
    app: App,
    home: PathBuf,
}

impl House {
    async fn open() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flow");
        let _ = std::fs::remove_dir_all(&home);
        let at = |name: &str| home.join(name);
        std::fs::create_dir_all(at("data")).expect("a data folder");
        std::os::unix::fs::symlink(project().join(".tools/models"), at("data/models")).expect("the models");
        std::fs::create_dir_all(at("files")).expect("a folder");
        std::fs::write(at("files/todo.txt"), "Call Anna.\n").expect("a file");
        let entity =
            json!({"type": "entity", "name": "Anna", "entityType": "person", "observations": ["likes tea"]});
        std::fs::write(at("memory.jsonl"), entity.to_string()).expect("a memory");
        std::fs::write(at("mcp.json"), servers(&home).to_string()).expect("mcp.json");
        let places = Places { working_dir: home.clone(), config_dir: at("config"), data_dir: at("data") };
        let path = std::env::var("PATH").expect("a PATH");
        let environment = Environment::of([
            ("PATH", &*path),
            ("HARK_TIMEZONE", "Europe/Berlin"),
            // A machine that is busy with other tests plans slowly.
            ("HARK_PLANNER__SECONDS", "110"),
        ]);
        let settings =
            Settings::load(None, toml::Table::new(), &environment, &places).expect("settings that hold");
        let app = App::build(settings).expect("an app");
        let all_ready =
            |servers: &[ServerStatus]| servers.iter().all(|server| server.state == ServerState::Ready);
        let is_ready = app.registry.until(PATIENCE, all_ready).await;
        assert!(is_ready, "scripts/test-setup installs the servers: {:#?}", app.registry.servers());
        Self { app, home }
    }

    async fn give(&self, session: Option<&str>, input: Input) -> Outcome {
        let user = UserId::local();
        let submission = Submission {
            user: user.clone(),
            may_approve: true,
            session: session.map(|name| SessionId(name.to_owned())),
            timezone: None,
            language: None,
            dry_run: false,
            input,
        };
        let id = self.app.pipeline.submit(submission).await.expect("taken");
        let outcome = tokio::time::timeout(PATIENCE, self.app.pipeline.outcome(&user, id)).await;
        outcome.expect("an end").expect("on record").expect("an outcome")
    }

    async fn speak(&self, fixture: &str) -> Outcome {
        let path = project().join(format!("fixtures/audio/{fixture}.wav"));
        let sound = std::fs::read(path).expect("a recording");
        self.give(None, Input::Audio(Bytes::from(sound))).await
    }
}

fn servers(home: &Path) -> Value {
    let node = |name: &str| project().join(".tools/node_modules/.bin").join(name);
    let python = |name: &str| -> PathBuf { project().join(".tools/venv/bin").join(name) };
    json!({"mcpServers": {
        "files": {"command": node("mcp-server-filesystem"), "args": [home.join("files")]},
        "memory": {"command": node("mcp-server-memory"), "env": {"MEMORY_FILE_PATH": home.join("memory.jsonl")}},
        "git": {"command": python("mcp-server-git"), "fixedArguments": {"repo_path": project()}},
        "clock": {"command": python("mcp-server-time"), "args": ["--local-timezone", "Europe/Berlin"]},
    }})
}

/// Recordings, the tool that each must reach (where two can do it, either), and what its result must say.
const SPOKEN: [(&str, &str, &str); 12] = [
    ("list-add", "desk.add_to_list", "milk"),
    ("list-read", "desk.show_list", "milk"),
    ("list-add-noisy", "desk.add_to_list", "milk"),
    ("timer", "desk.set_timer", "10 minutes"),
    ("timer-noisy", "desk.set_timer", "10 minutes"),
    ("arithmetic", "desk.calculate", "68"),
    ("time-tokyo", "desk.current_time or clock.get_current_time", "Tokyo"),
    ("calendar-read", "desk.list_events", "tomorrow"),
    ("file-read", "files.read_text_file or files.read_file", "Call Anna."),
    ("git-status", "git.git_status", "Repository status"),
    ("memory-read", "memory.read_graph", "likes tea"),
    ("memory-search", "memory.search_nodes", "likes tea"),
];

#[test]
fn spoken_commands_are_carried_out_by_four_servers() {
    with_house(async |house| {
        let mut services = BTreeSet::new();
        for (fixture, tool, says) in SPOKEN {
            let outcome = house.speak(fixture).await;
            assert!(outcome.success, "{fixture}: {outcome:#?}");
            let [receipt] = outcome.results.as_slice() else { panic!("{fixture}: {outcome:#?}") };
            let reached = receipt.tool.to_string();
            assert!(tool.split(" or ").any(|tool| tool == reached), "{fixture}: {reached}");
            assert_eq!(receipt.status, StepStatus::Done, "{fixture}");
            let said = receipt.text.to_lowercase();
            assert!(said.contains(&says.to_lowercase()), "{fixture}: {}", receipt.text);
            assert!(outcome.transcript.is_some_and(|heard| heard.model == "hark-mini-en"), "{fixture}");
            services.insert(receipt.tool.service.to_string());
        }
        assert!(SPOKEN.len() >= 8 && services.len() >= 4, "{services:?}");
        // What was said was done, and is on the disk.
        let kept = std::fs::read_to_string(house.home.join("data/desk/lists.json")).expect("lists");
        assert!(kept.to_lowercase().contains("milk"), "{kept}");
    });
}

#[test]
fn nothing_is_done_on_nothing() {
    with_house(async |house| {
        for fixture in ["silence", "noise", "tones"] {
            let outcome = house.speak(fixture).await;
            let code = outcome.error.as_ref().map(|error| error.code.as_str());
            assert!(
                matches!(
                    code,
                    Some("silence" | "no_speech" | "speech_unintelligible" | "speech_low_confidence")
                ),
                "{fixture}: {outcome:#?}"
            );
            assert!(outcome.results.is_empty() && !outcome.success, "{fixture}");
        }
    });
}

#[test]
fn a_question_is_asked_and_its_answer_completes_the_command() {
    with_house(async |house| {
        let typed = |text: &str| Input::Text(text.to_owned());
        let asked = house.give(Some("kitchen"), typed("set a timer")).await;
        assert!(asked.needs_clarification && asked.results.is_empty(), "{asked:#?}");
        let answered = house.give(Some("kitchen"), typed("ten minutes")).await;
        assert!(answered.success, "{answered:#?}");
        assert_eq!(answered.results[0].tool.to_string(), "desk.set_timer");
    });
}
