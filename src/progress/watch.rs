//! The reading end: a watcher walks the log at its own pace.

use std::sync::Arc;

use futures::{Stream, stream};

use super::log::{Log, Next};
use crate::domain::Event;

/// The events above the number `after`; ends when nothing will follow.
pub(super) fn follow(log: Arc<Log>, after: u64) -> impl Stream<Item = Arc<Event>> + Send + Unpin + use<> {
    // The bell is taken before the first look, so that nothing can happen unheard between the two.
    let bell = log.bell();
    let events = stream::unfold((log, bell, after), |(log, mut bell, after)| async move {
        loop {
            match log.next(after) {
                Next::Event(event) => {
                    let seq = event.seq;
                    return Some((event, (log, bell, seq)));
                }
                Next::Over => return None,
                // The sender lives in the log that this watcher holds, so it cannot be gone.
                Next::NotYet => bell.changed().await.ok()?,
            }
        }
    });
    // Pinned here, so that callers can simply ask for the next one.
    Box::pin(events)
}
