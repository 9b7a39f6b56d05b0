//! The microphone: a device of this machine, opened on a thread of its own and kept open over whatever
//! happens to it.
//!
//! The callback of the sound system only moves samples into a ring, without a lock or an allocation; the
//! thread takes them out, converts them and sends them on. A device that is unplugged, busy or changed is
//! named, and opened again as soon as it is there.

mod capture;
mod device;
mod ring;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::mpsc;

pub use device::{MicrophoneError, MicrophoneInfo, microphones};

/// Pieces of some 10 ms that may wait to be heard.
const WAITING_PIECES: usize = 400;

/// What a microphone brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Capture {
    /// It is open, and sound follows.
    Opened {
        /// The device's name.
        device: String,
        /// Samples a second as the device gives them.
        rate_hz: u32,
        /// Its channels.
        channels: u16,
    },
    /// Sound at 16 kHz.
    Samples(Vec<f32>),
    /// It can't be opened, or is gone; it is tried again all the time.
    Lost(MicrophoneError),
    /// So many milliseconds of sound were dropped, since nobody took them in time.
    Missed {
        /// Milliseconds.
        lost_ms: u64,
    },
}

/// An open microphone. Dropping it closes the device.
#[derive(Debug)]
pub struct Microphone {
    stop: Arc<AtomicBool>,
}

impl Microphone {
    /// Opens the device of that name (see [`microphones`]), or the default one, and keeps it open.
    ///
    /// # Errors
    /// Where no thread can be started. A device that is not there is told of as [`Capture::Lost`].
    pub fn open(device: Option<String>) -> Result<(Self, mpsc::Receiver<Capture>), MicrophoneError> {
        let (captures, receiver) = mpsc::channel(WAITING_PIECES);
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        thread::Builder::new()
            .name("microphone".to_owned())
            .spawn(move || capture::keep_open(device.as_deref(), &captures, &told))
            .map_err(|error| MicrophoneError::Failed(format!("a thread can't be started: {error}")))?;
        Ok((Self { stop }, receiver))
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
