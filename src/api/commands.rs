//! Commands: give one, look at one, list them, stop one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::accept::Answer;
use super::access::Caller;
use super::form::{CommandBody, CommandForm, CommandQuery, Form};
use super::{ApiError, AppState, Problem, Scope, events, idempotency, language};
use crate::domain::{CommandId, Event, Outcome, SessionId, UserId};
use crate::pipeline::{INTERRUPTED, Submission};
use crate::store::{HistoryItem, StoredCommand};

/// Commands on one page of the history, where the request does not say.
const PAGE: usize = 50;
/// Commands on one page of the history at most.
const LARGEST_PAGE: usize = 200;

/// A command that was accepted and is under way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accepted {
    /// The command.
    command_id: CommandId,
    /// Where it stands.
    status: CommandStatus,
}

/// Where a command stands.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CommandStatus {
    /// Under way.
    Running,
    /// Under way, and told to stop.
    Stopping,
    /// Everything was done.
    Done,
    /// It ended with a question.
    Asked,
    /// It failed, or was stopped.
    Failed,
    /// Hark was cut off in the middle of it. Its outcome says what was done until then and what is unknown.
    Lost,
}

/// The result of a command, with the way to it.
#[derive(Serialize, ToSchema)]
pub(super) struct CommandResult {
    #[serde(flatten)]
    outcome: Outcome,
    /// Its events. The last one's `data` would repeat all this and is left out.
    events: Vec<Event>,
}

/// A command of the history.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommandView {
    /// The command.
    command_id: CommandId,
    /// Its conversation.
    session_id: SessionId,
    /// Where it stands.
    status: CommandStatus,
    /// It came as sound.
    spoken: bool,
    /// The words; empty until they are heard.
    text: String,
    /// When it arrived.
    received_at: DateTime<Utc>,
    /// What came of it, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// Its events so far; the last one's `data` is left out.
    events: Vec<Event>,
}

/// One page of the history.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// Newest first.
    commands: Vec<HistoryItem>,
    /// The `before` of the next page, where there may be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<CommandId>,
}

/// Which page of the history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Commands on the page, 1 to 200.
    limit: Option<usize>,
    /// Only commands older than this one.
    #[param(value_type = Option<String>)]
    before: Option<CommandId>,
}

/// Give a command
///
/// As text in JSON, as a raw recording with the other fields in the query, or as a multipart form. It
/// is answered as `Accept` and `Prefer` ask: live events, the result, or the command's address, in the
/// language of `Accept-Language` where Hark has it. A command goes on when the connection is lost; only `DELETE` stops it.
#[utoipa::path(
    post, path = "/api/voice/command", tag = "commands",
    params(
        CommandQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID. Sent again with it within 24 hours, the request is answered with what came of the first one"),
    ),
    request_body(content(
        (CommandBody = "application/json"),
        (Vec<u8> = "audio/*"),
        (CommandForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The result, or the live events", content(
            (CommandResult = "application/json"), (String = "text/event-stream"),
        )),
        (status = 202, description = "Accepted: Prefer: respond-async", body = Accepted),
        (status = "default", description = "A refusal, or a failed command with its outcome", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn give(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, ApiError> {
    let answer = Answer::asked_by(request.headers())?;
    let may_approve = caller.may(Scope::Approve);
    let user = caller.user;
    let pipeline = &state.parts().pipeline;
    let language = language::wanted(request.headers()).unwrap_or_else(|| pipeline.language());
    // Before the body is read, so that a flood of uploads is as cheap to refuse as one of texts.
    state.rate().take(&user, language)?;
    let key = idempotency::key_of(request.headers())?;
    let form = Form::read(state.config(), request).await?;
    let key = key.map(|key| idempotency::request_key(key, &form));
    let Form { input, session, timezone, dry_run } = form;
    let submission = Submission {
        user: user.clone(),
        may_approve,
        session,
        timezone,
        language: Some(language),
        dry_run,
        input,
    };
    let submitted = pipeline.submit_once(submission, key).await;
    let id = submitted.map_err(|error| ApiError::refused(error, language))?;
    match answer {
        Answer::Stream => {
            let mut response = events::live(&state, &user, id, 0).await?;
            response.headers_mut().insert(header::CONTENT_LOCATION, address(id));
            Ok(response)
        }
        Answer::Result => result(&state, &user, id).await,
        Answer::Address => {
            let status = match pipeline.owner(id) {
                Some(_) => CommandStatus::Running,
                // It came before, and may have ended since.
                None => standing(find(&state, &user, &id.to_string()).await?.1.outcome.as_ref(), false),
            };
            let accepted = Accepted { command_id: id, status };
            let headers = [
                (header::LOCATION, address(id)),
                (
                    header::HeaderName::from_static("preference-applied"),
                    HeaderValue::from_static("respond-async"),
                ),
            ];
            Ok((StatusCode::ACCEPTED, headers, Json(accepted)).into_response())
        }
    }
}

/// The result once it is there. Whoever stops waiting for it leaves the command untouched.
async fn result(state: &AppState, user: &UserId, id: CommandId) -> Result<Response, ApiError> {
    let Some(outcome) = state.parts().pipeline.outcome(user, id).await? else {
        return Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "outcome_lost",
            "the command ended and its outcome is not on record; its events may tell more",
        )
        .about(id));
    };
    let events = so_far(state, user, id).await?;
    let result = CommandResult { outcome, events };
    if result.outcome.error.is_some() {
        let whole = serde_json::to_value(&result).unwrap_or(Value::Null);
        return Err(ApiError::failed(&result.outcome, whole));
    }
    Ok(([(header::CONTENT_LOCATION, address(id))], Json(result)).into_response())
}

/// The events of a command until now, from memory or else from the store.
async fn so_far(state: &AppState, user: &UserId, id: CommandId) -> Result<Vec<Event>, ApiError> {
    let parts = state.parts();
    let mut events: Vec<Event> = match parts.progress.events(id) {
        Some(events) => events.into_iter().map(Arc::unwrap_or_clone).collect(),
        None => parts.store.find(user, id).await?.map(|stored| stored.events).unwrap_or_default(),
    };
    if let Some(last) = events.last_mut().filter(|event| event.kind.is_last()) {
        last.data = Value::Null;
    }
    Ok(events)
}

/// List commands
#[utoipa::path(
    get, path = "/api/voice/commands", tag = "commands", params(HistoryQuery),
    responses((status = 200, body = History), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
    uri: axum::http::Uri,
) -> Result<Json<History>, ApiError> {
    let Query(HistoryQuery { limit, before }) = Query::try_from_uri(&uri)
        .map_err(|error| ApiError::bad_request("query_invalid", error.body_text()))?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::bad_request(
            "query_invalid",
            format!("limit is {limit}; it can be 1 to {LARGEST_PAGE}"),
        ));
    }
    let commands = state.parts().store.history(&user, limit, before).await?;
    let next = if commands.len() == limit { commands.last().map(|item| item.command_id) } else { None };
    Ok(Json(History { commands, next }))
}

