//! Arithmetic with units, spoken or written, worked out by `fend`.
//!
//! The calculator is a language of its own with loops of growth in it, so it runs under a time bound
//! and its answer under a length bound; it has no files, no network and no random numbers.

use std::time::{Duration, Instant};

use fend_core::{Context, Interrupt, evaluate_with_interrupt};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::Answer,
    error::{DeskError, shortened},
    words::with_digits,
};

const TIME_LIMIT: Duration = Duration::from_millis(500);
const MAX_EXPRESSION_CHARS: usize = 300;
const MAX_RESULT_CHARS: usize = 120;

/// A sum and its result.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Sum {
    /// The expression as it was worked out.
    expression: String,
    /// The result with its unit; "approx." stands before a rounded one.
    result: String,
}

struct Deadline(Instant);

impl Interrupt for Deadline {
    fn should_interrupt(&self) -> bool {
        Instant::now() >= self.0
    }
}

/// Works out an expression; takes up to half a second of the thread.
///
/// # Errors
/// [`DeskError::Arithmetic`] with the calculator's reason.
pub(super) fn calculate(said: &str) -> Result<Answer<Sum>, DeskError> {
    let failed = |reason: String| DeskError::Arithmetic { said: shortened(said), reason };
    let found = said.chars().count();
    if found > MAX_EXPRESSION_CHARS {
        return Err(DeskError::TooLong {
            what: "expression",
            found,
            limit: MAX_EXPRESSION_CHARS,
            unit: "characters",
        });
    }
    let written = symbols(said);
    if written.is_empty() {
        return Err(DeskError::Missing { what: "expression", example: "seventeen times four" });
    }
    let mut expression = written.clone();
    let mut context = Context::new();
    context.disable_rng();
    let mut answer =
        evaluate_with_interrupt(&expression, &mut context, &Deadline(Instant::now() + TIME_LIMIT));
    // What was written for a calculator may not survive being read as speech.
    if answer.is_err() && said.trim() != expression {
        let plain =
            evaluate_with_interrupt(said.trim(), &mut context, &Deadline(Instant::now() + TIME_LIMIT));
        if plain.is_ok() {
            answer = plain;
            expression = said.trim().to_owned();
        }
    }
    let result = answer.map_err(|reason| {
        failed(if reason.contains("interrupted") { "it takes too long".to_owned() } else { reason })
    })?;
    let result = result.get_main_result().trim().to_owned();
    if result.is_empty() {
        return Err(failed(
            "there is nothing to work out in it, say for example \"15 percent of 80\"".to_owned(),
        ));
    }
    if result.chars().count() > MAX_RESULT_CHARS {
        return Err(failed("the result is too long to say".to_owned()));
    }
    let text = match result.strip_prefix("approx. ") {
        Some(rounded) => format!("That is about {rounded}"),
        None => format!("That is {result}"),
    };
    Ok(Answer::new(text, Sum { expression, result }))
}

/// Spoken words for operators, longest first.
const OPERATORS: &[(&str, &str)] = &[
    ("to the power of", "^"),
    ("raised to", "^"),
    ("multiplied by", "*"),
    ("multiply by", "*"),
    ("divided by", "/"),
    ("divide by", "/"),
    ("percent of", "% of"),
    ("per cent of", "% of"),
    ("per cent", "%"),
    ("percent", "%"),
    ("half of", "0.5 *"),
    ("a third of", "1/3 *"),
    ("1 3rd of", "1/3 *"),
    ("a 3rd of", "1/3 *"),
    ("a quarter of", "0.25 *"),
    ("times", "*"),
    ("plus", "+"),
    ("minus", "-"),
    ("squared", "^2"),
    ("cubed", "^3"),
    ("over", "/"),
    ("fahrenheit", "°F"),
    ("celsius", "°C"),
];

