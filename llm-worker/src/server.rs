//! The routes, and what each fault looks like to the client.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::engine::{Answer, Engine, EngineError, Task};
use crate::token::Token;
use crate::wire::{
    ChatReply, ChatRequest, Choice, CompletionDetails, EmbeddingRequest, Logprobs, PromptDetails,
    ReplyMessage, ResponseFormat, Usage,
};

/// The largest request body. Far more than any context that a small model has.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The length of an answer where the request names none.
const DEFAULT_ANSWER_TOKENS: u32 = 512;
/// Texts of one request for vectors: others wait meanwhile.
const MOST_TEXTS: usize = 64;
/// How long a request may take where it names no time, and the most that it may name.
const LONGEST: Duration = Duration::from_mins(10);

struct Shared {
    engine: Engine,
    token: Token,
}

/// All routes; all but `/health` ask for the token.
pub(crate) fn router(engine: Engine, token: Token) -> Router {
    let shared = Arc::new(Shared { engine, token });
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(shared)
}

async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if shared.token.allows(request.headers()) {
        return next.run(request).await;
    }
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "wrong_token",
        "the bearer token is missing or wrong: only the process that started hark-llm knows it",
    )
    .into_response()
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    match shared.engine.loaded() {
        Ok(loaded) => Json(json!({
            "status": "ok",
            "model": shared.engine.name(),
            "context_tokens": loaded.context_tokens,
            "load_ms": loaded.load_ms,
            "answering": shared.engine.is_answering(),
            "waiting": shared.engine.waiting(),
        }))
        .into_response(),
        Err(EngineError::Failed(reason)) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "failed", "reason": reason })))
                .into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "loading" }))).into_response(),
    }
}

async fn models(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Refusal> {
    let loaded = shared.engine.loaded()?;
    Ok(Json(json!({
        "object": "list",
        "data": [{
            "id": shared.engine.name(),
            "object": "model",
            "owned_by": "hark-llm",
            "context_length": loaded.context_tokens,
        }],
    })))
}

async fn chat(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<ChatReply>, Refusal> {
    let request: ChatRequest = serde_json::from_slice(&body)
        .map_err(|error| bad_request(format!("the body is no chat request: {error}")))?;
    // hyper drops this future when the client goes away, and the guard tells the engine.
    let cancel = CancellationToken::new();
    let _gone = cancel.clone().drop_guard();
    let wants_logprobs = request.logprobs;
    let task = task(request, cancel)?;
    let answer = shared.engine.answer(task).await?;
    Ok(Json(reply(shared.engine.name(), answer, wants_logprobs)))
}

async fn embeddings(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request: EmbeddingRequest = serde_json::from_slice(&body)
        .map_err(|error| bad_request(format!("the body is no request for embeddings: {error}")))?;
    if request.input.len() > MOST_TEXTS {
        return Err(bad_request(format!("more than {MOST_TEXTS} texts: send them in groups")));
    }
    let vectors = shared.engine.encode(request.input).await?;
    let data: Vec<Value> = vectors
        .into_iter()
        .enumerate()
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": vector }))
        .collect();
    Ok(Json(json!({ "object": "list", "data": data })))
}

fn task(request: ChatRequest, cancel: CancellationToken) -> Result<Task, Refusal> {
    if request.stream {
        return Err(bad_request("streaming is not offered: leave `stream` out"));
    }
    if request.messages.is_empty() {
        return Err(bad_request("`messages` is empty"));
    }
    let max_tokens = request.max_tokens.unwrap_or(DEFAULT_ANSWER_TOKENS);
    if max_tokens == 0 {
        return Err(bad_request("`max_tokens` must be at least 1"));
    }
    let temperature = request.temperature.unwrap_or(0.0);
    if !(0.0..=2.0).contains(&temperature) {
        return Err(bad_request("`temperature` must be between 0 and 2"));
    }
    let time = request.timeout_ms.map_or(LONGEST, |ms| Duration::from_millis(ms).min(LONGEST));
    Ok(Task {
        messages: request.messages,
        blocks: request.blocks,
        schema: match request.response_format {
            ResponseFormat::Text => None,
            ResponseFormat::JsonObject => Some(json!({ "type": "object" })),
            ResponseFormat::JsonSchema { json_schema } => Some(json_schema.schema),
        },
        prior: request.prior,
        max_tokens: max_tokens as usize,
        temperature,
        seed: request.seed.unwrap_or_else(|| fastrand::u64(..)),
        deadline: Instant::now() + time,
        cancel,
    })
}

fn reply(model: &str, answer: Answer, wants_logprobs: bool) -> ChatReply {
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let completion_tokens = answer.tokens.len();
    let forced_tokens = answer.tokens.iter().filter(|token| token.forced).count();
    ChatReply {
        id: format!("chatcmpl-{:016x}", fastrand::u64(..)),
        object: "chat.completion",
        created,
        model: model.to_owned(),
        usage: Usage {
            prompt_tokens: answer.prompt_tokens,
            completion_tokens,
            total_tokens: answer.prompt_tokens + completion_tokens,
            prompt_tokens_details: PromptDetails { cached_tokens: answer.cached_tokens },
            completion_tokens_details: CompletionDetails { forced_tokens },
        },
        choices: [Choice {
            index: 0,
            message: ReplyMessage { role: "assistant", content: answer.text },
            logprobs: wants_logprobs.then_some(Logprobs { content: answer.tokens }),
            finish_reason: if answer.complete { "stop" } else { "length" },
        }],
        timings: answer.timings,
    }
}

/// A fault as OpenAI's clients expect it: `{"error": {message, type, code}}`.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "bad_request", message)
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let (status, code) = match &error {
            EngineError::Loading => (StatusCode::SERVICE_UNAVAILABLE, "model_loading"),
            EngineError::Failed(_) => (StatusCode::SERVICE_UNAVAILABLE, "model_missing"),
            EngineError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "queue_full"),
            EngineError::BadSchema(_) => (StatusCode::BAD_REQUEST, "bad_schema"),
            EngineError::NoEncoder => (StatusCode::NOT_FOUND, "no_encoder"),
            EngineError::BadMessages(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            EngineError::TooLong { .. } => (StatusCode::BAD_REQUEST, "context_length_exceeded"),
            EngineError::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            EngineError::Cancelled => (StatusCode::REQUEST_TIMEOUT, "cancelled"),
            EngineError::Model(_) => (StatusCode::INTERNAL_SERVER_ERROR, "model_failed"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let kind = if self.status.is_client_error() { "invalid_request_error" } else { "server_error" };
        let body = Json(json!({
            "error": { "message": self.message, "type": kind, "code": self.code }
        }));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return (self.status, [(header::RETRY_AFTER, "1")], body).into_response();
        }
        (self.status, body).into_response()
    }
}
