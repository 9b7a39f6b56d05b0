//! Why nothing was written down. Each has a stable code and a way out.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no transcript.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpeechError {
    /// Nothing but silence.
    #[error("nothing was said: the recording is silent; is the microphone muted, or the wrong one?")]
    Silence,
    /// Sound, but no words in it.
    #[error("no speech was heard in the recording; say it again, a little closer to the microphone")]
    NoSpeech,
    /// Too little to be a word.
    #[error("the recording has only {} ms of sound, too little for a word; hold the key until you have finished", .0.as_millis())]
    TooShort(Duration),
    /// Words came out that can't be what was said.
    #[error("that could not be understood; say it again, more clearly or with less noise around")]
    Unintelligible,
    /// Words came out, and the model was not sure of them.
    #[error(
        "that was not heard clearly enough to act upon it; say it again, a little closer to the microphone"
    )]
    LowConfidence,
    /// Too many wait.
    #[error("{0} recordings wait to be heard already; try again in a moment")]
    Busy(usize),
    /// The weights were not in memory in time.
    #[error("the speech model is still being loaded; try again in a moment")]
    Loading,
    /// It took too long.
    #[error("the recording could not be heard within {} s; try a shorter one, or a smaller speech model", .0.as_secs())]
    Timeout(Duration),
    /// Whoever asked went away or stopped it.
    #[error("hearing was stopped")]
    Cancelled,
    /// There is no file of the model.
    #[error("the speech model {name} is not at {}; fetch it: hark models fetch {name}", path.display())]
    ModelMissing {
        /// Its name in the catalogue.
        name: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is no model.
    #[error("the speech model {name} can't be loaded: {reason}; fetch it again: hark models fetch {name}")]
    ModelBroken {
        /// Its name in the catalogue.
        name: String,
        /// What whisper.cpp says.
        reason: String,
    },
    /// No model here knows the language.
    #[error(
        "{0:?} is no language that the speech model knows; name it by two letters, such as en, or say auto"
    )]
    LanguageUnknown(String),
    /// A service can't hear now.
    #[error("the speech service can't be used: {0}")]
    Remote(String),
    /// The settings of a service are wrong.
    #[error("hearing is set up wrong: {0}; see [speech] and [speech_service] in the settings")]
    BadSettings(String),
    /// The engine failed on this recording.
    #[error("the speech model failed on this recording ({0}); the log has more")]
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
