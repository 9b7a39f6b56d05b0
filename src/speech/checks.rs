//! Whether text can be what was said. On noise a speech model does not fall silent: it invents.

use std::time::Duration;

use super::heard::{Heard, mean_logprob};
use crate::domain::Decoding;

/// What the checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may well have been said.
    Plausible,
    /// There are no words.
    Empty,
    /// It was not said.
    Invented,
    /// It is too unsure to be acted upon.
    Unsure,
}

/// Looks at the tokens heard in `sound` of audible sound by a model that had `prompt` in mind.
pub(super) fn judge(tokens: &[Heard], sound: Duration, prompt: &str, decoding: &Decoding) -> Verdict {
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    if !text.chars().any(char::is_alphanumeric) {
        return Verdict::Empty;
    }
    // A second is granted, since even one short word has several tokens.
    let allowed = decoding.max_tokens_per_second * sound.as_secs_f32().max(1.0);
    let words = words(&text);
    let is_invented = tokens.len() as f32 > allowed
        || repeats(&words)
        || is_known_invention(&words)
        || echoes(&words, prompt);
    if is_invented {
        return Verdict::Invented;
    }
    if mean_logprob(tokens) < decoding.min_mean_logprob {
        return Verdict::Unsure;
    }
    Verdict::Plausible
}

/// What whisper's stock models write for silence and noise: ends of videos and credits of subtitles, as
/// users and studies report them (`whisper.cpp` issues 1026 and 1724; arXiv 2501.11378). Nobody says these
/// to an assistant that is to do something.
const INVENTIONS: [&str; 22] = [
    "you",
    "thank you",
    "thank you very much",
    "thank you so much",
    "thanks for watching",
    "thank you for watching",
    "thank you for watching this video",
    "thanks for watching bye",
    "thank you bye",
    "bye",
    "bye bye",
    "please subscribe",
    "please subscribe to my channel",
    "like and subscribe",
    "see you next time",
    "see you in the next video",
    "i ll see you in the next video",
    "subtitles by the amara org community",
    "transcription by castingwords",
    "the end",
    "so",
    "oh",
];

fn is_known_invention(words: &[String]) -> bool {
    INVENTIONS.contains(&words.join(" ").as_str())
}

/// On silence a model may write what it was told to expect. One word of it may well have been said.
fn echoes(said: &[String], prompt: &str) -> bool {
    let prompt = words(prompt);
    said.len() >= 3 && prompt.windows(said.len()).any(|run| run == said)
}

/// In lower case, without marks.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether three words in a row come three times: the loop in which a lost model ends.
fn repeats(words: &[String]) -> bool {
    let runs: Vec<&[String]> = words.windows(3).collect();
    runs.iter().any(|run| runs.iter().filter(|other| *other == run).count() >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, probability: f32) -> Vec<Heard> {
        text.split_inclusive(' ')
            .map(|word| Heard { text: format!(" {}", word.trim()), probability })
            .collect()
    }

    fn verdict(text: &str, probability: f32, seconds: u64) -> Verdict {
        let decoding = Decoding {
            window_margin_frames: 8,
            window_floor_frames: 32,
            window_step_frames: 1,
            retry_full_window: false,
            longest_piece_ms: 8_000,
            prompt: false,
            bias: 0.0,
            beam: 1,
            max_tokens: 96,
            max_tokens_per_second: 9.0,
            min_mean_logprob: -0.8,
        };
        judge(
            &heard(text, probability),
            Duration::from_secs(seconds),
            "notes, the shopping list, Anna",
            &decoding,
        )
    }

    #[test]
    fn what_can_not_have_been_said_is_told_apart() {
        assert_eq!(verdict("add milk to the shopping list", 0.9, 2), Verdict::Plausible);
        assert_eq!(verdict("add milk to the shopping list", 0.3, 2), Verdict::Unsure);
        assert_eq!(verdict("Thanks for watching!", 0.95, 2), Verdict::Invented);
        assert_eq!(verdict("the shopping list, Anna", 0.95, 2), Verdict::Invented, "that is the prompt");
        assert_eq!(verdict("Anna", 0.95, 2), Verdict::Plausible);
        assert_eq!(verdict("six six six six six", 0.9, 2), Verdict::Invented);
        assert_eq!(verdict("... -", 0.9, 2), Verdict::Empty);
        assert_eq!(verdict("one two three four five six seven eight nine ten", 0.9, 1), Verdict::Invented);
    }
}
