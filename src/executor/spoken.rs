//! Results and names in the form in which they can be read out.

use serde_json::Value;

use crate::domain::{Language, ToolName};
use crate::phrases::{Phrase, say};

/// Properties that name the thing they belong to, the best first.
const NAMING: &[&str] = &["title", "name", "summary", "text", "label", "id"];

/// A list is read out up to this many items.
const ITEMS_AT_MOST: usize = 5;

/// A tool's name in words, with its server: `add note (desk)`.
pub(super) fn tool_in_words(name: &ToolName) -> String {
    format!("{} ({})", words(&name.tool), name.service)
}

/// `addNote` and `add_note` are both `add note`.
pub(super) fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for letter in name.chars() {
        match letter {
            '_' | '-' | '.' | '/' | ' ' => {
                if !words.ends_with(' ') && !words.is_empty() {
                    words.push(' ');
                }
                after_lower = false;
            }
            _ if letter.is_uppercase() && after_lower => {
                words.push(' ');
                words.extend(letter.to_lowercase());
                after_lower = false;
            }
            _ => {
                words.push(letter);
                after_lower = letter.is_lowercase() || letter.is_ascii_digit();
            }
        }
    }
    words.trim_end().to_owned()
}

/// The first sentences of a result, at most about `limit` characters, on one line.
pub(super) fn sentences(text: &str, limit: usize) -> String {
    let line = one_line(text);
    let mut end = 0;
    for (index, letter) in line.char_indices() {
        let next = index + letter.len_utf8();
        let ends =
            matches!(letter, '.' | '!' | '?') && line[next..].chars().next().is_none_or(char::is_whitespace);
        if ends || next == line.len() {
            if line[..next].chars().count() > limit {
                break;
            }
            end = next;
        }
    }
    match end {
        0 => shorten(&line, limit),
        end => line[..end].to_owned(),
    }
}

/// At most `limit` characters, cut between words where there are any.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let kept = &text[..cut];
    // Not much is given up for a whole word.
    let at_word = kept.rfind(char::is_whitespace).filter(|space| *space > cut * 3 / 4);
    format!("{}…", kept[..at_word.unwrap_or(cut)].trim_end())
}

/// A structured value as "name: value" pairs; `None` where it says nothing.
pub(super) fn pairs(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Object(members) => {
            // Many servers wrap a bare value in an object with one member of that name.
            if let (1, Some(result)) = (members.len(), members.get("result")) {
                return pairs(result, language);
            }
            let said: Vec<String> = members
                .iter()
                .filter_map(|(name, value)| Some(format!("{}: {}", words(name), plain(value, language)?)))
                .collect();
            (!said.is_empty()).then(|| said.join(", "))
        }
        other => plain(other, language),
    }
}

fn plain(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(true) => Some(say("value-yes", language)),
        Value::Bool(false) => Some(say("value-no", language)),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(one_line(text)).filter(|text| !text.is_empty()),
        Value::Array(items) if items.is_empty() => Some(say("value-none", language)),
        Value::Array(items) => {
            let mut said: Vec<String> =
                items.iter().filter_map(|item| naming(item, language)).take(ITEMS_AT_MOST).collect();
            if said.is_empty() {
                return Some(counted("value-items", items.len(), language));
            }
            if items.len() > said.len() {
                said.push(counted("value-more", items.len() - said.len(), language));
            }
            Some(listed(&said, language))
        }
        Value::Object(_) => naming(value, language),
    }
}

/// What an item of a list is called.
fn naming(value: &Value, language: Language) -> Option<String> {
    let Value::Object(members) = value else {
        return match value {
            Value::Array(items) => Some(counted("value-items", items.len(), language)),
            other => plain(other, language),
        };
    };
    let is_scalar = |value: &&Value| !value.is_object() && !value.is_array();
    let named = NAMING.iter().filter_map(|name| members.get(*name)).find(is_scalar);
    named.or_else(|| members.values().find(is_scalar)).and_then(|value| plain(value, language))
}

fn counted(name: &'static str, count: usize, language: Language) -> String {
    Phrase::new(name).with("count", count).say(language)
}

/// "a", "a and b", "a, b and c".
pub(super) fn listed(items: &[String], language: Language) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => {
            Phrase::new("listed").with("others", head.join(", ")).with("last", last.clone()).say(language)
        }
    }
}

/// Lines run together as one would read them; marks of Markdown and control characters go.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for part in text.lines() {
        let part = part.trim().trim_start_matches(['#', '>', '•']).trim_start();
        let part = part.strip_prefix("- ").or_else(|| part.strip_prefix("* ")).unwrap_or(part);
        let part: String = part.replace("**", "").replace('`', "");
        let words: Vec<&str> = part
            .split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        if words.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push_str(if line.ends_with(['.', '!', '?', ':', ';', ',']) { " " } else { ", " });
        }
        line.push_str(&words.join(" "));
    }
    line
}
