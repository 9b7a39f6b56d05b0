//! A plan may rest on a word that was hardly heard. A name or a number is then asked for, not guessed.

use serde_json::{Map, Value};

use crate::domain::{Language, Plan, Question, Transcript};
use crate::phrases::Phrase;

/// The question for the first argument that rests on a word of less than `least` confidence (0 to 1).
pub(super) fn question(
    plan: &Plan,
    transcript: &Transcript,
    least: f32,
    language: Language,
) -> Option<Question> {
    let heard: Vec<(String, f32)> = transcript
        .words
        .iter()
        .flat_map(|word| words(&word.text).map(|text| (text, word.confidence)))
        .collect();
    plan.steps().iter().find_map(|step| {
        let arguments = step.arguments().as_object()?;
        let (name, value) = arguments.iter().find(|(_, value)| is_doubted(value, &heard, least))?;
        let known: Map<String, Value> = arguments
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Some(Question {
            text: Phrase::new("ask-heard")
                .with("name", name.replace(['_', '-'], " "))
                .with("value", spoken(value))
                .say(language),
            tool: Some(step.tool().name.clone()),
            known: Value::Object(known),
            missing: Some(name.clone()),
            proposal: None,
        })
    })
}

/// A value that was said has its words in the transcript; one that was not rests on none of them.
fn is_doubted(value: &Value, heard: &[(String, f32)], least: f32) -> bool {
    let wanted: Vec<String> = match value {
        Value::String(text) => words(text).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => return false,
    };
    wanted.iter().any(|wanted| {
        let said = heard.iter().filter(|(word, _)| word == wanted).map(|(_, confidence)| *confidence);
        // Where a word comes twice, the better one may be meant.
        said.reduce(f32::max).is_some_and(|confidence| confidence < least)
    })
}

fn spoken(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// In lower case, without marks. How a number is said is no matter: digits and number words of English are
/// the same here.
fn words(text: &str) -> impl Iterator<Item = String> {
    let english = text2num::Language::english();
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| {
            let word = word.to_lowercase();
            text2num::text2digits(&word, &english).unwrap_or(word)
        })
        .collect::<Vec<_>>()
        .into_iter()
}
