//! What was said and what was done, on disk: the history of commands, the audit log that is written
//! before effects, and the ledger of calls that is read from it.
//!
//! One SQLite file, one thread that writes it and one that reads it. Callers wait in a bounded queue,
//! and whatever waits together is committed together, so that a hundred commands at once cost little
//! more than one. Every read names the user, and nobody sees another's. Nothing here is ever logged.

mod audit;
mod commands;
mod error;
mod ledger;
mod permits;
mod record;
mod repeats;
mod run;
mod schema;
mod trim;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::domain::{CommandId, Event, Outcome, Question, SessionId, Turn, UserId};
use run::Run;
use worker::Worker;

pub use error::StoreError;
pub use ledger::{Interrupted, LedgerEntry};
pub use record::{
    AuditAction, AuditEntry, AuditRecord, CommandRecord, Durability, HistoryItem, RequestKey, StoredCommand,
};
pub use repeats::Begun;

/// How much is kept, and how much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Commands kept for each user, the newest; older ones go, with their audit entries. Up to a
    /// hundredth more may lie there for a while, since they are taken away in one go.
    pub keep_commands: usize,
    /// Reads or writes that may wait; whoever comes when all places are taken waits a while for one.
    pub queue: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { keep_commands: 10_000, queue: 1024 }
    }
}

/// The door to the file. Cheap to clone; the threads end when the last clone is gone.
#[derive(Clone)]
pub struct Store {
    writer: Worker,
    reader: Worker,
    file: Arc<PathBuf>,
    /// None in memory, where nobody else looks.
    run: Option<Arc<Run>>,
}

impl Store {
    /// Opens the file, or makes it, readable by its owner only; `None` keeps everything in memory.
    /// Reads and writes files: for the start of the program, not for a task.
    ///
    /// # Errors
    /// Where the file or its folder cannot be used, is damaged, is some other program's, or was made
    /// by a newer Hark: each names the file and the way out.
    pub fn open(path: Option<&Path>) -> Result<Self, StoreError> {
        Self::open_with(path, StoreConfig::default())
    }

