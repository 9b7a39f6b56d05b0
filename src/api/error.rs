//! The one error that knows HTTP: every refusal leaves as `application/problem+json` (RFC 9457) with a
//! stable `code`, a plain sentence and, where there is one, the command's id. Insides never leak.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::{CommandId, Language, Outcome};
use crate::listening::Refusal;
use crate::pipeline::SubmitError;
use crate::store::StoreError;

use super::failure::status_of;

/// The media type of every error.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URN made from the code; there is no page behind it.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status means, in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What was tried, what went wrong and the way out, for a person.
    pub detail: String,
    /// A stable name for programs, such as `audio_too_long`.
    pub code: String,
    /// The command, where one was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// All that came of the command, where it ran and failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Value>,
}

/// A request that is not answered as asked.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: String,
    detail: String,
    command: Option<CommandId>,
    // Boxed, since every `Result` of this room is as large as this error.
    outcome: Option<Box<Value>>,
    headers: Box<HeaderMap>,
}

impl ApiError {
    /// An error with a code and a sentence for a person.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            command: None,
            outcome: None,
            headers: Box::default(),
        }
    }

    /// A request that cannot be understood.
    pub(super) fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A command that this person does not have.
    pub(super) fn unknown_command(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "command_unknown",
            format!("there is no command {id:?} of yours; GET /api/voice/commands lists them"),
        )
    }

    /// A command that ran and failed; `result` is what its success would have been answered with.
    pub(super) fn failed(outcome: &Outcome, result: Value) -> Self {
        let (code, detail) = match &outcome.error {
            Some(failure) => (failure.code.as_str(), failure.message.clone()),
            None => ("internal", outcome.reply.clone()),
        };
        let mut error = Self::new(status_of(code), code, detail).about(outcome.command_id);
        error.outcome = Some(Box::new(result));
        if error.status == StatusCode::SERVICE_UNAVAILABLE { error.retry_after_s(1) } else { error }
    }

    /// A command that was not taken.
    pub(super) fn refused(error: SubmitError, language: Language) -> Self {
        let (code, words) = (error.code(), error.say(language));
        match error {
            SubmitError::EmptyText | SubmitError::TextTooLong { .. } | SubmitError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, words)
            }
            SubmitError::TooBusy(_) | SubmitError::ShuttingDown => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, words).retry_after_s(1)
            }
            SubmitError::Store(error) => error.into(),
        }
    }

    /// Names the command.
    pub(super) fn about(mut self, id: CommandId) -> Self {
        self.command = Some(id);
        self
    }

    /// Says after how many seconds it is worth trying again.
    pub(super) fn retry_after_s(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same where no HTTP answer is to be given.
    pub(super) fn into_refusal(self) -> Refusal {
        Refusal { code: self.code, message: self.detail }
    }

    /// The same problem as it is told of the path that was asked for.
    fn problem(self, instance: Option<String>) -> Problem {
        Problem {
            kind: format!("urn:hark:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            command_id: self.command,
            instance,
            outcome: self.outcome.map(|outcome| *outcome),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the history could not be used for a request");
        // The message names files of the operator's, which are none of a client's business.
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            error.code(),
            "the history cannot be read or written now; the log and `hark doctor` say why",
        )
        .retry_after_s(1)
    }
}

/// The answer's extension from which [`name_instance`] fills in the path.
#[derive(Clone)]
struct Pending(Problem);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, headers) = (self.status, self.headers.clone());
        let problem = self.problem(None);
        let mut response = body_of(status, &problem);
        response.headers_mut().extend(*headers);
        response.extensions_mut().insert(Pending(problem));
        response
    }
}

/// Completes a problem with the path that was asked for, which no handler has to know.
pub(super) async fn name_instance(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(Pending(mut problem)) = response.extensions_mut().remove::<Pending>() else { return response };
    problem.instance = Some(path);
    let mut named = body_of(response.status(), &problem);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    named.headers_mut().extend(std::mem::take(response.headers_mut()));
    named
}

fn body_of(status: StatusCode, problem: &Problem) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))], Json(problem)).into_response()
}
