//! Why nothing was written down. Each has a stable code and a way out.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Language;
use crate::phrases::Phrase;

/// Why there is no transcript.
#[derive(Clone, Debug)]
pub enum SpeechError {
    /// Nothing but silence.
    Silence,
    /// Sound, but no words in it.
    NoSpeech,
    /// Too little to be a word.
    TooShort(Duration),
    /// Words came out that can't be what was said.
    Unintelligible,
    /// Words came out, and the model was not sure of them.
    LowConfidence,
    /// Too many wait.
    Busy(usize),
    /// The weights were not in memory in time.
    Loading,
    /// It took too long.
    Timeout(Duration),
    /// Whoever asked went away or stopped it.
    Cancelled,
    /// There is no file of the model.
    ModelMissing {
        /// Its name in the catalogue.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is no model.
    ModelBroken {
        /// Its name in the catalogue.
        name: String,
        /// What whisper.cpp says.
        reason: String,
    },
    /// No model here knows the language.
    LanguageUnknown(String),
    /// A service can't hear now.
    Remote(String),
    /// The settings of a service are wrong.
    BadSettings(String),
    /// The engine failed on this recording.
    Failed(String),
}

impl SpeechError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::NoSpeech => "no_speech",
            Self::TooShort(_) => "speech_too_short",
            Self::Unintelligible => "speech_unintelligible",
            Self::LowConfidence => "speech_low_confidence",
            Self::Busy(_) => "speech_busy",
            Self::Loading => "speech_loading",
            Self::Timeout(_) => "speech_timeout",
            Self::Cancelled => "speech_cancelled",
            Self::ModelMissing { .. } => "speech_model_missing",
            Self::ModelBroken { .. } => "speech_model_broken",
            Self::LanguageUnknown(_) => "speech_language_unknown",
            Self::Remote(_) => "speech_unreachable",
            Self::BadSettings(_) => "speech_settings",
            Self::Failed(_) => "speech_failed",
        }
    }

    /// What happened and the way out, for a person.
    pub fn phrase(&self) -> Phrase {
        let phrase = Phrase::new;
        match self {
            Self::Silence => phrase("speech-silence"),
            Self::NoSpeech => phrase("speech-no-speech"),
            Self::TooShort(length) => {
                phrase("speech-too-short").with("milliseconds", length.as_millis().to_string())
            }
            Self::Unintelligible => phrase("speech-unintelligible"),
            Self::LowConfidence => phrase("speech-low-confidence"),
            Self::Busy(count) => phrase("speech-busy").with("count", *count),
            Self::Loading => phrase("speech-loading"),
            Self::Timeout(limit) => phrase("speech-timeout").with("seconds", limit.as_secs()),
            Self::Cancelled => phrase("speech-cancelled"),
            Self::ModelMissing { name, path } => phrase("speech-model-missing")
                .with("name", name.clone())
                .with("path", path.display().to_string()),
            Self::ModelBroken { name, reason } => {
                phrase("speech-model-broken").with("name", name.clone()).with("reason", reason.clone())
            }
            Self::LanguageUnknown(language) => {
                phrase("speech-language-unknown").with("language", format!("{language:?}"))
            }
            Self::Remote(reason) => phrase("speech-remote").with("reason", reason.clone()),
            Self::BadSettings(reason) => phrase("speech-settings").with("reason", reason.clone()),
            Self::Failed(reason) => phrase("speech-failed").with("reason", reason.clone()),
        }
    }

    /// Whether the fault is of whoever hears, so that another may hear it, and not of the recording or of
    /// whoever asked.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            Self::Silence
            | Self::NoSpeech
            | Self::TooShort(_)
            | Self::Unintelligible
            | Self::LowConfidence
            | Self::LanguageUnknown(_)
            | Self::Cancelled => false,
            Self::Busy(_)
            | Self::Loading
            | Self::Timeout(_)
            | Self::ModelMissing { .. }
            | Self::ModelBroken { .. }
            | Self::Remote(_)
            | Self::BadSettings(_)
            | Self::Failed(_) => true,
        }
    }
}

/// As the log and programs are told it.
impl fmt::Display for SpeechError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.phrase().say(Language::ENGLISH))
    }
}

impl std::error::Error for SpeechError {}
