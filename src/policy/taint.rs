//! Where the values of a plan come from. A value that nobody said, from a place where anybody may write,
//! is a wish of whoever wrote there until the person agrees.

use std::collections::HashSet;

use serde_json::Value;

use super::Reason;
use crate::domain::{Plan, Step, ToolName, ToolSet};

/// Shorter words are in every text.
const SHORTEST_WORD: usize = 4;
/// Numbers of fewer digits are dates and counts.
const SHORTEST_NUMBER: usize = 5;
/// So many letters at the beginning make two forms of one word the same.
const STEM: usize = 4;

/// What is known of where values may come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// What the person said in this conversation, this command included.
    pub said: Vec<String>,
    /// What tools gave back earlier in this conversation.
    pub seen: Vec<Seen>,
}

/// What a tool gave back.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The tool.
    pub tool: ToolName,
    /// All of it as text.
    pub text: String,
}

/// A place where a value may come from.
struct Source {
    tool: ToolName,
    /// Anybody may write there.
    is_open: bool,
    words: HashSet<String>,
}

/// The reasons to ask about each step, in order.
pub(super) fn of_steps(plan: &Plan, tools: &ToolSet, sources: &Sources) -> Vec<Vec<Reason>> {
    let said: Vec<String> = sources.said.iter().flat_map(|text| words(text)).collect();
    let known: Vec<Source> = known(tools, sources);
    // What each step's result is made of: itself, and what went into it.
    let mut origins: Vec<Vec<(ToolName, bool)>> = Vec::new();
    let mut reasons = Vec::new();
    for step in plan.steps() {
        let mut from: Vec<(ToolName, bool)> = Vec::new();
        for (_, reference) in step.references() {
            from.extend(origins.get(reference.step.wrapping_sub(1)).into_iter().flatten().cloned());
        }
        let given = unsaid(step, &said);
        from.extend(
            known
                .iter()
                .filter(|source| given.iter().any(|word| source.words.contains(word)))
                .map(|source| (source.tool.clone(), source.is_open)),
        );
        from.dedup();
        let saw_private = known.iter().any(|source| !source.is_open && is_other(&source.tool, step))
            || origins.iter().flatten().any(|(tool, is_open)| !is_open && is_other(tool, step));
        reasons.push(reasons_of(step, &from, saw_private));
        from.push((step.tool().name.clone(), step.tool().believed().open_world));
        origins.push(from);
    }
    reasons
}

fn reasons_of(step: &Step, from: &[(ToolName, bool)], saw_private: bool) -> Vec<Reason> {
    let believed = step.tool().believed();
    let mut reasons = Vec::new();
    for (tool, is_open) in from.iter().filter(|(tool, _)| is_other(tool, step)) {
        let reason = match (is_open, believed.read_only, believed.open_world) {
            // What is looked up inside harms nobody.
            (_, true, false) | (false, false, false) => continue,
            (true, false, _) => Reason::Tainted(tool.clone()),
            (false, _, true) => Reason::CarriesOut(tool.clone()),
            // An address that somebody else wrote is a way out for what was seen before.
            (true, true, true) if saw_private => Reason::Tainted(tool.clone()),
            (true, true, true) => continue,
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

fn is_other(tool: &ToolName, step: &Step) -> bool {
    tool.service != step.tool().name.service
}

/// Earlier results, and the words of tools that speak to a model.
fn known(tools: &ToolSet, sources: &Sources) -> Vec<Source> {
    let results = sources.seen.iter().map(|seen| Source {
        tool: seen.tool.clone(),
        // A tool that is gone is believed in nothing.
        is_open: tools.find(&seen.tool).is_none_or(|tool| tool.believed().open_world),
        words: words(&seen.text).collect(),
    });
    let speaking = tools.tools().iter().filter(|tool| !tool.flags.is_empty()).map(|tool| Source {
        tool: tool.name.clone(),
        is_open: true,
        words: words(&tool.definition().to_string()).collect(),
    });
    results.chain(speaking).collect()
}

/// The words in a step's arguments that the person did not say, and neither the tool itself nor the
/// person's own configuration offers.
fn unsaid(step: &Step, said: &[String]) -> Vec<String> {
    let tool = step.tool();
    let mut texts = Vec::new();
    for (name, value) in step.arguments().as_object().into_iter().flatten() {
        if !tool.fixed().contains_key(name) {
            leaves(value, &mut texts);
        }
    }
    let mut offered = Vec::new();
    tool.properties().for_each(|(_, schema)| offers(schema, &mut offered));
    texts
        .iter()
        .filter(|text| !offered.contains(text))
        .flat_map(|text| words(text))
        .filter(|word| !said.iter().any(|said| is_same(said, word)))
        .collect()
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

/// Values that the schema itself names.
fn offers(schema: &Value, found: &mut Vec<String>) {
    for value in schema.get("enum").and_then(Value::as_array).into_iter().flatten() {
        leaves(value, found);
    }
    for key in ["default", "const"] {
        if let Some(value) = schema.get(key) {
            leaves(value, found);
        }
    }
}

/// The words by which a text is known again, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| {
            let least =
                if word.chars().all(|letter| letter.is_numeric()) { SHORTEST_NUMBER } else { SHORTEST_WORD };
            word.chars().count() >= least
        })
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Two forms of one word: "list" and "lists".
fn is_same(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    one == other
        || (short.chars().count() > STEM && long.starts_with(short))
        || (short.chars().count() == STEM && long.starts_with(short) && long.len() <= short.len() + 2)
}
