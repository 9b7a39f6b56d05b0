//! The events of one command, in order, with the bell that wakes its watchers.
//!
//! Invariant: event number `n` lies at index `n - 1`, and nothing follows the last event.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use serde_json::Value;
use tokio::sync::watch;

use crate::domain::{CommandId, Event, EventType};

/// Progress notes of tools (`executing` with `data.status` = `progress`) beyond this many are dropped:
/// a chatty server must not fill the memory.
pub(super) const MAX_NOTES: usize = 256;

/// Events of other kinds beyond this many are dropped too. No plan comes near it.
pub(super) const MAX_EVENTS: usize = 1_024;

/// One command's events.
pub(super) struct Log {
    id: CommandId,
    state: Mutex<State>,
    /// Rung after each event and at the end. It carries nothing: watchers read the log.
    bell: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    events: Vec<Arc<Event>>,
    notes: usize,
    is_closed: bool,
}

impl Log {
    pub(super) fn new(id: CommandId) -> Self {
        Self { id, state: Mutex::default(), bell: watch::Sender::new(()) }
    }

    pub(super) fn id(&self) -> CommandId {
        self.id
    }

    /// Adds an event and gives it the next number. `None` where it is not taken: the stream has
    /// ended, or there are too many of its kind.
    ///
    /// `told` sees the event before any watcher can, and under the log's lock, so that observers see
    /// the events of a command in order.
    pub(super) fn append(
        &self,
        kind: EventType,
        message: String,
        data: Value,
        told: impl FnOnce(&Event),
    ) -> Option<Arc<Event>> {
        let event = {
            let mut state = self.state();
            if state.is_closed || !state.has_room_for(kind, &data) {
                return None;
            }
            let event = Arc::new(Event {
                seq: state.events.len() as u64 + 1,
                command_id: self.id,
                kind,
                message,
                timestamp: Utc::now(),
                data,
            });
            told(&event);
            state.events.push(event.clone());
            state.is_closed = kind.is_last();
            event
        };
        self.bell.send_replace(());
        Some(event)
    }

    /// Ends the stream without a last event, if it has not ended. Whether this call did it.
    pub(super) fn close(&self) -> bool {
        let was_closed = std::mem::replace(&mut self.state().is_closed, true);
        self.bell.send_replace(());
        !was_closed
    }

    /// All events so far.
    pub(super) fn events(&self) -> Vec<Arc<Event>> {
        self.state().events.clone()
    }

    /// The first event above the number `after`.
    pub(super) fn next(&self, after: u64) -> Next {
        let state = self.state();
        let index = usize::try_from(after).unwrap_or(usize::MAX);
        match state.events.get(index) {
            Some(event) => Next::Event(event.clone()),
            None if state.is_closed => Next::Over,
            None => Next::NotYet,
        }
    }

    /// A bell that rings for everything that happens after this call.
    pub(super) fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// A poisoned lock means that an observer panicked; the log itself is whole, since it is changed
    /// only after the observer returned.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a watcher finds when it looks.
pub(super) enum Next {
    /// The next event.
    Event(Arc<Event>),
    /// Wait for the bell.
    NotYet,
    /// Nothing will follow.
    Over,
}

impl State {
    fn has_room_for(&mut self, kind: EventType, data: &Value) -> bool {
        if kind.is_last() {
            return true;
        }
        if kind == EventType::Executing && data["status"] == "progress" {
            let has_room = self.notes < MAX_NOTES;
            self.notes += usize::from(has_room);
            return has_room;
        }
        self.events.len() - self.notes < MAX_EVENTS
    }
}
