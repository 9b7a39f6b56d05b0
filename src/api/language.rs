//! The language that a request is to be answered in.

use axum::http::{HeaderMap, header};

use crate::domain::Language;
use crate::phrases::Choice;

/// What `Accept-Language` asks for, where Hark has it.
pub(super) fn wanted(headers: &HeaderMap) -> Option<Language> {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    Choice::read(&values.collect::<Vec<_>>().join(",")).best()
}
