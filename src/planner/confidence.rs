//! How sure a model was, read from its token probabilities and never asked of it.
//!
//! Confidence is the geometric mean of the probabilities of the tokens that *decide*: those of the
//! names of services and tools, and of the arguments' values. JSON syntax and keys say nothing, and a token that the
//! grammar forced was no choice. It is not calibrated: 0.8 does not yet mean "right in 8 of 10 cases".

use std::ops::Range;

use crate::llm::TokenLogprob;

/// The geometric mean of the deciding tokens' probabilities, 0 to 1. None where the model reported
/// no token probabilities.
pub(super) fn measure(text: &str, tokens: &[TokenLogprob]) -> Option<f32> {
    if tokens.is_empty() {
        return None;
    }
    let deciding = deciding_places(text);
    let mut start = 0;
    let mut chosen = Vec::new();
    let mut all = Vec::new();
    for token in tokens {
        let end = start + token.text.len();
        if !token.forced {
            all.push(token.logprob);
            if deciding.iter().any(|place| place.start < end && start < place.end) {
                chosen.push(token.logprob);
            }
        }
        start = end;
    }
    // Where the names and values were all forced, the choice was in the syntax: one tool or none.
    // Where the tokens are not the text's, places in the text say nothing about them.
    let aligned = start == text.len();
    let counted = if aligned && !chosen.is_empty() { chosen } else { all };
    if counted.is_empty() {
        return Some(1.0);
    }
    let mean = counted.iter().sum::<f32>() / counted.len() as f32;
    Some(mean.exp().clamp(0.0, 1.0))
}

/// Where the text is the name of a service or tool, or a value inside `params`, the closing quote
/// included: to stop there was a choice too. Broken JSON gives the places up to the break.
fn deciding_places(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    // The key under which each open object or list stands, and the latest key inside it.
    let mut open: Vec<(String, String)> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'{' | b'[' => {
                let under = open.last().map(|(_, key)| key.clone()).unwrap_or_default();
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
                if !is_key && decides(&open) {
                    places.push(at + 1..end);
                } else if let Some((_, key)) = open.last_mut().filter(|_| is_key) {
                    inner.clone_into(key);
                }
                end
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => at + 1,
            _ => {
                let length = text[at..].find([',', '}', ']']).unwrap_or(text.len() - at);
                if decides(&open) {
                    places.push(at..at + length);
                }
                at + length.max(1)
            }
        };
        at = end;
    }
    places
}

fn decides(open: &[(String, String)]) -> bool {
    let named = open.last().is_some_and(|(_, key)| key == "service" || key == "tool");
    named || open.iter().any(|(under, _)| under == "params")
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

    const ANSWER: &str = r#"{"selectedTools":[{"service":"desk","tool":"add \"x\"","params":{"text":"buy milk","tags":["a",2],"deep":{"on":true}}}],"executionPlan":"Adds."}"#;

    fn token(text: &str, probability: f32, forced: bool) -> TokenLogprob {
        TokenLogprob { text: text.to_owned(), logprob: probability.ln(), legal_mass: None, forced }
    }

    #[test]
    fn finds_names_and_values_but_no_keys_and_no_prose() {
        let found: Vec<&str> = deciding_places(ANSWER).into_iter().map(|place| &ANSWER[place]).collect();
        assert_eq!(found, ["desk\"", "add \\\"x\\\"\"", "buy milk\"", "a\"", "2", "true"]);
    }

    #[test]
    fn counts_deciding_tokens_only() {
        let tokens = [
            token(r#"{"selectedTools":[{"#, 0.1, false),
            token(r#""service":""#, 1.0, true),
            token("desk", 0.9, false),
            token(r#"","tool":"add"#, 0.4, false),
            token(r#"","params":{}}]}"#, 0.5, true),
        ];
        let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
        let measured = measure(&text, &tokens).expect("a measure");
        assert!((measured - 0.6).abs() < 1e-3, "{measured}");
    }

    #[test]
    fn where_all_names_were_forced_the_syntax_was_the_choice() {
        let tokens =
            [token(r#"{"selectedTools":["#, 1.0, true), token("]", 0.25, false), token("}", 1.0, true)];
        let measured = measure(r#"{"selectedTools":[]}"#, &tokens).expect("a measure");
        assert!((measured - 0.25).abs() < 1e-3, "{measured}");
        assert_eq!(measure("{}", &[]), None);
    }

    #[test]
    fn broken_text_is_no_danger() {
        for text in
            ["", "}", "]]]", "\"", "{\"params\":{\"a\":\"é\\", "{\"tool\":", "é{é\"é", "{\"params\":{\"a\":}"]
        {
            measure(text, &[token(text, 0.5, false)]);
        }
    }
}
