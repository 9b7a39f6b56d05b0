//! How a server is doing, told to people and programs.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::RejectedTool;

/// Calls that the percentiles look back on.
const CALLS_KEPT: usize = 128;

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerState {
    /// On its way up.
    Starting,
    /// Its tools can be called.
    Ready,
    /// Its tools can be called, and something is wrong with it all the same.
    Degraded,
    /// It did not come up, or did not stay up; it is tried again after a pause.
    Failed,
    /// It is up, and its tools are kept from being called until a person agrees.
    Quarantined,
    /// Switched off in the configuration, or because Hark is shutting down.
    Off,
}

impl ServerState {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Off => "off",
        }
    }

    /// Whether its tools can be called.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }
}

/// How one server is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// Its name in the configuration.
    pub key: String,
    /// `stdio` or `http`.
    pub transport: &'static str,
    /// Where it is in its life.
    pub state: ServerState,
    /// How many of its tools can be used.
    pub tools: usize,
    /// Its tools are those of Hark's last run, since it has not said yet which it has now.
    pub stale: bool,
    /// The tools that it listed and that cannot be used.
    pub rejected: Vec<RejectedTool>,
    /// Why it is in that state, and the way out; kept while it is tried again, gone once ready.
    pub error: Option<String>,
    /// The last of its error output; servers also log there, so that it is not always bad news.
    pub stderr: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// Calls under way.
    pub calls: usize,
    /// Calls that wait for one of those to end.
    pub waiting: usize,
    /// The time from its start to its first list of tools, in milliseconds.
    pub connect_ms: Option<f64>,
    /// Half of the last calls took no longer, in milliseconds.
    pub call_p50_ms: Option<f64>,
    /// 95 of 100 of the last calls took no longer, in milliseconds.
    pub call_p95_ms: Option<f64>,
    /// The version of the protocol that was agreed on.
    pub protocol_version: Option<String>,
    /// What it calls itself.
    pub server_name: Option<String>,
    /// The version that it says it has.
    pub server_version: Option<String>,
}

/// The times of the last answered calls.
#[derive(Default)]
pub(super) struct CallTimes(VecDeque<Duration>);

impl CallTimes {
    pub(super) fn record(&mut self, took: Duration) {
        if self.0.len() == CALLS_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(took);
    }

    /// The time that the share `of` (0 to 1) of the calls did not exceed, in milliseconds.
    pub(super) fn percentile(&self, of: f64) -> Option<f64> {
        let mut times: Vec<_> = self.0.iter().collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let rank = (of * times.len() as f64).ceil() as usize;
        times.get(rank.saturating_sub(1).min(last)).map(|time| time.as_secs_f64() * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_last_calls_only() {
        let mut times = CallTimes::default();
        assert_eq!(times.percentile(0.5), None);
        (0..CALLS_KEPT).for_each(|_| times.record(Duration::from_secs(9)));
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        (0..CALLS_KEPT - 100).for_each(|_| times.record(Duration::from_millis(1)));
        assert_eq!(times.percentile(1.0), Some(100.0));
        assert_eq!(times.percentile(0.5), Some(36.0));
    }
}
