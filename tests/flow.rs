//! From a person's words to the deed with nothing in between made up: recordings, the embedded speech
//! model, the embedded language model under its supervisor, and five real MCP servers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use hark::app::App;
use hark::config::{Environment, Places, Settings};
use hark::domain::{Outcome, SessionId, StepStatus, UserId};
use hark::pipeline::{Input, Submission};
use hark::tools::ServerState;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A bound that is never reached unless something is broken.
const PATIENCE: Duration = Duration::from_secs(120);

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Hark as a person has it, in a folder of its own.
struct House {
    app: App,
    home: TempDir,
}

impl House {
    async fn open() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        std::fs::create_dir_all(at("data")).expect("a data folder");
        std::os::unix::fs::symlink(project().join(".tools/models"), at("data/models")).expect("the models");
        std::fs::create_dir_all(at("files")).expect("a folder");
        std::fs::write(at("files/todo.txt"), "Call Anna.\n").expect("a file");
        let entity =
            json!({"type": "entity", "name": "Anna", "entityType": "person", "observations": ["likes tea"]});
        std::fs::write(at("memory.jsonl"), entity.to_string()).expect("a memory");
        std::fs::write(at("mcp.json"), servers(home.path()).to_string()).expect("mcp.json");
        let places =
            Places { working_dir: home.path().to_owned(), config_dir: at("config"), data_dir: at("data") };
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
        app.registry.settle(PATIENCE).await;
        for server in app.registry.servers() {
            assert_eq!(
                server.state,
                ServerState::Ready,
                "{server:?}; scripts/test-setup installs the servers"
            );
        }
        Self { app, home }
    }

    async fn give(&self, session: Option<&str>, input: Input) -> Outcome {
        let submission = Submission {
            user: UserId::local(),
            session: session.map(|name| SessionId(name.to_owned())),
            timezone: None,
            dry_run: false,
            input,
        };
        let id = self.app.pipeline.submit(submission).await.expect("taken");
        let user = UserId::local();
        let outcome = self.app.pipeline.outcome(&user, id);
        let outcome = tokio::time::timeout(PATIENCE, outcome).await.expect("an end").expect("on record");
        outcome.expect("an outcome")
    }

    async fn speak(&self, fixture: &str) -> Outcome {
        let sound =
            std::fs::read(project().join(format!("fixtures/audio/{fixture}.wav"))).expect("a recording");
        self.give(None, Input::Audio(Bytes::from(sound))).await
    }

    async fn end(self) {
        self.app.shutdown().await;
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

/// Recordings, the tool that each must reach, and what its result must say.
const SPOKEN: [(&str, &str, &str); 12] = [
    ("list-add", "desk.add_to_list", "milk"),
    ("list-read", "desk.show_list", "milk"),
    ("list-add-noisy", "desk.add_to_list", "milk"),
    ("timer", "desk.set_timer", "10 minutes"),
    ("timer-noisy", "desk.set_timer", "10 minutes"),
    ("arithmetic", "desk.calculate", "68"),
    ("time-tokyo", "desk.current_time", "Tokyo"),
    ("calendar-read", "desk.list_events", "tomorrow"),
    ("file-read", "files.read_file", "Call Anna."),
    ("git-status", "git.git_status", "Repository status"),
    ("memory-read", "memory.read_graph", "likes tea"),
    ("memory-search", "memory.search_nodes", "likes tea"),
];

#[tokio::test]
async fn spoken_commands_are_carried_out_by_five_servers() {
    let house = House::open().await;
    let mut services = BTreeSet::new();
    for (fixture, tool, says) in SPOKEN {
        let outcome = house.speak(fixture).await;
        assert!(outcome.success, "{fixture}: {outcome:#?}");
        let [receipt] = outcome.results.as_slice() else { panic!("{fixture}: {outcome:#?}") };
        assert_eq!(
            (receipt.tool.to_string().as_str(), receipt.status),
            (tool, StepStatus::Done),
            "{fixture}"
        );
        assert!(receipt.text.contains(says), "{fixture}: {}", receipt.text);
        assert!(outcome.transcript.is_some_and(|heard| heard.model == "hark-mini-en"), "{fixture}");
        services.insert(receipt.tool.service.to_string());
    }
    assert!(SPOKEN.len() >= 8 && services.len() >= 4, "{services:?}");
    // What was said was done, and is on the disk.
    let list = std::fs::read_dir(house.home.path().join("data/desk/lists")).expect("lists");
    let kept: String = list.flatten().filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    assert!(kept.contains("milk"), "{kept}");
    house.end().await;
}

#[tokio::test]
async fn nothing_is_done_on_nothing() {
    let house = House::open().await;
    for fixture in ["silence", "noise", "tones"] {
        let outcome = house.speak(fixture).await;
        let code = outcome.error.as_ref().map(|error| error.code.as_str());
        assert!(matches!(code, Some("no_speech" | "speech_unintelligible")), "{fixture}: {outcome:#?}");
        assert!(outcome.results.is_empty() && !outcome.success, "{fixture}");
    }
    house.end().await;
}

#[tokio::test]
async fn a_question_is_asked_and_its_answer_completes_the_command() {
    let house = House::open().await;
    let typed = |text: &str| Input::Text(text.to_owned());
    let asked = house.give(Some("kitchen"), typed("set a timer")).await;
    assert!(asked.needs_clarification && asked.results.is_empty(), "{asked:#?}");
    let answered = house.give(Some("kitchen"), typed("ten minutes")).await;
    assert!(answered.success, "{answered:#?}");
    assert_eq!(answered.results[0].tool.to_string(), "desk.set_timer");
    house.end().await;
}
