//! From the last word to the transcript, and to a proved plan, in live sessions that are fed as a
//! microphone feeds them: 20 ms of sound every 20 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hark::audio::Turns;
use hark::domain::{EventType, SessionId, UserId};
use hark::listening::{Listener, Listening, ListeningConfig, Notice, Sound};
use hark::pipeline::Speaker;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::figures::{Samples, ms};
use crate::sounds::{self, RATE};
use crate::whole::Whole;

const PIECE: Duration = Duration::from_millis(20);
/// After the release of a key, and after the last word of a clip, a person is silent for so long.
const SILENCE: Duration = Duration::from_millis(1_500);
/// People let go of a key about so long after their last word.
const RELEASE_AFTER: Duration = Duration::from_millis(200);

/// Prints the table.
pub(crate) async fn measure() -> Result<()> {
    let whole = Whole::real().await?;
    let clips = sounds::commands()?;
    println!(
        "## From the last word to the transcript\n\n{} spoken commands, live, with the embedded models. *Ahead*: how much of hearing and planning was over when the end was certain.\n",
        clips.len()
    );
    println!(
        "| session | transcript after, p50 | p95 | proved plan after, p50 | p95 | after the end was certain: transcript p50 | plan p50 | ahead p50 |\n|---|---|---|---|---|---|---|---|"
    );
    for (name, turns) in [("hands-free, `normal`", Turns::HandsFree), ("push to talk", Turns::Held)] {
        let mut figures = Figures::default();
        // The first turn of a process is a cold one.
        for (round, (_, sound, _)) in clips.iter().take(1).chain(&clips).enumerate() {
            let turn = listen(&whole, turns, sound).await?;
            if round > 0 {
                figures.add(&turn);
            }
        }
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            ms(figures.words.at(0.5)),
            ms(figures.words.at(0.95)),
            ms(figures.plan.at(0.5)),
            ms(figures.plan.at(0.95)),
            ms(figures.words_after_end.at(0.5)),
            ms(figures.plan_after_end.at(0.5)),
            ms(figures.ahead.at(0.5))
        );
    }
    println!();
    whole.app.shutdown().await;
    Ok(())
}

#[derive(Default)]
struct Figures {
    words: Samples,
    plan: Samples,
    words_after_end: Samples,
    plan_after_end: Samples,
    ahead: Samples,
}

/// Moments of one turn.
struct Turn {
    last_word: Instant,
    ended: Option<Instant>,
    words: Option<Instant>,
    plan: Option<Instant>,
    ahead_ms: Option<f64>,
}

impl Figures {
    fn add(&mut self, turn: &Turn) {
        let since = |from: Option<Instant>, to: Option<Instant>| {
            Some(to?.saturating_duration_since(from?).as_secs_f64() * 1e3)
        };
        for (samples, value) in [
            (&mut self.words, since(Some(turn.last_word), turn.words)),
            (&mut self.plan, since(Some(turn.last_word), turn.plan)),
            (&mut self.words_after_end, since(turn.ended, turn.words)),
            (&mut self.plan_after_end, since(turn.ended, turn.plan)),
            (&mut self.ahead, turn.ahead_ms),
        ] {
            if let Some(value) = value {
                samples.add(value);
            }
        }
    }
}

async fn listen(whole: &Whole, turns: Turns, sound: &[f32]) -> Result<Turn> {
    let app = &whole.app;
    let listener = Listener::new(
        app.speech.clone(),
        app.pipeline.clone(),
        app.progress.clone(),
        Arc::new(|_, _| Ok(())),
        app.tracker.clone(),
    );
    let listening = Listening {
        speaker: Speaker {
            user: UserId::local(),
            may_approve: true,
            session: SessionId(hark::domain::CommandId::new().to_string()),
            timezone: None,
            language: None,
        },
        turns,
        dry_run: true,
        config: ListeningConfig::default(),
    };
    let (sounds, hears) = mpsc::channel(16);
    let (notices, mut told) = mpsc::channel(256);
    let session = tokio::spawn(async move {
        listener.listen(listening, hears, notices, CancellationToken::new()).await;
    });
    let held = turns == Turns::Held;
    // The recordings have 250 ms of silence at their end.
    let spoken = sound.len() - RATE / 4;
    let playing = async {
        let begun = Instant::now();
        let mut last_word = begun;
        let mut is_released = false;
        if held {
            sounds.send(Sound::Press).await?;
        }
        let total = spoken + RATE * SILENCE.as_millis() as usize / 1_000;
        let piece = RATE * PIECE.as_millis() as usize / 1_000;
        for (number, at) in (0..total).step_by(piece).enumerate() {
            // A microphone gives a piece when it is over.
            tokio::time::sleep_until((begun + PIECE * (number as u32 + 1)).into()).await;
            let samples = (at..(at + piece).min(total))
                .map(|at| sound.get(at).filter(|_| at < spoken).copied().unwrap_or(0.0002));
            sounds.send(Sound::Samples(samples.collect())).await?;
            if at < spoken {
                last_word = Instant::now();
            } else if held && !is_released && last_word.elapsed() >= RELEASE_AFTER {
                is_released = true;
                sounds.send(Sound::Release).await?;
            }
        }
        anyhow::Ok(last_word)
    };
    let watching = async {
        let mut moments = (None, None, None, None);
        while let Some(notice) = told.recv().await {
            match notice {
                Notice::SpeechEnd { .. } => moments.0 = Some(Instant::now()),
                Notice::Command { .. } => moments.1 = Some(Instant::now()),
                Notice::Progress(event)
                    if matches!(event.kind, EventType::Planned | EventType::Clarifying) =>
                {
                    moments.2 = Some(Instant::now());
                }
                Notice::Progress(event) if event.kind.is_last() => {
                    moments.3 = event.data["stages"]["aheadMs"].as_f64();
                    break;
                }
                Notice::Refused { .. } => break,
                _ => {}
            }
        }
        moments
    };
    let (last_word, moments) = tokio::join!(playing, tokio::time::timeout(Duration::from_secs(30), watching));
    drop(sounds);
    let (ended, words, plan, ahead_ms) = moments.context("a turn did not end")?;
    session.await?;
    Ok(Turn { last_word: last_word?, ended, words, plan, ahead_ms })
}
