//! `LocalWorker`: the real program with the real model.

use std::time::Duration;

use hark::llm::{ChatModel, ChatReply, LocalWorker, Message, Role, WorkerConfig, WorkerState};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{ask, model, program};

struct Running {
    worker: LocalWorker,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Running {
    fn start(config: WorkerConfig) -> Self {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let worker = LocalWorker::start(config, &tracker, shutdown.clone());
        Self { worker, tracker, shutdown }
    }

    fn with_model() -> Self {
        Self::start(config())
    }

    /// Ends the worker as the application does, and waits for all tasks.
    async fn end(self) {
        self.shutdown.cancel();
        self.tracker.close();
        tokio::time::timeout(Duration::from_secs(20), self.tracker.wait())
            .await
            .expect("every task ends after the shutdown");
    }
}

fn config() -> WorkerConfig {
    WorkerConfig { threads: 1, ..WorkerConfig::new(program(), model()) }
}

fn check_probabilities(reply: &ChatReply) {
    let joined: String = reply.tokens.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(joined, reply.text);
    assert_eq!(reply.tokens.len(), reply.usage.completion_tokens as usize);
    assert_eq!(reply.tokens.iter().filter(|token| token.forced).count(), reply.usage.forced_tokens as usize);
    for token in &reply.tokens {
        assert!(token.logprob <= 0.0 && token.logprob.is_finite(), "{token:?}");
        assert_eq!(token.legal_mass.is_none(), token.forced, "{token:?}");
        assert!(token.legal_mass.is_none_or(|mass| (0.0..=1.0).contains(&mass)), "{token:?}");
        assert!(!token.forced || token.logprob == 0.0, "{token:?}");
    }
}

#[tokio::test]
async fn answers_fit_the_schema_and_tell_their_probabilities() {
    let running = Running::with_model();
    let timer = json!({
        "type": "object",
        "properties": {
            "tool": { "const": "desk__set_timer" },
            "params": {
                "type": "object",
                "properties": { "minutes": { "type": "integer", "minimum": 1, "maximum": 600 } },
                "required": ["minutes"],
                "additionalProperties": false
            }
        },
        "required": ["tool", "params"],
        "additionalProperties": false
    });
    let plan = json!({
        "type": "object",
        "properties": {
            "zebra": { "enum": ["red", "green"] },
            "ant": { "type": "array", "items": { "anyOf": [timer, { "type": "null" }] }, "minItems": 1, "maxItems": 1 }
        },
        "required": ["zebra", "ant"],
        "additionalProperties": false
    });
    // A keyword that no grammar keeps: left to whoever checks the arguments.
    let with_unknown_keyword = json!({
        "type": "object",
        "properties": { "day": { "type": "string", "maxLength": 12, "x-hint": 1, "contentEncoding": "none" } },
        "required": ["day"],
        "additionalProperties": false
    });
    for schema in [timer, plan, with_unknown_keyword] {
        let reply = running
            .worker
            .complete(ask("Set a timer for ten minutes.", Some(schema.clone())))
            .await
            .expect("an answer");
        let answer: Value = serde_json::from_str(&reply.text).expect("JSON");
        let problems: Vec<String> = jsonschema::validator_for(&schema)
            .expect("a schema")
            .iter_errors(&answer)
            .map(|problem| problem.to_string())
            .collect();
        assert!(problems.is_empty(), "{answer}: {problems:?}");
        assert_eq!(answer.to_string(), reply.text, "compact, in the schema's order");
        check_probabilities(&reply);
        assert!(reply.usage.forced_tokens > 0);
    }
    running.end().await;
}

#[tokio::test]
async fn a_prompt_seen_before_is_not_computed_again() {
    let running = Running::with_model();
    let tools = |kind: &str| {
        let lines: Vec<String> = (0..12).map(|n| format!("- {kind}_{n}: does {kind} number {n}")).collect();
        Message::new(Role::System, lines.join("\n"))
    };
    let (notes, music) = (tools("note"), tools("song"));
    let mut cached = Vec::new();
    for (system, said) in [
        (&notes, "write down milk"),
        (&notes, "write down bread"),
        (&music, "play something"),
        (&notes, "write down tea"),
        (&music, "play it again"),
    ] {
        let mut request = ask(said, Some(json!({ "enum": ["yes", "no"] })));
        request.messages.insert(0, system.clone());
        let usage = running.worker.complete(request).await.expect("an answer").usage;
        cached.push(f64::from(usage.cached_tokens) / f64::from(usage.prompt_tokens));
    }
    assert!(cached[0] < 0.2 && cached[2] < 0.2, "{cached:?}");
    assert!(cached[1] > 0.8 && cached[3] > 0.8 && cached[4] > 0.8, "{cached:?}");
    running.end().await;
}

#[tokio::test]
async fn a_killed_worker_comes_back() {
    let running = Running::with_model();
    let status = running.worker.settle(Duration::from_secs(120)).await;
    assert_eq!(status.state, WorkerState::Ready, "{status:?}");
    let pid = status.pid.expect("a process").to_string();
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill runs");
    assert!(killed.success());

    let answer = async {
        loop {
            match running.worker.complete(ask("hello", Some(json!({ "const": "ok" })))).await {
                Ok(reply) => break reply,
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
    };
    let reply = tokio::time::timeout(Duration::from_secs(120), answer).await.expect("it comes back");
    assert_eq!(reply.text, r#""ok""#);
    let status = running.worker.status();
    assert_eq!((status.state, status.restarts), (WorkerState::Ready, 1), "{status:?}");
    assert_ne!(status.pid.map(|pid| pid.to_string()), Some(pid));
    running.end().await;
}

#[tokio::test]
async fn cancelling_ends_the_wait_at_once() {
    let running = Running::with_model();
    let request = ask("hello", None);
    request.cancel.cancel();
    let error = running.worker.complete(request).await.expect_err("cancelled");
    assert_eq!(error.code(), "model_cancelled");
    running.end().await;
}

#[tokio::test]
async fn a_request_that_cannot_wait_for_the_start_says_so() {
    let running = Running::with_model();
    let mut request = ask("hello", None);
    request.deadline = Duration::ZERO;
    let error = running.worker.complete(request).await.expect_err("too early");
    assert_eq!(error.code(), "model_starting", "{error}");
    assert!(error.is_retryable());
    running.end().await;
}

#[tokio::test]
async fn a_missing_model_is_named_and_found_once_it_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("planner.gguf");
    let running = Running::start(WorkerConfig { model: path.clone(), ..config() });
    let status = running.worker.settle(Duration::from_secs(60)).await;
    assert_eq!(status.state, WorkerState::Failed);
    let error = running.worker.complete(ask("hello", None)).await.expect_err("no model");
    assert_eq!(error.code(), "model_missing");
    let said = error.to_string();
    assert!(said.contains("planner.gguf") && said.contains("hark models fetch"), "{said}");

    std::os::unix::fs::symlink(model(), &path).expect("a link");
    let answer = async {
        loop {
            match running.worker.complete(ask("hello", Some(json!({ "const": "ok" })))).await {
                Ok(reply) => break reply,
                Err(error) => assert_eq!(error.code(), "model_missing", "{error}"),
            }
            tokio::task::yield_now().await;
        }
    };
    let reply = tokio::time::timeout(Duration::from_secs(120), answer).await.expect("it is found");
    assert_eq!(reply.model, "planner");
    running.end().await;
}

#[tokio::test]
async fn a_file_that_is_no_model_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("broken.gguf");
    std::fs::write(&path, "this is no model").expect("a file");
    let running = Running::start(WorkerConfig { model: path, ..config() });
    let status = running.worker.settle(Duration::from_secs(60)).await;
    assert_eq!(status.state, WorkerState::Failed, "{status:?}");
    let reason = status.reason.expect("a reason");
    assert!(reason.contains("broken.gguf") && reason.contains("GGUF"), "{reason}");
    running.end().await;
}

#[tokio::test]
async fn a_program_that_only_ends_is_started_again_and_its_last_words_are_kept() {
    let running = Running::start(WorkerConfig { program: "/bin/ls".into(), ..config() });
    let status = running.worker.settle(Duration::from_millis(1)).await;
    assert_ne!(status.state, WorkerState::Ready);
    let died = async {
        loop {
            let status = running.worker.status();
            if status.restarts > 0 {
                break status;
            }
            tokio::task::yield_now().await;
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(60), died).await.expect("it dies");
    assert_eq!(status.state, WorkerState::Restarting);
    let reason = status.reason.expect("a reason");
    assert!(reason.contains("unrecognized option"), "{reason}");
    running.end().await;
}
