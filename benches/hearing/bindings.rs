//! The same weights and clips, heard by Hark, by whisper.cpp as it comes, and by another binding of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hark::domain::Pcm;
use hark::speech::{Hints, Transcriber};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

use crate::figures::{Samples, ms};
use crate::model;
use crate::sounds::{self, RATE, SENTENCES, VOICES};
use crate::words::Errors;

/// All clips are heard so often by each.
const ROUNDS: usize = 3;

/// What one way of hearing came to.
#[derive(Default)]
struct Column {
    times: Samples,
    errors: Errors,
}

impl Column {
    fn add(&mut self, said: &str, heard: &str, ms: f64, is_first: bool) {
        self.times.add(ms);
        if is_first {
            self.errors.add(said, heard);
        }
    }

    fn row(&self, name: &str, hark: f64) -> String {
        let half = self.times.at(0.5);
        let cells = self.errors.cells();
        format!("| {name} | {} | {} | {:.1} | {cells} |", ms(half), ms(self.times.at(0.95)), half / hark)
    }
}

/// Prints the table.
pub(crate) async fn measure() -> Result<()> {
    let clips = clips()?;
    let mut lengths = Samples::default();
    clips.iter().for_each(|(sound, _)| lengths.add(sound.len() as f64 / RATE as f64));
    println!("## Against other ways to run the same weights\n");
    println!(
        "{} clips of {:.1} to {:.1} s ({:.1} s at the median), {ROUNDS} times each.\n",
        clips.len(),
        lengths.at(0.0),
        lengths.at(1.0),
        lengths.at(0.5)
    );
    let (entry, decoding) = model::entry()?;
    let weights = sounds::root().join("models").join(&entry.file);
    let hark = model::load(decoding)?;
    let (mut ours, mut plain, mut other) = (Column::default(), Column::default(), Column::default());
    let context = WhisperContext::new_with_params(&weights, WhisperContextParameters::default())?;
    let mut state = context.create_state()?;
    let folder = tempfile::tempdir()?;
    let files = write(&clips, folder.path())?;
    // The first pass of each loads weights and finds memory.
    hear(&hark, &clips[0].0).await;
    hear_plainly(&mut state, &clips[0].0)?;
    for round in 0..ROUNDS {
        for (sound, text) in &clips {
            let (heard, ms) = hear(&hark, sound).await;
            ours.add(text, &heard, ms, round == 0);
        }
        for (sound, text) in &clips {
            let (heard, ms) = hear_plainly(&mut state, sound)?;
            plain.add(text, &heard, ms, round == 0);
        }
        for ((_, text), heard) in clips.iter().zip(hear_elsewhere(&weights, &files)?) {
            other.add(text, &heard.text, heard.ms, round == 0);
        }
    }
    let hark = ours.times.at(0.5);
    println!("| | p50 | p95 | times Hark's p50 | word errors | all right |\n|---|---|---|---|---|---|");
    println!("{}", ours.row("Hark", hark));
    println!("{}", plain.row("whisper.cpp with its own settings, through whisper-rs", hark));
    println!("{}\n", other.row("pywhispercpp with its own settings", hark));
    Ok(())
}

/// Commands in all voices, and longer ones made of two or three sentences.
fn clips() -> Result<Vec<(Vec<f32>, String)>> {
    let kept = sounds::kept()?;
    let mut clips = sounds::clear()?;
    for (number, (first, second)) in SENTENCES.iter().enumerate() {
        let (third, fourth) = SENTENCES[(number + 3) % SENTENCES.len()];
        let mut text = format!("{first} {second} and {third} {fourth}");
        if number % 2 == 1 {
            text.push_str(" and then show my calendar for today");
        }
        clips.push((sounds::say(VOICES[number % VOICES.len()], &text, &kept)?, text));
    }
    clips.retain(|(sound, _)| (RATE..=8 * RATE).contains(&sound.len()));
    Ok(clips)
}

async fn hear(model: &impl Transcriber, sound: &[f32]) -> (String, f64) {
    let pcm = Pcm::new(sound.to_vec());
    let started = Instant::now();
    let heard = model.transcribe(pcm, Hints::default(), CancellationToken::new()).await;
    let elapsed = started.elapsed().as_secs_f64() * 1e3;
    (heard.map(|transcript| transcript.text).unwrap_or_default(), elapsed)
}

/// Greedy, in the window of 30 seconds, on as many threads as whisper.cpp takes by itself.
fn hear_plainly(state: &mut whisper_rs::WhisperState, sound: &[f32]) -> Result<(String, f64)> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 5 });
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    let started = Instant::now();
    state.full(parameters, sound)?;
    let elapsed = started.elapsed().as_secs_f64() * 1e3;
    let parts: Vec<String> =
        state.as_iter().map(|part| part.to_str_lossy().map(Into::into)).collect::<Result<_, _>>()?;
    Ok((parts.join(" "), elapsed))
}

#[derive(Deserialize)]
struct Heard {
    text: String,
    ms: f64,
}

fn hear_elsewhere(weights: &Path, files: &[PathBuf]) -> Result<Vec<Heard>> {
    let python = sounds::root().join(".tools/bench-venv/bin/python");
    let done = Command::new(python)
        .arg(sounds::root().join("benches/hearing/hear_with_pywhispercpp.py"))
        .arg(weights)
        .args(files)
        .output()
        .context("pywhispercpp is needed: scripts/bench-setup installs it")?;
    let complaint = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "pywhispercpp: {}: {complaint}", done.status);
    let heard: Vec<Heard> = String::from_utf8(done.stdout)?
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(heard.len() == files.len(), "pywhispercpp heard {} of {} clips", heard.len(), files.len());
    Ok(heard)
}

fn write(clips: &[(Vec<f32>, String)], folder: &Path) -> Result<Vec<PathBuf>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut files = Vec::new();
    for (number, (sound, _)) in clips.iter().enumerate() {
        let path = folder.join(format!("{number}.wav"));
        let mut file = hound::WavWriter::create(&path, spec)?;
        for sample in sound {
            file.write_sample((sample * 32_768.0).clamp(-32_768.0, 32_767.0) as i16)?;
        }
        file.finalize()?;
        files.push(path);
    }
    Ok(files)
}
