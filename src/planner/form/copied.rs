//! A cleaned schema narrowed to what was said: a model that may only copy cannot invent.
//!
//! A text is one of the spans of contiguous words, a number one of the numbers said; a text about a
//! time zone may also be a zone's name, and the examples that a schema quotes count as known words. An
//! argument that may be left out is offered only where the person said a word of its name or
//! description. None stands for "nothing was said that could be this".

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::said::{Said, stems};

/// Where the spans of the command stand in the answer's schema.
pub(super) const SAID: &str = "#/$defs/said";
/// References are followed so many levels deep; a schema that contains itself ends there.
const MAX_DEPTH: usize = 6;
/// A copied list has at most so many items, so that a model cannot go round in circles.
const MAX_ITEMS: u64 = 6;

/// What narrowing needs beside the schema.
pub(super) struct Narrow<'a> {
    pub(super) said: &'a Said,
    pub(super) definitions: &'a Map<String, Value>,
    /// The stems of the tool's own name: words that say which tool, not with what.
    pub(super) tool_words: BTreeSet<String>,
    /// The tool can be called without arguments.
    pub(super) needs_nothing: bool,
    /// The model knows which words are meant for what, so that all are offered.
    pub(super) is_trained: bool,
}

impl Narrow<'_> {
    /// The arguments' schema. `original` is the tool's own, whose descriptions tell what is meant.
    pub(super) fn arguments(&self, cleaned: &Value, original: &Value) -> Option<Value> {
        self.object(cleaned.as_object()?, original, 0)
    }

    fn value(&self, name: &str, schema: &Value, original: &Value, depth: usize) -> Option<Value> {
        let schema = schema.as_object().filter(|_| depth < MAX_DEPTH)?;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let definition = self.definitions.get(target.strip_prefix("#/$defs/")?)?;
            return self.value(name, definition, original, depth + 1);
        }
        if schema.contains_key("enum") || schema.contains_key("const") {
            return Some(Value::Object(schema.clone()));
        }
        if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
            let kept: Vec<Value> = branches
                .iter()
                .filter(|branch| branch["type"] != "null")
                .filter_map(|branch| self.value(name, branch, original, depth + 1))
                .collect();
            return one_of(kept);
        }
        match schema.get("type") {
            Some(Value::Array(kinds)) => {
                let kept = kinds
                    .iter()
                    .filter(|kind| *kind != "null")
                    .filter_map(|kind| {
                        let mut one = schema.clone();
                        one.insert("type".to_owned(), kind.clone());
                        self.value(name, &Value::Object(one), original, depth + 1)
                    })
                    .collect();
                one_of(kept)
            }
            Some(Value::String(kind)) => match kind.as_str() {
                "string" if schema.contains_key("format") => Some(Value::Object(schema.clone())),
                "string" => self.text(name, original),
                "integer" | "number" => self.number(kind == "integer", schema),
                "boolean" | "null" => Some(json!({"type": kind})),
                "array" => {
                    let hint = original.get("items").unwrap_or(original);
                    let items = self.value(name, schema.get("items")?, hint, depth + 1)?;
                    let most =
                        schema.get("maxItems").and_then(Value::as_u64).unwrap_or(MAX_ITEMS).min(MAX_ITEMS);
                    Some(json!({"type": "array", "items": items, "minItems": 1, "maxItems": most.max(1)}))
                }
                "object" => {
                    self.object(schema, original, depth + 1).filter(|one| one["properties"] != json!({}))
                }
                _ => None,
            },
            _ => self.text(name, original),
        }
    }

    fn object(&self, schema: &Map<String, Value>, original: &Value, depth: usize) -> Option<Value> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut properties = Map::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let hint = original.get("properties").and_then(|all| all.get(name)).unwrap_or(property);
            let is_required = required.contains(&name.as_str());
            // Where a tool needs nothing, what was said beside its name is likely what it may take.
            let is_meant =
                required.is_empty() && self.needs_nothing && self.said.anything_beside(&self.tool_words);
            if !is_required && !is_meant && !self.is_trained && !self.is_mentioned(name, hint) {
                continue;
            }
            match self.value(name, property, hint, depth) {
                Some(narrowed) => {
                    properties.insert(name.clone(), narrowed);
                }
                None if is_required => return None,
                None => {}
            }
        }
        Some(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }))
    }

    fn text(&self, name: &str, original: &Value) -> Option<Value> {
        let description = original.get("description").and_then(Value::as_str).unwrap_or_default();
        let about = stems(&format!("{name} {description}"));
        let mut known: Vec<String> = Vec::new();
        if ["timezone", "iana"].iter().any(|word| about.contains(*word)) {
            // A city that was said names the zone; the person's own zone is meant where none was.
            let zones = self.said.zones();
            let said = if zones.len() > 1 { &zones[1..] } else { zones };
            return Some(json!({"enum": said}));
        }
        for example in original.get("examples").and_then(Value::as_array).into_iter().flatten() {
            known.extend(example.as_str().map(str::to_owned));
        }
        known.retain(|value| self.said.mentions(&stems(value)));
        if self.is_trained {
            return match (self.said.spans().is_empty(), known.is_empty()) {
                (false, true) => Some(json!({"$ref": SAID})),
                (false, false) => Some(json!({"anyOf": [{"enum": known}, {"$ref": SAID}]})),
                (true, false) => Some(json!({"enum": known})),
                (true, true) => None,
            };
        }
        if known.is_empty()
            && let Some(beside) = self.said.spans_beside(&stems(name))
        {
            return Some(json!({"enum": beside}));
        }
        let something = !self.said.spans().is_empty() && self.said.anything_beside(&self.tool_words);
        let spans = match self.said.spans_beyond(&self.tool_words) {
            Some(kept) => json!({"enum": kept}),
            None => json!({"$ref": SAID}),
        };
        match (something && spans["enum"] != json!([]), known.is_empty()) {
            (true, true) => Some(spans),
            (true, false) => Some(json!({"anyOf": [{"enum": known}, spans]})),
            (false, false) => Some(json!({"enum": known})),
            (false, true) => None,
        }
    }

    fn number(&self, integer: bool, schema: &Map<String, Value>) -> Option<Value> {
        if self.is_trained {
            // It may follow from what was said; `grounding` checks that it does.
            return Some(Value::Object(schema.clone()));
        }
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let fits = |number: &&serde_json::Number| {
            let value = number.as_f64().unwrap_or_default();
            (!integer || value.fract() == 0.0)
                && bound("minimum").is_none_or(|least| value >= least)
                && bound("maximum").is_none_or(|most| value <= most)
                && bound("exclusiveMinimum").is_none_or(|least| value > least)
                && bound("exclusiveMaximum").is_none_or(|most| value < most)
        };
        let numbers: Vec<&serde_json::Number> = self.said.numbers().iter().filter(fits).collect();
        (!numbers.is_empty()).then(|| json!({"enum": numbers}))
    }

    /// Whether a word of the argument's name, description or values was said, the tool's own words aside.
    fn is_mentioned(&self, name: &str, original: &Value) -> bool {
        let mut about = stems(name);
        if let Some(description) = original.get("description").and_then(Value::as_str) {
            about.extend(stems(description));
        }
        for value in original.get("enum").and_then(Value::as_array).into_iter().flatten() {
            about.extend(value.as_str().map(stems).into_iter().flatten());
        }
        about.retain(|word| !self.tool_words.contains(word));
        self.said.mentions(&about)
    }
}

fn one_of(mut kept: Vec<Value>) -> Option<Value> {
    kept.dedup();
    match kept.len() {
        0 => None,
        1 => kept.pop(),
        _ => Some(json!({"anyOf": kept})),
    }
}
