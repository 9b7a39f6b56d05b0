//! Opening the file: its settings, its version, and the way from older versions.
//!
//! The write-ahead log is on, so that reading never waits for writing. With it, `synchronous = NORMAL`
//! loses at most the last commits at a power cut and never harms the file; the writer raises it to
//! `FULL` for those commits that must outlive a power cut.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{StoreError, permits};

/// Marks the file as ours: "Hark" in ASCII.
const APPLICATION_ID: i64 = 0x4861_726B;

/// How long a commit waits for another process that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Each entry takes the file one version up. Entries are only ever added.
const VERSIONS: &[&str] = &[
    "
    CREATE TABLE commands (
        id TEXT PRIMARY KEY, -- UUID of version 7: sorts by time
        user TEXT NOT NULL,
        session TEXT NOT NULL,
        spoken INTEGER NOT NULL,
        text TEXT NOT NULL,
        received_at INTEGER NOT NULL, -- microseconds since 1970
        success INTEGER, -- null until the end, as all that follows
        reply TEXT,
        execution_ms REAL,
        asked TEXT, -- JSON of the question
        outcome TEXT, -- JSON
        events TEXT -- JSON
    ) STRICT;
    CREATE INDEX commands_by_user ON commands (user, id);
    CREATE INDEX commands_by_session ON commands (user, session, id);
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL, -- microseconds since 1970
        command TEXT NOT NULL,
        user TEXT NOT NULL,
        action TEXT NOT NULL,
        tool TEXT,
        detail TEXT NOT NULL -- JSON
    ) STRICT;
    CREATE INDEX audit_by_command ON audit (user, command, number);
    ",
    permits::TABLES,
    "
    ALTER TABLE commands ADD COLUMN run TEXT; -- the process that carries it out
    CREATE INDEX commands_without_end ON commands (id) WHERE outcome IS NULL;
    CREATE VIEW ledger AS -- a call is announced once for each attempt, and ends once
        SELECT call.number, call.user, call.command, call.tool, call.at AS announced_at,
            call.detail ->> '$.step' AS step,
            call.detail -> '$.arguments' AS arguments,
            call.detail ->> '$.readOnly' AS read_only,
            end.detail ->> '$.status' AS status,
            end.detail ->> '$.error' AS error,
            end.detail ->> '$.elapsedMs' AS elapsed_ms
        FROM audit AS call LEFT JOIN audit AS end
            ON end.user = call.user AND end.command = call.command AND end.action = 'call_ended'
            AND end.detail ->> '$.step' = call.detail ->> '$.step'
        WHERE call.action = 'call_started' AND call.detail ->> '$.attempt' = 1;
    CREATE TABLE request_keys (
        user TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL, -- of the request that came with it first
        command TEXT NOT NULL,
        at INTEGER NOT NULL, -- microseconds since 1970
        PRIMARY KEY (user, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX request_keys_by_age ON request_keys (at);
    CREATE INDEX request_keys_by_command ON request_keys (user, command);
",
];

/// Opens the file for writing, or makes it, and brings it to the newest version.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, StoreError> {
    let Some(path) = path else {
        let connection = Connection::open_in_memory();
        let prepared = connection.and_then(|mut connection| {
            bring_up(&mut connection, 0)?;
            Ok(connection)
        });
        return prepared.map_err(|source| StoreError::Open { path: ":memory:".into(), source });
    };
    make_private(path).map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
    let in_file = |source| failed(path, source);
    let mut connection = connect(path).map_err(in_file)?;
    let found = version_of(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(in_file)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(in_file)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024).map_err(in_file)?;
    bring_up(&mut connection, found).map_err(in_file)?;
    Ok(connection)
}

/// Opens the file for reading; it was opened for writing before.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path).map_err(|source| failed(path, source))?;
    connection.pragma_update(None, "query_only", true).map_err(|source| failed(path, source))?;
    Ok(connection)
}

/// Tells a damaged file from one that merely cannot be used.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// History is private: the file is made for its owner only, and SQLite gives the files beside it the
/// same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The file's version, 0 for an empty one.
fn version_of(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let in_file = |source| failed(path, source);
    let number = |pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(in_file)
    };
    let (owner, found, known) = (number("application_id")?, number("user_version")?, VERSIONS.len() as i64);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).map_err(in_file)?;
    if owner != APPLICATION_ID && (owner != 0 || found != 0 || tables != 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

fn bring_up(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    for (index, statements) in VERSIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(statements)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn failed(path: &Path, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match is_damage(&source) {
        true => StoreError::Damaged { path, source },
        false => StoreError::Open { path, source },
    }
}
