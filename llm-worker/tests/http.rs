//! `hark-llm` over its own HTTP, as another client would use it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what cannot be set up fails the test, in helpers too"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const TOKEN: &str = "a token of the tests, long enough";

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_hark-llm")
}

/// The model that `scripts/test-setup` installs.
fn model() -> PathBuf {
    let model =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert!(model.exists(), "{} is missing: run scripts/test-setup first", model.display());
    model
}

struct Worker {
    child: Child,
    base: String,
    client: Client,
}

impl Worker {
    async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(program())
            .arg("--model")
            .arg(model())
            .args(["--threads", "1"])
            .args(arguments)
            .env("HARK_LLM_TOKEN", TOKEN)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the worker starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).await.expect("its first line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let base = format!("http://{}", line["address"].as_str().expect("an address"));
        let worker = Self { child, base, client: Client::builder().no_proxy().build().expect("a client") };
        worker.until(|health| health["status"] == "ok").await;
        worker
    }

    /// Asks for the worker's health until it is as wanted.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) {
        let asking = async {
            loop {
                let reply = self.client.get(format!("{}/health", self.base)).send().await.expect("health");
                if wanted(&reply.json().await.expect("JSON")) {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(120), asking).await.expect("the health wanted");
    }

    fn chat(&self, body: &Value) -> RequestBuilder {
        self.post("/v1/chat/completions", body)
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).bearer_auth(TOKEN).json(body)
    }

    async fn check_refused(&self, body: Value, code: &str, words: &str) {
        let reply = self.chat(&body).send().await.expect("a reply");
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{body}");
        let error: Value = reply.json().await.expect("JSON");
        assert_eq!(error["error"]["code"], code, "{error}");
        let message = error["error"]["message"].as_str().expect("a message");
        assert!(message.contains(words), "{message}");
    }
}

fn hello() -> Value {
    json!([{ "role": "user", "content": "hello" }])
}

fn constrained(schema: Value) -> Value {
    json!({
        "messages": hello(),
        "max_tokens": 16,
        "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": schema } }
    })
}

/// An answer that cannot end before thousands of tokens were computed.
fn endless() -> Value {
    let mut body = constrained(json!({
        "type": "array", "items": { "type": "integer" }, "minItems": 2000
    }));
    body["max_tokens"] = json!(3900);
    body
}

#[tokio::test]
async fn only_the_token_opens_the_door() {
    let worker = Worker::start(&[]).await;
    let address = format!("{}/v1/models", worker.base);
    for (token, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("a token of the tests, long enougH"), StatusCode::UNAUTHORIZED),
        (Some(""), StatusCode::UNAUTHORIZED),
        (Some(TOKEN), StatusCode::OK),
    ] {
        let mut request = worker.client.get(&address);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_eq!(request.send().await.expect("a reply").status(), status, "{token:?}");
    }
    let pid = worker.child.id().expect("a process");
    let environment = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("its command line");
    assert!(!environment.contains(TOKEN));
}

