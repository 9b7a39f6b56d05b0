//! Where utterances begin and end, against made clips whose end is known to the sample.

use std::time::Duration;

use anyhow::Result;
use hark::audio::{Cue, EndpointConfig, Patience, Turns, Utterances};

use crate::sounds::{self, Dice, RATE, SENTENCES, VOICES};

/// Milliseconds of silence between the parts.
const PAUSES: [usize; 5] = [0, 150, 250, 500, 1_000];
/// How much louder the speech is than the noise; none for no noise.
const NOISES: [Option<f32>; 4] = [None, Some(20.0), Some(10.0), Some(5.0)];
/// Silence before and after each clip.
const AROUND_MS: usize = 2_500;
/// More than this beyond the silence that was waited for is late.
const LATE_MS: f64 = 300.0;

struct Clip {
    samples: Vec<f32>,
    pause_ms: usize,
    snr_db: Option<f32>,
    /// Milliseconds.
    begins: f64,
    ends: f64,
}

/// Prints the tables.
pub(crate) fn measure() -> Result<()> {
    let clips = clips()?;
    println!("## Endpointing\n");
    println!(
        "{} made clips: {} sentences of two parts, {} voices, pauses of {PAUSES:?} ms; pink, white and brown noise.\n\
         *Cut off*: the utterance ended before the person did, of clips whose pause is shorter than the silence that \
         is waited for. *Late*: it ended more than {LATE_MS:.0} ms after that silence.\n",
        clips.len(),
        SENTENCES.len(),
        VOICES.len(),
    );
    println!(
        "| setting | noise | clips | cut off | late | missed | end known after, p50 | p95 | begin lost, p95 |\n|---|---|---|---|---|---|---|---|---|"
    );
    for patience in [Patience::Quick, Patience::Normal, Patience::Patient] {
        for snr_db in NOISES {
            row(patience, snr_db, clips.iter().filter(|clip| clip.snr_db == snr_db));
        }
        row(patience, Some(f32::NAN), clips.iter());
    }
    println!();
    let human: Vec<Vec<f32>> = sounds::prompts()?;
    let begun = human.iter().filter(|sound| begins(sound)).count();
    println!("A human voice: an utterance began in {begun} of {} studio prompts.\n", human.len());
    Ok(())
}

fn begins(sound: &[f32]) -> bool {
    let mut utterances = Utterances::new(Turns::HandsFree, &EndpointConfig::default());
    let mut has_begun = false;
    utterances.push(&vec![0.0; RATE / 2], |_| {});
    utterances.push(sound, |cue| has_begun |= matches!(cue, Cue::Started));
    has_begun
}

fn row<'a>(patience: Patience, snr_db: Option<f32>, clips: impl Iterator<Item = &'a Clip>) {
    let silence_ms = patience.silence().as_secs_f64() * 1e3;
    let (mut counted, mut cut, mut late, mut missed) = (0, 0, 0, 0);
    let (mut delays, mut lost) = (crate::figures::Samples::default(), crate::figures::Samples::default());
    // A pause that is as long as the setting's silence, or nearly, is an end by definition.
    for clip in clips.filter(|clip| (clip.pause_ms as f64) < silence_ms - 40.0) {
        counted += 1;
        match hear(clip, patience) {
            None => missed += 1,
            Some((_, end)) if end < clip.ends => cut += 1,
            Some((begin, end)) => {
                let delay = end - clip.ends;
                late += usize::from(delay > silence_ms + LATE_MS);
                delays.add(delay);
                lost.add((begin - clip.begins).max(0.0));
            }
        }
    }
    let noise = match snr_db {
        None => "none".to_owned(),
        Some(snr) if snr.is_nan() => "**all**".to_owned(),
        Some(snr) => format!("{snr:.0} dB below"),
    };
    let share =
        |count: usize| format!("{:.1} %", 100.0 * f64::from(count as u32) / f64::from(counted.max(1)));
    println!(
        "| {patience:?} | {noise} | {counted} | {} | {} | {} | {:.0} ms | {:.0} ms | {:.0} ms |",
        share(cut),
        share(late),
        share(missed),
        delays.at(0.5),
        delays.at(0.95),
        lost.at(0.95)
    );
}

/// Where the first utterance began and when its end was known, in milliseconds of the clip.
fn hear(clip: &Clip, patience: Patience) -> Option<(f64, f64)> {
    let config = EndpointConfig { patience, longest: Duration::from_secs(30), ..EndpointConfig::default() };
    let mut utterances = Utterances::new(Turns::HandsFree, &config);
    let piece = RATE / 100;
    for (number, samples) in clip.samples.chunks(piece).enumerate() {
        let now = (number + 1) as f64 * 10.0;
        let mut end = None;
        utterances.push(samples, |cue| {
            if let Cue::Ended(pcm, _) = cue {
                end = Some(pcm.duration().as_secs_f64() * 1e3);
            }
        });
        if let Some(length) = end {
            // The utterance is told of up to a pause after its last voice.
            let begin =
                now - patience.silence().as_secs_f64() * 1e3 + config.pause.as_secs_f64() * 1e3 - length;
            return Some((begin, now));
        }
    }
    None
}

fn clips() -> Result<Vec<Clip>> {
    let kept = sounds::kept()?;
    let mut dice = Dice::new(4);
    let mut clips = Vec::new();
    for (number, (first, second)) in SENTENCES.iter().enumerate() {
        for (other, voice) in VOICES.iter().enumerate() {
            let (first, second) = (sounds::say(voice, first, &kept)?, sounds::say(voice, second, &kept)?);
            let loudness = sounds::rms(&first);
            for (index, pause_ms) in PAUSES.into_iter().enumerate() {
                let snr_db = NOISES[(number + other + index) % NOISES.len()];
                let silence = |ms: usize| std::iter::repeat_n(0.0_f32, ms * RATE / 1_000);
                let mut samples: Vec<f32> = silence(AROUND_MS).collect();
                samples.extend(&first);
                samples.extend(silence(pause_ms));
                samples.extend(&second);
                let ends = samples.len() as f64 * 1e3 / RATE as f64;
                samples.extend(silence(AROUND_MS));
                let make = [sounds::pink, sounds::white, sounds::brown][(number + index) % 3];
                let noise = make(samples.len(), &mut dice);
                sounds::mix(&mut samples, &noise, loudness, snr_db.unwrap_or(50.0));
                clips.push(Clip { samples, pause_ms, snr_db, begins: AROUND_MS as f64, ends });
            }
        }
    }
    Ok(clips)
}
