//! Timers and reminders: kept on disk with absolute times, so that a restart loses none.
//!
//! An alarm waits, then is due, and stays due until the person was told of it; told ones are kept for
//! a week and then forgotten.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Answer, Visit},
    error::{DeskError, shortened},
    span::span,
    spoken::{self, counted, joined},
    when,
    words::folded,
};

const FILE: &str = "alarms.json";
const MAX_WAITING: usize = 500;
const MAX_TEXT_CHARS: usize = 300;
const LONGEST_TIMER_DAYS: i64 = 30;
const KEEP_SEEN_DAYS: i64 = 7;

/// A timer counts a stretch of time, a reminder says something at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Set with a duration.
    Timer,
    /// Set with a text and a moment.
    Reminder,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Alarms {
    last_id: u64,
    alarms: Vec<Alarm>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alarm {
    pub id: u64,
    pub kind: Kind,
    /// What to remind of, or the timer's name; may be empty for a timer.
    pub text: String,
    pub set_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    rang_at: Option<DateTime<Utc>>,
    seen_at: Option<DateTime<Utc>>,
}

/// One timer or reminder.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Entry {
    /// Number of the timer or reminder.
    id: u64,
    /// Timer or reminder.
    kind: Kind,
    /// What to remind of, or the timer's name; may be empty for a timer.
    text: String,
    /// When it is due, RFC 3339, in the person's time zone.
    due_at: String,
    /// Seconds that are left, 0 when it is due.
    seconds_left: i64,
}

/// Timers or reminders.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Entries {
    /// By the time at which they are due.
    alarms: Vec<Entry>,
}

impl Alarm {
    fn entry(&self, now: &DateTime<Tz>) -> Entry {
        Entry {
            id: self.id,
            kind: self.kind,
            text: self.text.clone(),
            due_at: self.due_at.with_timezone(&now.timezone()).to_rfc3339(),
            seconds_left: (self.due_at - now.with_timezone(&Utc)).num_seconds().max(0),
        }
    }

    /// "the 10 minutes pasta timer", "call mum".
    fn name(&self) -> String {
        let length = spoken::duration(self.due_at - self.set_at);
        match (self.kind, self.text.as_str()) {
            (Kind::Timer, "") => format!("the timer for {length}"),
            (Kind::Timer, name) => format!("the {name} timer for {length}"),
            (Kind::Reminder, text) => text.to_owned(),
        }
    }

    /// What is said when it is due.
    pub(super) fn announcement(&self) -> String {
        spoken::sentence(&match self.kind {
            Kind::Timer => format!("{} is done", self.name()),
            Kind::Reminder => format!("reminder: {}", self.text),
        })
    }
}

pub(super) fn set_timer(
    visit: &mut Visit,
    said: &str,
    name: Option<&str>,
) -> Result<Answer<Entry>, DeskError> {
    let length = span(said)?;
    if length > TimeDelta::days(LONGEST_TIMER_DAYS) {
        return Err(DeskError::NotUnderstood {
            what: "timer of more than 30 days",
            said: shortened(said),
            example: "remind me in two months",
        });
    }
    let name = name.unwrap_or_default();
    let name = name.trim().trim_end_matches(" timer").trim_start_matches("the ").to_owned();
    let alarm = add(visit, Kind::Timer, name, visit.utc() + length)?;
    let told = spoken::duration(length);
    let said = match alarm.text.as_str() {
        "" => format!("Timer set for {told}"),
        name => format!("Set a {name} timer for {told}"),
    };
    Ok(Answer::new(said, alarm.entry(&visit.now)))
}

pub(super) fn remind(visit: &mut Visit, what: &str, said: &str) -> Result<Answer<Entry>, DeskError> {
    let what = what.trim().trim_start_matches("to ").to_owned();
    if what.is_empty() {
        return Err(DeskError::Missing { what: "thing to remind you of", example: "call mum" });
    }
    let at = when::moment(said, &visit.now)?.at;
    if at <= visit.now {
        return Err(DeskError::Past { when: spoken::moment(&at, &visit.now) });
    }
    let alarm = add(visit, Kind::Reminder, what, at.with_timezone(&Utc))?;
    let said = format!("I will remind you {}: {}", spoken::moment(&at, &visit.now), alarm.text);
    Ok(Answer::new(said, alarm.entry(&visit.now)))
}