/// Look at a command
#[utoipa::path(
    get, path = "/api/voice/commands/{id}", tag = "commands", params(("id" = String, Path, description = "The command")),
    responses((status = 200, body = CommandView), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn look(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
    Path(id): Path<String>,
) -> Result<Json<CommandView>, ApiError> {
    let (id, stored) = find(&state, &user, &id).await?;
    let events = so_far(&state, &user, id).await?;
    let StoredCommand { session, spoken, text, received_at, outcome, .. } = stored;
    let is_running = state.parts().pipeline.owner(id).is_some();
    let status = standing(outcome.as_ref(), is_running);
    Ok(Json(CommandView {
        command_id: id,
        session_id: session,
        status,
        spoken,
        text,
        received_at,
        outcome,
        events,
    }))
}

/// Stop a command
///
/// Calls that were sent are cancelled as far as their servers can; the command ends with code
/// `cancelled` and says which steps were done.
#[utoipa::path(
    delete, path = "/api/voice/commands/{id}", tag = "commands", params(("id" = String, Path, description = "The command")),
    responses(
        (status = 202, description = "Told to stop; its last event tells when it has", body = Accepted),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let running = id.parse().ok().filter(|id| state.parts().pipeline.cancel(&user, *id));
    if let Some(command_id) = running {
        let accepted = Accepted { command_id, status: CommandStatus::Stopping };
        return Ok((StatusCode::ACCEPTED, Json(accepted)).into_response());
    }
    let (id, _) = find(&state, &user, &id).await?;
    Err(ApiError::new(StatusCode::CONFLICT, "command_finished", "the command has ended already").about(id))
}

/// A command of this person. An id that is none is a command that nobody has.
pub(super) async fn find(
    state: &AppState,
    user: &UserId,
    id: &str,
) -> Result<(CommandId, StoredCommand), ApiError> {
    let unknown = || ApiError::unknown_command(id);
    let id: CommandId = id.parse().map_err(|_| unknown())?;
    let stored = state.parts().store.find(user, id).await?.ok_or_else(unknown)?;
    Ok((id, stored))
}

fn standing(outcome: Option<&Outcome>, is_running: bool) -> CommandStatus {
    let Some(outcome) = outcome else {
        return if is_running { CommandStatus::Running } else { CommandStatus::Lost };
    };
    match &outcome.error {
        Some(failure) if failure.code == INTERRUPTED => CommandStatus::Lost,
        Some(_) => CommandStatus::Failed,
        None if outcome.needs_clarification => CommandStatus::Asked,
        None => CommandStatus::Done,
    }
}

fn address(id: CommandId) -> HeaderValue {
    // A UUID is made of hexadecimal digits and hyphens, all of which a header can hold.
    HeaderValue::try_from(format!("/api/voice/commands/{id}"))
        .unwrap_or_else(|_| HeaderValue::from_static("/api/voice/commands"))
}
