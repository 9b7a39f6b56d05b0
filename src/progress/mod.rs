//! The numbered event stream of each command: written once, read by any number of watchers.
//!
//! Every command has one log of events. Watchers read it by number, each at its own
//! pace, and are only woken when it grows: a slow watcher holds up nobody and misses nothing, and a
//! lost connection goes on from the number that it last saw. The shelf keeps the logs of
//! running commands, and those of finished ones for a while.
//!
//! What this room does not do: keep events for good (the store does), or know what they mean.

mod command;
mod log;
mod shelf;
mod watch;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::Stream;

use crate::domain::{CommandId, Event};

pub use command::CommandProgress;

use shelf::Shelf;

/// How long finished streams stay, and how many.
#[derive(Clone, Debug)]
pub struct ProgressConfig {
    /// A finished stream can be replayed from memory for this long.
    pub keep: Duration,
    /// At most this many finished streams stay; the oldest go first.
    pub max_streams: u64,
}

impl Default for ProgressConfig {
    fn default() -> Self {
        Self { keep: Duration::from_secs(600), max_streams: 1_000 }
    }
}

/// Sees every event of every command as it is told.
type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// All event streams. Cheap to clone; the clones are one.
#[derive(Clone)]
pub struct Progress {
    shelf: Arc<Shelf>,
    observer: Arc<OnceLock<Observer>>,
}

impl Progress {
    /// No streams yet.
    pub fn new(config: ProgressConfig) -> Self {
        Self { shelf: Arc::new(Shelf::new(config)), observer: Arc::new(OnceLock::new()) }
    }

    /// Opens the stream of a new command. It ends with its last event, or, if the command's task is
    /// lost, when the last clone of what is returned is dropped.
    pub fn open(&self, id: CommandId) -> CommandProgress {
        CommandProgress::new(id, self.shelf.clone(), self.observer.clone())
    }

    /// The events of a command with numbers above `after`, those already told first. The stream ends
    /// after the last event. `None` if the command is unknown here or was forgotten since.
    pub fn watch(
        &self,
        id: CommandId,
        after: u64,
    ) -> Option<impl Stream<Item = Arc<Event>> + Send + Unpin + use<>> {
        self.shelf.find(id).map(|log| watch::follow(log, after))
    }

    /// The events of a command until now; `None` as for [`Progress::watch`].
    pub fn events(&self, id: CommandId) -> Option<Vec<Arc<Event>>> {
        self.shelf.find(id).map(|log| log.events())
    }

    /// Whether the command's stream has begun and not ended.
    pub fn is_running(&self, id: CommandId) -> bool {
        self.shelf.is_running(id)
    }

    /// Has every event of every command shown to `observer` as it is told, in order within a
    /// command. It is called by whoever emits, so it must be quick and must not block. Only the first
    /// observer is taken; whether it was is returned.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) -> bool {
        self.observer.set(Box::new(observer)).is_ok()
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("shelf", &self.shelf).finish_non_exhaustive()
    }
}