/// Words around a sum that are none of it.
const LEADING: &[&str] = &[
    "what is",
    "what's",
    "whats",
    "how much is",
    "how much are",
    "how many is",
    "calculate",
    "compute",
    "work out",
];

fn symbols(said: &str) -> String {
    let lower = said.trim().trim_end_matches(['?', '.', '!', '=']).to_lowercase();
    let mut text = lower.as_str().trim();
    for words in LEADING {
        text = text.strip_prefix(words).unwrap_or(text).trim();
    }
    let mut text = format!(" {} ", with_digits(text).replace(['×', '✕'], "*").replace('÷', "/"));
    if let Some((unit, amount)) = asked_for_unit(&text) {
        text = format!(" {amount} in {unit} ");
    }
    for (words, symbol) in OPERATORS {
        text = text.replace(&format!(" {words} "), &format!(" {symbol} "));
    }
    text = text.replace(" degrees ", " ").replace(" x ", " * ").replace(" and ", " + ");
    for root in [" the square root of ", " square root of ", " root of "] {
        if let Some((before, after)) = text.clone().split_once(root) {
            let end = after.trim().find(' ').unwrap_or(after.trim().len());
            let (number, rest) = after.trim().split_at(end);
            text = format!("{before} sqrt({number}) {rest}");
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let kept = words.iter().enumerate().filter(|(at, word)| {
        // "a 100" is what becomes of "a hundred".
        let number_follows =
            words.get(at + 1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit() || c == 's'));
        !(matches!(**word, "a" | "an" | "the") && number_follows)
    });
    kept.map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
}

/// "how many metres in 3 miles" asks for "3 miles in metres".
fn asked_for_unit(text: &str) -> Option<(String, String)> {
    let rest = text.trim().strip_prefix("how many ")?;
    let (unit, amount) = rest.split_once(" are in ").or_else(|| rest.split_once(" in "))?;
    let amount =
        amount.strip_prefix("a ").or_else(|| amount.strip_prefix("an ")).map(|unit| format!("1 {unit}"));
    let amount = amount
        .unwrap_or_else(|| rest.split_once(" in ").map(|(_, amount)| amount.to_owned()).unwrap_or_default());
    Some((unit.trim_end_matches(" are").to_owned(), amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_out_spoken_and_written_sums() {
        let cases = [
            ("17 * 4", "68"),
            ("seventeen times four", "68"),
            ("What is seventeen times four?", "68"),
            ("15 percent of 80", "12"),
            ("fifteen percent of eighty", "12"),
            ("15% of 80", "12"),
            ("two plus two", "4"),
            ("ten minus three", "7"),
            ("a hundred divided by eight", "12.5"),
            ("nine squared", "81"),
            ("two to the power of ten", "1024"),
            ("the square root of 144", "12"),
            ("square root of sixteen plus one", "5"),
            ("half of 90", "45"),
            ("12 x 12", "144"),
            ("3 km in m", "3000 m"),
            ("how many meters in 3 km", "3000 meters"),
            ("twenty five times forty", "1000"),
            ("three point five times two", "7"),
            ("(2 + 3) * 4", "20"),
            ("100 celsius in fahrenheit", "212 °F"),
            ("12 / 4", "3"),
        ];
        let failures: Vec<String> = cases
            .into_iter()
            .filter_map(|(said, expected)| {
                let sum = calculate(said)
                    .map(|answer| answer.data.result)
                    .unwrap_or_else(|fault| fault.to_string());
                (sum != expected).then(|| format!("{said}: {sum}, not {expected}"))
            })
            .collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[test]
    fn refuses_nonsense_and_endless_sums_with_a_sentence() {
        for said in ["", "what is", "the meaning of life", "1 / 0", "9^9^9^9", "10^5000", "factorial 100000"]
        {
            let fault = calculate(said).expect_err(said).sentence();
            assert!(fault.ends_with('.') && fault.len() < 400, "{said}: {fault}");
        }
    }
}
