//! The ledger: each call that was announced, and whether it was settled. It is a view of the audit log,
//! which has the announcement on disk before the call is sent, so that the two cannot disagree. A call
//! that is open when its process is gone may have been carried out; nobody sends it again.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use super::commands::{self, json, parse_id, time};
use super::{AuditAction, AuditEntry, audit, run};
use crate::domain::{CommandId, Outcome, SessionId, StepStatus, ToolName, UserId};

/// A call on record.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// Number of the step in the plan.
    pub step: usize,
    /// The tool.
    pub tool: ToolName,
    /// What it was called with.
    pub arguments: Value,
    /// The tool changes nothing.
    pub read_only: bool,
    /// When it was announced first.
    pub announced_at: DateTime<Utc>,
    /// How it ended; none where no end is on record.
    pub status: Option<StepStatus>,
    /// What went wrong, where something did.
    pub error: Option<String>,
    /// From its announcement to its end, in milliseconds.
    pub elapsed_ms: Option<f64>,
}

/// A command whose process ended before it did.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// Its address.
    pub id: CommandId,
    /// Whose it is.
    pub user: UserId,
    /// Its conversation.
    pub session: SessionId,
    /// The words; empty where they were not heard yet.
    pub text: String,
    /// The plan in the form of A4, where there was one.
    pub plan: Option<Value>,
    /// Its calls.
    pub calls: Vec<LedgerEntry>,
}

/// Gives every command that was cut off the outcome that `settle` makes of it, and its open calls an end.
/// Returns these commands. Commands of processes that still live are left alone.
pub(super) fn settle_interrupted(
    connection: &mut Connection,
    file: &Path,
    settle: &dyn Fn(&Interrupted) -> Option<Outcome>,
) -> rusqlite::Result<Vec<CommandId>> {
    let mut alive = HashMap::new();
    let transaction = connection.transaction()?;
    let mut settled = Vec::new();
    for (interrupted, process) in without_end(&transaction)? {
        let is_alive = process.is_some_and(|name| {
            *alive.entry(name).or_insert_with_key(|name: &String| run::is_alive(file, name))
        });
        if is_alive {
            continue;
        }
        let Some(outcome) = settle(&interrupted) else { continue };
        for call in interrupted.calls.iter().filter(|call| call.status.is_none()) {
            let receipt = outcome.results.iter().find(|receipt| receipt.step == call.step);
            let entry = AuditEntry {
                command: interrupted.id,
                user: interrupted.user.clone(),
                action: AuditAction::CallEnded,
                tool: Some(call.tool.clone()),
                detail: json!({
                    "step": call.step,
                    "status": receipt.map_or(StepStatus::Unknown, |receipt| receipt.status),
                    "error": receipt.and_then(|receipt| receipt.error.as_deref()),
                    "interrupted": true,
                }),
            };
            audit::insert(&transaction, &entry, Utc::now())?;
        }
        let ending = commands::Ending::new(&interrupted.user, &outcome, None, &[])
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        commands::update(&transaction, &ending)?;
        settled.push(interrupted.id);
    }
    transaction.commit()?;
    Ok(settled)
}

/// All commands without an end, and the processes that began them.
fn without_end(connection: &Connection) -> rusqlite::Result<Vec<(Interrupted, Option<String>)>> {
    let mut found: Vec<(Interrupted, Option<String>)> = connection
        .prepare("SELECT id, user, session, text, run FROM commands WHERE outcome IS NULL ORDER BY id")?
        .query_map((), |row| {
            let id: String = row.get(0)?;
            let interrupted = Interrupted {
                id: parse_id(0, &id)?,
                user: UserId(row.get(1)?),
                session: SessionId(row.get(2)?),
                text: row.get(3)?,
                plan: None,
                calls: Vec::new(),
            };
            Ok((interrupted, row.get(4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (interrupted, _) in &mut found {
        interrupted.calls = of_command(connection, &interrupted.user, interrupted.id)?;
        interrupted.plan = plan_of(connection, &interrupted.user, interrupted.id)?;
    }
    Ok(found)
}

/// The calls of one command, in the order of their announcement.
pub(super) fn of_command(
    connection: &Connection,
    user: &UserId,
    id: CommandId,
) -> rusqlite::Result<Vec<LedgerEntry>> {
    connection
        .prepare_cached(
            "SELECT step, tool, arguments, read_only, announced_at, status, error, elapsed_ms FROM ledger
             WHERE user = ?1 AND command = ?2 ORDER BY number",
        )?
        .query_map(params![user.0, id.to_string()], entry)?
        .collect()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    let (tool, arguments): (String, String) = (row.get(1)?, row.get(2)?);
    let status: Option<String> = row.get(5)?;
    Ok(LedgerEntry {
        step: usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        tool: json(1, &Value::String(tool).to_string())?,
        arguments: json(2, &arguments)?,
        read_only: row.get::<_, Option<bool>>(3)?.unwrap_or(false),
        announced_at: time(row, 4)?,
        status: status.map(|status| json(5, &Value::String(status).to_string())).transpose()?,
        error: row.get(6)?,
        elapsed_ms: row.get(7)?,
    })
}

fn plan_of(connection: &Connection, user: &UserId, id: CommandId) -> rusqlite::Result<Option<Value>> {
    let detail: Option<String> = connection
        .prepare_cached(
            "SELECT detail FROM audit WHERE user = ?1 AND command = ?2 AND action = 'planned'
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row(params![user.0, id.to_string()], |row| row.get(0))
        .optional()?;
    let plan: Option<Value> = detail.map(|detail| json(0, &detail)).transpose()?;
    Ok(plan.filter(|plan| plan.get("selectedTools").is_some()))
}
