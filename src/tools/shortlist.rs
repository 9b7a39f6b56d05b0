//! The tools that fit a command best, where there are more than a model can be shown.

use std::sync::Arc;

use bm25::{Document, Language, SearchEngineBuilder};
use serde_json::Value;

use crate::domain::{Tool, ToolSet};

/// How deep nested arguments are read for words.
const DEPTH_AT_MOST: usize = 4;

/// The `limit` tools that fit `text` best, best first; all of them in their own order where there are
/// no more than that. What fits not at all fills the rest in the registry's order, so that a command
/// in words that no tool uses still shows the model something.
///
/// The search is BM25 over names, descriptions, arguments and their allowed values: deterministic, and
/// with no list of words of our own.
pub fn shortlist(tools: &ToolSet, text: &str, limit: usize) -> ToolSet {
    let all = tools.tools();
    if all.len() <= limit {
        return ToolSet::new(all.to_vec(), tools.rejected().to_vec());
    }
    let documents = all.iter().enumerate().map(|(index, tool)| Document::new(index, words_of(tool)));
    let engine =
        SearchEngineBuilder::<usize>::with_documents(Language::English, documents.collect::<Vec<_>>())
            .build();
    let mut found: Vec<(usize, f32)> = engine
        .search(&split(text), all.len())
        .into_iter()
        .map(|result| (result.document.id, result.score))
        .collect();
    found.sort_by(|(a, score_a), (b, score_b)| score_b.total_cmp(score_a).then(a.cmp(b)));
    let mut order: Vec<usize> = found.into_iter().map(|(index, _)| index).collect();
    order.truncate(limit);
    let rest: Vec<usize> =
        (0..all.len()).filter(|index| !order.contains(index)).take(limit - order.len()).collect();
    order.extend(rest);
    let picked = order.into_iter().filter_map(|index| all.get(index)).map(Arc::clone).collect();
    ToolSet::new(picked, tools.rejected().to_vec())
}

/// The name counts twice: it is what the tool is about, and a description tells much beside.
fn words_of(tool: &Tool) -> String {
    let mut words = String::new();
    let name = split(&tool.name.tool);
    for part in [
        &*name,
        &*name,
        &*split(&tool.name.service),
        tool.title.as_deref().unwrap_or(""),
        &split(&tool.description),
    ] {
        words.push_str(part);
        words.push(' ');
    }
    properties(&tool.input_schema, 0, &mut words);
    words
}

fn properties(schema: &Value, depth: usize, words: &mut String) {
    if depth > DEPTH_AT_MOST {
        return;
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        words.push_str(&split(name));
        words.push(' ');
        if let Some(description) = property.get("description").and_then(Value::as_str) {
            words.push_str(&split(description));
            words.push(' ');
        }
        for value in property.get("enum").and_then(Value::as_array).into_iter().flatten() {
            if let Some(value) = value.as_str() {
                words.push_str(&split(value));
                words.push(' ');
            }
        }
        properties(property, depth + 1, words);
        if let Some(items) = property.get("items") {
            properties(items, depth + 1, words);
        }
    }
}

/// Parts `list_directory` and `listDirectory` into their words.
fn split(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 8);
    let mut was_lower = false;
    for c in text.chars() {
        if c.is_uppercase() && was_lower {
            words.push(' ');
        }
        words.push(if matches!(c, '_' | '-' | '.' | '/') { ' ' } else { c });
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words
}
