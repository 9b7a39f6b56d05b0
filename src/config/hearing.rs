//! What was written about hearing: speech models, a service, live sound.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::raw::{RemoteUse, SpeechService};
use super::settings::seconds;
use super::{Environment, Places, Raw};
use crate::audio::EndpointConfig;
use crate::domain::Secret;
use crate::listening::{ListeningConfig, WakePhrase};
use crate::llm::WorkerConfig;
use crate::speech::RemoteConfig;
use crate::voice::VoiceConfig;

/// Which speech model, and how it is run.
#[derive(Clone, Debug)]
pub struct SpeechChoice {
    /// A name of the catalogue; the best one on disk where absent.
    pub model: Option<String>,
    /// Utterances decoded at once.
    pub states: usize,
    /// Threads for each.
    pub threads_per_state: usize,
    /// Utterances that may wait.
    pub queue: usize,
    /// Longest time for one, waiting included.
    pub deadline: Duration,
    /// The language that is spoken, or `auto`.
    pub language: String,
    /// A service that hears, and when it is asked.
    pub remote: Option<(RemoteConfig, RemoteUse)>,
}

pub(super) fn speech(raw: &Raw) -> SpeechChoice {
    SpeechChoice {
        model: raw.speech.model.clone().filter(|name| name != "auto"),
        states: raw.speech.states.unwrap_or(1),
        // Both engines spin; what holds for the one holds for the other.
        threads_per_state: raw.speech.threads.unwrap_or_else(WorkerConfig::usual_threads),
        queue: raw.speech.queue.unwrap_or(16),
        deadline: seconds(raw.speech.seconds, Duration::from_secs(30)),
        language: raw.speech.language.clone().unwrap_or_else(|| "en".to_owned()),
        remote: remote_speech(&raw.speech_service),
    }
}

fn remote_speech(raw: &SpeechService) -> Option<(RemoteConfig, RemoteUse)> {
    let config = RemoteConfig {
        base_url: raw.base_url.clone()?,
        model: raw.model.clone().unwrap_or_else(|| "whisper-1".to_owned()),
        api_key: raw.api_key.clone().filter(|key| !key.is_empty()).map(Secret::new),
        language: raw.language.clone(),
        deadline: seconds(raw.seconds, Duration::from_secs(10)),
    };
    Some((config, raw.r#use.unwrap_or_default()))
}

/// Where speech-dispatcher listens, found as its own clients find it.
pub(super) fn voice(environment: &Environment, places: &Places) -> VoiceConfig {
    const SOCKET: &str = "speech-dispatcher/speechd.sock";
    let address = environment.get("SPEECHD_ADDRESS").and_then(|address| address.strip_prefix("unix_socket:"));
    let named = address.filter(|path| !path.is_empty()).map(PathBuf::from);
    let running = || Some(Path::new(environment.get("XDG_RUNTIME_DIR")?).join(SOCKET));
    let cached = || Some(Path::new(environment.get("HOME")?).join(".cache").join(SOCKET));
    VoiceConfig {
        socket: named
            .or_else(running)
            .or_else(cached)
            .unwrap_or_else(|| places.data_dir.join("speechd.sock")),
    }
}

pub(super) fn listening(raw: &Raw, faults: &mut Vec<String>) -> ListeningConfig {
    let defaults = ListeningConfig::default();
    let wake = raw.listening.wake.as_deref().map(str::trim).filter(|phrase| !phrase.is_empty());
    if let Some(phrase) = wake
        && WakePhrase::new(phrase).is_none()
    {
        faults.push(format!("listening.wake: {phrase:?} has no word in it; one looks like \"hey hark\""));
    }
    ListeningConfig {
        endpoints: EndpointConfig {
            patience: raw.listening.patience.unwrap_or_default(),
            longest: seconds(raw.listening.longest_seconds, defaults.endpoints.longest),
            ..defaults.endpoints.clone()
        },
        wake: wake.and_then(WakePhrase::new),
        ..defaults
    }
}
