//! Words that are likely to be said, made likelier while the model writes.
//!
//! The phrases are kept as a trie of tokens. While what was written ends with the beginning of a phrase,
//! each token that goes on with it gets a bonus, and every token that begins one gets a smaller one
//! (shallow fusion with a contextual trie: Zhao et al., Interspeech 2019). It costs no decoding time, and
//! works for models that were never trained with a prompt.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

use whisper_rs::{WhisperContext, WhisperSysContext, WhisperSysState, WhisperTokenData};

/// What begins a phrase gets this share of the bonus: everything can begin one. Of 0, 0.25, 0.5, 0.75 and 1
/// this one helped registry words most without harm to other words (`make bench-hearing`, `--bonuses`).
const BEGINNING: f32 = 0.75;
/// Longest phrase in tokens.
const MAX_TOKENS: usize = 16;

/// The phrases of one vocabulary, for one model.
pub(super) struct Bias {
    /// Added to the logit of a token that goes on with a phrase, in nats.
    bonus: f32,
    nodes: Vec<HashMap<i32, usize>>,
    /// The tokens from here on are marks and not text.
    first_mark: i32,
    tokens: c_int,
}

impl Bias {
    /// A trie of `phrases`, each as it may stand in a sentence.
    pub(super) fn new(phrases: &Arc<[String]>, bonus: f32, context: &WhisperContext) -> Self {
        let mut bias = Self {
            bonus,
            nodes: vec![HashMap::new()],
            first_mark: context.token_eot(),
            tokens: context.n_vocab(),
        };
        for phrase in phrases.iter() {
            for form in forms(phrase) {
                // With room for fewer tokens than there are, whisper-rs takes the negative answer for a length.
                let Ok(tokens) = context.tokenize(&form, form.len() + 1) else { continue };
                if (1..=MAX_TOKENS).contains(&tokens.len()) {
                    bias.add(&tokens);
                }
            }
        }
        bias
    }

    fn add(&mut self, tokens: &[i32]) {
        let mut node = 0;
        for token in tokens {
            let next = self.nodes.len();
            let known = self.nodes.get_mut(node).map(|children| *children.entry(*token).or_insert(next));
            let Some(known) = known else { return };
            if known == next {
                self.nodes.push(HashMap::new());
            }
            node = known;
        }
    }

    /// Adds the bonus where what was written goes on with a phrase.
    fn apply(&self, written: &[i32], logits: &mut [f32]) {
        let mut give = |node: usize, bonus: f32| {
            for token in self.nodes.get(node).into_iter().flat_map(HashMap::keys) {
                if let Some(logit) = usize::try_from(*token).ok().and_then(|token| logits.get_mut(token)) {
                    *logit += bonus;
                }
            }
        };
        give(0, self.bonus * BEGINNING);
        for start in written.len().saturating_sub(MAX_TOKENS)..written.len() {
            let mut node = Some(0);
            for token in &written[start..] {
                node = node.and_then(|node| self.nodes.get(node)?.get(token).copied());
            }
            if let Some(node) = node {
                give(node, self.bonus);
            }
        }
    }
}

/// A phrase within a sentence and at its beginning. A blank belongs to a word that follows another one.
fn forms(phrase: &str) -> Vec<String> {
    let phrase = phrase.trim();
    let mut letters = phrase.chars();
    let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let mut forms = vec![format!(" {phrase}")];
    if capital != phrase {
        forms.push(format!(" {capital}"));
    }
    forms
}

/// Asked by whisper.cpp before each token is chosen.
///
/// # Safety
/// `user_data` points to a [`Bias`] that outlives the pass; `tokens` and `logits` are whisper.cpp's own.
pub(super) unsafe extern "C" fn filter(
    _: *mut WhisperSysContext,
    _: *mut WhisperSysState,
    tokens: *const WhisperTokenData,
    count: c_int,
    logits: *mut f32,
    user_data: *mut c_void,
) {
    // SAFETY: as above; the caller passes a `Bias`.
    let bias = unsafe { &*user_data.cast::<Bias>() };
    let written: Vec<i32> = match usize::try_from(count) {
        Ok(count) if count > 0 && !tokens.is_null() => {
            // SAFETY: whisper.cpp passes so many tokens.
            let tokens = unsafe { std::slice::from_raw_parts(tokens, count) };
            tokens.iter().map(|token| token.id).filter(|id| *id < bias.first_mark).collect()
        }
        _ => Vec::new(),
    };
    let Ok(length) = usize::try_from(bias.tokens) else { return };
    if !logits.is_null() {
        // SAFETY: there is a logit for each token of the vocabulary.
        bias.apply(&written, unsafe { std::slice::from_raw_parts_mut(logits, length) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_that_was_begun_gets_more_than_one_that_was_not() {
        let mut bias = Bias { bonus: 2.0, nodes: vec![HashMap::new()], first_mark: 10, tokens: 10 };
        bias.add(&[1, 2, 3]);
        bias.add(&[1, 4]);
        let logits = |written: &[i32]| {
            let mut logits = vec![0.0; 10];
            bias.apply(written, &mut logits);
            logits
        };
        assert_eq!(logits(&[])[..5], [0.0, 1.5, 0.0, 0.0, 0.0]);
        assert_eq!(logits(&[7, 1])[..5], [0.0, 1.5, 2.0, 0.0, 2.0]);
        assert_eq!(logits(&[1, 2])[..5], [0.0, 1.5, 0.0, 2.0, 0.0]);
        assert_eq!(logits(&[2, 3])[..5], [0.0, 1.5, 0.0, 0.0, 0.0], "in the middle nothing begins");
    }

    #[test]
    fn a_phrase_stands_within_a_sentence_and_at_its_beginning() {
        assert_eq!(forms("oat milk "), [" oat milk", " Oat milk"]);
        assert_eq!(forms("Anna"), [" Anna"]);
    }
}
