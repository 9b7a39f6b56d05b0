//! "Stop" is understood without a model, so that it works at once and always.

use crate::domain::Language;
use crate::phrases::{Phrase, is_understood, say};

/// Whether `text` says nothing but that what is under way is to end, in this language or in English. Only
/// what stands in the catalogue counts, and only alone: "stop the timer" is a command like any other.
pub(super) fn is_meant(text: &str, language: Language) -> bool {
    is_understood("stop-words", text, language)
}

/// What is said once so many commands were told to stop.
pub(super) fn reply(stopped: usize, had_question: bool, language: Language) -> String {
    match (stopped, had_question) {
        (0, true) => say("stopped-question", language),
        (0, false) => say("stopped-nothing", language),
        (count, _) => Phrase::new("stopped").with("count", count).say(language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_stop_is_one() {
        for text in ["Stop.", "stop", "Cancel that!", "Never mind…", "STOP IT"] {
            assert!(is_meant(text, Language::ENGLISH), "{text}");
            assert!(is_meant(text, Language("de")), "{text}");
        }
        for text in ["stop the timer", "cancel my meeting", "don't stop", "", "..."] {
            assert!(!is_meant(text, Language::ENGLISH), "{text}");
        }
        assert!(is_meant("Hör auf!", Language("de")) && !is_meant("Hör auf!", Language::ENGLISH));
        assert!(!is_meant("", Language("de")));
    }
}
