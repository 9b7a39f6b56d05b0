//! The form of the answer: a JSON schema made from exactly the tools that are shown.
//!
//! Three branches, told apart by what is in them:
//! - a plan: `{"selectedTools":[{"service","tool","params"},…]}`, in free wording with `executionPlan`;
//! - nothing fits: `{"selectedTools":[]}`, in free wording with an `executionPlan` that says so;
//! - a question: `{"selectedTools":[{…}],"needsClarification":true}` with the arguments that are known,
//!   in free wording with `clarificationQuestion`.
//!
//! Each step is one of the tools, `service` and `tool` constant and `params` its own schema, cleaned.
//! From the second step on, an argument may be `{"$step":N}`, the result of an earlier step.

mod clean;
mod copied;

use serde_json::{Map, Value, json};

use super::config::Wording;
use super::said::{Said, stems};
use crate::domain::{Question, Tool, ToolSet};
use copied::Narrow;

/// What the schema is made from.
pub(super) struct Form<'a> {
    pub(super) tools: &'a ToolSet,
    pub(super) wording: Wording,
    pub(super) max_steps: usize,
    pub(super) said: &'a Said,
    /// The question that the command may answer.
    pub(super) pending: Option<&'a Question>,
}

impl Form<'_> {
    /// The schema.
    pub(super) fn schema(&self) -> Value {
        let mut definitions = Map::new();
        let mut first = Vec::new();
        let mut later = Vec::new();
        let mut asked = Vec::new();
        for (index, tool) in self.tools.tools().iter().enumerate() {
            let params = self.params(tool, index, &mut definitions);
            if let Some(complete) = params.complete {
                let name = format!("t{index}");
                later.push(step(tool, with_references(&complete)));
                definitions.insert(name.clone(), complete);
                first.push(step(tool, json!({"$ref": format!("#/$defs/{name}")})));
            }
            if let Some(partial) = params.partial {
                asked.push(step(tool, partial));
            }
        }
        definitions.insert(
            "earlier".to_owned(),
            json!({
                "type": "object",
                "properties": {"$step": {"type": "integer", "minimum": 1, "maximum": self.max_steps.max(2) - 1}},
                "required": ["$step"],
                "additionalProperties": false,
            }),
        );
        if self.wording != Wording::Free && !self.said.spans().is_empty() {
            definitions.insert("said".to_owned(), json!({"enum": self.said.spans()}));
        }
        let mut branches = Vec::new();
        if !first.is_empty() {
            let mut steps = json!({
                "type": "array",
                "prefixItems": [{"anyOf": first}],
                "minItems": 1,
                "maxItems": self.max_steps,
            });
            if self.max_steps > 1 {
                steps["items"] = json!({"anyOf": later});
            }
            branches.push(self.branch(steps, &["executionPlan"]));
        }
        branches.push(self.branch(json!({"type": "array", "maxItems": 0}), &["executionPlan"]));
        if !asked.is_empty() {
            let steps = json!({"type": "array", "items": {"anyOf": asked}, "minItems": 1, "maxItems": 1});
            branches.push(self.branch(steps, &["needsClarification", "clarificationQuestion"]));
        }
        json!({"anyOf": branches, "$defs": definitions})
    }

    /// An answer with these steps and these further fields; a copying model writes no sentences.
    fn branch(&self, steps: Value, fields: &[&str]) -> Value {
        let mut properties = Map::new();
        properties.insert("selectedTools".to_owned(), steps);
        for field in fields {
            match (*field, self.wording) {
                ("needsClarification", _) => {
                    properties.insert((*field).to_owned(), json!({"const": true}));
                }
                (_, Wording::Free) => {
                    properties.insert((*field).to_owned(), json!({"type": "string", "minLength": 1}));
                }
                (_, Wording::Copied | Wording::Trained) => {}
            }
        }
        let required: Vec<&String> = properties.keys().collect();
        json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
    }

    fn params(&self, tool: &Tool, index: usize, definitions: &mut Map<String, Value>) -> Params {
        let mut cleaned = clean::clean(&tool.input_schema, &format!("t{index}"));
        if self.wording == Wording::Free {
            definitions.append(&mut cleaned.definitions);
            let mut partial = cleaned.schema.clone();
            if let Some(object) = partial.as_object_mut() {
                object.remove("required");
            }
            let can_lack = tool.required().next().is_some();
            return Params { complete: Some(cleaned.schema), partial: can_lack.then_some(partial) };
        }
        let mut tool_words = stems(&tool.name.tool);
        tool_words.extend(stems(&tool.name.service));
        tool_words.extend(stems(main_clause(&tool.description)));
        let needs_nothing = tool.required().next().is_none();
        let is_trained = self.wording == Wording::Trained;
        let narrow = Narrow {
            said: self.said,
            definitions: &cleaned.definitions,
            tool_words,
            needs_nothing,
            is_trained,
        };
        let known = self.known(tool);
        let mut lacking = false;
        let mut properties = Map::new();
        let required: Vec<&str> = tool.required().collect();
        for (name, property) in cleaned.schema["properties"].as_object().into_iter().flatten() {
            // One argument at a time, so that what can be filled stays known where another is missing.
            let original = &tool.input_schema;
            let is_required = required.contains(&name.as_str());
            let alone = json!({
                "properties": {name: property},
                "required": if is_required { vec![name] } else { Vec::new() },
            });
            let narrowed = match known.and_then(|known| known.get(name)) {
                Some(value) => Some(json!({"const": value})),
                None => narrow
                    .arguments(&alone, original)
                    .and_then(|object| object["properties"].get(name).cloned()),
            };
            match narrowed {
                Some(narrowed) => {
                    properties.insert(name.clone(), narrowed);
                }
                None => lacking |= is_required,
            }
        }
        let given: Vec<&str> =
            required.iter().copied().filter(|name| properties.contains_key(*name)).collect();
        let schema = json!({
            "type": "object",
            "properties": properties,
            "required": given,
            "additionalProperties": false,
        });
        match lacking {
            false if is_trained && !given.is_empty() => {
                let mut partial = schema.clone();
                partial["required"] = json!([]);
                Params { complete: Some(schema), partial: Some(partial) }
            }
            false => Params { complete: Some(schema), partial: None },
            true => Params { complete: None, partial: Some(schema) },
        }
    }

    /// What the person had already said for this tool when the question was asked.
    fn known(&self, tool: &Tool) -> Option<&Map<String, Value>> {
        let pending = self.pending?;
        (pending.tool.as_ref() == Some(&tool.name)).then(|| pending.known.as_object()).flatten()
    }
}

/// A description up to its first mark: what follows tends to give examples of values.
fn main_clause(description: &str) -> &str {
    description.split([',', '.', ':', ';', '(', '\n']).next().unwrap_or_default()
}

/// The schemas of a tool's arguments: with all that is required, and with some of it missing.
struct Params {
    complete: Option<Value>,
    partial: Option<Value>,
}

fn step(tool: &Tool, params: Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "service": {"const": &*tool.name.service},
            "tool": {"const": &*tool.name.tool},
            "params": params,
        },
        "required": ["service", "tool", "params"],
        "additionalProperties": false,
    })
}

/// Arguments of which each may also be the result of an earlier step.
fn with_references(params: &Value) -> Value {
    let mut params = params.clone();
    if let Some(properties) = params.get_mut("properties").and_then(Value::as_object_mut) {
        for property in properties.values_mut() {
            *property = json!({"anyOf": [property.take(), {"$ref": "#/$defs/earlier"}]});
        }
    }
    params
}
