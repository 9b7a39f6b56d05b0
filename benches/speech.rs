//! The speech models at hand, alone: in the window that is fitted to the clip, and in the full one of 30
//! seconds that whisper.cpp computes unless it is told otherwise.

use std::time::Instant;

use anyhow::{Context, Result};
use hark::audio::{AudioConfig, Decoder};
use hark::domain::Pcm;
use hark::models::{Catalogue, EMBEDDED_SPEECH, Entry, Kind, Library};
use hark::speech::{Hints, Transcriber, Weights, Whisper};
use tokio_util::sync::CancellationToken;

use crate::figures::{Samples, ms};
use crate::model::load_from;
use crate::served::project;

const FULL_FRAMES: u32 = 1_500;

/// Prints the table.
pub(crate) async fn measure(rounds: usize) -> Result<()> {
    let clips = clips().await?;
    let seconds: f64 = clips.iter().map(|clip| clip.duration().as_secs_f64()).sum();
    println!("## Speech, fitted window against the full one\n");
    println!(
        "{} spoken commands, {:.1} s long on average, {rounds} times each, by turns.\n",
        clips.len(),
        seconds / clips.len() as f64
    );
    println!("| model | fitted p50 | p95 | full p50 | p95 | times faster |\n|---|---|---|---|---|---|");
    let catalogue = Catalogue::built_in()?;
    let library = Library::new(project().join(".tools/models"));
    let at_hand = catalogue
        .entries()
        .iter()
        .filter(|entry| entry.kind == Kind::Speech && (entry.embedded || library.is_present(entry)));
    for entry in at_hand {
        let fitted = model(entry, &library, None)?;
        let full = model(entry, &library, Some(FULL_FRAMES))?;
        let (mut short, mut long) = (Samples::default(), Samples::default());
        // The weights are loaded by the first pass.
        listen(&fitted, &clips[0]).await;
        listen(&full, &clips[0]).await;
        for _ in 0..rounds {
            for clip in &clips {
                short.add(listen(&fitted, clip).await);
                long.add(listen(&full, clip).await);
            }
        }
        let faster = long.at(0.5) / short.at(0.5);
        println!(
            "| {} | {} | {} | {} | {} | {faster:.1} |",
            entry.name,
            ms(short.at(0.5)),
            ms(short.at(0.95)),
            ms(long.at(0.5)),
            ms(long.at(0.95))
        );
    }
    println!();
    Ok(())
}

/// Milliseconds; what was heard is of no matter here.
async fn listen(model: &Whisper, clip: &Pcm) -> f64 {
    let started = Instant::now();
    let _ = model.transcribe(clip.clone(), Hints::default(), CancellationToken::new()).await;
    started.elapsed().as_secs_f64() * 1e3
}

fn model(entry: &Entry, library: &Library, floor: Option<u32>) -> Result<Whisper> {
    let mut decoding = entry.decoding.clone().context("a speech model without settings")?;
    decoding.window_floor_frames = floor.unwrap_or(decoding.window_floor_frames);
    decoding.retry_full_window = false;
    let weights = match entry.embedded {
        true => Weights::Embedded(EMBEDDED_SPEECH),
        false => Weights::File(library.path_of(entry)),
    };
    load_from(entry, weights, decoding)
}

async fn clips() -> Result<Vec<Pcm>> {
    let decoder = Decoder::new(AudioConfig::default())?;
    let folder = project().join("fixtures/audio");
    let mut paths: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let is_command = |path: &std::path::PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        path.extension().is_some_and(|ending| ending == "wav")
            && !["silence", "noise", "tones"].contains(&name)
    };
    let mut clips = Vec::new();
    for path in paths.iter().filter(|path| is_command(path)) {
        clips.push(decoder.decode(std::fs::read(path)?.into()).await?);
    }
    Ok(clips)
}
