//! The clock time inside a spoken moment, taken out so that the date is left over.
//!
//! The date library reads "3pm" but neither "half past three" nor "at three"; which three is meant
//! depends on the date, so a bare hour stays open until [`TimeOfDay::on`] or [`TimeOfDay::next`].

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Part of a day, as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Morning,
    Afternoon,
    Evening,
    Night,
}

impl Part {
    fn named(word: &str) -> Option<Self> {
        match word {
            "morning" => Some(Self::Morning),
            "afternoon" => Some(Self::Afternoon),
            "evening" => Some(Self::Evening),
            "night" | "tonight" => Some(Self::Night),
            _ => None,
        }
    }

    /// First hour and the hour after the last.
    pub(super) fn hours(self) -> (u32, u32) {
        match self {
            Self::Morning => (5, 12),
            Self::Afternoon => (12, 18),
            Self::Evening => (17, 24),
            Self::Night => (18, 24),
        }
    }

    fn usual_hour(self) -> u32 {
        match self {
            Self::Morning => 9,
            Self::Afternoon => 15,
            Self::Evening => 19,
            Self::Night => 20,
        }
    }
}

/// A clock time as far as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeOfDay {
    /// No doubt left.
    Exact(NaiveTime),
    /// "three" or "half past three": morning or afternoon was not said.
    Bare { hour: u32, minute: u32 },
    /// Only "in the evening".
    During(Part),
}

impl TimeOfDay {
    /// The time on a day that was named. Hours from one to six mean the afternoon, as nobody makes
    /// plans for the small hours without saying so.
    pub(super) fn on(self, date: NaiveDate, now: NaiveDateTime) -> Option<NaiveTime> {
        match self {
            Self::Exact(time) => Some(time),
            Self::During(part) => NaiveTime::from_hms_opt(part.usual_hour(), 0, 0),
            Self::Bare { hour, minute } => {
                let early = NaiveTime::from_hms_opt(hour, minute, 0)?;
                let late = NaiveTime::from_hms_opt((hour + 12) % 24, minute, 0)?;
                let usual = if (1..=6).contains(&hour) { late } else { early };
                Some(if date.and_time(usual) <= now && date.and_time(late) > now { late } else { usual })
            }
        }
    }

    /// The next moment with this time, when no day was named; a bare hour falls between 7 and 23.
    pub(super) fn next(self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let times: Vec<NaiveTime> = match self {
            Self::Exact(time) => vec![time],
            Self::During(part) => vec![NaiveTime::from_hms_opt(part.usual_hour(), 0, 0)?],
            Self::Bare { hour, minute } => [hour, (hour + 12) % 24]
                .into_iter()
                .filter(|hour| (7..23).contains(hour))
                .filter_map(|hour| NaiveTime::from_hms_opt(hour, minute, 0))
                .collect(),
        };
        (0..=1)
            .filter_map(|days| now.date().checked_add_days(Days::new(days)))
            .flat_map(|date| times.iter().map(move |time| date.and_time(*time)))
            .filter(|at| *at > now)
            .min()
    }
}

/// Takes the clock time out of `words`; the words that remain are the date.
///
/// `None` when two clock times contradict each other.
pub(super) fn take(words: &[String]) -> Option<(Option<TimeOfDay>, Vec<String>)> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut rest = Vec::new();
    let mut clock: Option<TimeOfDay> = None;
    let mut part: Option<Part> = None;
    let mut at = 0;
    while at < words.len() {
        let marked = matches!(words[at], "at" | "by" | "around" | "about" | "until" | "before" | "from");
        let skip = usize::from(marked);
        if let Some((time, used)) = read_clock(&words[at + skip..], marked) {
            if clock.replace(time).is_some() {
                return None;
            }
            at += skip + used;
        } else if let Some((named, used)) = read_part(&words[at..]) {
            if part.replace(named).is_some_and(|earlier| earlier != named) {
                return None;
            }
            if words[at] == "tonight" || words[at] == "this" {
                rest.push("today".to_owned());
            }
            at += used;
        } else {
            rest.push(words[at].to_owned());
            at += 1;
        }
    }
    let time = match (clock, part) {
        (Some(TimeOfDay::Bare { hour, minute }), Some(part)) => Some(within(part, hour, minute)?),
        (Some(time), _) => Some(time),
        (None, part) => part.map(TimeOfDay::During),
    };
    Some((time, rest))
}

/// "in the morning", "this evening", "tonight", "night".
fn read_part(words: &[&str]) -> Option<(Part, usize)> {
    match words {
        ["in" | "during", "the", word, ..] => Some((Part::named(word)?, 3)),
        ["this" | "at" | "in", word, ..] => Some((Part::named(word)?, 2)),
        [word, ..] => Some((Part::named(word)?, 1)),
        [] => None,
    }
}

fn within(part: Part, hour: u32, minute: u32) -> Option<TimeOfDay> {
    let hour = match (part, hour) {
        (Part::Morning, 12) | (Part::Night, 12) => 0,
        (Part::Morning, _) | (Part::Afternoon | Part::Evening, 12) => hour,
        (Part::Night, 1..=4) => hour,
        _ => (hour + 12) % 24,
    };
    NaiveTime::from_hms_opt(hour, minute, 0).map(TimeOfDay::Exact)
}

