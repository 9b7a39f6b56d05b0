//! The audit log's rows.

use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::commands::{json, time};
use super::{AuditAction, AuditEntry, AuditRecord};
use crate::domain::{CommandId, ToolName, UserId};

pub(super) fn insert(connection: &Connection, entry: &AuditEntry, at: DateTime<Utc>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO audit (at, command, user, action, tool, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            at.timestamp_micros(),
            entry.command.to_string(),
            entry.user.0,
            entry.action.name(),
            entry.tool.as_ref().map(ToolName::to_string),
            entry.detail.to_string(),
        ])
        .map(drop)
}

pub(super) fn of_command(
    connection: &Connection,
    user: &UserId,
    id: CommandId,
) -> rusqlite::Result<Vec<AuditRecord>> {
    connection
        .prepare_cached(
            "SELECT number, at, action, tool, detail FROM audit
             WHERE user = ?1 AND command = ?2 ORDER BY number",
        )?
        .query_map(params![user.0, id.to_string()], record)?
        .collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let action: String = row.get(2)?;
    let action = AuditAction::from_name(&action).ok_or_else(|| {
        let unknown = format!("{action:?} is no audit action");
        rusqlite::Error::FromSqlConversionFailure(2, Type::Text, unknown.into())
    })?;
    let tool: Option<String> = row.get(3)?;
    let tool = tool
        .map(|name| name.parse())
        .transpose()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, Box::new(error)))?;
    let detail: String = row.get(4)?;
    Ok(AuditRecord { number: row.get(0)?, at: time(row, 1)?, action, tool, detail: json(4, &detail)? })
}
