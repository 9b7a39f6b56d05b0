//! `hark transcribe`: recordings to text, nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use toml::{Table, Value};

use super::output::Output;
use super::{Sources, logging, recording};
use crate::app;
use crate::audio::Decoder;
use crate::domain::Transcript;
use crate::speech::{Hints, Transcriber};

#[derive(Args)]
pub(super) struct Transcribe {
    /// Recordings: WAV, FLAC, MP3, Ogg, WebM, M4A; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A line of JSON for each file: text, words with their confidence, times.
    #[arg(long)]
    json: bool,
    /// A speech model of the catalogue.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
}

impl Transcribe {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let mut flags = Table::new();
        if let Some(model) = &self.model {
            let section = Table::from_iter([("model".to_owned(), Value::String(model.clone()))]);
            flags.insert("speech".to_owned(), Value::Table(section));
        }
        let settings = sources.settings(flags)?;
        logging::start_quiet(&settings)?;
        let decoder = Decoder::new(settings.audio.clone())?;
        let speech = app::speech(&settings)?;
        if !self.json
            && let Some(note) = speech.model().note
        {
            output.note(format_args!("{note}\n"));
        }
        let mut all_heard = true;
        for file in &self.files {
            let started = Instant::now();
            let heard = hear(file, settings.audio.max_bytes, &decoder, &speech).await;
            let total_ms = started.elapsed().as_secs_f64() * 1e3;
            match heard {
                Ok(transcript) if self.json => {
                    output.json(&json!({"file": file, "transcript": transcript, "totalMs": total_ms}));
                }
                Ok(transcript) if self.files.len() == 1 => output.line(transcript.text),
                Ok(transcript) => output.line(format_args!("{}: {}", file.display(), transcript.text)),
                Err(error) => {
                    all_heard = false;
                    match self.json {
                        true => output.json(&json!({"file": file, "error": format!("{error:#}")})),
                        false => output.problem(&format!("{}: {error:#}", file.display())),
                    }
                }
            }
        }
        Ok(if all_heard { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn hear(
    path: &Path,
    max_bytes: usize,
    decoder: &Decoder,
    speech: &Arc<dyn Transcriber>,
) -> anyhow::Result<Transcript> {
    let pcm = decoder.decode(recording::read(path, max_bytes).await?).await?;
    Ok(speech.transcribe(pcm, Hints::default(), CancellationToken::new()).await?)
}
