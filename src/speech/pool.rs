//! Threads that each own one decoding state, and the bounded queue in front of them. Decoding is heavy
//! and can't be interrupted inside the encoder, so it never runs on the threads of the runtime.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Hints, SpeechError};
use crate::domain::{Pcm, Transcript};

/// One utterance on its way.
pub(super) struct Job {
    pub(super) pcm: Pcm,
    pub(super) hints: Hints,
    /// Set when nobody waits any more; looked at between the parts of the work.
    pub(super) stop: Arc<AtomicBool>,
    /// When it must be done.
    pub(super) until: Instant,
    /// The time that it was given.
    pub(super) given: Duration,
    pub(super) answer: oneshot::Sender<Result<Transcript, SpeechError>>,
}

/// The queue's entrance. Dropping it ends the threads once the queue is empty.
pub(super) struct Pool {
    entrance: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

/// The queue's exit, shared by the threads.
#[derive(Clone)]
pub(super) struct Exit {
    jobs: Arc<Mutex<Receiver<Job>>>,
    waiting: Arc<AtomicUsize>,
}

impl Pool {
    /// A queue for `bound` jobs.
    pub(super) fn new(bound: usize) -> (Self, Exit) {
        let (entrance, jobs) = sync_channel(bound);
        let waiting = Arc::new(AtomicUsize::new(0));
        let exit = Exit { jobs: Arc::new(Mutex::new(jobs)), waiting: waiting.clone() };
        (Self { entrance, waiting }, exit)
    }

    /// Puts a job into the queue.
    ///
    /// # Errors
    /// Where the queue is full, or every thread has ended.
    pub(super) fn submit(&self, job: Job) -> Result<(), SpeechError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.entrance.try_send(job).map_err(|error| {
            let waiting = self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => SpeechError::Busy(waiting - 1),
                TrySendError::Disconnected(_) => SpeechError::Failed("its threads have ended".to_owned()),
            }
        })
    }
}

impl Exit {
    /// Waits for the next job; `None` when the pool is gone. Jobs that nobody waits for any more, or
    /// that have no time left, are answered here and cost no decoding.
    pub(super) fn next(&self) -> Option<Job> {
        loop {
            let job = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if job.stop.load(Ordering::Relaxed) {
                let _ = job.answer.send(Err(SpeechError::Cancelled));
            } else if Instant::now() >= job.until {
                let _ = job.answer.send(Err(SpeechError::Timeout(job.given)));
            } else {
                return Some(job);
            }
        }
    }
}
