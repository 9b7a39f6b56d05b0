//! The pauses between the starts of a server that does not stay up.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

const FIRST: Duration = Duration::from_millis(250);
const CEILING: Duration = Duration::from_secs(60);
/// A session that lasted this long was well: what ends it is a new fault.
const WELL_AFTER: Duration = Duration::from_secs(30);

/// Growing pauses with jitter, so that many servers of one dead host do not return in step.
pub(super) struct BackOff(ExponentialBackoff);

impl BackOff {
    pub(super) fn new() -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(CEILING).with_jitter();
        Self(pauses.without_max_times().build())
    }

    /// The pause before the next start, after a session that lasted `lasted`.
    pub(super) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted > WELL_AFTER {
            *self = Self::new();
        }
        self.0.next().unwrap_or(CEILING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_ceiling_and_start_again_after_a_good_session() {
        let mut back_off = BackOff::new();
        let pauses: Vec<_> = (0..12).map(|_| back_off.after(Duration::ZERO)).collect();
        assert!(pauses[0] < Duration::from_secs(1), "{pauses:?}");
        assert!(pauses[11] >= CEILING && pauses[11] <= CEILING * 2, "{pauses:?}");
        assert!(back_off.after(WELL_AFTER * 2) < Duration::from_secs(1));
    }
}
