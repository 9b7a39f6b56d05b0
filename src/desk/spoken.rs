//! Times, durations and lists in the words that a person would say.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;

/// "a, b and c".
pub(super) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "1 item", "2 items".
pub(super) fn counted(count: usize, one: &str) -> String {
    let many = if one.ends_with('y') && one != "day" {
        format!("{}ies", &one[..one.len() - 1])
    } else {
        format!("{one}s")
    };
    format!("{count} {}", if count == 1 { one.to_owned() } else { many })
}

/// "3 PM", "3:05 PM", "noon", "midnight".
pub(super) fn clock_time(time: NaiveTime) -> String {
    match (time.hour(), time.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (_, minute) => {
            let (afternoon, hour) = time.hour12();
            let half = if afternoon { "PM" } else { "AM" };
            if minute == 0 { format!("{hour} {half}") } else { format!("{hour}:{minute:02} {half}") }
        }
    }
}

/// "today", "tomorrow", "Friday 4 December", with the year when it is another one.
pub(super) fn day(date: NaiveDate, today: NaiveDate) -> String {
    if date == today {
        return "today".to_owned();
    }
    if Some(date) == today.checked_add_days(Days::new(1)) {
        return "tomorrow".to_owned();
    }
    if Some(date) == today.checked_sub_days(Days::new(1)) {
        return "yesterday".to_owned();
    }
    let year = if date.year() == today.year() { "" } else { " %Y" };
    date.format(&format!("%A %-d %B{year}")).to_string()
}

/// "tomorrow at 3 PM".
pub(super) fn moment(at: &DateTime<Tz>, now: &DateTime<Tz>) -> String {
    format!("{} at {}", day(at.date_naive(), now.date_naive()), clock_time(at.time()))
}

/// "1 hour and 30 minutes"; the largest two units that are not zero.
pub(super) fn duration(span: TimeDelta) -> String {
    let mut rest = span.num_seconds().unsigned_abs();
    let mut parts = Vec::new();
    for (seconds, name) in [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")] {
        let count = usize::try_from(rest / seconds).unwrap_or(usize::MAX);
        rest %= seconds;
        if count > 0 && parts.len() < 2 {
            parts.push(counted(count, name));
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { joined(&parts) }
}

/// A capital letter at the start and a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut said: String = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    said.push_str(chars.as_str());
    if !said.ends_with(['.', '?', '!']) {
        said.push('.');
    }
    said
}
