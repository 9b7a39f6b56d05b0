//! Spoken number words become digits, and a sentence becomes plain tokens.

use text2num::{Language, replace_numbers_in_text};

/// Lower case, digits for number words ("twenty five" is "25", "third" is "3rd").
///
/// Ordinals that are also units ("second") are left to the caller, who knows what is meant.
pub(super) fn with_digits(text: &str) -> String {
    let plain = text.to_lowercase().replace(['’', '‘'], "'");
    replace_numbers_in_text(&plain, &Language::english(), 0.0)
}

/// The text cut at white space and between digits and letters: "10min" is "10", "min".
///
/// A colon or full stop between digits stays inside the token; other punctuation is dropped.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut ended = |current: &mut String| {
        if !current.is_empty() {
            found.push(std::mem::take(current));
        }
    };
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(index + 1).copied();
        let inside_number =
            before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_digit());
        if c.is_alphanumeric() {
            if before.is_some_and(|b| b.is_ascii_digit() != c.is_ascii_digit() && b.is_alphanumeric()) {
                ended(&mut current);
            }
            current.push(c);
        } else if (matches!(c, ':' | '.' | '/' | '-') && inside_number) || c == '\'' {
            current.push(c);
        } else if c == '.' {
            // The dots of "p.m." vanish without cutting the word in two.
            if !before.is_some_and(|b| b.is_alphabetic()) {
                ended(&mut current);
            }
        } else {
            ended(&mut current);
            if matches!(c, '½' | '¼' | '¾') {
                found_fraction(&mut current, c);
                ended(&mut current);
            }
        }
    }
    ended(&mut current);
    found
}

fn found_fraction(current: &mut String, c: char) {
    current.push_str(match c {
        '½' => "0.5",
        '¼' => "0.25",
        _ => "0.75",
    });
}

/// The text in lower case without articles and punctuation, for comparing names.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
        .replace(['-', '_'], " ")
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty() && !matches!(*word, "the" | "my" | "a" | "an" | "our"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The argument, when it says something: small models send "" for what they leave out.
pub(super) fn given(argument: &Option<String>) -> Option<&str> {
    argument.as_deref().map(str::trim).filter(|said| !said.is_empty())
}
