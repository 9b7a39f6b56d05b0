//! Hearing, and planning, what may be a whole utterance.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::attention::Attention;
use super::{Listener, Listening, Notice};
use crate::audio::Turns;
use crate::domain::{Pcm, Transcript};
use crate::pipeline::Rehearsal;
use crate::speech::{Hints, SpeechError};

/// What was said.
pub(super) enum Said {
    /// Words for Hark.
    Words { transcript: Transcript, rehearsal: Option<Rehearsal> },
    /// The wake phrase alone.
    WakePhrase,
    /// Words for somebody else.
    ToOthers,
}

/// An utterance, or the first part of one, on its way through the speech model. Dropping it stops that.
pub(super) struct Attempt {
    /// How much sound it is.
    pub(super) samples: usize,
    task: AbortOnDropHandle<Result<Said, SpeechError>>,
}

/// What an attempt is made with.
#[derive(Clone)]
pub(super) struct Ear {
    pub(super) listener: Listener,
    pub(super) listening: Arc<Listening>,
    pub(super) attention: Arc<Attention>,
    pub(super) notices: mpsc::Sender<Notice>,
}

impl Ear {
    /// Hears `pcm` and plans what it says; the words are told as a partial transcript.
    pub(super) fn try_out(&self, pcm: Pcm) -> Attempt {
        let samples = pcm.samples().len();
        let ear = self.clone();
        let task = self.listener.tracker.spawn(async move {
            let said = ear.hear(pcm).await?;
            ear.tell_partial(&said).await;
            Ok(ear.plan_ahead(said))
        });
        Attempt { samples, task: AbortOnDropHandle::new(task) }
    }

    /// Hears `pcm` and tells the words as a partial transcript, no more.
    pub(super) fn listen_in(&self, pcm: Pcm) -> AbortOnDropHandle<()> {
        let ear = self.clone();
        AbortOnDropHandle::new(self.listener.tracker.spawn(async move {
            if let Ok(said) = ear.hear(pcm).await {
                ear.tell_partial(&said).await;
            }
        }))
    }

    async fn hear(&self, pcm: Pcm) -> Result<Said, SpeechError> {
        let speech = &self.listener.speech;
        let vocabulary = Some(self.listener.pipeline.vocabulary(&self.listening.speaker.user).await);
        let hints = Hints { vocabulary, ..Hints::default() };
        let transcript = speech.transcribe(pcm, hints, CancellationToken::new()).await?;
        let config = &self.listening.config;
        if self.listening.turns == Turns::HandsFree && transcript.confidence < config.least_confidence {
            return Err(SpeechError::LowConfidence);
        }
        let words = |transcript| Said::Words { transcript, rehearsal: None };
        let Some(wake) = &config.wake else { return Ok(words(transcript)) };
        Ok(match wake.after(&transcript.text) {
            Some("") => Said::WakePhrase,
            Some(rest) => words(last_words(&transcript, rest)),
            None if self.attention.is_awake() => words(transcript),
            None => Said::ToOthers,
        })
    }

    /// What people say to each other is not shown.
    async fn tell_partial(&self, said: &Said) {
        if let Said::Words { transcript, .. } = said {
            self.notices.send(Notice::Partial { text: transcript.text.clone() }).await.ok();
        }
    }

    fn plan_ahead(&self, said: Said) -> Said {
        match said {
            Said::Words { transcript, .. } => {
                let rehearsal = self.listener.pipeline.rehearse(&self.listening.speaker, &transcript.text);
                Said::Words { transcript, rehearsal: Some(rehearsal) }
            }
            other => other,
        }
    }
}

impl Attempt {
    /// What was said, once it is heard.
    pub(super) async fn said(self) -> Result<Said, SpeechError> {
        self.task.await.unwrap_or_else(|error| Err(SpeechError::Failed(error.to_string())))
    }
}

/// The transcript of the end of what was said.
fn last_words(transcript: &Transcript, rest: &str) -> Transcript {
    let first = transcript.words.len().saturating_sub(rest.split_whitespace().count());
    Transcript { text: rest.to_owned(), words: transcript.words[first..].to_vec(), ..transcript.clone() }
}
