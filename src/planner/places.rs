//! Where in an answer's text stand the names and values that decide what is done.

use std::ops::Range;

/// A name or value, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes of the text, the closing quote included: to stop there was a choice too.
    pub(super) bytes: Range<usize>,
    /// What it is.
    pub(super) kind: PlaceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// Of a service or tool.
    Name,
    /// A value of an argument of a step, counted from 0, or a part of that value.
    Argument { step: usize, name: String },
}

/// The names of services and tools and the values inside `params`. Broken JSON gives the places up to
/// the break.
pub(super) fn deciding(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    // The key under which each open object or list stands, and the latest key inside it.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut steps = 0_usize;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'{' | b'[' => {
                let under = open.last().map(|(_, key)| key.clone()).unwrap_or_default();
                steps += usize::from(bytes[at] == b'{' && open.len() == 2 && under == "selectedTools");
                // Inside a list, values stand under the key of the list itself.
                let inner = if bytes[at] == b'[' { under.clone() } else { String::new() };
                open.push((under, inner));
                at + 1
            }
            b'}' | b']' => {
                open.pop();
                at + 1
            }
            b'"' => {
                let end = string_end(bytes, at);
                let inner = text.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
                let is_key = text[end..].trim_start().starts_with(':');
                if let Some((_, key)) = open.last_mut().filter(|_| is_key) {
                    inner.clone_into(key);
                } else if let Some(kind) = kind(&open, steps).filter(|_| !is_key) {
                    places.push(Place { bytes: at + 1..end, kind });
                }
                end
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => at + 1,
            _ => {
                let length = text[at..].find([',', '}', ']']).unwrap_or(text.len() - at);
                if let Some(kind) = kind(&open, steps) {
                    places.push(Place { bytes: at..at + length, kind });
                }
                at + length.max(1)
            }
        };
        at = end;
    }
    places
}

fn kind(open: &[(String, String)], steps: usize) -> Option<PlaceKind> {
    if let Some((_, name)) = open.iter().find(|(under, _)| under == "params") {
        return Some(PlaceKind::Argument { step: steps.saturating_sub(1), name: name.clone() });
    }
    open.last().is_some_and(|(_, key)| key == "service" || key == "tool").then_some(PlaceKind::Name)
}

/// The place behind the closing quote, or the end of a text that lacks one.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"selectedTools":[{"service":"desk","tool":"add \"x\"","params":{"text":"buy milk","tags":["a",2],"deep":{"on":true}}},{"service":"b","tool":"c","params":{"n":1}}],"executionPlan":"Adds."}"#;

    #[test]
    fn finds_names_and_values_but_no_keys_and_no_prose() {
        let found: Vec<(&str, PlaceKind)> =
            deciding(ANSWER).into_iter().map(|place| (&ANSWER[place.bytes], place.kind)).collect();
        let value = |step, name: &str| PlaceKind::Argument { step, name: name.to_owned() };
        assert_eq!(
            found,
            [
                ("desk\"", PlaceKind::Name),
                ("add \\\"x\\\"\"", PlaceKind::Name),
                ("buy milk\"", value(0, "text")),
                ("a\"", value(0, "tags")),
                ("2", value(0, "tags")),
                ("true", value(0, "deep")),
                ("b\"", PlaceKind::Name),
                ("c\"", PlaceKind::Name),
                ("1", value(1, "n")),
            ]
        );
    }

    #[test]
    fn broken_text_is_no_danger() {
        for text in
            ["", "}", "]]]", "\"", "{\"params\":{\"a\":\"é\\", "{\"tool\":", "é{é\"é", "{\"params\":{\"a\":}"]
        {
            deciding(text);
        }
    }
}
