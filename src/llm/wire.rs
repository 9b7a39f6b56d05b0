//! The part of OpenAI's chat completions that is spoken here, read with tolerance: fields that a
//! server leaves out cost their information and nothing else.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chat::{Beginning, ChatRequest, Finish, Role, TokenLogprob, Usage};

#[derive(Debug, Serialize)]
pub(super) struct WireRequest<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    max_tokens: u32,
    temperature: f32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    logprobs: bool,
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    blocks: &'a [usize],
    #[serde(skip_serializing_if = "<[Beginning]>::is_empty")]
    prior: &'a [Beginning],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
}

#[derive(Debug, Serialize)]
struct WireMessage<'a> {
    role: Role,
    content: &'a str,
}

impl<'a> WireRequest<'a> {
    pub(super) fn new(model: &'a str, request: &'a ChatRequest, logprobs: bool) -> Self {
        Self {
            model,
            messages: request
                .messages
                .iter()
                .map(|message| WireMessage { role: message.role, content: &message.content })
                .collect(),
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            logprobs,
            blocks: &request.blocks,
            prior: &request.prior,
            response_format: request.schema.as_ref().map(|schema| {
                json!({
                    "type": "json_schema",
                    "json_schema": { "name": "answer", "schema": schema },
                })
            }),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireReply {
    #[serde(default)]
    pub(super) model: Option<String>,
    pub(super) choices: Vec<WireChoice>,
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireChoice {
    pub(super) message: WireAnswer,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
    #[serde(default)]
    logprobs: Option<WireLogprobs>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireAnswer {
    #[serde(default)]
    pub(super) content: Option<String>,
    #[serde(default)]
    pub(super) refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireLogprobs {
    #[serde(default)]
    content: Option<Vec<TokenLogprob>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    #[serde(default)]
    prompt_tokens_details: Option<WireDetails>,
    #[serde(default)]
    completion_tokens_details: Option<WireDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct WireDetails {
    #[serde(default)]
    cached_tokens: Option<u32>,
    #[serde(default)]
    forced_tokens: Option<u32>,
}

impl WireUsage {
    pub(super) fn usage(self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens,
            cached_tokens: self.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0),
            completion_tokens: self.completion_tokens,
            forced_tokens: self.completion_tokens_details.and_then(|d| d.forced_tokens).unwrap_or(0),
        }
    }
}

impl WireChoice {
    pub(super) fn finish(&self) -> Finish {
        match self.finish_reason.as_deref() {
            None | Some("stop") => Finish::Stop,
            Some("length") => Finish::Length,
            Some(_) => Finish::Other,
        }
    }

    pub(super) fn into_tokens(self) -> Vec<TokenLogprob> {
        self.logprobs.and_then(|logprobs| logprobs.content).unwrap_or_default()
    }
}

/// What an error's body tells, in any of the shapes in use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WireFault {
    pub(super) code: String,
    pub(super) message: String,
}

impl WireFault {
    /// Reads `{"error": {"message", "code"}}`, `{"error": "..."}` or `{"message"}`, or nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        let fault = body.get("error").unwrap_or(&body);
        let text = |key: &str| fault.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match fault {
            Value::String(message) => Self { code: String::new(), message: message.clone() },
            _ => Self { code: text("code"), message: text("message") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, code: &str, message: &str) {
        let expected = WireFault { code: code.into(), message: message.into() };
        assert_eq!(WireFault::read(body.as_bytes()), expected, "{body}");
    }

    #[test]
    fn faults_are_read_in_every_shape() {
        check(r#"{"error":{"message":"no","code":"x"}}"#, "x", "no");
        check(r#"{"error":{"message":"no","code":400}}"#, "", "no");
        check(r#"{"error":"no such model"}"#, "", "no such model");
        check(r#"{"message":"no","object":"error"}"#, "", "no");
        check("<html>", "", "");
        check("[]", "", "");
    }
}
