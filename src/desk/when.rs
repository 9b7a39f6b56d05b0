//! Spoken moments: "tomorrow at 3pm", "in half an hour", "the 3rd of december at 14:30".
//!
//! A thin layer: words are brought into the few forms that the date library `interim` reads, and the
//! library does the reckoning. Every word must be accounted for, because the library stops reading
//! where it pleases and a half-understood time is worse than a question.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use super::{
    day::{date_words, day, library, weekday},
    error::{DeskError, shortened},
    span::span,
    time_of_day::{self, TimeOfDay},
    words::{tokens, with_digits},
};

/// A moment, and how much of it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// The moment, with what was not said filled in: nine o'clock, or the next such time.
    pub at: DateTime<Tz>,
    /// Whether a day was said.
    pub has_date: bool,
    /// Whether a clock time, or a stretch shorter than a day, was said.
    pub has_time: bool,
}

/// Reads a moment relative to `now`, in its zone. A clock time without a day means the next one.
///
/// # Errors
/// [`DeskError::NotUnderstood`] with an example.
pub(super) fn moment(said: &str, now: &DateTime<Tz>) -> Result<Moment, DeskError> {
    read(said, now).ok_or_else(|| not_understood(said))
}

/// Reads a day.
///
/// # Errors
/// [`DeskError::NotUnderstood`] with an example.
pub(super) fn date(said: &str, now: &DateTime<Tz>) -> Result<NaiveDate, DeskError> {
    let found = moment(said, now)?;
    if found.has_date { Ok(found.at.date_naive()) } else { Err(not_understood(said)) }
}

/// The moment at which the clocks of `zone` show `local`; in a gap of the clocks, an hour later.
pub(super) fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Tz>> {
    let found = zone.from_local_datetime(&local).earliest();
    found.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())
}

fn not_understood(said: &str) -> DeskError {
    DeskError::NotUnderstood { what: "time", said: shortened(said), example: "tomorrow at 3pm" }
}

fn read(said: &str, now: &DateTime<Tz>) -> Option<Moment> {
    let said = said.trim().trim_end_matches(['.', '!', '?']);
    if said.len() > 200 {
        return None;
    }
    if let Some(found) = iso(said, now.timezone()).or_else(|| relative(said, now)) {
        return Some(found);
    }
    let words = tokens(&with_digits(said));
    let (time, rest) = time_of_day::take(&words)?;
    let words = date_words(&rest);
    let clock = now.naive_local();
    if words.is_empty() {
        let local = time?.next(clock)?;
        return Some(Moment { at: in_zone(local, now.timezone())?, has_date: false, has_time: true });
    }
    let mut day = day(&words, clock.date())?;
    let has_time = time.is_some();
    let local = match time {
        Some(time) => {
            // "friday at 3pm", said on a Friday evening.
            let weekday_today = day == clock.date() && words.iter().any(|word| weekday(word).is_some());
            if weekday_today && day.and_time(time.on(day, clock)?) <= clock {
                day = day.checked_add_days(Days::new(7))?;
            }
            // "tonight at midnight" is the end of the day.
            if time == TimeOfDay::Exact(NaiveTime::MIN) && words == ["today"] {
                day = day.checked_add_days(Days::new(1))?;
            }
            day.and_time(time.on(day, clock)?)
        }
        None if day == clock.date() => next_full_hour(clock)?.max(day.and_hms_opt(9, 0, 0)?),
        None => day.and_hms_opt(9, 0, 0)?,
    };
    Some(Moment { at: in_zone(local, now.timezone())?, has_date: true, has_time })
}

fn next_full_hour(clock: NaiveDateTime) -> Option<NaiveDateTime> {
    clock.with_minute(0)?.with_second(0)?.with_nanosecond(0)?.checked_add_signed(TimeDelta::hours(1))
}

