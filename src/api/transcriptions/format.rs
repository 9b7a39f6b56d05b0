//! The forms in which a transcript is answered.

use std::fmt::Write;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::OpenAiError;
use crate::domain::Transcript;

/// OpenAI's `response_format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    VerboseJson,
    Srt,
    Vtt,
}

impl Format {
    pub(super) fn named(name: &str) -> Result<Self, OpenAiError> {
        match name {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "verbose_json" => Ok(Self::VerboseJson),
            "srt" => Ok(Self::Srt),
            "vtt" => Ok(Self::Vtt),
            _ => Err(OpenAiError::field(
                "response_format",
                format!("there is no response_format {name:?}; it is json, text, verbose_json, srt or vtt"),
            )),
        }
    }

    pub(super) fn answer(self, transcript: &Transcript) -> Response {
        let plain = |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
        match self {
            Self::Json => Json(json!({"text": transcript.text})).into_response(),
            Self::Text => plain("text/plain; charset=utf-8", format!("{}\n", transcript.text)),
            Self::VerboseJson => Json(verbose(transcript)).into_response(),
            Self::Srt => plain("application/x-subrip; charset=utf-8", srt(transcript)),
            Self::Vtt => plain("text/vtt; charset=utf-8", vtt(transcript)),
        }
    }
}

fn verbose(transcript: &Transcript) -> Value {
    let segments: Vec<Value> = transcript
        .segments
        .iter()
        .enumerate()
        .map(|(id, segment)| {
            json!({
                "id": id,
                "start": seconds(segment.start_ms),
                "end": seconds(segment.end_ms),
                "text": segment.text,
                "avg_logprob": segment.confidence.max(1e-6).ln(),
                "temperature": 0.0,
            })
        })
        .collect();
    json!({
        "task": "transcribe",
        "language": transcript.language,
        "duration": seconds(transcript.audio_ms),
        "text": transcript.text,
        "segments": segments,
    })
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}

fn srt(transcript: &Transcript) -> String {
    let mut text = String::new();
    for (index, segment) in transcript.segments.iter().enumerate() {
        let (start, end) = (clock(segment.start_ms, ','), clock(segment.end_ms, ','));
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\n{start} --> {end}\n{}\n\n", index + 1, segment.text);
    }
    text
}

fn vtt(transcript: &Transcript) -> String {
    let mut text = "WEBVTT\n\n".to_owned();
    for segment in &transcript.segments {
        let (start, end) = (clock(segment.start_ms, '.'), clock(segment.end_ms, '.'));
        let _ = write!(text, "{start} --> {end}\n{}\n\n", segment.text);
    }
    text
}

/// `00:01:02,345`; subtitles differ in the mark before the thousandths only.
fn clock(ms: u64, mark: char) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{mark}{:03}", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Segment;

    #[test]
    fn subtitles_have_the_times_of_the_parts() {
        let segment = |text: &str, start_ms, end_ms| Segment {
            text: text.to_owned(),
            start_ms,
            end_ms,
            confidence: 0.9,
        };
        let transcript = Transcript {
            text: "one two".to_owned(),
            words: Vec::new(),
            segments: vec![segment("one", 0, 2_500), segment("two", 2_500, 3_661_007)],
            confidence: 0.9,
            language: Some("en".to_owned()),
            model: "any".to_owned(),
            audio_ms: 3_661_007,
            decode_ms: 1.0,
        };
        assert_eq!(
            srt(&transcript),
            "1\n00:00:00,000 --> 00:00:02,500\none\n\n2\n00:00:02,500 --> 01:01:01,007\ntwo\n\n"
        );
        assert!(vtt(&transcript).starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\none\n"));
        assert_eq!(verbose(&transcript)["segments"][1]["end"], 3661.007);
    }
}
