//! How a command is to be answered: what `Accept` and `Prefer` ask for.

use axum::http::{HeaderMap, StatusCode, header};

use super::ApiError;

/// The form of the answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// `text/event-stream`: progress, live.
    Stream,
    /// `application/json`: the result, when it is there.
    Result,
    /// `Prefer: respond-async`: the command's address, at once.
    Address,
}

impl Answer {
    /// Reads the headers. Without `Accept` it is JSON; among several the one of the highest quality
    /// wins, and JSON where they are equal and nothing is said first.
    pub(super) fn asked_by(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut best: Option<(f32, Self)> = None;
        let mut was_asked = false;
        for value in headers.get_all(header::ACCEPT) {
            for item in value.to_str().unwrap_or_default().split(',') {
                was_asked |= !item.trim().is_empty();
                let mut parts = item.split(';').map(str::trim);
                let answer = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "text/event-stream" => Self::Stream,
                    "application/json" | "application/problem+json" | "application/*" | "*/*" => Self::Result,
                    _ => continue,
                };
                let quality = parts
                    .filter_map(|part| part.strip_prefix("q="))
                    .find_map(|quality| quality.parse::<f32>().ok())
                    .unwrap_or(1.0);
                if quality > 0.0 && best.is_none_or(|(best, _)| quality > best) {
                    best = Some((quality, answer));
                }
            }
        }
        match best {
            Some((_, Self::Stream)) => Ok(Self::Stream),
            None if was_asked => Err(ApiError::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "a command is answered as text/event-stream or application/json; name one in Accept",
            )),
            _ if prefers_async(headers) => Ok(Self::Address),
            _ => Ok(Self::Result),
        }
    }
}

fn prefers_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_what_the_headers_ask_for() {
        for (accept, prefer, expected) in [
            (None, None, Some(Answer::Result)),
            (Some("*/*"), None, Some(Answer::Result)),
            (Some("text/event-stream"), None, Some(Answer::Stream)),
            (Some("application/json, text/event-stream"), None, Some(Answer::Result)),
            (Some("application/json;q=0.5, text/event-stream"), None, Some(Answer::Stream)),
            (Some("text/event-stream;q=0, */*;q=0.1"), None, Some(Answer::Result)),
            (Some("text/html, */*;q=0.8"), None, Some(Answer::Result)),
            (Some("text/html"), None, None),
            (None, Some("respond-async"), Some(Answer::Address)),
            (Some("application/json"), Some("wait=10, Respond-Async"), Some(Answer::Address)),
            (Some("text/event-stream"), Some("respond-async"), Some(Answer::Stream)),
            (None, Some("handling=lenient"), Some(Answer::Result)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            if let Some(prefer) = prefer {
                headers.insert("prefer", prefer.parse().unwrap());
            }
            assert_eq!(Answer::asked_by(&headers).ok(), expected, "Accept {accept:?}, Prefer {prefer:?}");
        }
    }
}
