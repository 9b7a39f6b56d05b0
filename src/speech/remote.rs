//! A service that hears: any that speaks OpenAI's `audio/transcriptions`, hosted or in the next room.

use std::io::Cursor;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::pieces;
use super::{Hints, SpeechError, SpeechModel, Transcriber};
use crate::domain::{Pcm, SAMPLE_RATE_HZ, Secret, Segment, Transcript, Word};

/// The largest answer that is read.
const MAX_REPLY_BYTES: usize = 1024 * 1024;
/// The most of the expected phrases that is sent: some 150 tokens of the 224 that whisper has room for.
const MAX_VOCABULARY_BYTES: usize = 600;
/// The most of a service's own words that is handed on.
const MAX_REASON_CHARS: usize = 200;

/// Where the service is and how to talk to it.
#[derive(Clone, Debug)]
pub struct RemoteConfig {
    /// The address up to and including `/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Sent as bearer token, if there is one.
    pub api_key: Option<Secret>,
    /// The language that is spoken, of two letters; told by the service itself where absent.
    pub language: Option<String>,
    /// The longest wait for an answer.
    pub deadline: Duration,
}

/// One model at one service.
#[derive(Debug)]
pub struct RemoteTranscriber {
    client: Client,
    endpoint: Url,
    config: RemoteConfig,
}

/// The parts of `verbose_json` that Hark uses; services that know `json` only send the text.
#[derive(Deserialize)]
struct Reply {
    text: String,
    language: Option<String>,
    #[serde(default)]
    segments: Vec<ReplySegment>,
    #[serde(default)]
    words: Vec<ReplyWord>,
}

#[derive(Deserialize)]
struct ReplySegment {
    #[serde(default)]
    text: String,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
    avg_logprob: Option<f32>,
}

#[derive(Deserialize)]
struct ReplyWord {
    word: String,
    probability: Option<f32>,
}

