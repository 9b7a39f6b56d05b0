//! A thread that owns one connection and works off a bounded queue.
//!
//! Writes that wait together are committed together. While the disk is busy with one commit the next
//! ones gather, so the batches grow with the load and a lone write never waits for company.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};

use super::{Durability, StoreConfig, StoreError, schema, trim};
use crate::domain::UserId;

/// How long a caller waits for a place in a full queue.
const PATIENCE: Duration = Duration::from_secs(5);

/// More writes than this are never in one commit, so that the first of them is not kept waiting.
const MAX_BATCH: usize = 256;

type Apply = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

struct Write {
    apply: Apply,
    durability: Durability,
    /// The user who has one command more by this.
    grows: Option<UserId>,
    done: oneshot::Sender<rusqlite::Result<()>>,
}

impl Write {
    fn tell(self, result: rusqlite::Result<()>) {
        if let Err(Err(error)) = self.done.send(result) {
            tracing::error!(%error, "an entry that nobody waits for could not be written");
        }
    }
}

enum Job {
    Write(Write),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    Close(oneshot::Sender<()>),
}

/// Why a read or a write did not come about.
pub(super) enum Fault {
    Busy,
    Closed,
    Sqlite(rusqlite::Error),
}

impl Fault {
    pub(super) fn into_error(self, what: &'static str, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Busy => StoreError::Busy { what },
            Self::Closed => StoreError::Closed { what },
            Self::Sqlite(source) if schema::is_damage(&source) => StoreError::Damaged { path, source },
            Self::Sqlite(source) => StoreError::Sqlite { what, path, source },
        }
    }
}

/// The way into the queue of one thread.
#[derive(Clone)]
pub(super) struct Worker {
    queue: mpsc::Sender<Job>,
}

impl Worker {
    /// Gives `connection` a thread; it ends when the last clone of the result is gone.
    pub(super) fn start(name: &str, connection: Connection, config: StoreConfig) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(config.queue.max(1));
        let thread = Thread {
            connection,
            jobs,
            synced: false,
            keep: config.keep_commands,
            grown: HashSet::new(),
            begun: 0,
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || thread.run())
            .map_err(StoreError::Thread)?;
        Ok(Self { queue })
    }

    /// Does one statement and returns once it is committed. `apply` may be called a second time, after
    /// a batch failed as a whole.
    pub(super) async fn write(
        &self,
        durability: Durability,
        grows: Option<UserId>,
        apply: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let (done, answer) = oneshot::channel();
        self.send(Job::Write(Write { apply: Box::new(apply), durability, grows, done })).await?;
        answer.await.map_err(|_| Fault::Closed)?.map_err(Fault::Sqlite)
    }

    /// Puts one statement in the queue and does not wait for it; that it failed is logged.
    pub(super) async fn write_behind(
        &self,
        durability: Durability,
        apply: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let (done, _) = oneshot::channel();
        self.send(Job::Write(Write { apply: Box::new(apply), durability, grows: None, done })).await
    }

    /// Asks and returns the answer.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (done, answer) = oneshot::channel();
        let job = Job::Read(Box::new(move |connection| {
            // Whoever asked may have gone away meanwhile.
            let _ = done.send(query(connection));
        }));
        self.send(job).await?;
        answer.await.map_err(|_| Fault::Closed)?.map_err(Fault::Sqlite)
    }

    /// Ends the thread after all that waits before this, and returns once the file is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Job::Close(done)).await.is_ok() {
            // An error means that someone else has closed it.
            let _ = closed.await;
        }
    }

    async fn send(&self, job: Job) -> Result<(), Fault> {
        self.queue.send_timeout(job, PATIENCE).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Fault::Busy,
            SendTimeoutError::Closed(_) => Fault::Closed,
        })
    }
}

struct Thread {
    connection: Connection,
    jobs: mpsc::Receiver<Job>,
    /// Whether commits wait for the disk at the moment.
    synced: bool,
    keep: usize,
    /// Users who have more commands since old ones were last taken away, and how many in all.
    grown: HashSet<UserId>,
    begun: usize,
}

impl Thread {
    fn run(mut self) {
        let mut next = self.jobs.blocking_recv();
        while let Some(job) = next.take() {
            match job {
                Job::Read(query) => query(&self.connection),
                Job::Close(done) => {
                    drop(self.connection);
                    let _ = done.send(());
                    return;
                }
                Job::Write(first) => {
                    let mut batch = vec![first];
                    while batch.len() < MAX_BATCH && next.is_none() {
                        match self.jobs.try_recv() {
                            Ok(Job::Write(write)) => batch.push(write),
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    self.write(batch);
                }
            }
            next = next.or_else(|| self.jobs.blocking_recv());
        }
    }

    fn write(&mut self, batch: Vec<Write>) {
        for user in batch.iter().filter_map(|write| write.grows.as_ref()) {
            self.begun += 1;
            if !self.grown.contains(user) {
                self.grown.insert(user.clone());
            }
        }
        match self.commit(&batch) {
            Ok(results) => {
                for (write, result) in batch.into_iter().zip(results) {
                    write.tell(result);
                }
            }
            // One at a time, so that each fails for itself or not at all.
            Err(_) => {
                for write in batch {
                    let alone = self.commit(std::slice::from_ref(&write));
                    let result = alone.and_then(|mut results| results.pop().unwrap_or(Ok(())));
                    write.tell(result);
                }
            }
        }
        if self.begun > self.keep / 100 {
            self.begun = 0;
            for user in self.grown.drain() {
                if let Err(error) = trim::remove_old(&self.connection, &user, self.keep) {
                    tracing::warn!(%error, "old commands could not be removed; trying again later");
                }
            }
        }
    }

    /// One transaction. A statement that is refused undoes itself only; the outer error means that
    /// nothing was written at all.
    fn commit(&mut self, batch: &[Write]) -> rusqlite::Result<Vec<rusqlite::Result<()>>> {
        let synced = batch.iter().any(|write| write.durability == Durability::PowerCut);
        if synced != self.synced {
            let level = if synced { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.synced = synced;
        }
        let transaction = self.connection.unchecked_transaction()?;
        let mut results = Vec::with_capacity(batch.len());
        for write in batch {
            let result = (write.apply)(&transaction);
            match result {
                // A full disk, say, makes SQLite take back everything.
                Err(error) if transaction.is_autocommit() => return Err(error),
                other => results.push(other),
            }
        }
        transaction.commit()?;
        Ok(results)
    }
}
