//! The bound on what is kept.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::UserId;

/// Removes all but the newest `keep` commands of `user`, and the audit entries that are older than
/// these.
pub(super) fn remove_old(connection: &Connection, user: &UserId, keep: usize) -> rusqlite::Result<()> {
    let newest_to_go: Option<String> = connection
        .prepare_cached("SELECT id FROM commands WHERE user = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2")?
        .query_row(params![user.0, keep as i64], |row| row.get(0))
        .optional()?;
    let Some(id) = newest_to_go else {
        return Ok(());
    };
    let transaction = connection.unchecked_transaction()?;
    transaction
        .prepare_cached("DELETE FROM commands WHERE user = ?1 AND id <= ?2")?
        .execute(params![user.0, id])?;
    transaction
        .prepare_cached("DELETE FROM audit WHERE user = ?1 AND command <= ?2")?
        .execute(params![user.0, id])?;
    transaction
        .prepare_cached("DELETE FROM request_keys WHERE user = ?1 AND command <= ?2")?
        .execute(params![user.0, id])?;
    transaction.commit()
}
