//! Whether Hark lives, is ready, and what it is made of.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::{ApiError, AppState, Problem, Scope, language};
use crate::app::embedded_speech_note;
use crate::domain::UserId;
use crate::llm::WorkerState;
use crate::speech::SpeechModel;
use crate::tools::ServerStatus;

/// The process lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// `ok`.
    status: &'static str,
    /// The version of Hark.
    version: &'static str,
}

/// Every part that commands need is there.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`.
    status: &'static str,
}

/// What Hark is made of now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    /// The version of Hark.
    version: &'static str,
    /// Who asks.
    user: UserId,
    /// Seconds since the HTTP door was opened.
    uptime_s: f64,
    /// Commands under way, everybody's.
    running: usize,
    /// The speech model, with what it cannot do.
    speech: SpeechModel,
    /// The language model.
    language: LanguageModel,
    /// The MCP servers.
    servers: Vec<ServerStatus>,
    /// What a command may be.
    limits: Limits,
    /// The time zone of commands that name none.
    timezone: String,
}

/// The planner's model.
#[derive(Serialize, ToSchema)]
pub(super) struct LanguageModel {
    /// Its name.
    name: String,
    /// It runs on this machine, under Hark's eyes.
    local: bool,
    /// `ready`, `starting`, `restarting`, `failed`; `remote` where Hark does not run it.
    state: &'static str,
    /// Why it is not ready, and the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How often it had to be started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<u32>,
}

/// What a command may be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limits {
    /// Longest text.
    text_chars: usize,
    /// Largest recording.
    audio_bytes: usize,
    /// Longest recording.
    audio_s: u64,
    /// Commands a minute for each user.
    commands_per_minute: u32,
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Alive)))]
pub(super) async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Whether commands can be carried out
///
/// Needs the history and the models. A server that is away costs itself and nothing here.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = Ready), (status = 503, description = "Names what is missing", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    let mut missing = Vec::new();
    if state.parts().store.history(&UserId::local(), 1, None).await.is_err() {
        missing.push("the history cannot be read; the log says why".to_owned());
    }
    let language = language_model(&state);
    if !matches!(language.state, "ready" | "remote") {
        let reason = language.reason.unwrap_or_else(|| "wait a moment".to_owned());
        missing.push(format!("the language model {} is {}: {reason}", language.name, language.state));
    }
    if missing.is_empty() {
        return Json(Ready { status: "ready" }).into_response();
    }
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", missing.join("; "))
        .retry_after_s(1)
        .into_response()
}

/// What Hark is made of now
#[utoipa::path(get, path = "/api/status", tag = "health", responses((status = 200, body = Status)))]
pub(super) async fn status(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Json<Status> {
    let (parts, config) = (state.parts(), state.config());
    let mut speech = parts.speech.model();
    if let Some(language) = language::wanted(&headers)
        && speech.embedded
        && let Some(note) = &mut speech.note
    {
        *note = embedded_speech_note(language);
    }
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        servers: servers_for(&caller, parts.registry.servers()),
        user: caller.user,
        uptime_s: state.uptime().as_secs_f64(),
        running: parts.pipeline.running_count(),
        speech,
        language: language_model(&state),
        limits: Limits {
            text_chars: config.max_text_chars,
            audio_bytes: config.max_audio_bytes,
            audio_s: config.max_audio.as_secs(),
            commands_per_minute: config.commands_per_minute,
        },
        timezone: config.timezone.name().to_owned(),
    })
}

/// What a server writes to its error output may tell of other people's commands, so only who administers
/// Hark sees it.
pub(super) fn servers_for(caller: &Caller, mut servers: Vec<ServerStatus>) -> Vec<ServerStatus> {
    if !caller.may(Scope::Administer) {
        servers.iter_mut().for_each(|server| server.stderr = None);
    }
    servers
}

/// A model that Hark does not run is known to be away only once it is asked.
fn language_model(state: &AppState) -> LanguageModel {
    let name = state.parts().model.name();
    let Some(worker) = &state.parts().worker else {
        return LanguageModel { name, local: false, state: "remote", reason: None, restarts: None };
    };
    let status = worker.status();
    let state = match status.state {
        WorkerState::Starting => "starting",
        WorkerState::Ready => "ready",
        WorkerState::Restarting => "restarting",
        WorkerState::Failed => "failed",
    };
    LanguageModel { name, local: true, state, reason: status.reason, restarts: Some(status.restarts) }
}

/// Whether a server can be called.
pub(super) fn is_up(server: &ServerStatus) -> bool {
    server.state.is_up()
}
