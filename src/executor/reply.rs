//! What is said to the person, made from receipts and from nothing else: no sentence here claims what
//! no receipt proves.

use serde_json::Value;

use super::spoken::{listed, pairs, sentences, words};
use crate::domain::{Receipt, StepStatus};

/// A lone result is read out up to about this many characters.
const ALONE_CHARS: usize = 300;
/// Each of several results.
const AMONG_OTHERS_CHARS: usize = 160;
/// A reason for something that did not work.
const REASON_CHARS: usize = 200;

/// The reply: what was done first, then what was not, what is not known, and what was stopped.
pub fn reply(receipts: &[Receipt]) -> String {
    let with = |status: StepStatus| {
        receipts.iter().filter(move |receipt| receipt.status == status).collect::<Vec<_>>()
    };
    let (done, failed, unknown) =
        (with(StepStatus::Done), with(StepStatus::Failed), with(StepStatus::Unknown));
    let (cancelled, skipped) = (with(StepStatus::Cancelled), with(StepStatus::Skipped));
    if !receipts.is_empty() && cancelled.len() == receipts.len() {
        return "Stopped. Nothing was done.".to_owned();
    }

    let limit = if receipts.len() == 1 { ALONE_CHARS } else { AMONG_OTHERS_CHARS };
    let mut said: Vec<String> = done.iter().map(|receipt| result(receipt, limit)).collect();
    let mut bad: Vec<String> = Vec::new();
    match failed.as_slice() {
        [only] if receipts.len() == 1 => bad.push(format!("that did not work: {}", reason(only))),
        several => bad.extend(
            several.iter().map(|receipt| format!("{} did not work: {}", quoted(receipt), reason(receipt))),
        ),
    }
    bad.extend(
        unknown.iter().map(|receipt| {
            format!("I do not know whether {} was done: {}", quoted(receipt), reason(receipt))
        }),
    );
    if !cancelled.is_empty() {
        bad.push(format!("I stopped before {}", all(&cancelled)));
    }
    if let Some(first) = skipped.first() {
        // What was left out because of a step that is told of already needs no reason of its own.
        let is_explained = !failed.is_empty() || !unknown.is_empty();
        bad.push(match is_explained {
            true => format!("I did not try {}", all(&skipped)),
            false => format!("I did not try {}: {}", all(&skipped), reason(first)),
        });
    }
    for (index, sentence) in bad.into_iter().enumerate() {
        let sentence = match index {
            0 if !said.is_empty() => format!("But {sentence}"),
            _ => capitalised(&sentence),
        };
        said.push(closed(sentence));
    }
    match said.is_empty() {
        true => "Nothing was done.".to_owned(),
        false => said.join(" "),
    }
}

/// The tool's own words where it has any, otherwise its structured result, otherwise that it was done.
fn result(receipt: &Receipt, limit: usize) -> String {
    let text = receipt.text.trim();
    // The text of a structured result is often that result once more, as JSON.
    let written =
        serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array());
    let said = match (&receipt.structured, written) {
        (Some(structured), Some(_)) => pairs(structured),
        (None, Some(written)) => pairs(&written),
        (Some(structured), None) if text.is_empty() => pairs(structured),
        (_, None) => Some(text.to_owned()),
    };
    match said.map(|said| sentences(&said, limit)).filter(|said| !said.is_empty()) {
        Some(said) => closed(said),
        None => format!("Done: {}.", words(&receipt.tool.tool)),
    }
}

/// The first line only: what follows in an error is for a programmer.
fn reason(receipt: &Receipt) -> String {
    let error = receipt.error.as_deref().unwrap_or_default();
    let line = error.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
    sentences(line, REASON_CHARS)
}

fn all(receipts: &[&Receipt]) -> String {
    listed(&receipts.iter().map(|receipt| quoted(receipt)).collect::<Vec<_>>())
}

fn quoted(receipt: &Receipt) -> String {
    format!("“{}”", words(&receipt.tool.tool))
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
