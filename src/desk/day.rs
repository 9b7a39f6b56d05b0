//! The day inside a spoken moment, in one of the forms listed here; any other word refuses.
//!
//! Forms are rewritten into those that the date library reads; it does the reckoning.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use interim::{Dialect, parse_date_string};

/// Words that make a number before them a date, not an hour.
pub(super) fn is_date_unit(word: &str) -> bool {
    month(word).is_some()
        || matches!(word, "st" | "nd" | "rd" | "th")
        || matches!(
            word.trim_end_matches('s'),
            "second" | "minute" | "min" | "hour" | "day" | "week" | "month" | "year"
        )
}

/// The words of a date without fillers, ordinals in one piece ("3", "rd" is "3rd").
pub(super) fn date_words(rest: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in rest {
        match word.as_str() {
            "on" | "the" | "of" | "at" | "by" | "for" | "coming" | "please" | "from" | "date" => {}
            "st" | "nd" | "rd" | "th" => {
                if let Some(number) = words.last_mut().filter(|word| word.parse::<u32>().is_ok()) {
                    number.push_str(word);
                } else {
                    words.push(word.clone());
                }
            }
            _ => words.push(word.clone()),
        }
    }
    words
}

/// The day that the words name, in one of the forms listed here; any other word refuses.
pub(super) fn day(words: &[String], today: NaiveDate) -> Option<NaiveDate> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // "friday the 3rd of december": the date says it all.
    let words = match words.as_slice() {
        [name, rest @ ..]
            if weekday(name).is_some() && rest.len() >= 2 && rest[0] != "next" && rest[0] != "this" =>
        {
            rest
        }
        all => all,
    };
    match words {
        ["today" | "tomorrow" | "yesterday"] => library(words[0], today),
        ["now"] => Some(today),
        ["tomorrow", "today"] | ["today", "tomorrow"] => None,
        ["day", "after", "tomorrow"] => library("2 days", today),
        ["day", "before", "yesterday"] => library("2 days ago", today),
        ["next", "week" | "month" | "year"] => library(&words.join(" "), today),
        ["in", count, unit] | [count, unit, "from", "now"]
            if is_date_unit(unit) && number(count, 9999).is_some() =>
        {
            library(&format!("{count} {unit}"), today)
        }
        [count, unit, "ago"] if is_date_unit(unit) && number(count, 9999).is_some() => {
            library(&format!("{count} {unit} ago"), today)
        }
        [name] | ["this", name] if weekday(name).is_some() => library(name, today),
        ["last", name] if weekday(name).is_some() => library(&format!("last {name}"), today),
        ["next", name] | [name, "next", "week"] | ["next", "week", name] if weekday(name).is_some() => {
            next_week(today, weekday(name)?)
        }
        [name, "this", "week"] if weekday(name).is_some() => library(name, today),
        ["next" | "this", "weekend"] | ["weekend"] if words[0] != "next" => library("saturday", today),
        ["next", "weekend"] => next_week(today, 5),
        ["christmas"] | ["christmas", "day"] => library("next 25 december", today),
        ["christmas", "eve"] => library("next 24 december", today),
        ["new", "year"] | ["new", "year's"] | ["new", "years"] => library("next 1 january", today),
        ["new", "year's" | "years", "day"] => library("next 1 january", today),
        ["new", "year's" | "years", "eve"] => library("next 31 december", today),
        ["halloween"] => library("next 31 october", today),
        ["valentine's" | "valentines", "day"] => library("next 14 february", today),
        ["next", rest @ ..] | rest => calendar_date(rest, today),
    }
}

/// "3rd december", "december 3 2026", "2026-12-03", "3/12", "15th".
fn calendar_date(words: &[&str], today: NaiveDate) -> Option<NaiveDate> {
    match words {
        [day, name] | [name, day] if month(name).is_some() && ordinal(day).is_some() => {
            library(&format!("next {} {name}", ordinal(day)?), today)
        }
        [day, name, year] | [name, day, year] if month(name).is_some() && ordinal(day).is_some() => library(
            &format!("{} {name} {}", ordinal(day)?, number(year, 9999).filter(|year| *year > 999)?),
            today,
        ),
        [name] if month(name).is_some() => library(&format!("next {name}"), today),
        [nth] if nth.ends_with(char::is_alphabetic) => day_of_month(ordinal(nth)?, today),
        [written] if written.contains('-') && written.len() == 10 => library(written, today),
        [written] if written.contains(['/', '.']) => {
            let written = written.replace('.', "/");
            match written.split('/').count() {
                2 => library(&format!("next {written}"), today),
                3 => library(&written, today),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn library(form: &str, today: NaiveDate) -> Option<NaiveDate> {
    // Midnight, in a zone without gaps: only the day is asked of the library.
    let base = today.and_time(NaiveTime::MIN).and_utc();
    parse_date_string(form, base, Dialect::Uk).ok().map(|found| found.date_naive())
}

/// "next friday" is the Friday of the week after this one, which starts on a Monday.
fn next_week(today: NaiveDate, weekday: u64) -> Option<NaiveDate> {
    let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
    monday.checked_add_days(Days::new(7 + weekday))
}

fn day_of_month(day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let first = today.with_day(1)?;
    (0..=12)
        .filter_map(|months| first.checked_add_months(chrono::Months::new(months))?.with_day(day))
        .find(|date| *date >= today)
}

pub(super) fn weekday(word: &str) -> Option<u64> {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    names
        .iter()
        .position(|name| *name == word || (word.len() >= 3 && word.len() <= 5 && name.starts_with(word)))
        .and_then(|at| u64::try_from(at).ok())
}

fn month(word: &str) -> Option<usize> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    NAMES.iter().position(|name| *name == word || ((3..=4).contains(&word.len()) && name.starts_with(word)))
}

/// The number of "3", "3rd".
fn ordinal(word: &str) -> Option<u32> {
    number(word.trim_end_matches(char::is_alphabetic), 31).filter(|day| *day > 0)
}

fn number(word: &str, most: u32) -> Option<u32> {
    word.parse().ok().filter(|number| *number <= most)
}