pub(super) fn list(visit: &mut Visit, kind: Kind) -> Result<Answer<Entries>, DeskError> {
    let waiting = waiting(&load(visit)?, kind);
    let lines: Vec<String> = waiting.iter().take(10).map(|alarm| told(alarm, &visit.now)).collect();
    let name = match kind {
        Kind::Timer => "timer",
        Kind::Reminder => "reminder",
    };
    let said = match waiting.len() {
        0 => format!("You have no {name}s"),
        count => format!("You have {}: {}", counted(count, name), joined(&lines)),
    };
    Ok(Answer::new(said, Entries { alarms: waiting.iter().map(|alarm| alarm.entry(&visit.now)).collect() }))
}

/// Without a name the only one is meant; "all" means all.
pub(super) fn cancel(
    visit: &mut Visit,
    kind: Kind,
    said: Option<&str>,
) -> Result<Answer<Entries>, DeskError> {
    let mut file = load(visit)?;
    let gone = chosen(&waiting(&file, kind), kind, said)?;
    file.alarms.retain(|alarm| !gone.iter().any(|gone| gone.id == alarm.id));
    visit.folder.save(FILE, &file)?;
    let names: Vec<String> = gone.iter().map(Alarm::name).collect();
    let said = match kind {
        Kind::Timer => format!("Cancelled {}", joined(&names)),
        Kind::Reminder => format!("Cancelled the reminder: {}", joined(&names)),
    };
    Ok(Answer::new(said, Entries { alarms: gone.iter().map(|alarm| alarm.entry(&visit.now)).collect() }))
}

/// Tells what is due, and takes it for told.
pub(super) fn tell_due(visit: &mut Visit) -> Result<Answer<Entries>, DeskError> {
    let now = visit.utc();
    let mut file = load(visit)?;
    ring(&mut file, now);
    let due: Vec<Alarm> = unseen(&file);
    for alarm in file.alarms.iter_mut().filter(|alarm| alarm.rang_at.is_some()) {
        alarm.seen_at.get_or_insert(now);
    }
    if !due.is_empty() {
        visit.folder.save(FILE, &file)?;
    }
    let lines: Vec<String> = due.iter().map(Alarm::announcement).collect();
    let said = if due.is_empty() { "Nothing is due".to_owned() } else { lines.join(" ") };
    Ok(Answer::new(said, Entries { alarms: due.iter().map(|alarm| alarm.entry(&visit.now)).collect() }))
}

/// What rang and was not told yet, and when the next alarm is due. Marks what has come due.
pub(super) fn ring_due(visit: &mut Visit) -> Result<(Vec<Alarm>, Option<DateTime<Utc>>), DeskError> {
    let now = visit.utc();
    let mut file = load(visit)?;
    if ring(&mut file, now) {
        visit.folder.save(FILE, &file)?;
    }
    let next = file.alarms.iter().filter(|alarm| alarm.rang_at.is_none()).map(|alarm| alarm.due_at).min();
    Ok((unseen(&file), next))
}

/// The due alarms as JSON, for the resource; nothing is taken for told.
pub(super) fn due_entries(visit: &mut Visit) -> Result<Entries, DeskError> {
    let mut file = load(visit)?;
    ring(&mut file, visit.utc());
    Ok(Entries { alarms: unseen(&file).iter().map(|alarm| alarm.entry(&visit.now)).collect() })
}

fn load(visit: &mut Visit) -> Result<Alarms, DeskError> {
    let mut file: Alarms = visit.folder.load(FILE)?;
    let forget = visit.utc() - TimeDelta::days(KEEP_SEEN_DAYS);
    file.alarms.retain(|alarm| alarm.seen_at.is_none_or(|seen| seen > forget));
    file.alarms.sort_by_key(|alarm| alarm.due_at);
    Ok(file)
}

