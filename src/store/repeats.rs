//! Keys by which a request is known when it comes again (the header `Idempotency-Key`). A key is written
//! together with its command, so that there is never one without the other.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{CommandRecord, RequestKey, commands};
use crate::domain::CommandId;

/// A key is kept so long at most.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Each user has so many keys at most; the oldest go.
const KEYS_AT_MOST: i64 = 20_000;

/// What became of a command that came with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is the first with this key and is on record now.
    New,
    /// It came before, as this command; nothing was recorded.
    Again(CommandId),
    /// The key came before with another request; nothing was recorded.
    OtherRequest,
}

/// Records the command unless its key came before.
pub(super) fn begin(
    connection: &Connection,
    record: &CommandRecord,
    run: Option<&str>,
    key: &RequestKey,
    now: DateTime<Utc>,
) -> rusqlite::Result<Begun> {
    connection
        .prepare_cached("DELETE FROM request_keys WHERE at < ?1")?
        .execute([(now - KEPT).timestamp_micros()])?;
    let before: Option<(String, String)> = connection
        .prepare_cached("SELECT fingerprint, command FROM request_keys WHERE user = ?1 AND key = ?2")?
        .query_row(params![record.user.0, key.key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((fingerprint, command)) = before {
        return Ok(match fingerprint == key.fingerprint {
            true => Begun::Again(commands::parse_id(1, &command)?),
            false => Begun::OtherRequest,
        });
    }
    commands::insert(connection, record, run)?;
    connection
        .prepare_cached(
            "INSERT INTO request_keys (user, key, fingerprint, command, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            record.user.0,
            key.key,
            key.fingerprint,
            record.id.to_string(),
            now.timestamp_micros()
        ])?;
    connection
        .prepare_cached(
            "DELETE FROM request_keys WHERE user = ?1 AND at <= (
                SELECT at FROM request_keys WHERE user = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2
             )",
        )?
        .execute(params![record.user.0, KEYS_AT_MOST])?;
    Ok(Begun::New)
}