fn read_clock(words: &[&str], marked: bool) -> Option<(TimeOfDay, usize)> {
    match words {
        ["noon" | "midday" | "lunchtime", ..] => exact(12, 0).map(|time| (time, 1)),
        ["midnight", ..] => exact(0, 0).map(|time| (time, 1)),
        ["a", "quarter", ..] => read_clock(&words[1..], marked).map(|(time, used)| (time, used + 1)),
        ["half", "past" | "after", ..] => around(words, 2, 30),
        ["quarter", "past" | "after", ..] => around(words, 2, 15),
        ["quarter", "to" | "before" | "till", ..] => around(words, 2, -15),
        [minutes, "minutes" | "min", "past" | "after", ..] => around(words, 3, whole(minutes, 59)?),
        [minutes, "minutes" | "min", "to" | "before" | "till", ..] => around(words, 3, -whole(minutes, 59)?),
        [minutes, "past" | "after", ..] => around(words, 2, whole(minutes, 59)?),
        [minutes, "to" | "before" | "till", ..] => around(words, 2, -whole(minutes, 59)?),
        _ => read_digits(words, marked),
    }
}

/// The hour after "half past" and the like, moved by `minutes`.
fn around(words: &[&str], used: usize, minutes: i64) -> Option<(TimeOfDay, usize)> {
    let (hour, more) = match read_clock(words.get(used..)?, true)? {
        (TimeOfDay::During(_), _) => return None,
        found => found,
    };
    let moved = |hour, minute| {
        let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
        Some(time.overflowing_add_signed(TimeDelta::minutes(minutes)).0)
    };
    let time = match hour {
        TimeOfDay::Exact(time) => TimeOfDay::Exact(moved(time.hour(), time.minute())?),
        TimeOfDay::Bare { hour, minute } => {
            let time = moved(hour, minute)?;
            let (_, hour) = time.hour12();
            TimeOfDay::Bare { hour, minute: time.minute() }
        }
        TimeOfDay::During(_) => return None,
    };
    Some((time, used + more))
}

/// "3 pm", "3:30", "15:30", "3 30 pm", "8 o'clock", "14 h 30", and after "at" also "3".
fn read_digits(words: &[&str], marked: bool) -> Option<(TimeOfDay, usize)> {
    let (first, rest) = words.split_first()?;
    let dotted = first.contains('.');
    let pieces: Vec<&str> = first.split([':', '.']).collect();
    let hour: u32 = u32::try_from(whole(pieces[0], 24)?).ok()?;
    let mut minute = match pieces.get(1) {
        Some(minute) if minute.len() == 2 => Some(u32::try_from(whole(minute, 59)?).ok()?),
        Some(_) => return None,
        None => None,
    };
    let mut used = 1;
    let mut rest = rest;
    if minute.is_none() && matches!(rest.first(), Some(&"h")) {
        let said = rest.get(1).and_then(|minute| whole(minute, 59));
        let minute = u32::try_from(said.unwrap_or(0)).ok()?;
        return (marked || said.is_some())
            .then_some(())
            .and_then(|()| exact(hour, minute))
            .map(|time| (time, if said.is_some() { 3 } else { 2 }));
    }
    // "3 30 pm", "at 3 30", "at 9 05".
    if minute.is_none()
        && let Some(next) = rest.first().filter(|next| next.len() == 2)
        && let Some(said) = whole(next, 59)
        && (marked || matches!(rest.get(1), Some(&("am" | "pm"))))
    {
        minute = Some(u32::try_from(said).ok()?);
        used += 1;
        rest = &rest[1..];
    }
    match rest {
        ["am" | "pm", ..] if (1..=12).contains(&hour) => {
            let hour = hour % 12 + if rest[0] == "pm" { 12 } else { 0 };
            return exact(hour, minute.unwrap_or(0)).map(|time| (time, used + 1));
        }
        ["o'clock" | "oclock", ..] => return bare(hour, minute.unwrap_or(0)).map(|time| (time, used + 1)),
        _ => {}
    }
    let followed_by_part = read_part(rest).is_some();
    let colon = minute.is_some() && !dotted && used == 1;
    if !(colon || marked || followed_by_part) {
        return None;
    }
    let written_in_full = colon && pieces[0].len() == 2 && pieces[0].starts_with('0');
    let time =
        if written_in_full { exact(hour, minute.unwrap_or(0)) } else { bare(hour, minute.unwrap_or(0)) };
    // "at 3 december" is no time.
    let unit_follows = rest.first().is_some_and(|next| {
        minute.is_none() && next.chars().all(char::is_alphabetic) && super::day::is_date_unit(next)
    });
    time.filter(|_| !unit_follows).map(|time| (time, used))
}

fn exact(hour: u32, minute: u32) -> Option<TimeOfDay> {
    NaiveTime::from_hms_opt(hour % 24, minute, 0).map(TimeOfDay::Exact)
}

fn bare(hour: u32, minute: u32) -> Option<TimeOfDay> {
    if (1..=12).contains(&hour) { Some(TimeOfDay::Bare { hour, minute }) } else { exact(hour, minute) }
}

fn whole(word: &str, most: i64) -> Option<i64> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten().filter(|number| (0..=most).contains(number))
}
