//! Progress as server-sent events: `id` is the event's number, `event` its type, `data` all of it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, Stream, StreamExt};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{ApiError, AppState, Problem, commands};
use crate::domain::{CommandId, Event, UserId};
use crate::store::StoredCommand;

/// From where a stream is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// Only events with a higher number. The header `Last-Event-ID`, which a browser sends when it
    /// connects again, goes before it.
    after: Option<u64>,
}

/// Watch a command
///
/// Events that were told already come first, then the others as they happen; the stream ends after the
/// last one. Commands that are over are replayed. Where nothing is left to tell, the answer is 204, on
/// which an `EventSource` stops.
#[utoipa::path(
    get, path = "/api/voice/commands/{id}/events", tag = "commands",
    params(("id" = String, Path, description = "The command"), EventsQuery),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "Nothing is left to tell"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "Hark stopped in the middle of it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn watch(
    State(state): State<AppState>,
    Extension(user): Extension<UserId>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let after = after(&uri, &headers)?;
    let running = id.parse::<CommandId>().ok();
    match running.filter(|id| state.parts().pipeline.owner(*id).as_ref() == Some(&user)) {
        Some(id) => live(&state, &user, id, after).await,
        None => {
            let (id, _) = commands::find(&state, &user, &id).await?;
            live(&state, &user, id, after).await
        }
    }
}

/// The events of a command of this person above the number `after`, from memory or else from the store.
pub(super) async fn live(
    state: &AppState,
    user: &UserId,
    id: CommandId,
    after: u64,
) -> Result<Response, ApiError> {
    let events: BoxStream<'static, Arc<Event>> = match state.parts().progress.watch(id, after) {
        Some(events) => events.boxed(),
        None => {
            let stored = ended(state, user, id).await?;
            let rest = stored.events.into_iter().filter(move |event| event.seq > after).map(Arc::new);
            stream::iter(rest).boxed()
        }
    };
    // A look at the first one tells a stream that is over from one that waits.
    let mut events = Box::pin(events.peekable());
    if let Some(None) = events.as_mut().peek().now_or_never() {
        ended(state, user, id).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(respond(state, events))
}

/// A command of this person that came to its end.
async fn ended(state: &AppState, user: &UserId, id: CommandId) -> Result<StoredCommand, ApiError> {
    let stored = state.parts().store.find(user, id).await?;
    let stored = stored.ok_or_else(|| ApiError::unknown_command(&id.to_string()))?;
    match stored.outcome {
        Some(_) => Ok(stored),
        None => Err(ApiError::new(
            StatusCode::GONE,
            "command_lost",
            "Hark stopped in the middle of this command; its audit entries say what was done until then",
        )
        .about(id)),
    }
}

fn respond(state: &AppState, events: impl Stream<Item = Arc<Event>> + Send + 'static) -> Response {
    let events = events.map(|event| Ok::<_, Infallible>(wire(&event)));
    let heartbeat = KeepAlive::new().interval(state.config().heartbeat).text("heartbeat");
    let mut response = Sse::new(events).keep_alive(heartbeat).into_response();
    // Proxies that gather output would turn progress into one lump at the end.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn wire(event: &Event) -> sse::Event {
    // Serialising our own types cannot fail; JSON has no line ends that would need splitting.
    let data = serde_json::to_string(event).unwrap_or_default();
    sse::Event::default().id(event.seq.to_string()).event(event.kind.name()).data(data)
}

fn after(uri: &Uri, headers: &HeaderMap) -> Result<u64, ApiError> {
    let Query(EventsQuery { after }) = Query::try_from_uri(uri)
        .map_err(|error| ApiError::bad_request("query_invalid", error.body_text()))?;
    match headers.get("last-event-id") {
        None => Ok(after.unwrap_or(0)),
        Some(id) => id.to_str().ok().and_then(|id| id.trim().parse().ok()).ok_or_else(|| {
            ApiError::bad_request(
                "last_event_id_invalid",
                "Last-Event-ID is the number of an event, such as 3",
            )
        }),
    }
}
