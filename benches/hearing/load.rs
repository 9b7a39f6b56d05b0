//! Several people at once: how many utterances a second are heard, and how long each waits.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use hark::domain::Pcm;
use hark::speech::{Hints, SpeechError};
use tokio_util::sync::CancellationToken;

use crate::figures::{Samples, ms};
use crate::sounds;
use crate::whole::Whole;

/// Utterances of each person, one after the other.
const EACH: usize = 12;

/// Prints the table.
pub(crate) async fn measure() -> Result<()> {
    let whole = Whole::scripted().await?;
    let speech = whole.app.speech.clone();
    let clips: Arc<Vec<Pcm>> =
        Arc::new(sounds::commands()?.into_iter().map(|(_, sound, _)| Pcm::new(sound)).collect());
    let mean = clips.iter().map(|clip| clip.duration().as_secs_f64()).sum::<f64>() / clips.len() as f64;
    println!(
        "## Several at once\n\nEach person says {EACH} commands ({mean:.1} s on average), the next as soon as the one before is heard; the queue holds 16.\n"
    );
    println!(
        "| at once | heard a second | times real time | heard after, p50 | p95 | longest | refused |\n|---|---|---|---|---|---|---|"
    );
    speech.transcribe(clips[0].clone(), Hints::default(), CancellationToken::new()).await.ok();
    for people in [1, 4, 16, 40] {
        let began = Instant::now();
        let tasks: Vec<_> = (0..people)
            .map(|person| {
                let (speech, clips) = (speech.clone(), clips.clone());
                tokio::spawn(async move {
                    let (mut waits, mut refused) = (Samples::default(), 0_usize);
                    for number in 0..EACH {
                        let clip = clips[(person * 5 + number) % clips.len()].clone();
                        let asked = Instant::now();
                        match speech.transcribe(clip, Hints::default(), CancellationToken::new()).await {
                            Err(SpeechError::Busy(_)) => {
                                refused += 1;
                                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                            }
                            _ => waits.add(asked.elapsed().as_secs_f64() * 1e3),
                        }
                    }
                    (waits, refused)
                })
            })
            .collect();
        let (mut waits, mut refused) = (Samples::default(), 0);
        for task in tasks {
            let (theirs, not_heard) = task.await?;
            waits.extend(&theirs);
            refused += not_heard;
        }
        let seconds = began.elapsed().as_secs_f64();
        let heard = waits.len() as f64 / seconds;
        println!(
            "| {people} | {heard:.1} | {:.0} | {} | {} | {} | {refused} of {} |",
            heard * mean,
            ms(waits.at(0.5)),
            ms(waits.at(0.95)),
            ms(waits.at(1.0)),
            people * EACH
        );
    }
    println!();
    whole.app.shutdown().await;
    Ok(())
}
