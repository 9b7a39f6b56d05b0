//! What a model wrote, token by token, and the words and parts that are made of it.

use std::ops::Range;

use crate::domain::{SAMPLE_RATE_HZ, Segment, Word};

/// One token that a model wrote.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// Its text; the piece of a word, with a blank in front where a word begins.
    pub(super) text: String,
    /// Its probability, 0 to 1.
    pub(super) probability: f32,
}

/// Mean natural log-probability of the tokens; 0 where there are none.
pub(super) fn mean_logprob(tokens: &[Heard]) -> f32 {
    match tokens.len() {
        0 => 0.0,
        count => tokens.iter().map(|token| token.probability.max(1e-6).ln()).sum::<f32>() / count as f32,
    }
}

/// What was heard in a part of the samples.
pub(super) fn segment(tokens: &[Heard], piece: Range<usize>) -> Segment {
    let ms = |samples: usize| (samples as u64 * 1_000) / u64::from(SAMPLE_RATE_HZ);
    Segment {
        text: text(tokens),
        start_ms: ms(piece.start),
        end_ms: ms(piece.end),
        confidence: mean_logprob(tokens).exp(),
    }
}

/// The tokens as one text.
pub(super) fn text(tokens: &[Heard]) -> String {
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tokens to words: a token that begins with a blank begins a word.
pub(super) fn words(tokens: &[Heard]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for token in tokens {
        let text = token.text.trim();
        if text.is_empty() {
            continue;
        }
        match words.last_mut() {
            Some(word) if !token.text.starts_with(char::is_whitespace) => {
                word.text.push_str(text);
                word.confidence = word.confidence.min(token.probability);
            }
            _ => words.push(Word { text: text.to_owned(), confidence: token.probability }),
        }
    }
    words
}
