//! The router, and serving it until Hark is told to stop.

use std::io;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::form::FORM_BYTES;
use super::{
    ApiError, AppState, access, commands, error, events, health, live, metrics, microphone, page, policy,
    tools, transcriptions,
};

/// How often samples are folded into the figures.
const UPKEEP: Duration = Duration::from_secs(30);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hark",
        description = "Speech or text in, a checked plan over your MCP servers, receipts out. \
                       docs/http.md and docs/events.md say more."
    ),
    tags(
        (name = "commands", description = "Give, watch, list and stop commands"),
        (name = "speech", description = "Write down what is said"),
        (name = "tools", description = "What can be done"),
        (name = "health", description = "How Hark is"),
    )
)]
struct Description;

/// All routes with their description.
fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(commands::give))
        .routes(routes!(commands::list))
        .routes(routes!(commands::look, commands::stop))
        .routes(routes!(events::watch))
        .routes(routes!(live::stream))
        .routes(routes!(transcriptions::transcribe))
        .routes(routes!(microphone::look, microphone::trigger))
        .routes(routes!(tools::tools))
        .routes(routes!(policy::list))
        .routes(routes!(policy::withdraw))
        .routes(routes!(health::status))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
}

/// The whole door: routes, page, and the guards before them.
pub fn router(state: AppState) -> Router {
    let (router, description) = described().split_for_parts();
    let description = description.to_json().unwrap_or_default();
    let form_limit = state.config().max_audio_bytes + FORM_BYTES;
    router
        .route(
            "/openapi.json",
            axum::routing::get(async move || {
                ([(header::CONTENT_TYPE, "application/json")], description.clone())
            }),
        )
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(page::file)
        .layer(DefaultBodyLimit::max(form_limit))
        .layer(middleware::from_fn_with_state(state.clone(), access::admit))
        .layer(middleware::from_fn(error::name_instance))
        .layer(middleware::from_fn(page::guard))
        .with_state(state)
}

async fn method_not_allowed(State(_): State<AppState>, request: Request) -> impl IntoResponse {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!(
            "{} is not possible on {}; the Allow header names what is",
            request.method(),
            request.uri().path()
        ),
    )
}

/// Answers requests until `shutdown`, and then those under way for a short while.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: CancellationToken) -> io::Result<()> {
    let grace = state.config().grace;
    let upkeep = async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            state.instruments().upkeep();
        }
    };
    // Events are small and far between: held back to be sent together, each would wait for the client's
    // acknowledgement of the one before, which takes 40 ms.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection holds small packets back");
        }
    });
    let server = axum::serve(listener, router(state.clone()))
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let out_of_time = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        ended = server => ended,
        () = out_of_time => Ok(()),
        () = upkeep => Ok(()),
    }
}
