//! `OpenAiChat` against a server that does what it is told.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::post;
use hark::llm::{ChatModel, Finish, ModelError, OpenAiChat, OpenAiConfig, Secret};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio_util::task::TaskTracker;

use super::ask;

/// Answers every request the same way and remembers the last one.
struct Scripted {
    base: String,
    seen: Arc<Seen>,
    _tasks: TaskTracker,
}

struct Seen {
    answer: Answer,
    last: Mutex<Option<(HeaderMap, Value)>>,
    arrived: Notify,
    dropped: Arc<Notify>,
}

enum Answer {
    Is(u16, &'static [(&'static str, &'static str)], String),
    Never,
}

impl Scripted {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let seen = Arc::new(Seen {
            answer,
            last: Mutex::new(None),
            arrived: Notify::new(),
            dropped: Arc::new(Notify::new()),
        });
        let router = Router::new().route("/v1/chat/completions", post(serve)).with_state(Arc::clone(&seen));
        let tasks = TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self { base, seen, _tasks: tasks }
    }

    fn client(&self) -> OpenAiChat {
        OpenAiChat::new(OpenAiConfig {
            api_key: Some(Secret::new("the-key")),
            ..OpenAiConfig::new(&self.base, "tiny")
        })
        .expect("a client")
    }
}

