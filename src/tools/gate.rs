//! How many calls of one server are under way at once, and how many may wait: a server that is slow or
//! hangs holds up its own callers only, and not without end.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::Limits;

/// The gate in front of one server.
pub(super) struct Gate {
    places: Semaphore,
    /// Those that are in and those that wait.
    present: AtomicUsize,
    limits: Limits,
}

/// A place; free again once this is dropped.
pub(super) struct Place<'a> {
    _permit: SemaphorePermit<'a>,
    _presence: Presence<'a>,
}

/// There is no place, and no more may wait for one. How many do.
#[derive(Debug)]
pub(super) struct Full(pub(super) usize);

struct Presence<'a>(&'a AtomicUsize);

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        let calls = limits.calls.min(Semaphore::MAX_PERMITS);
        Self { places: Semaphore::new(calls), present: AtomicUsize::new(0), limits }
    }

    /// Waits for a place, in the order in which calls came.
    pub(super) async fn enter(&self) -> Result<Place<'_>, Full> {
        let presence = Presence::new(&self.present, self.limits.calls.saturating_add(self.limits.waiting));
        let Some(presence) = presence else { return Err(Full(self.waiting())) };
        match self.places.acquire().await {
            Ok(permit) => Ok(Place { _permit: permit, _presence: presence }),
            // Nobody closes it.
            Err(_closed) => Err(Full(self.waiting())),
        }
    }

    /// Calls under way.
    pub(super) fn calls(&self) -> usize {
        self.limits.calls.saturating_sub(self.places.available_permits())
    }

    /// Calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.present.load(Ordering::Relaxed).saturating_sub(self.calls())
    }
}

impl<'a> Presence<'a> {
    fn new(present: &'a AtomicUsize, at_most: usize) -> Option<Self> {
        let count = |present| (present < at_most).then_some(present + 1);
        present.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).ok().map(|_| Self(present))
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn so_many_are_in_so_many_wait_and_more_are_refused() {
        let gate = Gate::new(Limits { calls: 1, waiting: 1, ..Limits::default() });
        let first = gate.enter().now_or_never().unwrap().unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!((gate.calls(), gate.waiting()), (1, 1));
        assert_eq!(gate.enter().now_or_never().unwrap().err().map(|Full(waiting)| waiting), Some(1));
        drop(first);
        let second = second.now_or_never().unwrap().unwrap();
        assert_eq!((gate.calls(), gate.waiting()), (1, 0));
        drop(second);
        {
            let mut given_up = Box::pin(gate.enter());
            let _held = given_up.as_mut().now_or_never();
        }
        assert_eq!((gate.calls(), gate.waiting()), (0, 0), "who gives up waiting leaves no trace");
    }
}
