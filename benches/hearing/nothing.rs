//! Nothing is done on nothing: hours of sound that nobody said to Hark, and what came of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use hark::audio::{Cue, EndpointConfig, Turns, Utterances};
use hark::domain::{Pcm, StepStatus, UserId};
use hark::listening::ListeningConfig;
use hark::pipeline::{Heard, Input, Submission};
use hark::speech::Hints;
use tokio_util::sync::CancellationToken;

use crate::sounds::{self, Dice, RATE};
use crate::whole::Whole;

type Make<'a> = Box<dyn Fn(usize, &mut Dice) -> Vec<f32> + 'a>;

#[derive(Default)]
struct Tally {
    voices: usize,
    transcripts: usize,
    commands: usize,
    done: usize,
    refusals: BTreeMap<&'static str, usize>,
}

/// Prints the table.
pub(crate) async fn measure(minutes: usize) -> Result<()> {
    let whole = Whole::real().await?;
    let voices = sounds::voices()?;
    let kinds: Vec<(&str, Make)> = vec![
        ("digital silence", Box::new(|length, _| vec![0.0; length])),
        (
            "a quiet room",
            Box::new(|length, dice| sounds::pink(length, dice).iter().map(|s| s * 0.02).collect()),
        ),
        ("white noise", Box::new(sounds::white)),
        ("pink noise", Box::new(sounds::pink)),
        ("brown noise", Box::new(sounds::brown)),
        ("hum", Box::new(sounds::hum)),
        ("clicks and keys", Box::new(sounds::clicks)),
        ("tones and alarms", Box::new(sounds::tones)),
        ("music", Box::new(sounds::music)),
        ("speech backwards", Box::new(|length, dice| sounds::backwards(length, &voices, dice))),
        ("babble of 6", Box::new(|length, dice| sounds::babble(length, &voices, 6, dice))),
        ("babble of 20", Box::new(|length, dice| sounds::babble(length, &voices, 20, dice))),
    ];
    println!(
        "## Nothing is done on nothing\n\n{} minutes in all, hands-free, with the embedded models and the desk's tools, every plan carried out.\n",
        minutes * kinds.len()
    );
    println!(
        "| sound | minutes | utterances | transcripts | commands | carried out | refused |\n|---|---|---|---|---|---|---|"
    );
    let mut all = Tally::default();
    let mut dice = Dice::new(11);
    for (name, make) in &kinds {
        let mut tally = Tally::default();
        for _ in 0..minutes {
            hear(&whole, &make(RATE * 60, &mut dice), &mut tally).await?;
        }
        row(name, minutes, &tally);
        all.voices += tally.voices;
        all.transcripts += tally.transcripts;
        all.commands += tally.commands;
        all.done += tally.done;
        for (code, count) in tally.refusals {
            *all.refusals.entry(code).or_default() += count;
        }
    }
    row("**all**", minutes * kinds.len(), &all);
    println!();
    whole.app.shutdown().await;
    Ok(())
}

fn row(name: &str, minutes: usize, tally: &Tally) {
    let refusals: Vec<String> =
        tally.refusals.iter().map(|(code, count)| format!("{code} {count}")).collect();
    println!(
        "| {name} | {minutes} | {} | {} | {} | {} | {} |",
        tally.voices,
        tally.transcripts,
        tally.commands,
        tally.done,
        refusals.join(", ")
    );
}

async fn hear(whole: &Whole, sound: &[f32], tally: &mut Tally) -> Result<()> {
    let mut utterances = Utterances::new(Turns::HandsFree, &EndpointConfig::default());
    let mut said: Vec<Pcm> = Vec::new();
    for piece in sound.chunks(RATE / 50) {
        utterances.push(piece, |cue| {
            if let Cue::Ended(pcm, _) = cue {
                said.push(pcm);
            }
        });
    }
    for pcm in said {
        tally.voices += 1;
        match whole.app.speech.transcribe(pcm, Hints::default(), CancellationToken::new()).await {
            Err(error) => *tally.refusals.entry(error.code()).or_default() += 1,
            Ok(transcript) if transcript.confidence < ListeningConfig::default().least_confidence => {
                tally.transcripts += 1;
                *tally.refusals.entry("speech_low_confidence").or_default() += 1;
            }
            Ok(transcript) => {
                tally.transcripts += 1;
                tally.commands += 1;
                let submission = Submission {
                    user: UserId::local(),
                    may_approve: true,
                    session: None,
                    timezone: None,
                    language: None,
                    dry_run: false,
                    input: Input::Heard(Heard { transcript, ended: Instant::now(), rehearsal: None }),
                };
                let id = whole.app.pipeline.submit(submission).await?;
                let outcome = tokio::time::timeout(
                    Duration::from_secs(120),
                    whole.app.pipeline.outcome(&UserId::local(), id),
                )
                .await??;
                let results = outcome.map(|outcome| outcome.results).unwrap_or_default();
                tally.done += usize::from(results.iter().any(|receipt| receipt.status == StepStatus::Done));
            }
        }
    }
    Ok(())
}
