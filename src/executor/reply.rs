//! What is said to the person, made from receipts and from nothing else: no sentence here claims what
//! no receipt proves.

use serde_json::Value;

use super::spoken::{listed, pairs, sentences, words};
use crate::domain::{Language, Receipt, StepStatus};
use crate::phrases::{Phrase, say};

/// A lone result is read out up to about this many characters.
const ALONE_CHARS: usize = 300;
/// Each of several results.
const AMONG_OTHERS_CHARS: usize = 160;
/// A reason for something that did not work.
const REASON_CHARS: usize = 200;

/// The reply: what was done first, then what was not, what is not known, and what was stopped.
pub fn reply(receipts: &[Receipt], language: Language) -> String {
    let with = |status: StepStatus| {
        receipts.iter().filter(move |receipt| receipt.status == status).collect::<Vec<_>>()
    };
    let (done, failed, unknown) =
        (with(StepStatus::Done), with(StepStatus::Failed), with(StepStatus::Unknown));
    let (cancelled, skipped) = (with(StepStatus::Cancelled), with(StepStatus::Skipped));
    if !receipts.is_empty() && cancelled.len() == receipts.len() {
        return say("reply-stopped", language);
    }

    let limit = if receipts.len() == 1 { ALONE_CHARS } else { AMONG_OTHERS_CHARS };
    let mut said: Vec<String> = done.iter().map(|receipt| result(receipt, limit, language)).collect();
    let mut bad: Vec<String> = Vec::new();
    match failed.as_slice() {
        [only] if receipts.len() == 1 => bad.push(about("reply-failed", only, language)),
        several => {
            bad.extend(several.iter().map(|receipt| about("reply-step-failed", receipt, language)));
        }
    }
    bad.extend(unknown.iter().map(|receipt| about("reply-unknown", receipt, language)));
    if !cancelled.is_empty() {
        bad.push(Phrase::new("reply-cancelled").with("steps", all(&cancelled, language)).say(language));
    }
    if let Some(first) = skipped.first() {
        // What was left out because of a step that is told of already needs no reason of its own.
        let is_explained = !failed.is_empty() || !unknown.is_empty();
        let phrase = match is_explained {
            true => Phrase::new("reply-skipped"),
            false => Phrase::new("reply-skipped-since").with("reason", reason(first, language)),
        };
        bad.push(phrase.with("steps", all(&skipped, language)).say(language));
    }
    for (index, sentence) in bad.into_iter().enumerate() {
        let sentence = match index {
            0 if !said.is_empty() => Phrase::new("reply-but").with("sentence", sentence).say(language),
            _ => capitalised(&sentence),
        };
        said.push(closed(sentence));
    }
    match said.is_empty() {
        true => say("reply-nothing", language),
        false => said.join(" "),
    }
}

/// The tool's own words where it has any, otherwise its structured result, otherwise that it was done.
fn result(receipt: &Receipt, limit: usize, language: Language) -> String {
    let text = receipt.text.trim();
    // The text of a structured result is often that result once more, as JSON.
    let written =
        serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array());
    let said = match (&receipt.structured, written) {
        (Some(structured), Some(_)) => pairs(structured, language),
        (None, Some(written)) => pairs(&written, language),
        (Some(structured), None) if text.is_empty() => pairs(structured, language),
        (_, None) => Some(text.to_owned()),
    };
    match said.map(|said| sentences(&said, limit)).filter(|said| !said.is_empty()) {
        Some(said) => closed(said),
        None => Phrase::new("reply-done").with("step", words(&receipt.tool.tool)).say(language),
    }
}

/// The first line only: what follows in an error is for a programmer.
fn reason(receipt: &Receipt, language: Language) -> String {
    let error = receipt.error.as_deref().unwrap_or_default();
    match error.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => sentences(line, REASON_CHARS),
        None => say("no-reason", language),
    }
}

/// A phrase about a step and why it ended as it did.
fn about(name: &'static str, receipt: &Receipt, language: Language) -> String {
    let (step, reason) = (quoted(receipt, language), reason(receipt, language));
    Phrase::new(name).with("step", step).with("reason", reason).say(language)
}

fn all(receipts: &[&Receipt], language: Language) -> String {
    let steps: Vec<String> = receipts.iter().map(|receipt| quoted(receipt, language)).collect();
    listed(&steps, language)
}

fn quoted(receipt: &Receipt, language: Language) -> String {
    Phrase::new("quoted").with("words", words(&receipt.tool.tool)).say(language)
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn closed(mut sentence: String) -> String {
    if sentence.ends_with([':', ',', ';']) {
        sentence.pop();
    }
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}