    /// Opens the file with other bounds.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: Option<&Path>, config: StoreConfig) -> Result<Self, StoreError> {
        Ok(Self::open_settled(path, config, &|_| None)?.0)
    }

    /// Opens the file and first gives an end to every command that a process left in the middle: the one
    /// that `settle` makes of what is on record. The second part names these commands.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_settled(
        path: Option<&Path>,
        config: StoreConfig,
        settle: &dyn Fn(&Interrupted) -> Option<Outcome>,
    ) -> Result<(Self, Vec<CommandId>), StoreError> {
        let file = Arc::new(path.map_or_else(|| PathBuf::from(":memory:"), Path::to_owned));
        let mut connection = schema::open(path)?;
        let mut interrupted = Vec::new();
        let mut run = None;
        if let Some(path) = path {
            let settled = ledger::settle_interrupted(&mut connection, path, settle);
            interrupted = settled.map_err(|source| {
                worker::Fault::Sqlite(source).into_error("settle what was interrupted", path)
            })?;
            run::tidy(path);
            let begun = Run::begin(path);
            let begun = begun.map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
            run = Some(Arc::new(begun));
        }
        let reading = path.map(schema::open_reader).transpose()?;
        let writer = Worker::start("store-write", connection, config)?;
        // What is in memory belongs to one connection, so that one thread has to do both.
        let reader = match reading {
            Some(connection) => Worker::start("store-read", connection, config)?,
            None => writer.clone(),
        };
        Ok((Self { writer, reader, file, run }, interrupted))
    }

    /// Notes that a command has come in, before anything is done about it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn begin(&self, record: CommandRecord) -> Result<(), StoreError> {
        let (user, run) = (record.user.clone(), self.run.clone());
        let write = self.writer.write(Durability::Process, Some(user), move |connection| {
            commands::insert(connection, &record, run.as_deref().map(Run::name))
        });
        write.await.map_err(|fault| fault.into_error("record the command", &self.file))
    }

    /// The same for a request that may come again: it is recorded only where its key is new.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn begin_once(&self, record: CommandRecord, key: RequestKey) -> Result<Begun, StoreError> {
        let (user, run, now) = (record.user.clone(), self.run.clone(), chrono::Utc::now());
        let begun = Arc::new(Mutex::new(Begun::New));
        let tell = begun.clone();
        // It outlives a power cut, since the client may send the request again after one.
        let write = self.writer.write(Durability::PowerCut, Some(user), move |connection| {
            let found = repeats::begin(connection, &record, run.as_deref().map(Run::name), &key, now)?;
            *tell.lock().unwrap_or_else(PoisonError::into_inner) = found;
            Ok(())
        });
        write.await.map_err(|fault| fault.into_error("record the command", &self.file))?;
        let begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*begun)
    }

    /// Notes how a command of `user` ended: its outcome, the question where it asked one, and its events.
    ///
    /// # Errors
    /// Where it cannot be written, or `user` has no such command.
    pub async fn finish(
        &self,
        user: &UserId,
        outcome: &Outcome,
        asked: Option<&Question>,
        events: &[Arc<Event>],
    ) -> Result<(), StoreError> {
        let row = commands::Ending::new(user, outcome, asked, events)
            .map_err(|source| StoreError::Encode { id: outcome.command_id, source })?;
        let write = self
            .writer
            .write(Durability::Process, None, move |connection| commands::update(connection, &row));
        write.await.map_err(|fault| match fault {
            worker::Fault::Sqlite(rusqlite::Error::QueryReturnedNoRows) => {
                StoreError::UnknownCommand { id: outcome.command_id }
            }
            other => other.into_error("record the outcome", &self.file),
        })
    }

    /// Adds to the audit log and returns once the entry is on disk, as safe as its action needs
    /// ([`AuditAction::durability`]).
    ///
    /// # Errors
    /// Where it cannot be written: then whatever it announces must not be done.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let durability = entry.action.durability();
        self.audit_with(entry, durability).await
    }

    /// Adds to the audit log with a durability other than the usual one of its action.
    ///
    /// # Errors
    /// As [`Store::audit`].
    pub async fn audit_with(&self, entry: AuditEntry, durability: Durability) -> Result<(), StoreError> {
        let at = chrono::Utc::now();
        let write =
            self.writer.write(durability, None, move |connection| audit::insert(connection, &entry, at));
        write.await.map_err(|fault| fault.into_error("write the audit log", &self.file))
    }

    /// Adds to the audit log without waiting for it, for what tells of something and announces no effect.
    /// Entries are written in the order in which they are handed in, so that a later [`Store::audit`] or
    /// [`Store::finish`] that has returned has this one before it.
    ///
    /// # Errors
    /// Where the queue is full or closed. A write that fails is logged.
    pub async fn audit_behind(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let (at, durability) = (chrono::Utc::now(), entry.action.durability());
        let queued =
            self.writer.write_behind(durability, move |connection| audit::insert(connection, &entry, at));
        queued.await.map_err(|fault| fault.into_error("write the audit log", &self.file))
    }

    /// The audit entries of one command of `user`, oldest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn audit_of(&self, user: &UserId, id: CommandId) -> Result<Vec<AuditRecord>, StoreError> {
        let user = user.clone();
        self.read("read the audit log", move |connection| audit::of_command(connection, &user, id)).await
    }

    /// The calls of one command of `user`, in the order of their announcement.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn ledger_of(&self, user: &UserId, id: CommandId) -> Result<Vec<LedgerEntry>, StoreError> {
        let user = user.clone();
        self.read("read the ledger", move |connection| ledger::of_command(connection, &user, id)).await
    }

    /// At most `limit` commands of `user`, newest first; `before` gives the page that follows it.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn history(
        &self,
        user: &UserId,
        limit: usize,
        before: Option<CommandId>,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        let user = user.clone();
        self.read("read the history", move |connection| commands::page(connection, &user, limit, before))
            .await
    }

    /// One command of `user` with its outcome and events; none where there is no such command, or it
    /// is another's.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn find(&self, user: &UserId, id: CommandId) -> Result<Option<StoredCommand>, StoreError> {
        let user = user.clone();
        self.read("read the command", move |connection| commands::find(connection, &user, id)).await
    }

    /// The last `limit` turns of a conversation of `user` that came to an end, oldest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn turns(
        &self,
        user: &UserId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<Turn>, StoreError> {
        let (user, session) = (user.clone(), session.clone());
        self.read("read the conversation", move |connection| {
            commands::turns(connection, &user, &session, limit)
        })
        .await
    }

    /// Writes what waits, then closes the file and leaves it tidy, without a log beside it. For the end
    /// of the program; whoever comes later is told that the store is closed.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reader.read(query).await.map_err(|fault| fault.into_error(what, &self.file))
    }
}
