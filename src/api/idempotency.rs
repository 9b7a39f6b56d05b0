//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that comes again
//! with its key is answered with what came of the first one.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use super::ApiError;
use super::form::Form;
use crate::pipeline::Input;
use crate::store::RequestKey;

const HEADER: &str = "idempotency-key";
/// Longest key.
const MAX_CHARS: usize = 255;

/// The key of a request, if it has one. The draft writes it in quotes, as structured fields are; many
/// clients leave them out.
pub(super) fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_good = (1..=MAX_CHARS).contains(&key.len())
        && key.chars().all(|letter| letter.is_ascii_graphic() && letter != '"');
    match is_good && values.next().is_none() {
        true => Ok(Some(key.to_owned())),
        false => Err(ApiError::bad_request(
            "idempotency_key_invalid",
            format!("Idempotency-Key is one text of 1 to {MAX_CHARS} visible characters, such as a UUID"),
        )),
    }
}

/// The key with a hash of all that is asked for, however the form of the request wraps it.
pub(super) fn request_key(key: String, form: &Form) -> RequestKey {
    let mut hash = Sha256::new();
    let session = form.session.as_ref().map_or("", |session| session.0.as_str());
    let timezone = form.timezone.map_or("", |timezone| timezone.name());
    // Each part with its length before it, so that no two requests look alike.
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(session.as_bytes());
    add(timezone.as_bytes());
    add(&[u8::from(form.dry_run)]);
    match &form.input {
        Input::Audio(sound) => {
            add(b"sound");
            add(sound);
        }
        typed_or_heard => {
            add(b"words");
            add(typed_or_heard.text().as_bytes());
        }
    }
    RequestKey { key, fingerprint: hex::encode(hash.finalize()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_with_and_without_quotes_and_nothing_else_is() {
        let read = |value: &str| {
            let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), value.parse().unwrap())]);
            key_of(&headers).ok().flatten()
        };
        assert_eq!(read("\"8e03-4f\"").as_deref(), Some("8e03-4f"));
        assert_eq!(read("8e03-4f").as_deref(), Some("8e03-4f"));
        for bad in ["", "\"\"", "a b", "\"a\"b\"", &"k".repeat(256)] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(key_of(&HeaderMap::new()).unwrap(), None);
    }
}