/// "2026-12-03T14:30", with or without an offset.
fn iso(said: &str, zone: Tz) -> Option<Moment> {
    if let Ok(at) = DateTime::parse_from_rfc3339(said) {
        return Some(Moment { at: at.with_timezone(&zone), has_date: true, has_time: true });
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(said, form).ok())
        .and_then(|local| in_zone(local, zone))
        .map(|at| Moment { at, has_date: true, has_time: true })
}

/// "in ten minutes", "two hours from now", "in three months".
fn relative(said: &str, now: &DateTime<Tz>) -> Option<Moment> {
    let said = said.to_lowercase();
    let said = said.trim();
    let body = ["in ", "after ", "within "]
        .iter()
        .find_map(|start| said.strip_prefix(start))
        .or_else(|| [" from now", " from today"].iter().find_map(|end| said.strip_suffix(end)))?;
    if let Ok(stretch) = span(body) {
        let days = stretch.num_days();
        if TimeDelta::days(days) == stretch {
            let day = now.date_naive().checked_add_days(Days::new(u64::try_from(days).ok()?))?;
            let at = in_zone(day.and_time(now.time()), now.timezone())?;
            return Some(Moment { at, has_date: true, has_time: false });
        }
        let at = now.checked_add_signed(stretch)?;
        return Some(Moment { at, has_date: true, has_time: true });
    }
    let words = tokens(&with_digits(body));
    let day = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["a" | "an", unit @ ("month" | "year")] => library(&format!("1 {unit}"), now.date_naive())?,
        [count, unit @ ("month" | "months" | "year" | "years")] => {
            let count: u16 = count.parse().ok().filter(|count| *count <= 1200)?;
            library(&format!("{count} {unit}"), now.date_naive())?
        }
        _ => return None,
    };
    let at = in_zone(day.and_time(now.time()), now.timezone())?;
    Some(Moment { at, has_date: true, has_time: false })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    /// Tuesday 24 November 2026, 16:00 in Berlin.
    fn now() -> DateTime<Tz> {
        Berlin.with_ymd_and_hms(2026, 11, 24, 16, 0, 0).unwrap()
    }

    #[test]
    fn reads_what_people_say() {
        let cases = [
            ("tomorrow at 3pm", "2026-11-25 15:00"),
            ("tomorrow at three pm", "2026-11-25 15:00"),
            ("tomorrow at 3 p.m.", "2026-11-25 15:00"),
            ("Tomorrow at 3 PM.", "2026-11-25 15:00"),
            ("3pm tomorrow", "2026-11-25 15:00"),
            ("tomorrow at three", "2026-11-25 15:00"),
            ("tomorrow at 15:00", "2026-11-25 15:00"),
            ("tomorrow at nine thirty am", "2026-11-25 09:30"),
            ("tomorrow at half past nine", "2026-11-25 09:30"),
            ("tomorrow at quarter to eight", "2026-11-25 07:45"),
            ("tomorrow morning", "2026-11-25 09:00"),
            ("tomorrow morning at 8", "2026-11-25 08:00"),
            ("tomorrow evening at 7", "2026-11-25 19:00"),
            ("tomorrow night", "2026-11-25 20:00"),
            ("tomorrow", "2026-11-25 09:00"),
            ("the day after tomorrow at noon", "2026-11-26 12:00"),
            ("tonight", "2026-11-24 20:00"),
            ("tonight at 8", "2026-11-24 20:00"),
            ("8 tonight", "2026-11-24 20:00"),
            ("this evening at half past six", "2026-11-24 18:30"),
            ("in ten minutes", "2026-11-24 16:10"),
            ("in half an hour", "2026-11-24 16:30"),
            ("in an hour and a half", "2026-11-24 17:30"),
            ("in two hours", "2026-11-24 18:00"),
            ("two hours from now", "2026-11-24 18:00"),
            ("in 90 seconds", "2026-11-24 16:01"),
            ("in two days", "2026-11-26 16:00"),
            ("in two days at 9am", "2026-11-26 09:00"),
            ("in a week", "2026-12-01 16:00"),
            ("in three months", "2027-02-24 16:00"),
            ("next friday at noon", "2026-12-04 12:00"),
            ("friday", "2026-11-27 09:00"),
            ("on friday at 5pm", "2026-11-27 17:00"),
            ("this friday", "2026-11-27 09:00"),
            ("friday next week at 10 am", "2026-12-04 10:00"),
            ("tuesday at 5pm", "2026-11-24 17:00"),
            ("tuesday at 3pm", "2026-12-01 15:00"),
            ("the 3rd of december at 14:30", "2026-12-03 14:30"),
            ("the third of december at two thirty pm", "2026-12-03 14:30"),
            ("december 3rd", "2026-12-03 09:00"),
            ("december 3 at 9am", "2026-12-03 09:00"),
            ("Thursday, December 3rd, 2026 at 2:30 PM", "2026-12-03 14:30"),
            ("3 march", "2027-03-03 09:00"),
            ("the second of january", "2027-01-02 09:00"),
            ("the twenty first of december", "2026-12-21 09:00"),
            ("on the 15th at 6pm", "2026-12-15 18:00"),
            ("the 30th", "2026-11-30 09:00"),
            ("at 3pm", "2026-11-25 15:00"),
            ("at 5pm", "2026-11-24 17:00"),
            ("at 5", "2026-11-24 17:00"),
            ("at 3", "2026-11-25 15:00"),
            ("at 9", "2026-11-24 21:00"),
            ("five o'clock", "2026-11-24 17:00"),
            ("17:30", "2026-11-24 17:30"),
            ("at noon", "2026-11-25 12:00"),
            ("midnight", "2026-11-25 00:00"),
            ("today at 6 pm", "2026-11-24 18:00"),
            ("next week", "2026-12-01 09:00"),
            ("christmas eve at 6pm", "2026-12-24 18:00"),
            ("new year's day", "2027-01-01 09:00"),
            ("2026-12-03", "2026-12-03 09:00"),
            ("2026-12-03 14:30", "2026-12-03 14:30"),
            ("2026-12-03T14:30", "2026-12-03 14:30"),
            ("2026-12-03T14:30:00Z", "2026-12-03 15:30"),
            ("2026-12-03T14:30:00+01:00", "2026-12-03 14:30"),
            ("3/12/2026", "2026-12-03 09:00"),
            ("20 to 9 tomorrow", "2026-11-25 08:40"),
            ("ten past five", "2026-11-24 17:10"),
            ("3 in the afternoon tomorrow", "2026-11-25 15:00"),
        ];
        let failures: Vec<String> = cases
            .into_iter()
            .filter_map(|(said, expected)| {
                let read = moment(said, &now());
                let read = read.map(|found| found.at.format("%Y-%m-%d %H:%M").to_string());
                let read = read.unwrap_or_else(|fault| fault.to_string());
                (read != expected).then(|| format!("{said}: {read}, not {expected}"))
            })
            .collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    #[test]
    fn refuses_what_it_cannot_account_for_and_gives_an_example() {
        let cases = [
            "",
            "soon",
            "blah",
            "at 25:00",
            "at 3pm at 4pm",
            "31 february",
            "every friday",
            "tomorrow purple",
            "next",
            "the 45th",
            "in ten bananas",
            "99/99/9999",
            "tomorrow tomorrow",
            "3",
        ];
        for said in cases {
            let fault = moment(said, &now()).expect_err(said).to_string();
            assert!(fault.contains("tomorrow at 3pm"), "{said}: {fault}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_an_hour_later() {
        let spring = Berlin.with_ymd_and_hms(2027, 3, 27, 12, 0, 0).unwrap();
        let found = moment("tomorrow at 2:30 am", &spring).unwrap();
        assert_eq!(found.at.to_rfc3339(), "2027-03-28T03:30:00+02:00");
    }
}
