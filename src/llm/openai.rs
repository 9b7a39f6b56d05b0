//! A client of any server that speaks OpenAI's chat completions: the embedded worker, llama-server,
//! Ollama, vLLM, hosted ones.
//!
//! Makes each request once: repeating and falling back are decided above.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{WireFault, WireReply, WireRequest};
use super::{ChatModel, ChatReply, ChatRequest, ModelError, Secret};

/// The largest answer that is read.
const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;
/// The most of a server's own words that is handed on.
const MAX_REASON_CHARS: usize = 300;

/// Where a model is and how to talk to it.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// The address up to and including `/v1`.
    pub base_url: String,
    /// The model's name at that server.
    pub model: String,
    /// Sent as bearer token, if there is one.
    pub api_key: Option<Secret>,
    /// The longest wait for an answer; a request's own deadline may be shorter.
    pub timeout: Duration,
    /// Whether to ask for token probabilities; a few hosted models refuse that.
    pub logprobs: bool,
}

impl OpenAiConfig {
    /// The usual settings for a model at an address.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            api_key: None,
            timeout: Duration::from_secs(60),
            logprobs: true,
        }
    }
}

/// One model at one server.
#[derive(Debug, Clone)]
pub struct OpenAiChat {
    client: Client,
    /// The address up to and including `/v1`, without a slash at its end.
    base: String,
    origin: String,
    config: OpenAiConfig,
}

impl OpenAiChat {
    /// Checks the settings; nothing is sent yet.
    ///
    /// # Errors
    /// `BadSettings` for an address that is none, or a key that cannot be a header.
    pub fn new(config: OpenAiConfig) -> Result<Self, ModelError> {
        let bad = |reason: String| ModelError::BadSettings { model: config.model.clone(), reason };
        let base = config.base_url.trim_end_matches('/').to_owned();
        let endpoint = Url::parse(&base).map_err(|e| bad(format!("{base} is no address: {e}")))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(bad(format!("{base} must start with http:// or https://")));
        }
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            // A redirect would carry the conversation to a place that nobody named.
            .redirect(Policy::none());
        if is_loopback(&endpoint) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|e| bad(e.to_string()))?;
        let origin = endpoint.origin().ascii_serialization();
        Ok(Self { client, base, origin, config })
    }

    async fn exchange(&self, request: &ChatRequest, started: Instant) -> Result<ChatReply, ModelError> {
        let body = WireRequest::new(&self.config.model, request, self.config.logprobs);
        let reply: WireReply = self.post("chat/completions", "chat completion", &body).await?;
        self.reply(reply, started)
    }

    /// The model's name there.
    pub(super) fn model(&self) -> &str {
        &self.config.model
    }

    /// Asks at a path behind `/v1` for an answer of the form that is called `form`.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &str,
        body: &impl Serialize,
    ) -> Result<T, ModelError> {
        let endpoint = format!("{}/{path}", self.base);
        let mut call = self.client.post(endpoint).json(body);
        if let Some(key) = &self.config.api_key {
            call = call.bearer_auth(key.expose());
        }
        let response = call.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let body = self.read(response).await?;
        if !status.is_success() {
            return Err(self.fault(status, retry_after, &WireFault::read(&body)));
        }
        serde_json::from_slice(&body)
            .map_err(|error| self.rubbish(format!("its reply is no {form}: {error}")))
    }

    async fn read(&self, response: Response) -> Result<Vec<u8>, ModelError> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.unreachable(&error))?;
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(self.rubbish(format!("its reply is larger than {MAX_REPLY_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn reply(&self, reply: WireReply, started: Instant) -> Result<ChatReply, ModelError> {
        let Some(choice) = reply.choices.into_iter().next() else {
            return Err(self.rubbish("its reply has no choices".into()));
        };
        let Some(text) = choice.message.content.clone() else {
            let refusal = choice.message.refusal.clone();
            return Err(match refusal {
                Some(refusal) => self.refused(StatusCode::OK, &refusal),
                None => self.rubbish("its reply has no text".into()),
            });
        };
        Ok(ChatReply {
            text,
            finish: choice.finish(),
            tokens: choice.into_tokens(),
            usage: reply.usage.unwrap_or_default().usage(),
            model: reply.model.unwrap_or_else(|| self.config.model.clone()),
            elapsed: started.elapsed(),
        })
    }

    fn fault(&self, status: StatusCode, retry_after: Option<Duration>, fault: &WireFault) -> ModelError {
        let model = self.config.model.clone();
        let reason = if fault.message.is_empty() {
            status.canonical_reason().unwrap_or("no reason given").to_owned()
        } else {
            shortened(&fault.message)
        };
        match (status.as_u16(), fault.code.as_str()) {
            (_, "context_length_exceeded") => ModelError::TooLong { model, reason },
            (_, "bad_schema" | "invalid_json_schema") => ModelError::BadSchema { model, reason },
            (_, "model_loading") => ModelError::Starting { model, reason },
            (_, "model_missing") | (404, _) => ModelError::Missing { model, reason },
            (401 | 403, _) => ModelError::KeyRefused { address: self.address(), status: status.as_u16() },
            (408 | 504, _) => ModelError::Timeout { model, after: self.config.timeout },
            (429, _) | (503, "queue_full") => ModelError::Busy { model, reason, retry_after },
            (500.., _) => ModelError::Failed { address: self.address(), status: status.as_u16(), reason },
            (_, _) => self.refused(status, &reason),
        }
    }

    fn refused(&self, status: StatusCode, reason: &str) -> ModelError {
        ModelError::Refused { address: self.address(), status: status.as_u16(), reason: shortened(reason) }
    }

    pub(super) fn rubbish(&self, reason: String) -> ModelError {
        ModelError::Rubbish { address: self.address(), reason }
    }

    fn unreachable(&self, error: &reqwest::Error) -> ModelError {
        // The outermost message only repeats the address; the cause says what happened.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        ModelError::Unreachable { address: self.address(), reason: cause.to_string() }
    }

    /// Host and port; paths may hold keys.
    fn address(&self) -> String {
        self.origin.clone()
    }
}

#[async_trait]
impl ChatModel for OpenAiChat {
    fn name(&self) -> String {
        self.config.model.clone()
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        let after = request.deadline.min(self.config.timeout);
        // Either end drops the exchange, and with it the connection: that is how a server learns it.
        tokio::select! {
            biased;
            () = request.cancel.cancelled() => Err(ModelError::Cancelled),
            reply = tokio::time::timeout(after, self.exchange(&request, Instant::now())) => {
                reply.unwrap_or_else(|_| {
                    Err(ModelError::Timeout { model: self.config.model.clone(), after })
                })
            }
        }
    }
}

fn is_loopback(address: &Url) -> bool {
    address.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}

fn retry_after(response: &Response) -> Option<Duration> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REASON_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
