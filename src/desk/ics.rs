//! The calendar file: read through the `icalendar` library, written without touching what is not ours.
//!
//! An entry that is added, changed or taken out is one block of text; all other bytes of the file stay
//! as they were, also those that the library does not know how to write back.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::{
    Calendar, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike, EventStatus, rrule,
};

use super::{answer::Visit, error::DeskError, when::in_zone};

const FILE: &str = "calendar.ics";
/// No search expands a repeating entry further than this.
const MAX_REPEATS: u16 = 400;
const MAX_ENTRIES: usize = 5000;

/// The calendar as it is in the file.
#[derive(Debug)]
pub(super) struct Ics {
    text: String,
    /// Where each entry stands in the text, in the order of `events`.
    blocks: Vec<Range<usize>>,
    events: Vec<Event>,
}

/// One time at which an entry takes place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Occurrence {
    /// Which entry of the file it is.
    pub index: usize,
    pub title: String,
    pub location: Option<String>,
    pub start: DateTime<Tz>,
    pub end: DateTime<Tz>,
    pub all_day: bool,
    pub repeats: bool,
}

impl Ics {
    /// Reads the file; a damaged one is set aside and an empty calendar takes its place.
    pub(super) fn load(visit: &mut Visit) -> Result<Self, DeskError> {
        let Some(bytes) = visit.folder.read(FILE)? else { return Ok(Self::empty()) };
        match String::from_utf8(bytes).map_err(|fault| fault.to_string()).and_then(Self::parse) {
            Ok(ics) => Ok(ics),
            Err(reason) => {
                visit.folder.set_aside(FILE, &reason)?;
                Ok(Self::empty())
            }
        }
    }

    fn empty() -> Self {
        let text =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Hark//Desk//EN\r\nEND:VCALENDAR\r\n".to_owned();
        Self { text, blocks: Vec::new(), events: Vec::new() }
    }

    fn parse(text: String) -> Result<Self, String> {
        let calendar: Calendar = text.parse()?;
        let events: Vec<Event> = calendar.events().cloned().collect();
        let mut blocks = Vec::new();
        let (mut at, mut open, mut ended) = (0, None, false);
        for line in text.split_inclusive('\n') {
            let bare = line.trim().to_ascii_uppercase();
            match (bare.as_str(), open) {
                ("BEGIN:VEVENT", None) => open = Some(at),
                ("END:VEVENT", Some(start)) => {
                    blocks.push(start..at + line.len());
                    open = None;
                }
                ("END:VCALENDAR", None) => ended = true,
                _ => {}
            }
            at += line.len();
        }
        // The library skips what it cannot read; here that would mean a damaged file taken for a good one.
        if !ended || open.is_some() || blocks.len() != events.len() {
            return Err(format!("{} of {} entries could be read", events.len(), blocks.len()));
        }
        Ok(Self { text, blocks, events })
    }

    /// Adds an entry at the end.
    pub(super) fn add(&mut self, visit: &Visit, event: &Event) -> Result<(), DeskError> {
        if self.blocks.len() >= MAX_ENTRIES {
            return Err(DeskError::Full { what: "calendar entries", limit: MAX_ENTRIES });
        }
        let end = self.text.to_ascii_uppercase().rfind("END:VCALENDAR").unwrap_or(self.text.len());
        self.edit(visit, end..end, Some(event))
    }

    /// Puts an entry in the place of another.
    pub(super) fn replace(&mut self, visit: &Visit, index: usize, event: &Event) -> Result<(), DeskError> {
        let block = self.blocks.get(index).cloned().ok_or(DeskError::Interrupted)?;
        self.edit(visit, block, Some(event))
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, visit: &Visit, index: usize) -> Result<(), DeskError> {
        let block = self.blocks.get(index).cloned().ok_or(DeskError::Interrupted)?;
        self.edit(visit, block, None)
    }

    fn edit(&mut self, visit: &Visit, range: Range<usize>, event: Option<&Event>) -> Result<(), DeskError> {
        let mut block =
            event.map(|event| event.try_into_string()).transpose().map_err(|_| DeskError::Interrupted)?;
        if let Some(block) = block.as_mut().filter(|_| !self.text.contains("\r\n")) {
            *block = block.replace("\r\n", "\n");
        }
        self.text.replace_range(range, block.as_deref().unwrap_or_default());
        visit.folder.write(FILE, &self.text)
    }

    /// The entry itself.
    pub(super) fn event(&self, index: usize) -> Option<&Event> {
        self.events.get(index)
    }

