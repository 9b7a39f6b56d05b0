//! Replies that are said aloud beside the microphone, and what ends them.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Notice, Sound, echo};
use crate::domain::Language;
use crate::voice::{Spoken, Voice};

/// What is said, and when it is better not to.
pub(super) struct Aloud {
    pub(super) voice: Arc<Voice>,
    pub(super) hands_free: bool,
    pub(super) language: Language,
    /// What is being said, or was last.
    reply: String,
}

impl Aloud {
    pub(super) fn new(voice: Arc<Voice>, hands_free: bool, language: Language) -> Self {
        Self { voice, hands_free, language, reply: String::new() }
    }

    /// Says the end of a command, and falls silent for whoever begins to speak. Hands-free the microphone
    /// hears Hark too, so that a voice is a person's only once it said something else than the reply.
    pub(super) fn heed(&mut self, notice: &Notice) {
        match notice {
            Notice::Progress(event) if event.kind.is_last() => self.say(&event.message),
            // Whoever held the key waits for an answer.
            Notice::Refused { message, .. } if !self.hands_free => self.say(message),
            Notice::Command { .. } => self.hush(),
            Notice::SpeechStart if !self.hands_free => self.hush(),
            Notice::Partial { text } if !echo::is_part(text, &self.reply) => self.hush(),
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        text.clone_into(&mut self.reply);
        self.voice.say(text, self.language.0);
    }

    fn hush(&self) {
        self.voice.hush();
    }
}

/// Tells the session when the voice sounds, and the person once when it can't; until `stop`, since whoever
/// holds the microphone holds the voice.
pub(super) async fn watch(
    mut spoken: mpsc::Receiver<Spoken>,
    sounds: mpsc::WeakSender<Sound>,
    notices: mpsc::Sender<Notice>,
    stop: CancellationToken,
) {
    let mut is_told = false;
    while let Some(Some(spoken)) = stop.run_until_cancelled(spoken.recv()).await {
        let sounding = match spoken {
            Spoken::Began => true,
            Spoken::Ended => false,
            Spoken::Unavailable(message) => {
                if !std::mem::replace(&mut is_told, true) {
                    notices
                        .send(Notice::Warning { code: "voice_unavailable".to_owned(), message })
                        .await
                        .ok();
                }
                continue;
            }
        };
        is_told = false;
        if let Some(sounds) = sounds.upgrade() {
            sounds.send(Sound::Speaking(sounding)).await.ok();
        }
    }
}
