//! This machine's microphone as a live session, and the handle by which a key or another program begins
//! and ends what is said.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::aloud::{self, Aloud};
use super::{Listener, Listening, Notice, Sound};
use crate::audio::{Capture, Microphone, MicrophoneError, Turns};
use crate::domain::SAMPLE_RATE_HZ;
use crate::voice::{Voice, VoiceConfig};

/// Pieces of sound that may wait to be heard.
const WAITING_SOUNDS: usize = 64;

/// How the microphone is.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MicrophoneState {
    /// The open device; none while it is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Speech begins and ends an utterance by itself.
    pub hands_free: bool,
    /// The key is held: what is said now counts.
    pub held: bool,
    /// The loudest sample of the last piece, 0 to 1.
    pub level: f32,
    /// Sound that it gave since Hark began to listen, in milliseconds.
    pub sound_ms: u64,
}

/// Begins and ends what is said into the microphone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MicrophoneHandle {
    sounds: mpsc::Sender<Sound>,
    state: Arc<watch::Sender<MicrophoneState>>,
    /// Where replies are said aloud.
    voice: Option<Arc<Voice>>,
}

impl MicrophoneHandle {
    /// How it is now.
    pub fn state(&self) -> MicrophoneState {
        self.state.borrow().clone()
    }

    /// What is said from here on counts, and Hark falls silent.
    pub async fn press(&self) {
        self.hush();
        self.set_held(true, Sound::Press).await;
    }

    /// What was said is the command.
    pub async fn release(&self) {
        self.set_held(false, Sound::Release).await;
    }

    /// Presses what is not held, and lets go of what is.
    pub async fn toggle(&self) {
        if self.state.borrow().held { self.release().await } else { self.press().await }
    }

    /// What was said is not meant.
    pub async fn discard(&self) {
        self.hush();
        self.set_held(false, Sound::Discard).await;
    }

    fn hush(&self) {
        if let Some(voice) = &self.voice {
            voice.hush();
        }
    }

    async fn set_held(&self, held: bool, sound: Sound) {
        self.state.send_modify(|state| state.held = held && !state.hands_free);
        // Where the session has ended there is nothing to begin or end.
        self.sounds.send(sound).await.ok();
    }
}

impl Listener {
    /// Opens the microphone `device`, or the default one, and hears it until `stop`. Devices that are lost
    /// are told of as warnings and opened again. With a voice, replies are said aloud.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn hear_microphone(
        &self,
        device: Option<String>,
        listening: Listening,
        voice: Option<VoiceConfig>,
        notices: mpsc::Sender<Notice>,
        stop: CancellationToken,
    ) -> Result<MicrophoneHandle, MicrophoneError> {
        let (microphone, captures) = Microphone::open(device)?;
        let (tell_spoken, spoken) = mpsc::channel(WAITING_SOUNDS);
        let voice = voice.map(|config| Voice::open(config, tell_spoken)).transpose();
        let voice = voice.map_err(|error| MicrophoneError::Failed(error.to_string()))?.map(Arc::new);
        let (sounds, hears) = mpsc::channel(WAITING_SOUNDS);
        let hands_free = listening.turns == Turns::HandsFree;
        let state =
            Arc::new(watch::Sender::new(MicrophoneState { hands_free, ..MicrophoneState::default() }));
        let handle = MicrophoneHandle { sounds, state, voice: voice.clone() };
        let (listener, passing) = (self.clone(), handle.clone());
        let (told, telling) = mpsc::channel(WAITING_SOUNDS);
        let watching = handle.clone();
        let language = listening.speaker.language.unwrap_or_else(|| self.pipeline.language());
        let aloud = voice.clone().map(|voice| Aloud::new(voice, hands_free, language));
        self.tracker.spawn(aloud::watch(spoken, handle.sounds.downgrade(), notices.clone(), stop.clone()));
        self.tracker.spawn(async move { watching.watch(telling, aloud, notices).await });
        self.tracker.spawn(async move {
            // Closes the device when all is over.
            let _microphone = microphone;
            tokio::select! {
                () = passing.pass_on(captures, told.clone()) => {}
                () = listener.listen(listening, hears, told, stop) => {}
            }
            passing.hush();
        });
        Ok(handle)
    }
}

impl MicrophoneHandle {
    /// Passes notices on. Whatever ends an utterance also lets go of the key: the longest one ends by itself.
    async fn watch(
        &self,
        mut told: mpsc::Receiver<Notice>,
        mut aloud: Option<Aloud>,
        notices: mpsc::Sender<Notice>,
    ) {
        while let Some(notice) = told.recv().await {
            if let Some(aloud) = &mut aloud {
                aloud.heed(&notice);
            }
            if let Notice::SpeechEnd { .. } = notice {
                self.state.send_modify(|state| state.held = false);
            }
            // Where nobody looks, the key still has to go up.
            notices.send(notice).await.ok();
        }
    }

    async fn pass_on(&self, mut captures: mpsc::Receiver<Capture>, notices: mpsc::Sender<Notice>) {
        let mut taken = 0;
        while let Some(capture) = captures.recv().await {
            match capture {
                Capture::Samples(samples) => {
                    let level = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                    taken += samples.len() as u64;
                    self.state.send_modify(|state| {
                        state.level = level;
                        state.sound_ms = taken * 1_000 / u64::from(SAMPLE_RATE_HZ);
                    });
                    self.sounds.send(Sound::Samples(samples)).await.ok();
                }
                Capture::Opened { device, rate_hz, channels } => {
                    self.state.send_modify(|state| {
                        state.device = Some(device.clone());
                        state.problem = None;
                    });
                    notices.send(Notice::Microphone { device, rate_hz, channels }).await.ok();
                }
                Capture::Lost(error) => self.lose(error.code(), error.to_string(), &notices).await,
                Capture::Missed { lost_ms } => {
                    let message = format!(
                        "{lost_ms} ms of sound were lost, since this machine could not take them in time; say it again"
                    );
                    self.discard().await;
                    notices.send(Notice::Warning { code: "sound_missed".to_owned(), message }).await.ok();
                }
            }
        }
    }

    /// Half of what was said may mean something else, so it is not heard.
    async fn lose(&self, code: &str, message: String, notices: &mpsc::Sender<Notice>) {
        self.state.send_modify(|state| {
            state.device = None;
            state.problem = Some(message.clone());
            state.level = 0.0;
        });
        self.discard().await;
        notices.send(Notice::Warning { code: code.to_owned(), message }).await.ok();
    }
}
