//! The calendar's tools: add, list, find, move and cancel.

use chrono::{DateTime, Days, TimeDelta};
use chrono_tz::Tz;
use icalendar::{Component, Event, EventLike};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::{Answer, Visit},
    error::{DeskError, shortened},
    ics::{Ics, Occurrence, set_times},
    span::span,
    spoken::{self, counted, joined},
    when::{self, Moment, in_zone},
    window::{Window, window},
    words::folded,
};

const MAX_TITLE_CHARS: usize = 200;
const LISTED: usize = 30;

/// One entry of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Entry {
    /// What it is.
    title: String,
    /// Start, RFC 3339, in the person's time zone.
    start: String,
    /// End, RFC 3339, in the person's time zone.
    end: String,
    /// Whether it lasts whole days.
    all_day: bool,
    /// Where it is, empty when not known.
    location: String,
    /// Whether it repeats.
    repeats: bool,
}

/// Entries of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Entries {
    /// The entries by time, at most 30.
    events: Vec<Entry>,
}

/// What a new entry is made of.
#[derive(Debug)]
pub(super) struct NewEvent<'a> {
    pub title: &'a str,
    pub when: &'a str,
    pub duration: Option<&'a str>,
    pub location: Option<&'a str>,
}

pub(super) fn add(visit: &mut Visit, new: &NewEvent<'_>) -> Result<Answer<Entry>, DeskError> {
    let title = new.title.trim();
    if title.is_empty() {
        return Err(DeskError::Missing { what: "title of the event", example: "dentist" });
    }
    for text in [title, new.location.unwrap_or_default()] {
        let found = text.chars().count();
        if found > MAX_TITLE_CHARS {
            return Err(DeskError::TooLong {
                what: "text",
                found,
                limit: MAX_TITLE_CHARS,
                unit: "characters",
            });
        }
    }
    let at = when::moment(new.when, &visit.now)?;
    let all_day = !at.has_time
        && new.duration.is_none_or(|said| span(said).is_ok_and(|length| length >= TimeDelta::days(1)));
    let length = new.duration.map(span).transpose()?;
    let (start, end) = if all_day {
        let days = length.map_or(1, |length| length.num_days()).unsigned_abs();
        whole_days(&at, days)?
    } else {
        (at.at, at.at + length.unwrap_or_else(|| TimeDelta::hours(1)))
    };
    let mut ics = Ics::load(visit)?;
    let clash = ics.between(&start, &end).into_iter().find(|other| !other.all_day && !all_day);
    let mut event = Event::new();
    event.summary(title).uid(&uuid::Uuid::now_v7().to_string()).timestamp(visit.utc()).created(visit.utc());
    if let Some(location) = new.location {
        event.location(location);
    }
    set_times(&mut event, &start, &end, all_day);
    ics.add(visit, &event)?;
    let added = Occurrence {
        index: 0,
        title: title.to_owned(),
        location: new.location.map(str::to_owned),
        start,
        end,
        all_day,
        repeats: false,
    };
    let mut said = format!("Added {}", told(&added, &visit.now));
    if let Some(other) = clash {
        said.push_str(&format!("; it overlaps with {}", told(&other, &visit.now)));
    }
    Ok(Answer::new(said, Entry::from(&added)))
}

pub(super) fn list(visit: &mut Visit, said: Option<&str>) -> Result<Answer<Entries>, DeskError> {
    let span = match said {
        Some(said) => window(said, &visit.now)?,
        None => Window { from: visit.now, to: visit.now + TimeDelta::days(30) },
    };
    let mut found = Ics::load(visit)?.between(&span.from, &span.to);
    let count = found.len();
    found.truncate(LISTED);
    let events: Vec<Entry> = found.iter().map(Entry::from).collect();
    let stretch =
        said.map_or_else(|| "in the next 30 days".to_owned(), |said| format!("for {}", shortened(said)));
    let lines: Vec<String> = found.iter().take(10).map(|entry| told(entry, &visit.now)).collect();
    let text = match count {
        0 => format!("There is nothing in your calendar {stretch}"),
        _ => format!("You have {} {stretch}: {}", counted(count, "event"), joined(&lines)),
    };
    Ok(Answer::new(text, Entries { events }))
}