async fn serve(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: String) -> Response<Body> {
    struct OnDrop(Arc<Notify>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    *seen.last.lock().await = Some((headers, serde_json::from_str(&body).expect("JSON")));
    let _dropped = OnDrop(Arc::clone(&seen.dropped));
    seen.arrived.notify_one();
    match &seen.answer {
        Answer::Never => pending().await,
        Answer::Is(status, headers, body) => {
            let mut response = Response::builder().status(*status);
            for (name, value) in *headers {
                response = response.header(*name, *value);
            }
            response.body(Body::from(body.clone())).expect("a response")
        }
    }
}

async fn fault(status: u16, headers: &'static [(&'static str, &'static str)], body: &str) -> ModelError {
    let server = Scripted::start(Answer::Is(status, headers, body.to_owned())).await;
    server.client().complete(ask("hello", None)).await.expect_err("a fault")
}

async fn check(status: u16, body: &str, code: &str, words: &str) {
    let error = fault(status, &[], body).await;
    assert_eq!(error.code(), code, "{status} {body}: {error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn a_bare_reply_is_enough() {
    let body = json!({ "choices": [{ "message": { "content": "hi" } }] }).to_string();
    let server = Scripted::start(Answer::Is(200, &[], body)).await;
    let reply = server.client().complete(ask("hello", None)).await.expect("a reply");
    assert_eq!((reply.text.as_str(), reply.model.as_str(), reply.finish), ("hi", "tiny", Finish::Stop));
    assert!(reply.tokens.is_empty());
    assert_eq!(reply.usage.prompt_tokens, 0);
}

#[tokio::test]
async fn probabilities_and_counts_are_read_where_they_are() {
    let body = json!({
        "model": "tiny-2",
        "choices": [{
            "message": { "content": "hi" },
            "finish_reason": "length",
            "logprobs": { "content": [{ "token": "hi", "logprob": -0.5, "top_logprobs": [] }] }
        }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": { "cached_tokens": 4 } }
    });
    let server = Scripted::start(Answer::Is(200, &[], body.to_string())).await;
    let reply = server.client().complete(ask("hello", None)).await.expect("a reply");
    assert_eq!((reply.finish, reply.model.as_str()), (Finish::Length, "tiny-2"));
    assert_eq!((reply.tokens[0].text.as_str(), reply.tokens[0].logprob), ("hi", -0.5));
    assert!(!reply.tokens[0].forced && reply.tokens[0].legal_mass.is_none());
    assert_eq!((reply.usage.prompt_tokens, reply.usage.cached_tokens), (9, 4));
}

#[tokio::test]
async fn the_request_carries_schema_and_key() {
    let body = json!({ "choices": [{ "message": { "content": "1" } }] }).to_string();
    let server = Scripted::start(Answer::Is(200, &[], body)).await;
    let schema = json!({ "type": "integer" });
    server.client().complete(ask("hello", Some(schema.clone()))).await.expect("a reply");
    let (headers, body) = server.seen.last.lock().await.take().expect("a request");
    assert_eq!(headers["authorization"], "Bearer the-key");
    assert_eq!(
        body,
        json!({
            "model": "tiny",
            "messages": [{ "role": "user", "content": "hello" }],
            "max_tokens": 64,
            "temperature": 0.0,
            "logprobs": true,
            "response_format": { "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } }
        })
    );
    assert!(!format!("{:?}", server.client()).contains("the-key"));
}

#[tokio::test]
async fn every_fault_has_its_name() {
    check(200, "<html>welcome</html>", "model_rubbish", "no chat completion").await;
    check(200, "", "model_rubbish", "no chat completion").await;
    check(200, r#"{"choices":[]}"#, "model_rubbish", "no choices").await;
    check(200, r#"{"choices":[{"message":{"content":null}}]}"#, "model_rubbish", "no text").await;
    check(200, r#"{"choices":[{"message":{"refusal":"I won't"}}]}"#, "model_refused", "I won't").await;
    check(200, &"x".repeat(9_000_000), "model_rubbish", "larger than").await;
    check(302, "", "model_refused", "302").await;
    check(400, r#"{"error":{"message":"bad field"}}"#, "model_refused", "bad field").await;
    let too_long = r#"{"error":{"message":"9 of 8","code":"context_length_exceeded"}}"#;
    check(400, too_long, "model_context_exceeded", "9 of 8").await;
    check(401, "", "model_key_refused", "set the right one").await;
    check(404, r#"{"error":"model 'tiny' not found"}"#, "model_missing", "'tiny' not found").await;
    check(429, "", "model_busy", "Too Many Requests").await;
    check(500, "oh no", "model_failed", "Internal Server Error").await;
    check(503, r#"{"error":{"message":"wait","code":"queue_full"}}"#, "model_busy", "wait").await;
    check(504, "", "model_timeout", "no answer").await;
}

#[tokio::test]
async fn a_busy_server_may_say_when_to_come_back() {
    let ModelError::Busy { retry_after, .. } = fault(429, &[("retry-after", "7")], "").await else {
        panic!("busy");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn what_may_pass_is_retryable_and_what_will_not_is_not() {
    for (status, retryable) in
        [(400, false), (401, false), (404, false), (429, true), (500, true), (504, true)]
    {
        assert_eq!(fault(status, &[], "").await.is_retryable(), retryable, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_at_the_deadline() {
    let server = Scripted::start(Answer::Never).await;
    let mut request = ask("hello", None);
    request.deadline = Duration::from_millis(50);
    let error = server.client().complete(request).await.expect_err("too slow");
    assert_eq!(error.code(), "model_timeout");
    tokio::time::timeout(Duration::from_secs(20), server.seen.dropped.notified())
        .await
        .expect("the server sees that nobody waits");
}

#[tokio::test]
async fn cancelling_reaches_the_server() {
    let server = Scripted::start(Answer::Never).await;
    let request = ask("hello", None);
    let (client, cancel) = (server.client(), request.cancel.clone());
    let (answer, ()) = tokio::join!(client.complete(request), async {
        server.seen.arrived.notified().await;
        cancel.cancel();
    });
    assert_eq!(answer.expect_err("cancelled").code(), "model_cancelled");
    tokio::time::timeout(Duration::from_secs(20), server.seen.dropped.notified())
        .await
        .expect("the server sees that nobody waits");
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client =
        OpenAiChat::new(OpenAiConfig::new(format!("http://{address}/v1"), "tiny")).expect("a client");
    let error = client.complete(ask("hello", None)).await.expect_err("nobody there");
    assert_eq!(error.code(), "model_unreachable");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_the_start() {
    for address in ["not an address", "ftp://host/v1", ""] {
        let error = OpenAiChat::new(OpenAiConfig::new(address, "tiny")).expect_err("no address");
        assert_eq!(error.code(), "model_settings", "{address}");
    }
}
