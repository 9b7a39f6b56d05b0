//! The microphone of the machine that Hark runs on: how it is, and a key for it that any desktop or
//! program can press.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiError, AppState, Problem};
use crate::listening::{MicrophoneHandle, MicrophoneState};

/// What is done with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Press it: what is said from here on counts.
    Start,
    /// Let go of it: what was said is the command.
    Stop,
    /// Press it where it is not held, else let go.
    Toggle,
    /// Let go, and throw away what was said.
    Cancel,
}

/// What is done with the key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerBody {
    action: Trigger,
}

/// How the microphone is
#[utoipa::path(
    get, path = "/api/microphone", tag = "commands",
    responses((status = 200, body = MicrophoneState), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn look(State(state): State<AppState>) -> Result<Json<MicrophoneState>, ApiError> {
    Ok(Json(open(&state)?.state()))
}

/// Press the microphone's key, or let go of it
#[utoipa::path(
    post, path = "/api/microphone", tag = "commands", request_body = TriggerBody,
    responses((status = 200, description = "How the microphone is now", body = MicrophoneState), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn trigger(
    State(state): State<AppState>,
    body: Result<Json<TriggerBody>, JsonRejection>,
) -> Result<Json<MicrophoneState>, ApiError> {
    let Json(TriggerBody { action }) =
        body.map_err(|error| ApiError::bad_request("fields_invalid", error.body_text()))?;
    let microphone = open(&state)?;
    if microphone.state().hands_free && action != Trigger::Cancel {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "microphone_hands_free",
            "the microphone listens hands-free, so there is no key to press; `hark listen --held` has one",
        ));
    }
    match action {
        Trigger::Start => microphone.press().await,
        Trigger::Stop => microphone.release().await,
        Trigger::Toggle => microphone.toggle().await,
        Trigger::Cancel => microphone.discard().await,
    }
    Ok(Json(microphone.state()))
}

fn open(state: &AppState) -> Result<&MicrophoneHandle, ApiError> {
    state.microphone().ok_or_else(|| {
        ApiError::new(
            StatusCode::CONFLICT,
            "microphone_off",
            "this Hark does not listen to a microphone; start it with `hark listen` or `hark serve --listen`",
        )
    })
}
