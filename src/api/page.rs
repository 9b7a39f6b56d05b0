//! The page: the files of `web/`, compiled into the binary; a debug build reads them from disk, so
//! that a change is seen at the next reload.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::ApiError;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// Everything that the page runs and shows comes from here; nothing inline, nothing from outside.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the page learns which languages it can be shown in.
const LANGUAGES: &str = "messages/index.json";

/// Answers what no route does: a file of the page, or a problem.
pub(super) async fn file(request: Request) -> Response {
    let path = request.uri().path();
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if name == LANGUAGES && is_read {
        return Json(languages()).into_response();
    }
    match Web::get(name) {
        Some(file) if is_read => serve(&file, request.headers()),
        Some(_) => ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("{} is not possible on {path}; GET and HEAD are", request.method()),
        )
        .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
        .into_response(),
        None => ApiError::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is nothing at {path}; /openapi.json lists what there is"),
        )
        .into_response(),
    }
}

/// The languages of the page: a file in `web/messages/` is one.
fn languages() -> Vec<String> {
    let mut tags: Vec<String> = Web::iter()
        .filter_map(|path| Some(path.strip_prefix("messages/")?.strip_suffix(".json")?.to_owned()))
        .collect();
    tags.sort();
    tags
}

/// A browser asks every time whether its copy is still good, so that page and service never differ in
/// age, and gets the file only where it is not.
fn serve(file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let is_known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == etag);
    let headers = [(header::ETAG, etag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    (headers, kind, Body::from(file.data.clone().into_owned())).into_response()
}

/// What every answer says about how it may be used.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(), geolocation=()"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
