//! What is understood without a model, so that it works at once and always.

use super::say;
use crate::domain::Language;

/// Whether `text` says nothing but what stands, separated by semicolons, in the phrase of that name, in this
/// language or in English. Only the whole text counts: "stop the timer" is not "stop".
pub fn is_understood(name: &'static str, text: &str, language: Language) -> bool {
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let words = words.join(" ");
    let knows = |language| say(name, language).split(';').any(|known| known.trim() == words);
    knows(language) || knows(Language::ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_text_counts() {
        for text in ["Yes.", "yes, please", "Go ahead!", "YES"] {
            assert!(is_understood("yes-words", text, Language::ENGLISH), "{text}");
        }
        for text in ["yes but tomorrow", "no", "", "..."] {
            assert!(!is_understood("yes-words", text, Language::ENGLISH), "{text}");
        }
        assert!(is_understood("yes-words", "Ja, bitte", Language("de")));
        assert!(is_understood("no-words", "nein", Language("de")));
        assert!(is_understood("no-words", "No, don't.", Language("de")));
    }
}
