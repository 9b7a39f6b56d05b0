//! The wake phrase: words that an utterance must begin with to be meant for Hark. They are looked for in
//! the transcript, and with tolerance: a short name is what a recogniser mishears first.

use strsim::normalized_damerau_levenshtein;

/// A wake phrase that is this much like what was heard was meant, 0 to 1. "hey heart", "hey harp" and
/// "hay hark" are above it, "play hard" and "they are" are below.
const LIKENESS: f64 = 0.7;

/// Words that address Hark, such as "hey hark".
#[derive(Clone, Debug)]
pub struct WakePhrase {
    words: Vec<String>,
}

impl WakePhrase {
    /// The words of `phrase`; none where it has no letters.
    pub fn new(phrase: &str) -> Option<Self> {
        let words: Vec<String> = words(phrase).map(|(word, _)| word).collect();
        (!words.is_empty()).then_some(Self { words })
    }

    /// What was said after the phrase, where `text` begins with it; empty where nothing follows.
    pub fn after<'a>(&self, text: &'a str) -> Option<&'a str> {
        let wanted = self.words.join(" ");
        // A recogniser may write one word as two or two as one.
        let count = self.words.len();
        let heard: Vec<(String, usize)> = words(text).take(count + 1).collect();
        (1..=heard.len())
            .filter_map(|taken| {
                let said = heard[..taken].iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
                let likeness = normalized_damerau_levenshtein(&wanted, &said);
                Some((likeness, heard.get(taken - 1)?.1))
            })
            .filter(|(likeness, _)| *likeness >= LIKENESS)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .and_then(|(_, end)| text.get(end..))
            .map(|rest| rest.trim_start_matches(|letter: char| !letter.is_alphanumeric()))
    }
}

/// The words of a text in lower case, each with the place where it ends.
fn words(text: &str) -> impl Iterator<Item = (String, usize)> {
    text.split_whitespace().filter_map(|word| {
        let end = word.as_ptr() as usize - text.as_ptr() as usize + word.len();
        let letters: String = word.chars().filter(|letter| letter.is_alphanumeric()).collect();
        (!letters.is_empty()).then(|| (letters.to_lowercase(), end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrase_is_heard_with_tolerance_and_taken_off() {
        let wake = WakePhrase::new("Hey Hark").unwrap();
        for (said, rest) in [
            ("Hey Hark, add milk to the list.", "add milk to the list."),
            ("hey heart what time is it", "what time is it"),
            ("Hay Hark. Stop!", "Stop!"),
            ("Heyhark stop", "stop"),
            ("hey hark", ""),
        ] {
            assert_eq!(wake.after(said), Some(rest), "{said}");
        }
        for said in ["add milk to the list", "play hard rock", "they are here", "hey", "", "the hey hark"] {
            assert_eq!(wake.after(said), None, "{said}");
        }
        assert!(WakePhrase::new(" ... ").is_none());
    }
}
