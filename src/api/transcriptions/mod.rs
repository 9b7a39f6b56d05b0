//! `POST /v1/audio/transcriptions` as OpenAI's clients send it, so that other programs can let Hark hear.
//!
//! What differs is said and not passed over: the model is the one that Hark runs, whatever name is sent;
//! decoding is greedy, so the temperature has no effect; words have no times.

mod error;
mod format;
mod form;

use std::convert::Infallible;

use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{FutureExt, Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::AppState;
use crate::domain::{Pcm, Transcript};
use crate::speech::{Hints, SpeechError};
use error::OpenAiError;
use form::{Asked, TranscriptionForm};

/// Write down what is said
///
/// As OpenAI's `audio/transcriptions`: a form with `file` and, where wanted, `language`, `prompt`,
/// `response_format` and `stream`. Errors have OpenAI's form as well.
#[utoipa::path(
    post, path = "/v1/audio/transcriptions", tag = "speech",
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The text in the format that was asked for"),
        (status = "default", description = "A refusal in OpenAI's form"),
    )
)]
pub(crate) async fn transcribe(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, OpenAiError> {
    let Asked { file, language, prompt, format, is_streamed } = Asked::read(state.config(), request).await?;
    let model = state.parts().speech.model();
    if let (Some(asked), Some(only)) = (&language, &model.language)
        && asked != only
    {
        let message = format!("the speech model {} hears only the language {only}", model.name);
        return Err(OpenAiError::field("language", message));
    }
    let pcm = state.parts().decoder.decode(file).await?;
    let mut hints = Hints { prompt, language, ..Hints::default() };
    if is_streamed {
        let (parts, told) = mpsc::unbounded_channel();
        hints.parts = Some(parts);
        return Ok(streamed(state, pcm, hints, told).into_response());
    }
    let transcript = hear(&state, pcm, hints).await?;
    Ok(format.answer(&transcript))
}

async fn hear(state: &AppState, pcm: Pcm, hints: Hints) -> Result<Transcript, SpeechError> {
    // Whoever asked and went away drops this, and with it the work.
    state.parts().speech.transcribe(pcm, hints, CancellationToken::new()).await
}

/// The parts as they are heard, then the whole.
fn streamed(
    state: AppState,
    pcm: Pcm,
    hints: Hints,
    parts: mpsc::UnboundedReceiver<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let heartbeat = state.config().heartbeat;
    let hearing = async move { hear(&state, pcm, hints).await }.boxed();
    let told = stream::unfold((Some(hearing), parts, ""), async |(hearing, mut parts, blank)| {
        let mut hearing = hearing?;
        let mut whole = None;
        loop {
            tokio::select! {
                biased;
                Some(part) = parts.recv() => {
                    let delta = json!({"type": "transcript.text.delta", "delta": format!("{blank}{part}")});
                    let hearing = match whole {
                        None => hearing,
                        Some(whole) => futures::future::ready(whole).boxed(),
                    };
                    return Some((event("transcript.text.delta", delta), (Some(hearing), parts, " ")));
                }
                heard = &mut hearing, if whole.is_none() => whole = Some(heard),
                // Neither is left: all parts are told, and what sent them has ended.
                else => return Some((last(whole?), (None, parts, blank))),
            }
        }
    });
    Sse::new(told.map(Ok)).keep_alive(KeepAlive::new().interval(heartbeat))
}

fn last(whole: Result<Transcript, SpeechError>) -> Event {
    match whole {
        Ok(transcript) => {
            event("transcript.text.done", json!({"type": "transcript.text.done", "text": transcript.text}))
        }
        Err(error) => event("error", OpenAiError::from(error).body()),
    }
}

fn event(name: &str, data: serde_json::Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
