//! Stretches of the calendar: "this week", "tomorrow morning", "the 3rd of december".

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{
    error::DeskError,
    time_of_day::{self, TimeOfDay},
    when::{in_zone, moment},
    words::{folded, tokens, with_digits},
};

/// From `from` (included) to `to` (not included).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    pub from: DateTime<Tz>,
    pub to: DateTime<Tz>,
}

/// Reads a stretch of time.
///
/// # Errors
/// [`DeskError::NotUnderstood`] with an example.
pub(super) fn window(said: &str, now: &DateTime<Tz>) -> Result<Window, DeskError> {
    if let Some((from, to)) = named_days(&folded(said), now.date_naive())
        && let Some(found) = days(from, to, now.timezone())
    {
        return Ok(found);
    }
    let found = moment(said, now)?;
    let date = found.at.date_naive();
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    let whole_day = days(date, next, now.timezone()).unwrap_or(Window { from: found.at, to: found.at });
    let part = time_of_day::take(&tokens(&with_digits(said))).and_then(|(time, _)| time);
    Ok(match part {
        Some(TimeOfDay::During(part)) => {
            let (first, after) = part.hours();
            let from = hour(date, first).and_then(|local| in_zone(local, now.timezone()));
            let to = hour(date, after).and_then(|local| in_zone(local, now.timezone()));
            Window { from: from.unwrap_or(whole_day.from), to: to.unwrap_or(whole_day.to) }
        }
        // "at 3pm" asks what goes on then; the hour is what people mean by it.
        Some(TimeOfDay::Exact(_) | TimeOfDay::Bare { .. }) => {
            Window { from: found.at, to: found.at + chrono::TimeDelta::hours(1) }
        }
        None => whole_day,
    })
}

fn hour(date: NaiveDate, hour: u32) -> Option<chrono::NaiveDateTime> {
    match hour {
        24 => Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN)),
        _ => date.and_hms_opt(hour, 0, 0),
    }
}

fn days(from: NaiveDate, to: NaiveDate, zone: Tz) -> Option<Window> {
    Some(Window {
        from: in_zone(from.and_time(NaiveTime::MIN), zone)?,
        to: in_zone(to.and_time(NaiveTime::MIN), zone)?,
    })
}

/// First day and the day after the last of a week, weekend, month or year; `name` is folded.
fn named_days(name: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let plus = |date: NaiveDate, days| date.checked_add_days(Days::new(days));
    let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
    let first = today.with_day(1)?;
    let name = name.trim_start_matches("on ").trim_start_matches("for ").trim_start_matches("in ");
    Some(match name {
        "week" | "this week" | "rest of this week" | "rest of week" => (today, plus(monday, 7)?),
        "next week" => (plus(monday, 7)?, plus(monday, 14)?),
        "last week" => (monday.checked_sub_days(Days::new(7))?, monday),
        "weekend" | "this weekend" => (plus(monday, 5)?, plus(monday, 7)?),
        "next weekend" => (plus(monday, 12)?, plus(monday, 14)?),
        "month" | "this month" => (today, first.checked_add_months(Months::new(1))?),
        "next month" => {
            (first.checked_add_months(Months::new(1))?, first.checked_add_months(Months::new(2))?)
        }
        "year" | "this year" => (today, NaiveDate::from_ymd_opt(today.year() + 1, 1, 1)?),
        "next few days" | "next days" | "coming days" => (today, plus(today, 4)?),
        "next 7 days" | "coming week" | "next seven days" => (today, plus(today, 7)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use chrono_tz::Europe::Berlin;

    use super::*;

    #[test]
    fn reads_stretches_of_time() {
        let now = Berlin.with_ymd_and_hms(2026, 11, 24, 16, 0, 0).unwrap();
        let cases = [
            ("today", "24T00", "25T00"),
            ("tomorrow", "25T00", "26T00"),
            ("tomorrow morning", "25T05", "25T12"),
            ("tonight", "24T18", "25T00"),
            ("this week", "24T00", "30T00"),
            ("this weekend", "28T00", "30T00"),
            ("on friday", "27T00", "28T00"),
            ("next week", "30T00", "07T00"),
            ("tomorrow at 3pm", "25T15", "25T16"),
        ];
        for (said, from, to) in cases {
            let found = window(said, &now).unwrap();
            let read = (found.from.format("%dT%H").to_string(), found.to.format("%dT%H").to_string());
            assert_eq!(read, (from.to_owned(), to.to_owned()), "{said}");
        }
    }
}
