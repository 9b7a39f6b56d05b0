//! Hark's voice on this machine: replies are said by the desktop's speech service (speech-dispatcher), with
//! the voice, the rate and the loudness that the person has set there.
//!
//! Whatever is being said ends when something else is to be said, or at a word. A service that is not there
//! costs the voice and nothing else.

mod service;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tokio::sync::mpsc;

use service::{Order, Service};

/// Orders that may wait; each takes the place of those before it anyway.
const WAITING_ORDERS: usize = 16;

/// How Hark speaks.
#[derive(Clone, Debug)]
pub struct VoiceConfig {
    /// Where speech-dispatcher listens.
    pub socket: PathBuf,
}

/// What becomes of the voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// It begins to sound.
    Began,
    /// It has ended, or was ended.
    Ended,
    /// Nothing can be said for now: why, and what to do. The next reply is tried again.
    Unavailable(String),
}

/// Says replies. Whatever is being said when it goes is ended.
#[derive(Debug)]
pub struct Voice {
    orders: SyncSender<Order>,
    newest: Arc<AtomicU64>,
    hushes: SyncSender<()>,
}

impl Voice {
    /// A voice with threads of its own, that tells `told` what becomes of it.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn open(config: VoiceConfig, told: mpsc::Sender<Spoken>) -> std::io::Result<Self> {
        let (orders, waiting) = sync_channel(WAITING_ORDERS);
        let (hushes, hushed) = sync_channel(1);
        let newest = Arc::new(AtomicU64::new(0));
        let service = Service::new(config, newest.clone(), told, hushes.clone());
        let hushing = service.hushing();
        thread::Builder::new().name("voice".to_owned()).spawn(move || service.serve(&waiting))?;
        thread::Builder::new().name("voice-hush".to_owned()).spawn(move || hushing.serve(&hushed))?;
        Ok(Self { orders, newest, hushes })
    }

    /// Says it in `language`, in the place of whatever is being said.
    pub fn say(&self, text: &str, language: &str) {
        let number = self.hush();
        if let Some(text) = words::speakable(text) {
            // Where so many wait, the service stands still, and what comes late is better not said.
            self.orders.try_send(Order { number, text, language: language.to_owned() }).ok();
        }
    }

    /// Ends what is being said, and forgets what was to be said. The number is that of what may be said next.
    pub fn hush(&self) -> u64 {
        let number = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        self.hushes.try_send(()).ok();
        number
    }
}

/// Whether the speech service answers; the reason and the way out where it does not. Blocks.
///
/// # Errors
/// The sentence for the person.
pub fn check(config: &VoiceConfig) -> Result<(), String> {
    service::check(config)
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.hush();
    }
}