    /// What takes place between two moments, by time.
    pub(super) fn between(&self, from: &DateTime<Tz>, to: &DateTime<Tz>) -> Vec<Occurrence> {
        let mut found: Vec<Occurrence> = (0..self.events.len())
            .flat_map(|index| self.occurrences(index, from, to))
            .filter(|entry| entry.start < *to && (entry.end > *from || entry.start >= *from))
            .collect();
        found.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| a.title.cmp(&b.title)));
        found
    }

    fn occurrences(&self, index: usize, from: &DateTime<Tz>, to: &DateTime<Tz>) -> Vec<Occurrence> {
        let event = &self.events[index];
        if event.get_status() == Some(EventStatus::Cancelled) {
            return Vec::new();
        }
        let zone = from.timezone();
        let Some(start) = event.get_start() else { return Vec::new() };
        let all_day = matches!(start, DatePerhapsTime::Date(_));
        let Some(first) = resolved(&start, zone) else { return Vec::new() };
        let length = event
            .get_end()
            .and_then(|end| resolved(&end, zone))
            .map(|end| end.signed_duration_since(first))
            .filter(|length| *length >= TimeDelta::zero())
            .unwrap_or_else(|| if all_day { TimeDelta::days(1) } else { TimeDelta::hours(1) });
        let repeats =
            event.property_value("RRULE").is_some() || event.multi_properties().contains_key("RDATE");
        let starts = if repeats { self.repeated(event, &start, from, to, length) } else { vec![first] };
        starts
            .into_iter()
            .map(|start| Occurrence {
                index,
                title: event.get_summary().unwrap_or("untitled").to_owned(),
                location: event.get_location().map(str::to_owned).filter(|place| !place.is_empty()),
                start,
                end: start + length,
                all_day,
                repeats,
            })
            .collect()
    }

    /// The starts of a repeating entry around the window, less those that another entry replaces.
    fn repeated(
        &self,
        event: &Event,
        start: &DatePerhapsTime,
        from: &DateTime<Tz>,
        to: &DateTime<Tz>,
        length: TimeDelta,
    ) -> Vec<DateTime<Tz>> {
        let zone = from.timezone();
        let Ok(rule) = event.get_recurrence() else {
            return resolved(start, zone).into_iter().collect();
        };
        let instant = |at: DateTime<Tz>| rrule::Tz::UTC.from_utc_datetime(&at.naive_utc());
        // A day more on each side, as the library reckons dates without a zone in one of its own.
        let around = rule
            .after(instant(*from - length - TimeDelta::days(1)))
            .before(instant(*to + TimeDelta::days(1)));
        let replaced: Vec<DateTime<Tz>> = self
            .events
            .iter()
            .filter(|other| other.get_uid() == event.get_uid())
            .filter_map(|other| other.get_recurrence_id().and_then(|at| resolved(&at, zone)))
            .collect();
        let floating = matches!(
            start,
            DatePerhapsTime::Date(_) | DatePerhapsTime::DateTime(CalendarDateTime::Floating(_))
        );
        around
            .all(MAX_REPEATS)
            .dates
            .into_iter()
            .filter_map(|at| {
                if floating { in_zone(at.naive_local(), zone) } else { Some(at.with_timezone(&zone)) }
            })
            .filter(|at| !replaced.contains(at))
            .collect()
    }
}

/// A moment of the file in the person's zone; dates and floating times are meant there.
fn resolved(at: &DatePerhapsTime, zone: Tz) -> Option<DateTime<Tz>> {
    match at {
        DatePerhapsTime::Date(date) => in_zone(date.and_time(NaiveTime::MIN), zone),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(local)) => in_zone(*local, zone),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => Some(at.with_timezone(&zone)),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => {
            // A zone that is named in nobody's table is read as the person's own.
            let named: Tz = tzid.parse().unwrap_or(zone);
            in_zone(*date_time, named).map(|at| at.with_timezone(&zone))
        }
    }
}

/// Sets the times of an entry.
pub(super) fn set_times(event: &mut Event, start: &DateTime<Tz>, end: &DateTime<Tz>, all_day: bool) {
    // An end as a length would contradict an end as a time.
    event.remove_property("DURATION");
    if all_day {
        let last = end.date_naive();
        let last = last.max(start.date_naive().checked_add_days(Days::new(1)).unwrap_or(last));
        event.starts(start.date_naive()).ends(last);
    } else {
        event.starts(start.with_timezone(&Utc)).ends(end.with_timezone(&Utc));
    }
}
