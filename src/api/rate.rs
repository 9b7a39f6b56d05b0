//! At most so many commands a minute for each user: a window that slides, so that no minute ever holds
//! more, wherever it is begun.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::{ApiError, Users};
use crate::domain::{Language, UserId};
use crate::phrases::Phrase;

const WINDOW: Duration = Duration::from_secs(60);

/// Counts commands. Its memory is bounded: users come from the settings and the file of users, and each
/// has at most as many times on record as commands a minute.
pub(super) struct RateLimit {
    per_minute: u32,
    users: Users,
    taken: Mutex<HashMap<UserId, VecDeque<Instant>>>,
}

impl RateLimit {
    pub(super) fn new(per_minute: u32, users: Users) -> Self {
        Self { per_minute, users, taken: Mutex::default() }
    }

    /// Counts one command of `user`, or refuses it and says when to come again.
    pub(super) fn take(&self, user: &UserId, language: Language) -> Result<(), ApiError> {
        let per_minute = self.users.commands_per_minute(user).unwrap_or(self.per_minute);
        self.take_at(user, per_minute, Instant::now()).map_err(|wait| {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let phrase = Phrase::new("rate-limited").with("count", per_minute).with("seconds", seconds);
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", phrase.say(language))
                .retry_after_s(seconds)
        })
    }

    fn take_at(&self, user: &UserId, per_minute: u32, now: Instant) -> Result<(), Duration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let times = taken.entry(user.clone()).or_default();
        while times.front().is_some_and(|time| now.duration_since(*time) >= WINDOW) {
            times.pop_front();
        }
        match times.front() {
            Some(oldest) if times.len() >= per_minute as usize => {
                Err(WINDOW.saturating_sub(now.duration_since(*oldest)))
            }
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_limit() {
        let limit = RateLimit::new(3, Users::default());
        let (ann, bob, start) = (UserId("ann".into()), UserId("bob".into()), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for seconds in [0, 10, 59] {
            assert_eq!(limit.take_at(&ann, 3, at(seconds)), Ok(()));
        }
        assert_eq!(limit.take_at(&ann, 3, at(59)), Err(Duration::from_secs(1)));
        assert_eq!(limit.take_at(&bob, 3, at(59)), Ok(()), "another user has a window of their own");
        assert_eq!(limit.take_at(&ann, 3, at(60)), Ok(()));
        assert_eq!(limit.take_at(&ann, 3, at(61)), Err(Duration::from_secs(9)));
    }
}
