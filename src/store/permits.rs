//! What people agreed to: approvals that were spent, and calls that are always allowed.

use chrono::Utc;
use rusqlite::types::Type;
use rusqlite::{Row, params};
use uuid::Uuid;

use super::commands::{bound, json, time};
use super::{Durability, Store, StoreError, worker};
use crate::domain::{Allowance, AllowedCalls, Outcome, Receipt, SessionId, ToolName, UserId};

/// The tables, a version of the file.
pub(super) const TABLES: &str = "
    CREATE TABLE spent_approvals (
        id TEXT PRIMARY KEY, -- UUID
        user TEXT NOT NULL,
        at INTEGER NOT NULL -- microseconds since 1970
    ) STRICT;
    CREATE TABLE allowances (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user TEXT NOT NULL,
        tool TEXT NOT NULL,
        calls TEXT NOT NULL, -- JSON
        at INTEGER NOT NULL -- microseconds since 1970
    ) STRICT;
    CREATE INDEX allowances_by_tool ON allowances (user, tool);
";

impl Store {
    /// Spends an approval; false where it was spent before. Once this has returned, it stays spent
    /// whatever happens, a power cut included.
    ///
    /// # Errors
    /// Where it cannot be written: then what was approved must not be done.
    pub async fn spend(&self, user: &UserId, approval: Uuid) -> Result<bool, StoreError> {
        let (user, at) = (user.clone(), Utc::now());
        let write = self.writer.write(Durability::PowerCut, None, move |connection| {
            let spent = connection
                .prepare_cached("INSERT OR IGNORE INTO spent_approvals (id, user, at) VALUES (?1, ?2, ?3)")?
                .execute(params![approval.to_string(), user.0, at.timestamp_micros()])?;
            found(spent)
        });
        self.was_found(write.await, "spend an approval")
    }

    /// Remembers calls that need no further question.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn allow(&self, user: &UserId, calls: &AllowedCalls) -> Result<(), StoreError> {
        let (user, calls, at) = (user.clone(), calls.clone(), Utc::now());
        let text = serde_json::json!(calls).to_string();
        let write = self.writer.write(Durability::Process, None, move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO allowances (user, tool, calls, at) SELECT ?1, ?2, ?3, ?4
                     WHERE NOT EXISTS (SELECT 1 FROM allowances WHERE user = ?1 AND tool = ?2 AND calls = ?3)",
                )?
                .execute(params![user.0, calls.tool.to_string(), text, at.timestamp_micros()])
                .map(drop)
        });
        write.await.map_err(|fault| fault.into_error("remember what is allowed", &self.file))
    }

    /// Forgets what was allowed; false where `user` has no allowance of that number.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn withdraw(&self, user: &UserId, id: i64) -> Result<bool, StoreError> {
        let user = user.clone();
        let write = self.writer.write(Durability::Process, None, move |connection| {
            found(
                connection
                    .execute("DELETE FROM allowances WHERE id = ?1 AND user = ?2", params![id, user.0])?,
            )
        });
        self.was_found(write.await, "withdraw what was allowed")
    }

    /// What `user` has allowed, oldest first; of one tool, where it is named.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn allowances(
        &self,
        user: &UserId,
        tool: Option<&ToolName>,
    ) -> Result<Vec<Allowance>, StoreError> {
        let (user, tool) = (user.clone(), tool.map(ToolName::to_string));
        self.read("read what is allowed", move |connection| {
            connection
                .prepare_cached(
                    "SELECT id, calls, at FROM allowances WHERE user = ?1 AND (?2 IS NULL OR tool = ?2) ORDER BY id",
                )?
                .query_map(params![user.0, tool], allowance)?
                .collect()
        })
        .await
    }

    /// What was said in the last `limit` commands of a conversation of `user`, and the receipts of each,
    /// oldest first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn receipts(
        &self,
        user: &UserId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Receipt>)>, StoreError> {
        let (user, session) = (user.clone(), session.clone());
        self.read("read the conversation", move |connection| {
            let mut found: Vec<(String, Vec<Receipt>)> = connection
                .prepare_cached(
                    "SELECT text, outcome FROM commands
                     WHERE user = ?1 AND session = ?2 AND outcome IS NOT NULL ORDER BY id DESC LIMIT ?3",
                )?
                .query_map(params![user.0, session.0, bound(limit)], |row| {
                    let outcome: String = row.get(1)?;
                    Ok((row.get(0)?, json::<Outcome>(1, &outcome)?.results))
                })?
                .collect::<rusqlite::Result<_>>()?;
            found.reverse();
            Ok(found)
        })
        .await
    }

    fn was_found(&self, written: Result<(), worker::Fault>, what: &'static str) -> Result<bool, StoreError> {
        match written {
            Ok(()) => Ok(true),
            Err(worker::Fault::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(false),
            Err(fault) => Err(fault.into_error(what, &self.file)),
        }
    }
}

fn found(rows: usize) -> rusqlite::Result<()> {
    if rows == 0 { Err(rusqlite::Error::QueryReturnedNoRows) } else { Ok(()) }
}

fn allowance(row: &Row<'_>) -> rusqlite::Result<Allowance> {
    let text: String = row.get(1)?;
    let calls = serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error)))?;
    Ok(Allowance { id: row.get(0)?, calls, since: time(row, 2)? })
}