pub(super) fn find(visit: &mut Visit, title: &str) -> Result<Answer<Entries>, DeskError> {
    let ics = Ics::load(visit)?;
    let found = matching(&ics, title, &around(visit));
    let mut upcoming: Vec<Occurrence> = found.iter().filter(|entry| entry.end > visit.now).cloned().collect();
    let past = upcoming.is_empty();
    if past {
        upcoming = found.into_iter().next_back().into_iter().collect();
    }
    upcoming.truncate(LISTED);
    let said = match upcoming.as_slice() {
        [] => return Err(missing(&ics, title, visit)),
        [one] if past => format!("The last one was {}", told(one, &visit.now)),
        [one] => told(one, &visit.now),
        [first, rest @ ..] => {
            format!("The next one is {}, and there are {} more", told(first, &visit.now), rest.len())
        }
    };
    Ok(Answer::new(said, Entries { events: upcoming.iter().map(Entry::from).collect() }))
}

pub(super) fn next(visit: &mut Visit) -> Result<Answer<Entries>, DeskError> {
    let year = visit.now + TimeDelta::days(366);
    let next = Ics::load(visit)?.between(&visit.now, &year).into_iter().find(|entry| entry.start > visit.now);
    let said = next.as_ref().map_or_else(
        || "There is nothing ahead in your calendar".to_owned(),
        |entry| format!("Next is {}", told(entry, &visit.now)),
    );
    Ok(Answer::new(said, Entries { events: next.iter().map(Entry::from).collect() }))
}

/// Words that name only a time keep the day, and words that name only a day keep the time.
pub(super) fn move_to(visit: &mut Visit, title: &str, said: &str) -> Result<Answer<Entry>, DeskError> {
    let mut ics = Ics::load(visit)?;
    let old = the_one(&ics, visit, title, None)?;
    let (start, end) = moved(&old, said, &visit.now)?;
    let mut event = ics.event(old.index).cloned().ok_or(DeskError::Interrupted)?;
    let all_day = old.all_day && start.time() == chrono::NaiveTime::MIN;
    set_times(&mut event, &start, &end, all_day);
    event.last_modified(visit.utc());
    let sequence = event.get_sequence().unwrap_or(0);
    event.sequence(sequence.saturating_add(1));
    ics.replace(visit, old.index, &event)?;
    let new = Occurrence { start, end, all_day, ..old };
    Ok(Answer::new(format!("Moved {}", told(&new, &visit.now)), Entry::from(&new)))
}

pub(super) fn cancel(visit: &mut Visit, title: &str, said: Option<&str>) -> Result<Answer<Entry>, DeskError> {
    let mut ics = Ics::load(visit)?;
    let gone = the_one(&ics, visit, title, said)?;
    ics.remove(visit, gone.index)?;
    Ok(Answer::new(format!("Cancelled {}", told(&gone, &visit.now)), Entry::from(&gone)))
}

fn moved(
    old: &Occurrence,
    said: &str,
    now: &DateTime<Tz>,
) -> Result<(DateTime<Tz>, DateTime<Tz>), DeskError> {
    let length = old.end - old.start;
    let Moment { at, has_date, has_time } = when::moment(said, now)?;
    if has_time {
        let at = if has_date {
            at
        } else {
            // "to four": four o'clock on the day of the event, not the next four o'clock from now.
            let midnight = in_zone(old.start.date_naive().and_time(chrono::NaiveTime::MIN), now.timezone());
            when::moment(said, &(midnight.unwrap_or(old.start) - TimeDelta::seconds(1)))?.at
        };
        let length = if old.all_day { TimeDelta::hours(1) } else { length };
        return Ok((at, at + length));
    }
    if old.all_day {
        return whole_days(&Moment { at, has_date, has_time }, length.num_days().unsigned_abs().max(1));
    }
    let start = in_zone(at.date_naive().and_time(old.start.time()), now.timezone()).unwrap_or(at);
    Ok((start, start + length))
}