fn add(visit: &mut Visit, kind: Kind, text: String, due_at: DateTime<Utc>) -> Result<Alarm, DeskError> {
    let found = text.chars().count();
    if found > MAX_TEXT_CHARS {
        return Err(DeskError::TooLong { what: "text", found, limit: MAX_TEXT_CHARS, unit: "characters" });
    }
    let mut file = load(visit)?;
    if file.alarms.iter().filter(|alarm| alarm.seen_at.is_none()).count() >= MAX_WAITING {
        return Err(DeskError::Full { what: "timers and reminders", limit: MAX_WAITING });
    }
    file.last_id += 1;
    let set_at = visit.utc();
    let alarm = Alarm { id: file.last_id, kind, text, set_at, due_at, rang_at: None, seen_at: None };
    file.alarms.push(alarm.clone());
    visit.folder.save(FILE, &file)?;
    Ok(alarm)
}

/// Marks what has come due; true when anything has.
fn ring(file: &mut Alarms, now: DateTime<Utc>) -> bool {
    let mut rang = false;
    for alarm in file.alarms.iter_mut().filter(|alarm| alarm.rang_at.is_none() && alarm.due_at <= now) {
        alarm.rang_at = Some(now);
        rang = true;
    }
    rang
}

fn unseen(file: &Alarms) -> Vec<Alarm> {
    file.alarms.iter().filter(|alarm| alarm.rang_at.is_some() && alarm.seen_at.is_none()).cloned().collect()
}

/// All of a kind that the person does not know to be over.
fn waiting(file: &Alarms, kind: Kind) -> Vec<Alarm> {
    file.alarms.iter().filter(|alarm| alarm.kind == kind && alarm.seen_at.is_none()).cloned().collect()
}

fn chosen(waiting: &[Alarm], kind: Kind, said: Option<&str>) -> Result<Vec<Alarm>, DeskError> {
    let what = match kind {
        Kind::Timer => "timer",
        Kind::Reminder => "reminder",
    };
    let names = || joined(&waiting.iter().take(5).map(Alarm::name).collect::<Vec<_>>());
    let wanted = said.map(folded).unwrap_or_default();
    let wanted =
        wanted.trim_end_matches("timers").trim_end_matches("timer").trim_end_matches("reminder").trim();
    let wanted = wanted.trim_start_matches("to ");
    if matches!(wanted, "all" | "everything" | "all of them") && !waiting.is_empty() {
        return Ok(waiting.to_vec());
    }
    let length = span(wanted).ok();
    let number: Option<u64> = wanted.parse().ok();
    let found: Vec<Alarm> = waiting
        .iter()
        .filter(|alarm| {
            let text = folded(&alarm.text);
            let same_length = kind == Kind::Timer && length == Some(alarm.due_at - alarm.set_at);
            wanted.is_empty() || number == Some(alarm.id) || same_length || text.contains(wanted)
        })
        .cloned()
        .collect();
    match found.as_slice() {
        [_] => Ok(found),
        [] => {
            let known = if waiting.is_empty() {
                format!("there are no {what}s")
            } else {
                format!("there is {}", names())
            };
            Err(DeskError::NotFound { what, said: shortened(said.unwrap_or(what)), known })
        }
        _ => Err(DeskError::Ambiguous { what, said: shortened(said.unwrap_or(what)), choices: names() }),
    }
}

fn told(alarm: &Alarm, now: &DateTime<Tz>) -> String {
    let left = alarm.due_at - now.with_timezone(&Utc);
    match alarm.kind {
        _ if left <= TimeDelta::zero() => format!("{}, which is due", alarm.name()),
        Kind::Timer => format!("{} with {} left", alarm.name(), spoken::duration(left)),
        Kind::Reminder => {
            let at = alarm.due_at.with_timezone(&now.timezone());
            format!("{} {}", alarm.name(), spoken::moment(&at, now))
        }
    }
}
