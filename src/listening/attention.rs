//! What a session knows beside the sound: until when it needs no wake phrase, and what Hark is saying.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The echo of a room, and the time that a player keeps sound back.
const ECHO: Duration = Duration::from_millis(800);

/// Shared by the tasks of one session.
pub(super) struct Attention {
    length: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    awake_until: Option<Instant>,
    reply: String,
    is_speaking: bool,
    spoke_until: Option<Instant>,
}

impl Attention {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, state: Mutex::default() }
    }

    /// Somebody turned to Hark, or Hark has asked something: the next utterance counts.
    pub(super) fn wake(&self) {
        self.state().awake_until = Some(Instant::now() + self.length);
    }

    /// The next utterance counted.
    pub(super) fn rest(&self) {
        self.state().awake_until = None;
    }

    pub(super) fn is_awake(&self) -> bool {
        self.state().awake_until.is_some_and(|until| Instant::now() < until)
    }

    /// What Hark says now or next.
    pub(super) fn set_reply(&self, reply: &str) {
        reply.clone_into(&mut self.state().reply);
    }

    /// Hark's voice begins or ends to sound.
    pub(super) fn set_speaking(&self, is_speaking: bool) {
        let mut state = self.state();
        if state.is_speaking && !is_speaking {
            state.spoke_until = Some(Instant::now() + ECHO);
        }
        state.is_speaking = is_speaking;
    }

    /// What Hark's voice says where it sounds, or did a moment ago.
    pub(super) fn spoken(&self) -> Option<String> {
        let state = self.state();
        let sounds = state.is_speaking || state.spoke_until.is_some_and(|until| Instant::now() < until);
        sounds.then(|| state.reply.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
