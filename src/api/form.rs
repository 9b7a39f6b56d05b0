//! What a person sends, read from any of the three forms of a command: JSON, a raw recording, or a
//! multipart form. Bounds are kept while reading, and nothing that is not understood is passed over.

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use chrono_tz::Tz;
use futures::StreamExt;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{ApiConfig, ApiError};
use crate::domain::SessionId;
use crate::pipeline::Input;

/// Room in JSON and around the recording of a multipart form: far more than any command needs, so that
/// a text that is too long is told as such.
pub(super) const FORM_BYTES: usize = 256 * 1024;
/// Longest name of a conversation.
const MAX_SESSION_CHARS: usize = 128;

/// A command as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CommandBody {
    /// What is to be done, 4,000 characters at most.
    pub text: String,
    /// The conversation; a new one is begun where it is absent.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The person's time zone, such as `Europe/Berlin`; Hark's own where it is absent.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Plan and show, but call no tool.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// What goes with a raw recording, in the query.
#[derive(Debug, Default, PartialEq, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CommandQuery {
    /// The conversation; a new one is begun where it is absent.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The person's time zone, such as `Europe/Berlin`; Hark's own where it is absent.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Plan and show, but call no tool.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// A command as a multipart form, in any order; `file` or `text`, not both.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "it describes the form to readers of the API; fields are read one by one")]
pub(super) struct CommandForm {
    /// The recording.
    #[schema(value_type = Option<String>, format = Binary)]
    file: Option<Vec<u8>>,
    /// Or the words.
    text: Option<String>,
    /// The conversation.
    #[schema(rename = "sessionId")]
    session_id: Option<String>,
    /// The time zone.
    timezone: Option<String>,
    /// Plan only.
    #[schema(rename = "dryRun")]
    dry_run: Option<bool>,
}

/// A command that was understood.
pub(super) struct Form {
    pub(super) input: Input,
    pub(super) session: Option<SessionId>,
    pub(super) timezone: Option<Tz>,
    pub(super) dry_run: bool,
}

