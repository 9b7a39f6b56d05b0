//! What OpenAI's clients send, read within bounds.

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::error::OpenAiError;
use super::format::Format;
use crate::api::ApiConfig;

/// The longest field beside the file, in bytes.
const FIELD_BYTES: usize = 8 * 1024;

/// The form, for readers of the API.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes the form; fields are read one by one")]
pub(crate) struct TranscriptionForm {
    /// The recording, in any format that Hark reads.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Any name; Hark hears with the model that it runs.
    model: Option<String>,
    /// Of two letters, such as `en`; refused where the model does not know it.
    language: Option<String>,
    /// Words to expect; models that were not trained with a prompt don't use it.
    prompt: Option<String>,
    /// 0 to 1, without effect.
    temperature: Option<f32>,
    /// `json`, `text`, `verbose_json`, `srt` or `vtt`.
    response_format: Option<String>,
    /// Whether parts are sent as they are heard.
    stream: Option<bool>,
}

/// What is asked for.
pub(super) struct Asked {
    pub(super) file: Bytes,
    pub(super) language: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) format: Format,
    pub(super) is_streamed: bool,
}

impl Asked {
    /// Reads the form in time.
    pub(super) async fn read(config: &ApiConfig, request: Request) -> Result<Self, OpenAiError> {
        let reading = Self::read_unhurried(config, request);
        tokio::time::timeout(config.body_timeout, reading).await.unwrap_or_else(|_| {
            let seconds = config.body_timeout.as_secs();
            let message = format!("the request did not arrive within {seconds} s");
            Err(OpenAiError::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", message))
        })
    }

    async fn read_unhurried(config: &ApiConfig, request: Request) -> Result<Self, OpenAiError> {
        let mut form = Multipart::from_request(request, &()).await.map_err(|error| {
            OpenAiError::new(StatusCode::BAD_REQUEST, "multipart_broken", error.body_text())
        })?;
        let mut file = None;
        let mut asked = Self {
            file: Bytes::new(),
            language: None,
            prompt: None,
            format: Format::Json,
            is_streamed: false,
        };
        while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                file = Some(collect(field, config.max_audio_bytes).await?);
                continue;
            }
            let value = collect(field, FIELD_BYTES).await?;
            let value = String::from_utf8_lossy(&value).trim().to_owned();
            match name.as_str() {
                "language" => asked.language = Some(value.to_lowercase()).filter(|value| !value.is_empty()),
                "prompt" => asked.prompt = Some(value).filter(|value| !value.is_empty()),
                "response_format" => asked.format = Format::named(&value)?,
                "stream" => asked.is_streamed = matches!(value.as_str(), "true" | "True" | "1"),
                "temperature" => {
                    let is_good = value.parse::<f32>().is_ok_and(|value| (0.0..=1.0).contains(&value));
                    if !is_good {
                        return Err(OpenAiError::field(
                            "temperature",
                            "the temperature is a number from 0 to 1",
                        ));
                    }
                }
                "timestamp_granularities[]" | "timestamp_granularities" if value == "word" => {
                    return Err(OpenAiError::field(
                        "timestamp_granularities",
                        "words have no times here; ask for segments",
                    ));
                }
                // Clients of later versions send fields that have no meaning here.
                _ => {}
            }
        }
        asked.file = file.ok_or_else(|| OpenAiError::field("file", "the form has no file"))?;
        Ok(asked)
    }
}

async fn collect(mut field: Field<'_>, limit: usize) -> Result<Bytes, OpenAiError> {
    let mut collected = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if collected.len() + chunk.len() > limit {
            let message = format!("at most {limit} bytes are taken here; send a shorter recording");
            return Err(OpenAiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message));
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected.into())
}

fn broken(error: &MultipartError) -> OpenAiError {
    let code =
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { "body_too_large" } else { "multipart_broken" };
    OpenAiError::new(error.status(), code, error.body_text())
}
