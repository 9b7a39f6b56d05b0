//! "Stop" is understood without a model, so that it works at once and always.

/// What people say when they want something to end, in lower case and without marks. Only these, and only
/// alone: "stop the timer" is a command like any other.
const PHRASES: [&str; 14] = [
    "stop",
    "stop it",
    "stop that",
    "stop this",
    "stop now",
    "stop everything",
    "please stop",
    "cancel",
    "cancel it",
    "cancel that",
    "never mind",
    "nevermind",
    "forget it",
    "abort",
];

/// Whether `text` says nothing but that what is under way is to end.
pub(super) fn is_meant(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    PHRASES.contains(&words.join(" ").as_str())
}

/// What is said once so many commands were told to stop.
pub(super) fn reply(stopped: usize, had_question: bool) -> String {
    match (stopped, had_question) {
        (0, true) => "All right, I leave it.".to_owned(),
        (0, false) => "Nothing is under way.".to_owned(),
        (1, _) => "Stopped.".to_owned(),
        (count, _) => format!("Stopped {count} commands."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_stop_is_one() {
        for text in ["Stop.", "stop", "Cancel that!", "Never mind…", "STOP IT"] {
            assert!(is_meant(text), "{text}");
        }
        for text in ["stop the timer", "cancel my meeting", "don't stop", "", "..."] {
            assert!(!is_meant(text), "{text}");
        }
    }
}
