//! What endpointing does to the words: the same recordings whole, and as live sessions cut them.

use anyhow::Result;
use hark::audio::{Cue, EndpointConfig, Turns, Utterances};
use hark::domain::Pcm;
use hark::speech::Hints;
use tokio_util::sync::CancellationToken;

use crate::sounds::{self, RATE};
use crate::whole::Whole;
use crate::words::Errors;

/// Prints the table.
pub(crate) async fn measure() -> Result<()> {
    let whole = Whole::scripted().await?;
    let clips = sounds::clear()?;
    let (mut direct, mut cut) = (Errors::default(), Errors::default());
    for (sound, text) in &clips {
        direct.add(text, &hear(&whole, sound.clone()).await);
        let mut said = Vec::new();
        for part in utterances(sound) {
            said.push(hear(&whole, part).await);
        }
        cut.add(text, &said.join(" "));
    }
    println!(
        "## Words, whole and as live sessions cut them\n\n{} recordings of {} voices.\n",
        clips.len(),
        sounds::VOICES.len()
    );
    println!("| sound | word errors | all right |\n|---|---|---|");
    println!(
        "| whole recordings | {} |\n| utterances of live sessions | {} |\n",
        direct.cells(),
        cut.cells()
    );
    whole.app.shutdown().await;
    Ok(())
}

async fn hear(whole: &Whole, sound: Vec<f32>) -> String {
    let heard =
        whole.app.speech.transcribe(Pcm::new(sound), Hints::default(), CancellationToken::new()).await;
    heard.map(|transcript| transcript.text).unwrap_or_default()
}

fn utterances(sound: &[f32]) -> Vec<Vec<f32>> {
    let mut utterances = Utterances::new(Turns::HandsFree, &EndpointConfig::default());
    let quiet = vec![0.0002_f32; RATE];
    let mut parts = Vec::new();
    for piece in [&quiet, sound, &quiet].concat().chunks(RATE / 50) {
        utterances.push(piece, |cue| {
            if let Cue::Ended(pcm, _) = cue {
                parts.push(pcm.samples().to_vec());
            }
        });
    }
    parts
}
