//! How sure a model was, read from its token probabilities and never asked of it.
//!
//! [`Evidence`] is what the tokens say. Without a calibration, confidence is the geometric mean of the
//! probabilities of the tokens that *decide*: those of the names of services and tools, and of the
//! arguments' values. JSON syntax and keys say nothing, and a token that the grammar forced was no
//! choice. A [`Calibration`] turns the evidence into the probability that the answer is right, by a
//! logistic regression that was fitted to rated commands which the model was not trained on (Platt
//! 1999, with more than one score).

use serde::{Deserialize, Serialize};

use super::places::deciding;
use crate::llm::TokenLogprob;

/// A probability below this counts as this, so that its logarithm stays of use.
const LEAST_PROBABILITY: f64 = 1e-4;

/// What an answer's tokens say of how sure the model was. Logarithms are natural.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The mean logarithm of the deciding tokens' probabilities.
    pub mean: f64,
    /// The least logarithm of a chosen token's probability.
    pub least: f64,
    /// The sum over all chosen tokens.
    pub sum: f64,
    /// The least logarithm of the mass that the model gave to tokens which the form allowed: low where
    /// it wanted to write something else.
    pub mass: f64,
}

/// Weights of the evidence, and one for each kind of answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calibration {
    /// For [`Evidence::mean`].
    pub mean: f64,
    /// For [`Evidence::least`].
    pub least: f64,
    /// For [`Evidence::sum`].
    pub sum: f64,
    /// For [`Evidence::mass`].
    pub mass: f64,
    /// For each step beyond the first.
    pub further_step: f64,
    /// For a plan, a question, and nothing to do.
    pub act: f64,
    /// See `act`.
    pub ask: f64,
    /// See `act`.
    pub nothing: f64,
}

impl Calibration {
    /// That of the embedded model with the adapter that comes with Hark, made by
    /// `models/training/planner`.
    pub fn of_trained_model() -> Self {
        const WEIGHTS: &str = include_str!("../../models/hark-planner.calibration.json");
        // A file of the project's own, which a test reads: it cannot be faulty.
        #[expect(clippy::expect_used, reason = "a test reads it")]
        serde_json::from_str(WEIGHTS).expect("weights")
    }
}

/// What the answer says to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// So many steps.
    Steps(usize),
    Question,
    Nothing,
}

impl Evidence {
    /// None where the model reported no token probabilities.
    pub(super) fn of(text: &str, tokens: &[TokenLogprob]) -> Option<Self> {
        if tokens.is_empty() {
            return None;
        }
        let places = deciding(text);
        let (mut start, mut chosen, mut all) = (0, Vec::new(), Vec::new());
        let mut mass = 0.0_f64;
        for token in tokens {
            let end = start + token.text.len();
            if !token.forced {
                let logprob = f64::from(token.logprob);
                all.push(logprob);
                mass = mass.min(f64::from(token.legal_mass.unwrap_or(1.0)).max(LEAST_PROBABILITY).ln());
                if places.iter().any(|place| place.bytes.start < end && start < place.bytes.end) {
                    chosen.push(logprob);
                }
            }
            start = end;
        }
        // Where the names and values were all forced, the choice was in the syntax: one tool or none.
        // Where the tokens are not the text's, places in the text say nothing about them.
        let counted = if start == text.len() && !chosen.is_empty() { &chosen } else { &all };
        Some(Self {
            mean: counted.iter().sum::<f64>() / counted.len().max(1) as f64,
            least: all.iter().copied().fold(0.0, f64::min).max(LEAST_PROBABILITY.ln()),
            sum: all.iter().sum(),
            mass,
        })
    }

    /// The probability that the answer is right, 0 to 1, where it is calibrated; else the deciding
    /// tokens' mean probability.
    pub(super) fn confidence(&self, answered: Answered, calibration: Option<&Calibration>) -> f32 {
        let Some(weights) = calibration else { return (self.mean.exp() as f32).clamp(0.0, 1.0) };
        let kind = match answered {
            Answered::Steps(steps) => weights.act + weights.further_step * steps.saturating_sub(1) as f64,
            Answered::Question => weights.ask,
            Answered::Nothing => weights.nothing,
        };
        let score = kind
            + weights.mean * self.mean
            + weights.least * self.least
            + weights.sum * self.sum
            + weights.mass * self.mass;
        (1.0 / (1.0 + (-score).exp())) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, probability: f32, forced: bool) -> TokenLogprob {
        TokenLogprob { text: text.to_owned(), logprob: probability.ln(), legal_mass: Some(0.5), forced }
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
        let evidence = Evidence::of(&text, &tokens).expect("evidence");
        let sure = evidence.confidence(Answered::Steps(1), None);
        assert!((sure - 0.6).abs() < 1e-3, "{sure}");
        assert!((evidence.least - 0.1_f64.ln()).abs() < 1e-6, "{evidence:?}");
        assert!((evidence.sum - (0.1_f64 * 0.9 * 0.4).ln()).abs() < 1e-6, "{evidence:?}");
        assert!((evidence.mass - 0.5_f64.ln()).abs() < 1e-6, "{evidence:?}");
    }

    #[test]
    fn where_all_names_were_forced_the_syntax_was_the_choice() {
        let tokens =
            [token(r#"{"selectedTools":["#, 1.0, true), token("]", 0.25, false), token("}", 1.0, true)];
        let evidence = Evidence::of(r#"{"selectedTools":[]}"#, &tokens).expect("evidence");
        let sure = evidence.confidence(Answered::Nothing, None);
        assert!((sure - 0.25).abs() < 1e-3, "{sure}");
        assert_eq!(Evidence::of("{}", &[]), None);
    }

    #[test]
    fn the_weights_that_come_with_the_adapter_can_be_read() {
        let weights = Calibration::of_trained_model();
        assert!(weights.sum >= 0.0 && weights.mass >= 0.0, "more doubt is never more certainty: {weights:?}");
    }

    #[test]
    fn calibrated_it_is_a_probability_that_falls_with_doubt() {
        let weights = Calibration {
            mean: 1.0,
            least: 0.5,
            sum: 0.1,
            mass: 0.5,
            further_step: -0.5,
            act: 2.0,
            ask: 1.0,
            nothing: 1.5,
        };
        let sure = Evidence { mean: 0.0, least: 0.0, sum: 0.0, mass: 0.0 };
        let unsure = Evidence { mean: -1.0, least: -2.0, sum: -5.0, mass: -3.0 };
        let of = |evidence: Evidence, answered| evidence.confidence(answered, Some(&weights));
        assert!((of(sure, Answered::Nothing) - 0.8176).abs() < 1e-3);
        assert!(of(sure, Answered::Steps(1)) > of(sure, Answered::Steps(3)));
        assert!(of(unsure, Answered::Question) < 0.2);
    }
}
