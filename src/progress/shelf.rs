//! Where the logs stand: running ones until they end, finished ones for a while.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::ProgressConfig;
use super::log::Log;
use crate::domain::CommandId;

/// The logs by command. A running log is never given up for room: how many commands run at once is
/// the pipeline's bound.
pub(super) struct Shelf {
    config: ProgressConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: HashMap<CommandId, Arc<Log>>,
    finished: HashMap<CommandId, Arc<Log>>,
    /// Ids of `finished` with the time they ended, oldest first.
    ended: VecDeque<(Instant, CommandId)>,
}

impl Shelf {
    pub(super) fn new(config: ProgressConfig) -> Self {
        Self { config, state: Mutex::default() }
    }

    /// Takes the log of a running command.
    pub(super) fn put(&self, log: Arc<Log>) {
        let mut state = self.swept();
        state.running.insert(log.id(), log);
    }

    /// The log of a command that runs, or ended lately.
    pub(super) fn find(&self, id: CommandId) -> Option<Arc<Log>> {
        let state = self.swept();
        state.running.get(&id).or_else(|| state.finished.get(&id)).cloned()
    }

    pub(super) fn is_running(&self, id: CommandId) -> bool {
        self.state().running.contains_key(&id)
    }

    /// Starts the clock of a log that has ended.
    pub(super) fn finish(&self, id: CommandId) {
        let mut state = self.state();
        if let Some(log) = state.running.remove(&id) {
            state.finished.insert(id, log);
            state.ended.push_back((Instant::now(), id));
        }
        state.sweep(&self.config);
    }

    fn swept(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.sweep(&self.config);
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets what has stood too long, or is too many. A watcher in the middle of a forgotten log
    /// holds the log itself and reads on undisturbed.
    fn sweep(&mut self, config: &ProgressConfig) {
        while let Some(&(ended_at, id)) = self.ended.front() {
            let is_old = ended_at.elapsed() >= config.keep;
            let are_many = self.ended.len() as u64 > config.max_streams;
            if !is_old && !are_many {
                return;
            }
            self.ended.pop_front();
            self.finished.remove(&id);
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Shelf")
            .field("running", &state.running.len())
            .field("finished", &state.finished.len())
            .finish_non_exhaustive()
    }
}
