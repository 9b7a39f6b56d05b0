//! The numbers that a text says, in digits or words, and those that follow from how they are said.

use std::sync::LazyLock;

use serde_json::Number;
use text2num::{Language, replace_numbers_in_text};

static ENGLISH: LazyLock<Language> = LazyLock::new(Language::english);

/// Words that say a number without being one, with what they may stand for; "half" is said of an hour.
const WORDS: [(&str, &[f64]); 22] = [
    ("a", &[1.0]),
    ("an", &[1.0]),
    ("once", &[1.0]),
    ("single", &[1.0]),
    ("first", &[1.0]),
    ("both", &[2.0]),
    ("couple", &[2.0]),
    ("pair", &[2.0]),
    ("twice", &[2.0]),
    ("double", &[2.0]),
    ("second", &[2.0]),
    ("thrice", &[3.0]),
    ("triple", &[3.0]),
    ("third", &[3.0]),
    ("half", &[0.5, 30.0]),
    ("quarter", &[0.25, 15.0]),
    ("dozen", &[12.0]),
    ("noon", &[12.0]),
    ("midnight", &[0.0]),
    ("rest", &[0.0]),
    ("none", &[0.0]),
    ("no", &[0.0]),
];

/// What a number before these words may become in the unit that a tool wants.
const UNITS: [(&str, &[f64]); 12] = [
    ("second", &[1_000.0]),
    ("minute", &[60.0, 1.0 / 60.0]),
    ("hour", &[60.0, 3_600.0]),
    ("day", &[24.0, 1_440.0]),
    ("week", &[7.0]),
    ("fortnight", &[14.0]),
    ("year", &[12.0]),
    ("percent", &[0.01]),
    ("thousand", &[1_000.0]),
    ("million", &[1_000_000.0]),
    ("billion", &[1_000_000_000.0]),
    ("kilo", &[1_000.0]),
];

/// The numbers in order, each once.
pub(super) fn said(text: &str) -> Vec<Number> {
    let mut numbers = Vec::new();
    for source in [text, &replace_numbers_in_text(text, &*ENGLISH, 0.0)] {
        for word in digits(source) {
            if let Some(number) = number(&word)
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
    }
    numbers
}

/// Whether `value` is one of the numbers that the text says, or follows from it: the half of an hour,
/// a percentage as a share, minutes where hours were said.
pub(super) fn accounts_for(text: &str, value: f64) -> bool {
    let digits = replace_numbers_in_text(text, &*ENGLISH, 0.0);
    [text, digits.as_str()].iter().any(|text| follows_from(&text.to_lowercase(), value))
}

fn follows_from(text: &str, value: f64) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_value = |one: f64| (one - value).abs() <= 1e-9 * value.abs().max(1.0);
    let mut sums: f64 = 0.0;
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let mut values: Vec<f64> =
            self::digits(word).iter().filter_map(|word| number(word)?.as_f64()).collect();
        values.extend(WORDS.iter().find(|(known, _)| *known == bare).into_iter().flat_map(|(_, ones)| *ones));
        // The unit stands behind the number or in one word with it: "5 minutes", "5m", "5%", "20k".
        let unit_of = |word: &str| word.trim_start_matches(|letter: char| !letter.is_alphabetic()).to_owned();
        let mut units = vec![unit_of(word), words.get(at + 1).map(|next| unit_of(next)).unwrap_or_default()];
        if word.contains('%') {
            units.push("percent".to_owned());
        }
        for one in values.clone() {
            // "Two and a half", "a dozen eggs and two".
            values.push(one + 0.5);
            for unit in &units {
                let factors = match unit.as_str() {
                    "k" => &[1_000.0][..],
                    "m" => &[1_000_000.0, 60.0],
                    "h" => &[60.0, 3_600.0],
                    unit => UNITS
                        .iter()
                        .find(|(known, _)| unit.starts_with(known))
                        .map_or(&[][..], |(_, factors)| *factors),
                };
                values.extend(factors.iter().map(|factor| one * factor));
            }
        }
        if values.iter().any(|one| is_value(*one)) {
            return true;
        }
        // "An hour and thirty minutes" in minutes is the sum of what was said.
        sums += match units[1].starts_with("hour") {
            true => values.first().copied().unwrap_or_default() * 60.0,
            false => values.first().copied().filter(|_| bare != "a").unwrap_or_default(),
        };
        if is_value(sums) {
            return true;
        }
    }
    false
}

/// The runs of digits, with a sign and a point, marks between thousands left out.
fn digits(text: &str) -> Vec<String> {
    let mut runs = Vec::new();
    let mut run = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let is_thousands = *letter == ','
            && run.chars().last().is_some_and(|last| last.is_ascii_digit())
            && letters[at + 1..].iter().take_while(|next| next.is_ascii_digit()).count() == 3;
        match letter {
            '0'..='9' | '.' | '-' => run.push(*letter),
            ',' if is_thousands => {}
            _ => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    runs.retain(|run| !run.is_empty());
    runs
}

fn number(word: &str) -> Option<Number> {
    let word = word.trim_matches('.');
    match word.parse::<i64>() {
        Ok(whole) => Some(Number::from(whole)),
        Err(_) => word.parse::<f64>().ok().and_then(Number::from_f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_digits_and_words() {
        let numbers = |text| said(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(numbers("a timer for twenty five minutes"), ["25"]);
        assert_eq!(numbers("add 3.5 and -2 or seven"), ["3.5", "-2", "7"]);
        assert_eq!(numbers("5,000 euros, 12 days"), ["5000", "12"]);
        assert_eq!(numbers("no number here"), Vec::<String>::new());
    }

    #[test]
    fn a_number_follows_from_how_it_is_said() {
        for (text, value) in [
            ("half an hour", 30.0),
            ("two hours", 120.0),
            ("two and a half percent", 2.5),
            ("an hour and thirty minutes", 90.0),
            ("at 5% interest", 0.05),
            ("20k people", 20_000.0),
            ("a dozen eggs", 12.0),
            ("1.5 million", 1_500_000.0),
            ("from rest", 0.0),
        ] {
            assert!(accounts_for(text, value), "{text}: {value}");
        }
        assert!(!accounts_for("set it to four", 5.0));
        assert!(!accounts_for("turn it up", 10.0));
    }
}