#[tokio::test]
async fn faults_of_a_request_are_named() {
    let worker = Worker::start(&["--context", "256"]).await;
    worker.check_refused(json!({ "messages": [] }), "bad_request", "`messages` is empty").await;
    worker.check_refused(json!({ "text": "hello" }), "bad_request", "missing field `messages`").await;
    worker.check_refused(json!({ "messages": hello(), "stream": true }), "bad_request", "streaming").await;
    worker
        .check_refused(json!({ "messages": hello(), "temperature": 9 }), "bad_request", "between 0 and 2")
        .await;
    worker.check_refused(constrained(json!({ "type": "nonsense" })), "bad_schema", "nonsense").await;
    worker.check_refused(constrained(json!([1])), "bad_schema", "not a JSON object").await;
    worker.check_refused(constrained(json!({ "$ref": "#/nowhere" })), "bad_schema", "nowhere").await;
    let long = json!({ "messages": [{ "role": "user", "content": "word ".repeat(400) }], "max_tokens": 8 });
    worker.check_refused(long, "context_length_exceeded", "the context holds 256").await;
    // And it still answers.
    let reply = worker.chat(&constrained(json!({ "const": 7 }))).send().await.expect("a reply");
    let reply: Value = reply.json().await.expect("JSON");
    assert_eq!(reply["choices"][0]["message"]["content"], "7");
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_says_so() {
    let worker = Worker::start(&[]).await;
    let mut body = endless();
    body["max_tokens"] = json!(9);
    let reply: Value = worker.chat(&body).send().await.expect("a reply").json().await.expect("JSON");
    assert_eq!(reply["choices"][0]["finish_reason"], "length");
    assert_eq!(reply["usage"]["completion_tokens"], 9);
}

#[tokio::test]
async fn a_client_that_goes_away_stops_the_work() {
    let worker = Worker::start(&[]).await;
    let asked = worker.chat(&endless()).send();
    tokio::select! {
        reply = asked => panic!("the endless answer ended: {reply:?}"),
        () = worker.until(|health| health["answering"] == true) => {}
    }
    worker.until(|health| health["answering"] == false).await;
    let reply = worker.chat(&constrained(json!({ "const": 7 }))).send().await.expect("a reply");
    assert_eq!(reply.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_is_given_up_at_its_own_time() {
    let worker = Worker::start(&[]).await;
    let mut body = endless();
    body["timeout_ms"] = json!(200);
    let reply = worker.chat(&body).send().await.expect("a reply");
    assert_eq!(reply.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let worker = Worker::start(&["--queue", "1"]).await;
    let first = worker.chat(&endless()).send();
    tokio::pin!(first);
    tokio::select! {
        reply = &mut first => panic!("the endless answer ended: {reply:?}"),
        () = worker.until(|health| health["answering"] == true) => {}
    }
    let second = worker.chat(&endless()).send();
    tokio::pin!(second);
    tokio::select! {
        reply = &mut first => panic!("the endless answer ended: {reply:?}"),
        reply = &mut second => panic!("the waiting request ended: {reply:?}"),
        () = worker.until(|health| health["waiting"] == 1) => {}
    }
    let refused = worker.chat(&endless()).send().await.expect("a reply");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let error: Value = refused.json().await.expect("JSON");
    assert_eq!(error["error"]["code"], "queue_full");
}

#[tokio::test]
async fn it_ends_when_its_parent_is_gone() {
    let mut worker = Worker::start(&[]).await;
    drop(worker.child.stdin.take());
    let ended = tokio::time::timeout(Duration::from_secs(20), worker.child.wait());
    assert!(ended.await.expect("it ends").expect("a status").success());
}

#[tokio::test]
async fn without_a_token_it_does_not_start() {
    let ended = Command::new(program())
        .arg("--model")
        .arg(model())
        .env_remove("HARK_LLM_TOKEN")
        .stdin(Stdio::piped())
        .output()
        .await
        .expect("it runs");
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("HARK_LLM_TOKEN"));
}

/// A request with a list of blocks, and where they begin.
fn with_blocks(blocks: &[&str]) -> Value {
    let head = "Tools:\n";
    let mut text = head.to_owned();
    let mut places = Vec::new();
    for block in blocks {
        places.push(text.len());
        text.push_str(block);
    }
    json!({
        "messages": [{ "role": "system", "content": text }, { "role": "user", "content": "lights on" }],
        "blocks": places,
        "max_tokens": 12,
        "logprobs": true,
    })
}

#[tokio::test]
async fn a_block_is_computed_once_whichever_others_stand_beside_it() {
    let worker = Worker::start(&[]).await;
    let ask = async |body: Value| -> Value {
        worker.chat(&body).send().await.expect("a reply").json().await.expect("JSON")
    };
    let (lamp, radio, door) =
        ("home.lamp(room) - Switch a lamp.\n", "home.radio() - Play.\n", "home.door(name) - Lock a door.\n");
    let cached =
        |reply: &Value| reply["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64().expect("a count");
    let said = |reply: &Value| reply["choices"][0]["message"]["content"].clone();

    let first = ask(with_blocks(&[lamp, radio])).await;
    assert_eq!(cached(&first), 0);
    let again = ask(with_blocks(&[lamp, radio])).await;
    assert_eq!(said(&first), said(&again));
    let all = cached(&again);
    assert!(all > 0 && all < again["usage"]["prompt_tokens"].as_u64().expect("a count"));
    // Head, lamp and radio are known, in whatever order and company.
    let other = ask(with_blocks(&[door, radio, lamp])).await;
    assert_eq!(cached(&other), all, "only the door is new");
    let turned = ask(with_blocks(&[radio, lamp])).await;
    assert_eq!(cached(&turned), all);

    worker
        .check_refused(
            json!({ "messages": hello(), "blocks": [99], "max_tokens": 4 }),
            "bad_request",
            "no places in the first message",
        )
        .await;
}

#[tokio::test]
async fn a_prior_tips_the_scale_between_answers_and_says_nothing_of_others() {
    let worker = Worker::start(&[]).await;
    let ask = async |prior: Value| -> String {
        let body = json!({
            "messages": hello(),
            "response_format": { "type": "json_schema", "json_schema": { "name": "colour", "schema": {
                "type": "object",
                "properties": { "colour": { "enum": ["red", "blue"] } },
                "required": ["colour"],
                "additionalProperties": false,
            }}},
            "prior": prior,
        });
        let reply: Value = worker.chat(&body).send().await.expect("a reply").json().await.expect("JSON");
        reply["choices"][0]["message"]["content"].as_str().expect("text").to_owned()
    };
    let of = |colour: &str| format!(r#"{{"colour":"{colour}"}}"#);
    for (wanted, other) in [("red", "blue"), ("blue", "red")] {
        let weights = json!([
            { "text": format!(r#"{{"colour":"{wanted}"#), "weight": 1.0 },
            { "text": format!(r#"{{"colour":"{other}"#), "weight": 1e-9 },
        ]);
        assert_eq!(ask(weights).await, of(wanted));
    }
    let without = ask(json!([])).await;
    assert_eq!(ask(json!([{ "text": "something else", "weight": 1.0 }])).await, without);
}

#[tokio::test]
async fn texts_that_mean_the_like_lie_close_together() {
    let encoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/hark-ranker.gguf");
    let worker = Worker::start(&["--encoder", encoder.to_str().expect("a path")]).await;
    let texts = [
        "put milk on the shopping list",
        "desk add to list: Puts items on a list. (items, list)",
        "git log: Shows the commit logs. (repo path, max count)",
        &"very long ".repeat(500),
        "",
    ];
    let reply: Value = worker
        .post("/v1/embeddings", &json!({ "input": texts }))
        .send()
        .await
        .expect("a reply")
        .json()
        .await
        .expect("JSON");
    let vectors: Vec<Vec<f64>> = reply["data"]
        .as_array()
        .expect("data")
        .iter()
        .map(|one| serde_json::from_value(one["embedding"].clone()).expect("numbers"))
        .collect();
    let product =
        |a: usize, b: usize| -> f64 { vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum() };
    assert_eq!(vectors.len(), texts.len());
    for number in 0..texts.len() {
        assert!((product(number, number) - 1.0).abs() < 1e-4, "a vector is of length one");
    }
    assert!(product(0, 1) > product(0, 2) + 0.2, "{} and {}", product(0, 1), product(0, 2));

    let without = Worker::start(&[]).await;
    let refused = without.post("/v1/embeddings", &json!({ "input": ["x"] })).send().await.expect("a reply");
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["error"]["code"], "no_encoder", "{body}");
}
