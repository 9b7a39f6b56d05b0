//! The threads that decode, and the queue in front of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::audio::{AudioError, stream};
use crate::domain::Pcm;

/// What is accepted, and how much is decoded at once.
#[derive(Debug, Clone)]
pub struct AudioConfig {
    /// Largest upload, in bytes.
    pub max_bytes: usize,
    /// Longest sound.
    pub max_duration: Duration,
    /// Uploads that may wait; one more is refused.
    pub queue: usize,
    /// Uploads that are decoded at once.
    pub threads: usize,
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self { max_bytes: 8 << 20, max_duration: Duration::from_secs(60), queue: 16, threads: 2 }
    }
}

/// Turns uploads into sound. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct Decoder {
    jobs: SyncSender<Job>,
    config: Arc<AudioConfig>,
}

struct Job {
    bytes: Bytes,
    answer: oneshot::Sender<Result<Pcm, AudioError>>,
}

impl Decoder {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`AudioError::Stopped`] when the system gives no thread.
    pub fn new(config: AudioConfig) -> Result<Self, AudioError> {
        let config = Arc::new(config);
        let (jobs, waiting) = sync_channel(config.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..config.threads.max(1) {
            let (waiting, config) = (Arc::clone(&waiting), Arc::clone(&config));
            std::thread::Builder::new()
                .name(format!("audio-{number}"))
                .spawn(move || while work(&waiting, &config).is_some() {})
                .map_err(|error| AudioError::Stopped(error.to_string()))?;
        }
        Ok(Self { jobs, config })
    }

    /// Decodes one upload to 16 kHz mono. Dropping the future stops the work.
    ///
    /// # Errors
    /// Each way in which an upload can be wrong is a variant of [`AudioError`];
    /// [`AudioError::Busy`] when the queue is full.
    pub async fn decode(&self, bytes: Bytes) -> Result<Pcm, AudioError> {
        let max_bytes = self.config.max_bytes;
        if bytes.len() > max_bytes {
            return Err(AudioError::TooLarge { bytes: bytes.len(), max_bytes });
        }
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job { bytes, answer }).map_err(|error| match error {
            TrySendError::Full(_) => AudioError::Busy { waiting: self.config.queue },
            TrySendError::Disconnected(_) => AudioError::Stopped("its threads have ended".to_owned()),
        })?;
        answered.await.map_err(|_| AudioError::Stopped("its thread ended".to_owned()))?
    }
}

/// Does the next job; None when no `Decoder` is left.
fn work(waiting: &Mutex<Receiver<Job>>, config: &AudioConfig) -> Option<()> {
    // Held while waiting: the other threads wait for their turn at the same queue.
    let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
    if job.answer.is_closed() {
        return Some(());
    }
    let Job { bytes, answer } = job;
    let size = bytes.len();
    // Nothing of a job outlives its panic, so nothing broken can be seen.
    let result = catch_unwind(AssertUnwindSafe(|| stream::decode(bytes, config, || !answer.is_closed())));
    let result = result.unwrap_or_else(|_| {
        tracing::error!(bytes = size, "a decoder panicked; the upload was refused");
        Err(AudioError::Crashed)
    });
    // Nobody waits any more: nothing to do.
    let _ = answer.send(result);
    Some(())
}
