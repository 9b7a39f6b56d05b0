//! A language model at an address, which says what a test wrote down, in that order.

#![expect(clippy::expect_used, reason = "what cannot be set up fails the test")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::home::Home;

/// The endpoint, served until it is dropped.
pub(super) struct Endpoint {
    /// Its address, as the settings want it.
    pub(super) base: String,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

struct Shared {
    answers: Mutex<VecDeque<Value>>,
    asked: Mutex<Vec<Value>>,
    hangs: bool,
    arrived: Notify,
}

impl Endpoint {
    /// One that gives these drafts, one a request, and then fails.
    pub(super) async fn saying(drafts: impl IntoIterator<Item = Value>) -> Self {
        Self::start(drafts.into_iter().collect(), false).await
    }

    /// One that never answers.
    pub(super) async fn hanging() -> Self {
        Self::start(VecDeque::new(), true).await
    }

    async fn start(answers: VecDeque<Value>, hangs: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            hangs,
            arrived: Notify::new(),
        });
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(shared.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        TaskTracker::new().spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("a server"),
                () = stopped => {}
            }
        });
        Self { base, shared, _stop: stop.drop_guard() }
    }

    /// A home whose Hark asks this model.
    pub(super) fn home(&self) -> Home {
        Home::without_model().with("HARK_LLM__BASE_URL", &self.base).with("HARK_LLM__MODEL", "scripted")
    }

    /// What it was asked so far: all words of each request.
    pub(super) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().expect("no test panics here").iter().map(Value::to_string).collect()
    }

    /// Waits for a request.
    pub(super) async fn arrival(&self) {
        self.shared.arrived.notified().await;
    }
}

async fn answer(State(shared): State<Arc<Shared>>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    shared.asked.lock().expect("no test panics here").push(request["messages"].clone());
    shared.arrived.notify_one();
    if shared.hangs {
        std::future::pending::<()>().await;
    }
    let draft = shared.answers.lock().expect("no test panics here").pop_front();
    match draft {
        Some(draft) => {
            let message = json!({"role": "assistant", "content": draft.to_string()});
            (StatusCode::OK, Json(json!({"choices": [{"message": message, "finish_reason": "stop"}]})))
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "the script has no more"}))),
    }
}

/// A plan of one call.
pub(super) fn plan(service: &str, tool: &str, params: Value) -> Value {
    json!({"selectedTools": [{"service": service, "tool": tool, "params": params}]})
}
