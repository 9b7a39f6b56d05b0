//! What it gains to expect the words of the registry: the same recordings, heard with and without.

use std::sync::Arc;

use anyhow::Result;
use hark::domain::{Decoding, Pcm};
use hark::speech::{Hints, Transcriber, Whisper};
use tokio_util::sync::CancellationToken;

use crate::model;
use crate::sounds::{self, VOICES};
use crate::words::Errors;

/// Values as they stand in enumerations, lists and address books. The bonus was chosen on `CHOSEN_ON`.
const CHOSEN_ON: [&str; 12] = [
    "living room",
    "conservatory",
    "oat milk",
    "paprika",
    "Ilona",
    "Leipzig",
    "movie night",
    "dehumidifier",
    "quinoa",
    "Marcus",
    "terrace",
    "standup",
];
const MEASURED_ON: [&str; 16] = [
    "foyer",
    "guest bathroom",
    "tahini",
    "chickpeas",
    "Aoife",
    "Ljubljana",
    "reading corner",
    "espresso machine",
    "couscous",
    "Beatrix",
    "veranda",
    "retrospective",
    "Casablanca",
    "rye bread",
    "Matteo",
    "attic",
];
/// What else a registry holds, so that the words looked for are some of many.
const OTHERS: [&str; 24] = [
    "add to list",
    "remove from list",
    "show list",
    "set timer",
    "cancel timer",
    "add note",
    "search notes",
    "current time",
    "convert time",
    "add event",
    "desk",
    "git status",
    "git log",
    "kitchen",
    "bedroom",
    "garage",
    "warm white",
    "celsius",
    "high",
    "medium",
    "low",
    "Anna",
    "Berlin",
    "New York",
];
const FRAMES: [&str; 4] =
    ["turn it on for {}", "add {} to the list", "is there a note about {}", "show me {}"];

/// Prints the table; with `bonuses` the one that the catalogue's bonus was chosen by.
pub(crate) async fn measure(bonuses: &[f32]) -> Result<()> {
    let (_, decoding) = model::entry()?;
    let (words, bonuses): (&[&str], Vec<f32>) = match bonuses {
        [] => (&MEASURED_ON, vec![0.0, decoding.bias]),
        given => (&CHOSEN_ON, given.to_vec()),
    };
    let named = recordings(words)?;
    let others: Vec<Clip> =
        sounds::clear()?.into_iter().map(|(sound, text)| (sound, text, String::new())).collect();
    let phrases: Arc<[String]> = words.iter().chain(&OTHERS).map(|word| (*word).to_owned()).collect();
    println!(
        "## Vocabulary\n\n{} recordings with {} values of a registry of {}, and {} recordings without any of them.\n",
        named.len(),
        words.len(),
        phrases.len(),
        others.len()
    );
    println!(
        "| bonus, nats | values heard | word errors | all right | heard wrong | refused | without any value: word errors | all right | heard wrong | refused |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for bonus in bonuses {
        let model = model::load(Decoding { bias: bonus, ..decoding.clone() })?;
        let (with, found) = hear(&model, &named, &phrases).await;
        let (without, _) = hear(&model, &others, &phrases).await;
        println!(
            "| {bonus} | {found} of {} | {} | {} | {} | {} |",
            named.len(),
            with.share(),
            with.ends(),
            without.share(),
            without.ends()
        );
    }
    println!();
    Ok(())
}

/// Sound, what is said, and the value in it.
type Clip = (Vec<f32>, String, String);

fn recordings(words: &[&str]) -> Result<Vec<Clip>> {
    let kept = sounds::kept()?;
    let mut recordings = Vec::new();
    for (number, word) in words.iter().enumerate() {
        for (other, voice) in VOICES.iter().enumerate() {
            let text = FRAMES[(number + other) % FRAMES.len()].replace("{}", word);
            recordings.push((sounds::say(voice, &text, &kept)?, text, (*word).to_owned()));
        }
    }
    Ok(recordings)
}

/// The errors, and in how many clips the value was heard.
async fn hear(model: &Whisper, clips: &[Clip], phrases: &Arc<[String]>) -> (Errors, usize) {
    let (mut errors, mut found) = (Errors::default(), 0);
    for (sound, text, value) in clips {
        let hints = Hints { vocabulary: Some(phrases.clone()), ..Hints::default() };
        let heard = model.transcribe(Pcm::new(sound.clone()), hints, CancellationToken::new()).await;
        let heard = heard.map(|transcript| transcript.text).unwrap_or_default();
        found += usize::from(heard.to_lowercase().contains(&value.to_lowercase()));
        errors.add(text, &heard);
    }
    (errors, found)
}
