//! Live audio on a WebSocket (`docs/live.md`): sound in, notices and progress out, several turns on one
//! socket.

mod message;
mod socket;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::Caller;
use super::form::{session, timezone};
use super::{ApiError, AppState, Problem, Scope, language};
use crate::audio::{Converter, Patience, Turns};
use crate::domain::{CommandId, SAMPLE_RATE_HZ, SessionId};
use crate::listening::Listening;
use crate::phrases::Choice;
use crate::pipeline::Speaker;

pub(super) use message::FRAME_BYTES;

/// The protocol that is spoken on the socket.
const PROTOCOL: &str = "hark.v1";

/// How a live session is opened.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuery {
    /// `hands-free` (speech begins and ends an utterance, the default) or `held` (`press` and `release` do).
    #[serde(default)]
    #[param(value_type = Option<String>)]
    mode: Mode,
    /// How long a silence ends an utterance: `quick`, `normal` or `patient`; Hark's own setting where absent.
    #[param(inline)]
    patience: Option<Patience>,
    /// Samples a second of the sound that is sent; 16000 where absent.
    rate: Option<u32>,
    /// Whether only utterances that begin with Hark's wake phrase count; false where absent.
    wake: Option<bool>,
    /// The conversation; a new one is begun where it is absent.
    session_id: Option<String>,
    /// The person's time zone; Hark's own where it is absent.
    timezone: Option<String>,
    /// The language to answer in, such as `de`; that of `Accept-Language`, or else Hark's own where absent.
    language: Option<String>,
    /// Plan and show, but call no tool.
    dry_run: Option<bool>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    HandsFree,
    Held,
}

/// Speak live
///
/// A WebSocket: binary messages are sound (16 bit, little-endian, mono), text messages are JSON in both
/// directions; `docs/live.md` has them.
#[utoipa::path(
    get, path = "/api/voice/stream", tag = "commands", params(StreamQuery),
    responses(
        (status = 101, description = "The socket is open"),
        (status = "default", description = "A refusal", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stream(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = Query::<StreamQuery>::try_from_uri(&uri)
        .map_err(|error| ApiError::bad_request("query_invalid", error.body_text()))?;
    let upgrade = upgrade.map_err(|error| {
        ApiError::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade_required",
            format!("live audio comes on a WebSocket: {}", error.body_text()),
        )
    })?;
    let converter = Converter::new(query.rate.unwrap_or(SAMPLE_RATE_HZ))
        .map_err(|message| ApiError::bad_request("sample_rate_unsupported", message))?;
    let listening = listening(&state, caller, &headers, query)?;
    let seat = state.seats().try_acquire_owned().map_err(|_| {
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "streams_busy",
            format!("{} live sessions are open already; try again later", state.config().max_streams),
        )
        .retry_after_s(10)
    })?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(FRAME_BYTES).max_frame_size(FRAME_BYTES);
    Ok(upgrade.on_upgrade(async move |socket| {
        socket::serve(socket, state, listening, converter).await;
        drop(seat);
    }))
}

fn listening(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    query: StreamQuery,
) -> Result<Listening, ApiError> {
    let id = match query.session_id {
        Some(id) => session(id)?,
        None => SessionId(CommandId::new().to_string()),
    };
    let mut config = state.config().listening.clone();
    if let Some(patience) = query.patience {
        config.endpoints.patience = patience;
    }
    if !query.wake.unwrap_or(false) {
        config.wake = None;
    }
    // A browser names its own languages by itself, and a page can only name another one in the address.
    let named = query.language.as_deref().and_then(|language| Choice::read(language).best());
    Ok(Listening {
        speaker: Speaker {
            may_approve: caller.may(Scope::Approve),
            user: caller.user,
            session: id,
            timezone: query.timezone.as_deref().map(timezone).transpose()?,
            language: named.or_else(|| language::wanted(headers)),
        },
        turns: match query.mode {
            Mode::HandsFree => Turns::HandsFree,
            Mode::Held => Turns::Held,
        },
        dry_run: query.dry_run.unwrap_or(false),
        config,
    })
}
