//! Spoken durations: "ten minutes", "1h30", "an hour and a half".

use chrono::TimeDelta;

use super::{
    error::{DeskError, shortened},
    words::{tokens, with_digits},
};

/// A hundred years: far beyond any use, and far from what the calendar types can hold.
const LONGEST_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// Reads a duration of at least one second.
///
/// # Errors
/// [`DeskError::NotUnderstood`] with an example when any word is left over.
pub(super) fn span(said: &str) -> Result<TimeDelta, DeskError> {
    let words = duration_tokens(said);
    seconds(&words.iter().map(String::as_str).collect::<Vec<_>>())
        .filter(|total| (1.0..=LONGEST_SECONDS).contains(total))
        .and_then(|total| {
            #[expect(clippy::cast_possible_truncation, reason = "checked against a hundred years")]
            TimeDelta::try_seconds(total.round() as i64)
        })
        .ok_or_else(|| DeskError::NotUnderstood {
            what: "duration",
            said: shortened(said),
            example: "ten minutes",
        })
}

fn duration_tokens(said: &str) -> Vec<String> {
    // "second" would become the ordinal "2nd"; in a duration it is always the unit.
    let said = said.to_lowercase().replace("seconds", "sec").replace("second", "sec");
    // "a quarter" and "half" must not be read as ordinals or halves of something else either.
    tokens(&with_digits(&said))
}

/// The seconds that the tokens add up to, when every token is understood.
fn seconds(words: &[&str]) -> Option<f64> {
    let mut total = 0.0;
    let mut amount: Option<f64> = None;
    let mut last_unit: Option<f64> = None;
    let mut at = 0;
    let mut understood = false;
    while let Some(&word) = words.get(at) {
        at += 1;
        if matches!(word, "and" | "for" | "of" | "about" | "in") {
            continue;
        }
        if matches!(word, "a" | "an") {
            // "a 100", "a half hour", "an hour", "an hour and a half".
            if words.get(at).is_some_and(|next| unit(next).is_some()) {
                amount = Some(amount.unwrap_or(1.0));
            }
            continue;
        }
        if let Some(fraction) = fraction(word) {
            // "half an hour" and "two and a half hours" have a unit to come; "an hour and a half" had it.
            let unit_to_come = words[at..].iter().any(|next| unit(next).is_some());
            match (unit_to_come, amount.take(), last_unit) {
                (true, Some(whole), _) if word == "quarters" => amount = Some(whole * 0.25),
                (true, whole, _) => amount = Some(whole.unwrap_or(0.0) + fraction),
                (false, None, Some(unit)) => total += fraction * unit,
                (false, _, _) => return None,
            }
            continue;
        }
        if let Some(unit) = unit(word) {
            total += amount.take()? * unit;
            last_unit = Some(unit);
            understood = true;
            continue;
        }
        if let Some((hours, minutes)) = word.split_once(':') {
            // "1:30" is hours and minutes, as on a kitchen timer.
            total += hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0;
            understood = true;
            continue;
        }
        let number: f64 = word.parse().ok()?;
        if amount.replace(number).is_some() {
            return None;
        }
    }
    match (amount, last_unit) {
        // "1h30": a bare number after hours means minutes, after minutes seconds.
        (Some(rest), Some(3600.0)) => total += rest * 60.0,
        (Some(rest), Some(60.0)) => total += rest,
        (Some(_), _) => return None,
        (None, _) => {}
    }
    understood.then_some(total)
}

fn fraction(word: &str) -> Option<f64> {
    match word {
        "half" => Some(0.5),
        "quarter" | "quarters" => Some(0.25),
        _ => None,
    }
}

/// The seconds of a unit of fixed length; months and years have none.
fn unit(word: &str) -> Option<f64> {
    Some(match word {
        "s" | "sec" | "secs" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "fortnight" => 1_209_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spoken_durations() {
        let cases = [
            ("ten minutes", 600),
            ("10 minutes", 600),
            ("10min", 600),
            ("for ten minutes", 600),
            ("a minute", 60),
            ("one minute", 60),
            ("half a minute", 30),
            ("half an hour", 1800),
            ("a half hour", 1800),
            ("an hour", 3600),
            ("an hour and a half", 5400),
            ("one and a half hours", 5400),
            ("two and a half hours", 9000),
            ("two hours and a half", 9000),
            ("a quarter of an hour", 900),
            ("three quarters of an hour", 2700),
            ("an hour and a quarter", 4500),
            ("1h30", 5400),
            ("1h 30m", 5400),
            ("1 hour 30 minutes", 5400),
            ("one hour and thirty minutes", 5400),
            ("1:30", 5400),
            ("90s", 90),
            ("thirty seconds", 30),
            ("one second", 1),
            ("thirty second", 30),
            ("two minutes thirty seconds", 150),
            ("2 minutes 30", 150),
            ("twenty-five minutes", 1500),
            ("a hundred seconds", 100),
            ("1.5 hours", 5400),
            ("two point five hours", 9000),
            ("three days", 259_200),
            ("a week", 604_800),
            ("a fortnight", 1_209_600),
        ];
        for (said, seconds) in cases {
            let read = span(said).map(|span| span.num_seconds()).map_err(|fault| fault.to_string());
            assert_eq!(read, Ok(seconds), "{said}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration_and_gives_an_example() {
        for said in ["", "soon", "ten", "minutes", "ten bananas", "0 minutes", "half", "10 20 minutes", "-5"]
        {
            let fault = span(said).expect_err(said).to_string();
            assert!(fault.contains("ten minutes"), "{said}: {fault}");
        }
    }
}
