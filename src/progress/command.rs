//! The writing end of one command's stream.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::Observer;
use super::log::Log;
use super::shelf::Shelf;
use crate::domain::{CommandId, Event, EventType};

/// Tells of one command. Cheap to clone; the clones write to the same stream.
#[derive(Clone)]
pub struct CommandProgress {
    writer: Arc<Writer>,
}

struct Writer {
    log: Arc<Log>,
    shelf: Arc<Shelf>,
    observer: Arc<OnceLock<Observer>>,
}

impl CommandProgress {
    pub(super) fn new(id: CommandId, shelf: Arc<Shelf>, observer: Arc<OnceLock<Observer>>) -> Self {
        let log = Arc::new(Log::new(id));
        shelf.put(log.clone());
        Self { writer: Arc::new(Writer { log, shelf, observer }) }
    }

    /// Tells an event. Never waits and never fails: after the last event nothing is taken, and a
    /// flood of progress notes is cut (the last event never is).
    pub fn emit(&self, kind: EventType, message: impl Into<String>, data: Value) {
        let Writer { log, shelf, observer } = &*self.writer;
        let told = log.append(kind, message.into(), data, |event| {
            if let Some(observer) = observer.get() {
                observer(event);
            }
        });
        match told {
            Some(event) if event.kind.is_last() => shelf.finish(log.id()),
            Some(_) => {}
            None => tracing::debug!(command.id = %log.id(), kind = kind.name(), "event dropped"),
        }
    }

    /// All events so far, in order.
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.writer.log.events()
    }

    /// The command.
    pub fn id(&self) -> CommandId {
        self.writer.log.id()
    }
}

impl fmt::Debug for CommandProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommandProgress").field(&self.id()).finish()
    }
}

/// When nobody is left who could tell the last event, watchers must not wait for it.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.log.close() {
            self.shelf.finish(self.log.id());
        }
    }
}