impl RemoteTranscriber {
    /// Checks the settings; nothing is sent yet.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn new(config: RemoteConfig) -> Result<Self, SpeechError> {
        let bad = |reason: String| SpeechError::BadSettings(reason);
        let address = format!("{}/audio/transcriptions", config.base_url.trim_end_matches('/'));
        let endpoint =
            Url::parse(&address).map_err(|error| bad(format!("{address} is no address: {error}")))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(bad(format!("{address} must start with http:// or https://")));
        }
        let is_loopback = matches!(endpoint.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        // A redirect would carry a person's voice to a place that nobody named.
        let mut builder = Client::builder().connect_timeout(Duration::from_secs(3)).redirect(Policy::none());
        if is_loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| bad(error.to_string()))?;
        Ok(Self { client, endpoint, config })
    }

    async fn exchange(&self, pcm: &Pcm, hints: &Hints) -> Result<Transcript, SpeechError> {
        let started = Instant::now();
        let file = wav(pcm.samples()).map_err(|error| SpeechError::Failed(error.to_string()))?;
        let file = Part::bytes(file).file_name("command.wav").mime_str("audio/wav");
        let file = file.map_err(|error| SpeechError::Failed(error.to_string()))?;
        let mut form = Form::new()
            .part("file", file)
            .text("model", self.config.model.clone())
            .text("response_format", "verbose_json")
            .text("temperature", "0");
        if let Some(language) = hints.language.as_ref().or(self.config.language.as_ref()) {
            form = form.text("language", language.clone());
        }
        if let Some(prompt) = prompt(hints) {
            form = form.text("prompt", prompt);
        }
        let mut call = self.client.post(self.endpoint.clone()).multipart(form);
        if let Some(key) = &self.config.api_key {
            call = call.bearer_auth(key.expose());
        }
        let response = call.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let body = self.read(response).await?;
        if !status.is_success() {
            return Err(self.fault(status, &body));
        }
        let reply: Reply = serde_json::from_slice(&body).map_err(|_| {
            SpeechError::Remote(format!("{}: its answer is no transcript", self.config.model))
        })?;
        self.transcript(reply, pcm, started.elapsed())
    }

    fn transcript(&self, reply: Reply, pcm: &Pcm, elapsed: Duration) -> Result<Transcript, SpeechError> {
        let text = reply.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.chars().any(char::is_alphanumeric) {
            return Err(SpeechError::NoSpeech);
        }
        let ms = |seconds: f64| (seconds.max(0.0) * 1e3).round() as u64;
        let segments: Vec<Segment> = reply
            .segments
            .iter()
            .map(|segment| Segment {
                text: segment.text.trim().to_owned(),
                start_ms: ms(segment.start),
                end_ms: ms(segment.end),
                confidence: segment.avg_logprob.map_or(1.0, f32::exp),
            })
            .collect();
        let logprobs: Vec<f32> = reply.segments.iter().filter_map(|segment| segment.avg_logprob).collect();
        // A service that says nothing of it is believed.
        let confidence = match logprobs.len() {
            0 => 1.0,
            count => (logprobs.iter().sum::<f32>() / count as f32).exp(),
        };
        let words = match reply.words.is_empty() {
            false => reply
                .words
                .into_iter()
                .map(|word| Word {
                    text: word.word.trim().to_owned(),
                    confidence: word.probability.unwrap_or(confidence),
                })
                .collect(),
            true => text.split(' ').map(|word| Word { text: word.to_owned(), confidence }).collect(),
        };
        Ok(Transcript {
            text,
            words,
            segments,
            confidence,
            language: reply.language,
            model: self.config.model.clone(),
            audio_ms: u64::try_from(pcm.duration().as_millis()).unwrap_or(u64::MAX),
            decode_ms: (elapsed.as_secs_f64() * 1e6).round() / 1e3,
        })
    }

    async fn read(&self, response: Response) -> Result<Vec<u8>, SpeechError> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.unreachable(&error))?;
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(SpeechError::Remote(format!("{}: its answer is too large", self.config.model)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unreachable(&self, error: &reqwest::Error) -> SpeechError {
        let host = self.endpoint.host_str().unwrap_or_default();
        let reason = if error.is_timeout() { "no answer in time" } else { "no connection" };
        SpeechError::Remote(format!("{} at {host}: {reason}", self.config.model))
    }

    fn fault(&self, status: StatusCode, body: &[u8]) -> SpeechError {
        let said = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
        let said = said.pointer("/error/message").and_then(serde_json::Value::as_str).unwrap_or_default();
        let said: String = said.chars().take(MAX_REASON_CHARS).collect();
        SpeechError::Remote(format!("{}: it answered {}; {said}", self.config.model, status.as_u16()))
    }
}

#[async_trait]
impl Transcriber for RemoteTranscriber {
    async fn transcribe(
        &self,
        pcm: Pcm,
        hints: Hints,
        cancel: CancellationToken,
    ) -> Result<Transcript, SpeechError> {
        // Nothing that is surely no speech leaves this machine.
        pieces::speech_in(pcm.samples())?;
        let deadline = self.config.deadline;
        let heard = tokio::select! {
            () = cancel.cancelled() => Err(SpeechError::Cancelled),
            heard = tokio::time::timeout(deadline, self.exchange(&pcm, &hints)) => {
                heard.unwrap_or(Err(SpeechError::Timeout(deadline)))
            }
        };
        if let (Ok(transcript), Some(parts)) = (&heard, &hints.parts) {
            parts.send(transcript.text.clone()).ok();
        }
        heard
    }

    fn model(&self) -> SpeechModel {
        SpeechModel { name: self.config.model.clone(), embedded: false, language: None, note: None }
    }
}

/// What to expect and what went before, the latter last and whole; services keep the end of a long prompt.
fn prompt(hints: &Hints) -> Option<String> {
    let mut prompt = String::new();
    for phrase in hints.vocabulary.as_deref().unwrap_or_default() {
        if prompt.len() + phrase.len() > MAX_VOCABULARY_BYTES {
            break;
        }
        prompt.push_str(phrase);
        prompt.push_str(", ");
    }
    prompt.push_str(hints.prompt.as_deref().unwrap_or_default());
    Some(prompt.trim_end_matches(", ").to_owned()).filter(|prompt| !prompt.is_empty())
}

/// Mono, 16 bit, 16 kHz.
fn wav(samples: &[f32]) -> Result<Vec<u8>, hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Vec::with_capacity(44 + samples.len() * 2);
    let mut writer = hound::WavWriter::new(Cursor::new(&mut file), spec)?;
    for sample in samples {
        writer.write_sample((sample * f32::from(i16::MAX)) as i16)?;
    }
    writer.finalize()?;
    Ok(file)
}
