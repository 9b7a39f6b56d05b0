//! The history's rows: how a command is written at its start and its end, and read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::{CommandRecord, HistoryItem, StoredCommand};
use crate::domain::{CommandId, Event, Outcome, Question, SessionId, Turn, TurnOutcome, UserId};

/// `run` is the process that carries it out.
pub(super) fn insert(
    connection: &Connection,
    record: &CommandRecord,
    run: Option<&str>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO commands (id, user, session, spoken, text, received_at, run)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            record.id.to_string(),
            record.user.0,
            record.session.0,
            record.spoken,
            record.text,
            record.received_at.timestamp_micros(),
            run,
        ])
        .map(drop)
}

/// How a command ended, ready to be written.
pub(super) struct Ending {
    id: String,
    user: String,
    text: String,
    success: bool,
    reply: String,
    execution_ms: f64,
    asked: Option<String>,
    outcome: String,
    events: String,
}

impl Ending {
    pub(super) fn new(
        user: &UserId,
        outcome: &Outcome,
        asked: Option<&Question>,
        events: &[Arc<Event>],
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: outcome.command_id.to_string(),
            user: user.0.clone(),
            text: outcome.text.clone(),
            success: outcome.success,
            reply: outcome.reply.clone(),
            execution_ms: outcome.execution_time,
            asked: asked.map(serde_json::to_string).transpose()?,
            outcome: serde_json::to_string(outcome)?,
            events: serde_json::to_string(events)?,
        })
    }
}

/// `QueryReturnedNoRows` where the user has no such command.
pub(super) fn update(connection: &Connection, ending: &Ending) -> rusqlite::Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE commands SET text = ?3, success = ?4, reply = ?5, execution_ms = ?6, asked = ?7,
             outcome = ?8, events = ?9 WHERE id = ?1 AND user = ?2",
        )?
        .execute(params![
            ending.id,
            ending.user,
            ending.text,
            ending.success,
            ending.reply,
            ending.execution_ms,
            ending.asked,
            ending.outcome,
            ending.events,
        ])?;
    match changed {
        0 => Err(rusqlite::Error::QueryReturnedNoRows),
        _ => Ok(()),
    }
}

pub(super) fn page(
    connection: &Connection,
    user: &UserId,
    limit: usize,
    before: Option<CommandId>,
) -> rusqlite::Result<Vec<HistoryItem>> {
    // An id is a lower-case UUID, so that "g" lies behind all of them.
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    connection
        .prepare_cached(
            "SELECT id, session, spoken, text, received_at, success, reply, asked IS NOT NULL, execution_ms,
             outcome ->> '$.error.code'
             FROM commands WHERE user = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        )?
        .query_map(params![user.0, before, bound(limit)], |row| {
            Ok(HistoryItem {
                command_id: id(row, 0)?,
                session_id: SessionId(row.get(1)?),
                spoken: row.get(2)?,
                text: row.get(3)?,
                received_at: time(row, 4)?,
                success: row.get(5)?,
                reply: row.get(6)?,
                needs_clarification: row.get(7)?,
                execution_time: row.get(8)?,
                code: row.get(9)?,
            })
        })?
        .collect()
}

pub(super) fn find(
    connection: &Connection,
    user: &UserId,
    wanted: CommandId,
) -> rusqlite::Result<Option<StoredCommand>> {
    connection
        .prepare_cached(
            "SELECT id, session, spoken, text, received_at, outcome, events
             FROM commands WHERE id = ?1 AND user = ?2",
        )?
        .query_row(params![wanted.to_string(), user.0], |row| {
            let outcome: Option<String> = row.get(5)?;
            let events: Option<String> = row.get(6)?;
            let received_at = time(row, 4)?;
            let outcome: Option<Outcome> = outcome.map(|text| json(5, &text)).transpose()?;
            let mut events: Vec<Event> = events.map(|text| json(6, &text)).transpose()?.unwrap_or_default();
            // The outcome is on record before its event is told, so that event is not among the others.
            if let Some(outcome) = &outcome
                && events.last().is_none_or(|event| !event.kind.is_last())
            {
                events.push(outcome.last_event(events.len() as u64 + 1, received_at));
            }
            Ok(StoredCommand {
                id: id(row, 0)?,
                session: SessionId(row.get(1)?),
                spoken: row.get(2)?,
                text: row.get(3)?,
                received_at,
                outcome,
                events,
            })
        })
        .optional()
}

pub(super) fn turns(
    connection: &Connection,
    user: &UserId,
    session: &SessionId,
    limit: usize,
) -> rusqlite::Result<Vec<Turn>> {
    let mut turns: Vec<Turn> = connection
        .prepare_cached(
            "SELECT text, reply, asked FROM commands
             WHERE user = ?1 AND session = ?2 AND outcome IS NOT NULL AND text <> ''
             ORDER BY id DESC LIMIT ?3",
        )?
        .query_map(params![user.0, session.0, bound(limit)], |row| {
            let asked: Option<String> = row.get(2)?;
            let outcome = match asked {
                Some(question) => TurnOutcome::Asked(json(2, &question)?),
                None => TurnOutcome::Replied(row.get(1)?),
            };
            Ok(Turn { text: row.get(0)?, outcome })
        })?
        .collect::<rusqlite::Result<_>>()?;
    turns.reverse();
    Ok(turns)
}

/// Reads a column of JSON.
pub(super) fn json<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a column of microseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let micros: i64 = row.get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<CommandId> {
    let text: String = row.get(column)?;
    parse_id(column, &text)
}

/// Reads a command's id.
pub(super) fn parse_id(column: usize, text: &str) -> rusqlite::Result<CommandId> {
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// SQLite reads a negative limit as none.
pub(super) fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
