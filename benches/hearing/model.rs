//! The speech model inside the program, by itself.

use std::time::Duration;

use anyhow::{Context, Result};
use hark::domain::Decoding;
use hark::llm::WorkerConfig;
use hark::models::{Catalogue, EMBEDDED_SPEECH, Entry};
use hark::speech::{SpeechConfig, SpeechModelConfig, Weights, Whisper};

/// What the catalogue says of it, and how it is run.
pub(crate) fn entry() -> Result<(Entry, Decoding)> {
    let catalogue = Catalogue::built_in()?;
    let entry = catalogue.embedded().context("an embedded model")?.clone();
    let decoding = entry.decoding.clone().context("its settings")?;
    Ok((entry, decoding))
}

/// One state of it, with the number of threads that Hark takes unless it is told otherwise.
pub(crate) fn load(decoding: Decoding) -> Result<Whisper> {
    let (entry, _) = entry()?;
    Ok(Whisper::load(SpeechConfig {
        model: SpeechModelConfig {
            name: entry.name,
            weights: Weights::Embedded(EMBEDDED_SPEECH),
            language: entry.language,
            note: None,
            decoding,
        },
        states: 1,
        threads_per_state: WorkerConfig::usual_threads(),
        queue: 4,
        deadline: Duration::from_secs(60),
        language: "en".to_owned(),
    })?)
}
