//! One microphone or socket: sound in, notices out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::attempt::{Attempt, Ear};
use super::attention::Attention;
use super::turns::{self, Utterance};
use super::{Listener, Listening, Notice};
use crate::audio::{Cue, End, Silence, Turns, Utterances};
use crate::domain::Pcm;
use crate::phrases::{Phrase, say};
use crate::pipeline::Input;

/// Utterances that may wait for the one before them to be heard.
const WAITING_UTTERANCES: usize = 4;

/// What a microphone or a socket brings.
#[derive(Debug)]
pub enum Sound {
    /// Samples at 16 kHz.
    Samples(Vec<f32>),
    /// The person presses the key.
    Press,
    /// The person lets go of it.
    Release,
    /// What was said so far is not meant.
    Discard,
    /// Hark's own voice begins or ends to sound.
    Speaking(bool),
    /// The person types in place of speaking.
    Typed(String),
}

impl Listener {
    /// Hears `sounds` until they end or `stop`, and tells `notices`; where those are not taken, hearing
    /// waits. Commands that were given by then go on, and what was still being said is forgotten.
    pub async fn listen(
        &self,
        listening: Listening,
        mut sounds: mpsc::Receiver<Sound>,
        notices: mpsc::Sender<Notice>,
        stop: CancellationToken,
    ) {
        let opened = Notice::Listening {
            session_id: listening.speaker.session.clone(),
            hands_free: listening.turns == Turns::HandsFree,
            patience: listening.config.endpoints.patience,
            model: self.speech.model().name,
        };
        let attention = Arc::new(Attention::new(listening.config.attention));
        let utterances = Utterances::new(listening.turns, &listening.config.endpoints);
        let listening = Arc::new(listening);
        let ear = Ear { listener: self.clone(), listening, attention, notices };
        let (turns, waiting) = mpsc::channel(WAITING_UTTERANCES);
        let taking = self.tracker.spawn(turns::take(ear.clone(), waiting));
        let mut session = Session {
            ear,
            utterances,
            attempt: None,
            partial: None,
            partial_at: Duration::ZERO,
            spoken_over: None,
            silence: Silence::default(),
            turns,
        };
        session.tell(opened).await;
        loop {
            let sound = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                sound = sounds.recv() => sound,
            };
            match sound {
                Some(sound) => session.take(sound).await,
                None => break,
            }
        }
        drop(session);
        // Utterances that were complete are still heard.
        taking.await.ok();
    }
}

struct Session {
    ear: Ear,
    utterances: Utterances,
    /// The newest attempt at what is being said.
    attempt: Option<Attempt>,
    partial: Option<AbortOnDropHandle<()>>,
    /// How much had been said at the last partial transcript.
    partial_at: Duration,
    /// What Hark was saying when the utterance began.
    spoken_over: Option<String>,
    silence: Silence,
    turns: mpsc::Sender<Utterance>,
}

impl Session {
    async fn take(&mut self, sound: Sound) {
        match sound {
            Sound::Samples(samples) => {
                if self.silence.begins_with(&samples) {
                    self.tell(Notice::Warning {
                        code: "microphone_silent".to_owned(),
                        message: say("microphone-muted", self.ear.language()),
                    })
                    .await;
                }
                let mut cues = Vec::new();
                self.utterances.push(&samples, |cue| cues.push(cue));
                for cue in cues {
                    self.follow(cue).await;
                }
                self.listen_in();
            }
            Sound::Press => self.utterances.press(),
            Sound::Release => {
                if let Some(cue) = self.utterances.release() {
                    self.follow(cue).await;
                }
            }
            Sound::Discard => {
                self.utterances.discard();
                self.forget();
            }
            Sound::Speaking(is_speaking) => self.ear.attention.set_speaking(is_speaking),
            Sound::Typed(text) => self.ear.submit(Input::Text(text)).await,
        }
    }

    async fn follow(&mut self, cue: Cue) {
        match cue {
            Cue::Started => {
                self.partial_at = Duration::ZERO;
                self.spoken_over = self.ear.attention.spoken();
                self.tell(Notice::SpeechStart).await;
            }
            Cue::Paused(pcm) => {
                // It would only stand in the way.
                self.partial = None;
                self.attempt = Some(self.ear.try_out(pcm));
            }
            Cue::Resumed => self.attempt = None,
            Cue::Dropped => {
                self.forget();
                self.tell(Notice::SpeechDropped).await;
            }
            Cue::Ended(pcm, end) => self.end(pcm, end).await,
        }
    }

    async fn end(&mut self, pcm: Pcm, end: End) {
        let ended = Instant::now();
        self.partial = None;
        // What was tried is the whole utterance only where nothing was said since.
        let tried = self.attempt.take().filter(|attempt| attempt.samples == pcm.samples().len());
        let audio_ms = u64::try_from(pcm.duration().as_millis()).unwrap_or(u64::MAX);
        let attempt = tried.unwrap_or_else(|| self.ear.try_out(pcm));
        self.tell(Notice::SpeechEnd { end, audio_ms }).await;
        let utterance = Utterance { attempt, ended, spoken_over: self.spoken_over.take() };
        if self.turns.try_send(utterance).is_err() {
            let phrase = Phrase::new("speech-crowded").with("count", WAITING_UTTERANCES);
            self.tell(Notice::refused("speech_busy", phrase.say(self.ear.language()))).await;
        }
    }

    /// Hears the words so far, where somebody has been speaking for a while.
    fn listen_in(&mut self) {
        let length = self.utterances.length();
        let is_due = length >= self.partial_at + self.ear.listening.config.partial_every;
        let is_free =
            self.attempt.is_none() && self.partial.as_ref().is_none_or(AbortOnDropHandle::is_finished);
        if is_due
            && is_free
            && let Some(pcm) = self.utterances.so_far()
        {
            self.partial_at = length;
            self.partial = Some(self.ear.listen_in(pcm));
        }
    }

    fn forget(&mut self) {
        self.attempt = None;
        self.partial = None;
        self.spoken_over = None;
    }

    async fn tell(&self, notice: Notice) {
        self.ear.tell(notice).await;
    }
}