fn whole_days(at: &Moment, days: u64) -> Result<(DateTime<Tz>, DateTime<Tz>), DeskError> {
    let first = at.at.date_naive();
    let midnight = |date: chrono::NaiveDate| in_zone(date.and_time(chrono::NaiveTime::MIN), at.at.timezone());
    let last = first.checked_add_days(Days::new(days)).and_then(midnight);
    midnight(first).zip(last).ok_or(DeskError::Interrupted)
}

/// A year back and two ahead: what finding, moving and cancelling look at.
fn around(visit: &Visit) -> Window {
    Window { from: visit.now - TimeDelta::days(366), to: visit.now + TimeDelta::days(731) }
}

fn matching(ics: &Ics, title: &str, span: &Window) -> Vec<Occurrence> {
    let wanted = folded(title);
    let words: Vec<&str> = wanted
        .split(' ')
        .filter(|word| !matches!(*word, "appointment" | "meeting" | "event" | "with" | "at" | ""))
        .collect();
    let all = ics.between(&span.from, &span.to);
    let exact: Vec<Occurrence> = all.iter().filter(|entry| folded(&entry.title) == wanted).cloned().collect();
    if !exact.is_empty() {
        return exact;
    }
    let fits = |entry: &Occurrence| {
        let title = folded(&entry.title);
        if words.is_empty() { title.contains(&wanted) } else { words.iter().all(|word| title.contains(word)) }
    };
    if wanted.is_empty() { Vec::new() } else { all.into_iter().filter(fits).collect() }
}

/// The single upcoming entry that is meant.
fn the_one(ics: &Ics, visit: &Visit, title: &str, said: Option<&str>) -> Result<Occurrence, DeskError> {
    let mut found: Vec<Occurrence> =
        matching(ics, title, &around(visit)).into_iter().filter(|entry| entry.end > visit.now).collect();
    if let Some(said) = said {
        let span = window(said, &visit.now)?;
        found.retain(|entry| entry.start < span.to && entry.end > span.from);
    }
    found.dedup_by_key(|entry| entry.index);
    match found.as_slice() {
        [] => Err(missing(ics, title, visit)),
        [one] if one.repeats => Err(DeskError::Ambiguous {
            what: "occurrence",
            said: shortened(title),
            choices: "it repeats, and a repeating event has to be changed in your calendar program"
                .to_owned(),
        }),
        [one] => Ok(one.clone()),
        several => {
            let choices: Vec<String> = several.iter().take(5).map(|entry| told(entry, &visit.now)).collect();
            Err(DeskError::Ambiguous { what: "event", said: shortened(title), choices: joined(&choices) })
        }
    }
}

fn missing(ics: &Ics, title: &str, visit: &Visit) -> DeskError {
    let ahead = ics.between(&visit.now, &(visit.now + TimeDelta::days(60)));
    let titles: Vec<String> = ahead.iter().take(5).map(|entry| entry.title.clone()).collect();
    let known = if titles.is_empty() {
        "nothing is in the calendar for the next 60 days".to_owned()
    } else {
        format!("coming up: {}", joined(&titles))
    };
    DeskError::NotFound { what: "event", said: shortened(title), known }
}

/// "dentist, tomorrow at 3 PM, at Main Street".
fn told(entry: &Occurrence, now: &DateTime<Tz>) -> String {
    let when = if entry.all_day {
        spoken::day(entry.start.date_naive(), now.date_naive())
    } else {
        spoken::moment(&entry.start, now)
    };
    let place = entry.location.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{} {when}{place}", entry.title)
}

impl From<&Occurrence> for Entry {
    fn from(entry: &Occurrence) -> Self {
        Self {
            title: entry.title.clone(),
            start: entry.start.to_rfc3339(),
            end: entry.end.to_rfc3339(),
            all_day: entry.all_day,
            location: entry.location.clone().unwrap_or_default(),
            repeats: entry.repeats,
        }
    }
}
