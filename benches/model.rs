//! A speech model by itself.

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

/// The model inside the program, run in that way.
pub(crate) fn load(decoding: Decoding) -> Result<Whisper> {
    load_from(&entry()?.0, Weights::Embedded(EMBEDDED_SPEECH), decoding)
}

/// One state of a model, with the number of threads that Hark takes unless it is told otherwise.
pub(crate) fn load_from(entry: &Entry, weights: Weights, decoding: Decoding) -> Result<Whisper> {
    Ok(Whisper::load(SpeechConfig {
        model: SpeechModelConfig {
            name: entry.name.clone(),
            weights,
            language: entry.language.clone(),
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
