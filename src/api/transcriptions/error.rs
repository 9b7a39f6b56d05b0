//! Refusals in the form that OpenAI's clients read.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::api::failure::status_of;
use crate::audio::AudioError;
use crate::speech::SpeechError;

/// A request that is not answered as asked.
#[derive(Debug)]
pub(crate) struct OpenAiError {
    status: StatusCode,
    code: String,
    message: String,
    /// The field that is wrong.
    param: Option<&'static str>,
}

impl OpenAiError {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), param: None }
    }

    /// A field that can't be used.
    pub(super) fn field(param: &'static str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_value", message);
        Self { param: Some(param), ..error }
    }

    pub(super) fn body(&self) -> Value {
        let kind = match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => "server_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        json!({"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}})
    }
}

impl From<AudioError> for OpenAiError {
    fn from(error: AudioError) -> Self {
        Self::new(status_of(error.code()), error.code(), error.to_string())
    }
}

impl From<SpeechError> for OpenAiError {
    fn from(error: SpeechError) -> Self {
        Self::new(status_of(error.code()), error.code(), error.to_string())
    }
}

impl IntoResponse for OpenAiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
