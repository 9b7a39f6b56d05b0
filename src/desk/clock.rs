//! The time here and elsewhere, and the days until a date.

use chrono::{DateTime, NaiveTime, Offset, TimeDelta};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::Answer,
    error::DeskError,
    places::{city, zone},
    spoken::{clock_time, counted},
    when::{self, in_zone},
};

/// A moment at a place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct LocalTime {
    /// The moment, RFC 3339, with the place's offset.
    time: String,
    /// The day of the week in English.
    weekday: String,
    /// The time zone's name in the zone database.
    timezone: String,
    /// Hours that the place is ahead of UTC.
    utc_offset_hours: f64,
}

/// How far away a date is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Distance {
    /// The date, ISO 8601.
    date: String,
    /// The day of the week in English.
    weekday: String,
    /// Days from today; negative when the date is past.
    days: i64,
}

pub(super) fn current(now: &DateTime<Tz>, place: Option<&str>) -> Result<Answer<LocalTime>, DeskError> {
    let there = now.with_timezone(&place.map_or(Ok(now.timezone()), zone)?);
    let date = there.format("%A %-d %B %Y");
    let said = match place {
        Some(place) => format!("It is {} in {}, {date}", clock_time(there.time()), place.trim()),
        None => format!("It is {}, {date}", clock_time(there.time())),
    };
    Ok(Answer::new(said, LocalTime::from(&there)))
}

pub(super) fn convert(
    now: &DateTime<Tz>,
    time: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Answer<LocalTime>, DeskError> {
    let home = now.timezone();
    let (source, target) = (from.map_or(Ok(home), zone)?, to.map_or(Ok(home), zone)?);
    let here = now.with_timezone(&source);
    // "3pm" means three o'clock of the day that it is there now, past or to come.
    let morning = in_zone(here.date_naive().and_time(NaiveTime::MIN), source).unwrap_or(here);
    let found = when::moment(time, &here)?;
    let at =
        if found.has_date { found.at } else { when::moment(time, &(morning - TimeDelta::seconds(1)))?.at };
    let there = at.with_timezone(&target);
    let name =
        |given: Option<&str>, zone: Tz| given.map_or_else(|| city(zone), |place| place.trim().to_owned());
    let day = match (there.date_naive() - at.date_naive()).num_days() {
        0 => "",
        1.. => " the next day",
        _ => " the day before",
    };
    let said = format!(
        "{} in {} is {}{day} in {}",
        clock_time(at.time()),
        name(from, source),
        clock_time(there.time()),
        name(to, target)
    );
    Ok(Answer::new(said, LocalTime::from(&there)))
}

pub(super) fn days_until(now: &DateTime<Tz>, said: &str) -> Result<Answer<Distance>, DeskError> {
    let date = when::date(said, now)?;
    let days = (date - now.date_naive()).num_days();
    let count = counted(usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX), "day");
    let named = date.format("%A %-d %B %Y");
    let text = match days {
        0 => format!("{named} is today"),
        1.. => format!("It is {count} until {named}"),
        _ => format!("{named} was {count} ago"),
    };
    let weekday = date.format("%A").to_string();
    Ok(Answer::new(text, Distance { date: date.format("%Y-%m-%d").to_string(), weekday, days }))
}

impl From<&DateTime<Tz>> for LocalTime {
    fn from(at: &DateTime<Tz>) -> Self {
        Self {
            time: at.to_rfc3339(),
            weekday: at.format("%A").to_string(),
            timezone: at.timezone().name().to_owned(),
            utc_offset_hours: f64::from(at.offset().fix().local_minus_utc()) / 3600.0,
        }
    }
}