impl Form {
    /// Reads a request within the bounds of `config`, in time.
    pub(super) async fn read(config: &ApiConfig, request: Request) -> Result<Self, ApiError> {
        let reading = Self::read_unhurried(config, request);
        tokio::time::timeout(config.body_timeout, reading).await.unwrap_or_else(|_| {
            Err(ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_too_slow",
                format!("the request did not arrive within {} s", config.body_timeout.as_secs()),
            ))
        })
    }

    async fn read_unhurried(config: &ApiConfig, request: Request) -> Result<Self, ApiError> {
        let Query(query) = Query::<CommandQuery>::try_from_uri(request.uri())
            .map_err(|error| ApiError::bad_request("query_invalid", error.body_text()))?;
        let media_type = media_type(request.headers());
        match media_type.as_str() {
            "application/json" => {
                refuse_query(&query)?;
                let body = read_body(request, FORM_BYTES).await?;
                Self::of_json(&body)
            }
            "multipart/form-data" => {
                refuse_query(&query)?;
                Self::of_multipart(config, request).await
            }
            kind if is_recording(kind) => {
                let body = read_body(request, config.max_audio_bytes).await?;
                Self::new(Input::Audio(body), query)
            }
            kind => Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_type_unsupported",
                format!(
                    "a command comes as application/json, audio/*, video/webm, video/mp4, \
                     application/octet-stream or multipart/form-data, not as {kind:?}"
                ),
            )),
        }
    }

    fn of_json(body: &[u8]) -> Result<Self, ApiError> {
        let CommandBody { text, session_id, timezone, dry_run } =
            serde_json::from_slice(body).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => {
                    ApiError::bad_request("fields_invalid", format!("the command does not fit: {error}"))
                }
                _ => ApiError::bad_request("json_broken", format!("this is not JSON: {error}")),
            })?;
        Self::new(Input::Text(text), CommandQuery { session_id, timezone, dry_run })
    }

    async fn of_multipart(config: &ApiConfig, request: Request) -> Result<Self, ApiError> {
        let mut multipart = Multipart::from_request(request, &())
            .await
            .map_err(|error| ApiError::bad_request("multipart_broken", error.body_text()))?;
        let mut input = None;
        let mut fields = CommandQuery::default();
        while let Some(field) = multipart.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let limit = if name == "file" { config.max_audio_bytes } else { FORM_BYTES };
            let value = collect(field.map(|chunk| chunk.map_err(broken)), limit).await?;
            let is_new = match name.as_str() {
                "file" => input.replace(Input::Audio(value)).is_none(),
                "text" => input.replace(Input::Text(in_words(&name, &value)?)).is_none(),
                "sessionId" => fields.session_id.replace(in_words(&name, &value)?).is_none(),
                "timezone" => fields.timezone.replace(in_words(&name, &value)?).is_none(),
                "dryRun" => {
                    fields.dry_run.replace(in_words(&name, &value)?.parse().map_err(not_bool)?).is_none()
                }
                _ => {
                    return Err(ApiError::bad_request(
                        "fields_invalid",
                        format!(
                            "there is no field {name:?}; the fields are file, text, sessionId, timezone, dryRun"
                        ),
                    ));
                }
            };
            if !is_new {
                return Err(ApiError::bad_request(
                    "fields_invalid",
                    "a field comes once, and a command has a file or a text, not both",
                ));
            }
        }
        let input = input.ok_or_else(|| {
            ApiError::bad_request(
                "fields_invalid",
                "the form has neither a file nor a text; send one of them",
            )
        })?;
        Self::new(input, fields)
    }

    fn new(input: Input, fields: CommandQuery) -> Result<Self, ApiError> {
        Ok(Self {
            input,
            session: fields.session_id.map(session).transpose()?,
            timezone: fields.timezone.as_deref().map(timezone).transpose()?,
            dry_run: fields.dry_run.unwrap_or(false),
        })
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What browsers' recorders and other programs call sound. What it really is, `audio` finds out.
fn is_recording(media_type: &str) -> bool {
    media_type.starts_with("audio/")
        || matches!(
            media_type,
            "application/octet-stream" | "application/ogg" | "video/webm" | "video/mp4" | "video/ogg"
        )
}

fn refuse_query(query: &CommandQuery) -> Result<(), ApiError> {
    match *query == CommandQuery::default() {
        true => Ok(()),
        false => Err(ApiError::bad_request(
            "query_invalid",
            "the query is for raw recordings; here the fields belong into the body",
        )),
    }
}

async fn read_body(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let chunks = Body::into_data_stream(request.into_body()).map(|chunk| {
        chunk.map_err(|error| {
            ApiError::bad_request("body_broken", format!("the request broke off while it was read: {error}"))
        })
    });
    collect(chunks, limit).await
}

async fn collect(
    chunks: impl futures::Stream<Item = Result<Bytes, ApiError>>,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let mut chunks = std::pin::pin!(chunks);
    let mut collected = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if collected.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected.into())
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("at most {limit} bytes are taken here; send a shorter recording or a smaller format"),
    )
}

fn broken(error: MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", error.body_text());
    }
    ApiError::bad_request("multipart_broken", format!("the form cannot be read: {}", error.body_text()))
}

fn in_words(name: &str, value: &[u8]) -> Result<String, ApiError> {
    match std::str::from_utf8(value) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(ApiError::bad_request("fields_invalid", format!("the field {name} is not UTF-8 text"))),
    }
}

fn not_bool(_: std::str::ParseBoolError) -> ApiError {
    ApiError::bad_request("fields_invalid", "dryRun is true or false")
}

/// The name of a conversation.
pub(super) fn session(id: String) -> Result<SessionId, ApiError> {
    let is_usable =
        !id.trim().is_empty() && id.chars().count() <= MAX_SESSION_CHARS && !id.chars().any(char::is_control);
    match is_usable {
        true => Ok(SessionId(id)),
        false => Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "session_invalid",
            format!("a sessionId has 1 to {MAX_SESSION_CHARS} characters and no control characters"),
        )),
    }
}

/// A time zone by its name.
pub(super) fn timezone(name: &str) -> Result<Tz, ApiError> {
    name.parse().map_err(|_| {
        ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "timezone_unknown",
            format!("{name:?} is no time zone; one looks like Europe/Berlin"),
        )
    })
}
