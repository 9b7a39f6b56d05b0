//! A later step's use of an earlier one's result: `{"$step": 1}` for the whole result, or
//! `{"$step": 1, "path": "/items/0/name"}` for a part of its structured content (RFC 6901).

use serde_json::Value;

use super::Step;
use crate::domain::{Tool, ToolOutput};

/// A use of an earlier result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The number of the earlier step.
    pub step: usize,
    /// JSON pointer into its structured content.
    pub path: Option<String>,
}

/// A result that lacks what a later step needs of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnresolvedReference {
    /// The earlier step left nothing at that place.
    #[error("step {step} gave no value at {place:?}, which step {needed_by} needs")]
    Absent {
        /// The earlier step.
        step: usize,
        /// JSON pointer, empty for the whole result.
        place: String,
        /// The step that uses it.
        needed_by: usize,
    },
    /// Filled in, the arguments do not fit the tool's schema.
    #[error("the result of an earlier step does not fit as an argument of {tool}: {fault}")]
    Misfit {
        /// The tool.
        tool: String,
        /// What the schema says.
        fault: String,
    },
}

impl Reference {
    /// Reads a value as a reference, where it is one.
    pub fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let step = usize::try_from(object.get("$step")?.as_u64()?).ok()?;
        let path = match object.get("path") {
            None | Some(Value::Null) => None,
            Some(path) => Some(path.as_str()?.to_owned()),
        };
        let known = usize::from(object.contains_key("path")) + 1;
        (object.len() == known).then_some(Self { step, path })
    }
}

/// Calls `visit` for each reference in `arguments`, with the JSON pointer of its place.
pub(super) fn visit(arguments: &Value, place: &mut String, seen: &mut impl FnMut(&str, Reference)) {
    if let Some(reference) = Reference::read(arguments) {
        seen(place, reference);
        return;
    }
    let length = place.len();
    match arguments {
        Value::Object(members) => {
            for (key, value) in members {
                place.push('/');
                place.push_str(&key.replace('~', "~0").replace('/', "~1"));
                visit(value, place, seen);
                place.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                place.push('/');
                place.push_str(&index.to_string());
                visit(value, place, seen);
                place.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The type that the tool's schema wants at a place one level down, where it names just one.
pub(super) fn wanted_type<'a>(tool: &'a Tool, place: &str) -> Option<&'a str> {
    let name = place.strip_prefix('/')?;
    if name.contains('/') {
        return None;
    }
    let name = name.replace("~1", "/").replace("~0", "~");
    tool.input_schema.get("properties")?.get(name)?.get("type")?.as_str()
}

pub(super) fn fill<'a>(
    step: &Step,
    result_of: impl Fn(usize) -> Option<&'a ToolOutput>,
) -> Result<Value, UnresolvedReference> {
    let mut found = Vec::new();
    visit(&step.arguments, &mut String::new(), &mut |place, reference| {
        found.push((place.to_owned(), reference));
    });
    if found.is_empty() {
        return Ok(step.arguments.clone());
    }
    let mut filled = step.arguments.clone();
    for (place, reference) in found {
        let absent = || UnresolvedReference::Absent {
            step: reference.step,
            place: reference.path.clone().unwrap_or_default(),
            needed_by: step.number,
        };
        let output = result_of(reference.step).ok_or_else(absent)?;
        let value = value_of(output, &reference, wanted_type(&step.tool, &place)).ok_or_else(absent)?;
        if let Some(slot) = filled.pointer_mut(&place) {
            *slot = value;
        }
    }
    match step.tool.argument_faults(&filled).into_iter().next() {
        None => Ok(filled),
        Some(fault) => {
            Err(UnresolvedReference::Misfit { tool: step.tool.name.to_string(), fault: fault.message })
        }
    }
}

/// A place that takes text gets text, any other gets the structured result where there is one.
fn value_of(output: &ToolOutput, reference: &Reference, wanted: Option<&str>) -> Option<Value> {
    let value = match &reference.path {
        Some(path) => output.structured.as_ref()?.pointer(path)?.clone(),
        None if wanted == Some("string") => Value::String(output.text.clone()),
        None => match &output.structured {
            Some(structured) => structured.clone(),
            None => serde_json::from_str(&output.text).unwrap_or_else(|_| Value::String(output.text.clone())),
        },
    };
    match (wanted, &value) {
        (Some("string"), Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
        _ => Some(value),
    }
}
