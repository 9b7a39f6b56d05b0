//! A tool's input schema, rewritten so that a grammar engine accepts it: only keywords that it knows,
//! closed objects, and definitions lifted to the root of the answer's schema under names of their own.
//!
//! What is lost here only makes the grammar wider, never the check: a draft is always proved against
//! the tool's own schema.

use serde_json::{Map, Value, json};

/// Deeper schemas are cut: whatever stands below may be any value.
const MAX_DEPTH: usize = 16;
/// A schema whose cleaned form is longer, in bytes of JSON, is not spelled out to the grammar.
const MAX_BYTES: usize = 64 * 1024;

const COPIED: [&str; 12] = [
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "required",
];
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// A schema and the definitions that it uses, which belong under `$defs` of the root.
#[derive(Debug)]
pub(super) struct Cleaned {
    pub(super) schema: Value,
    pub(super) definitions: Map<String, Value>,
}

/// Cleans `schema`; `prefix` makes the names of its definitions unique in the answer's schema.
pub(super) fn clean(schema: &Value, prefix: &str) -> Cleaned {
    let mut definitions = Map::new();
    for holder in ["$defs", "definitions"] {
        for (name, definition) in schema.get(holder).and_then(Value::as_object).into_iter().flatten() {
            definitions.insert(lifted(prefix, name), walk(definition, schema, prefix, 0));
        }
    }
    let mut cleaned = walk(schema, schema, prefix, 0);
    if let Some(object) = cleaned.as_object_mut() {
        // Arguments are always an object, also where the schema does not say so.
        object.insert("type".to_owned(), json!("object"));
        object.entry("properties").or_insert_with(|| json!({}));
        let described =
            schema.get("properties").and_then(Value::as_object).is_some_and(|all| !all.is_empty());
        let open = schema.get("additionalProperties").is_some_and(|allowed| *allowed != Value::Bool(false));
        if described || !open {
            object.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    let size =
        cleaned.to_string().len() + definitions.values().map(|one| one.to_string().len()).sum::<usize>();
    if size > MAX_BYTES {
        return Cleaned { schema: json!({"type": "object"}), definitions: Map::new() };
    }
    Cleaned { schema: cleaned, definitions }
}

fn lifted(prefix: &str, name: &str) -> String {
    // Only plain characters, so that a reference to the name needs no escapes.
    let plain: String = name
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
        .collect();
    format!("{prefix}_{plain}")
}

fn walk(schema: &Value, root: &Value, prefix: &str, depth: usize) -> Value {
    let Some(schema) = schema.as_object().filter(|_| depth < MAX_DEPTH) else {
        return json!({});
    };
    let inner = |inner: &Value| walk(inner, root, prefix, depth + 1);
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return match target.strip_prefix("#/$defs/").or_else(|| target.strip_prefix("#/definitions/")) {
            Some(name) if defines(root, name) => json!({"$ref": format!("#/$defs/{}", lifted(prefix, name))}),
            _ => target
                .strip_prefix('#')
                .and_then(|path| root.pointer(path))
                .map(inner)
                .unwrap_or_else(|| json!({})),
        };
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(keyword).and_then(Value::as_array).filter(|all| !all.is_empty()) {
            return json!({"anyOf": branches.iter().map(inner).collect::<Vec<_>>()});
        }
    }
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && !schema.contains_key("properties")
    {
        return inner(only);
    }
    let mut kept = Map::new();
    if let Some(kind) = schema.get("type") {
        kept.insert("type".to_owned(), kind.clone());
    }
    for (keyword, value) in schema {
        match keyword.as_str() {
            "properties" => {
                kept.insert(keyword.clone(), properties(schema, &inner));
            }
            "items" => {
                kept.insert(keyword.clone(), inner(value));
            }
            "prefixItems" => {
                let items = value.as_array().into_iter().flatten().map(inner).collect::<Vec<_>>();
                kept.insert(keyword.clone(), Value::Array(items));
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                kept.insert(keyword.clone(), value.clone());
            }
            "pattern" if value.as_str().is_some_and(is_plain_pattern) => {
                kept.insert(keyword.clone(), value.clone());
            }
            known if COPIED.contains(&known) => {
                kept.insert(keyword.clone(), value.clone());
            }
            _ => {}
        }
    }
    if kept.contains_key("properties") {
        kept.insert("additionalProperties".to_owned(), json!(false));
        // A name that is required and not described could never be written.
        let known: Vec<String> =
            kept["properties"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
        if let Some(required) = kept.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_some_and(|name| known.iter().any(|one| one == name)));
        }
    } else {
        kept.remove("required");
    }
    Value::Object(kept)
}

/// The properties, those that must be given first: what a model has to find comes before what it may add.
fn properties(schema: &Map<String, Value>, inner: &impl Fn(&Value) -> Value) -> Value {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let all = schema["properties"].as_object();
    let (first, then): (Vec<_>, Vec<_>) =
        all.into_iter().flatten().partition(|(name, _)| required.contains(&name.as_str()));
    Value::Object(
        first.into_iter().chain(then).map(|(name, property)| (name.clone(), inner(property))).collect(),
    )
}

fn defines(root: &Value, name: &str) -> bool {
    ["$defs", "definitions"].iter().any(|holder| root.get(holder).is_some_and(|all| all.get(name).is_some()))
}

/// Grammar engines match with automata: no looking around, no back references, no word boundaries.
fn is_plain_pattern(pattern: &str) -> bool {
    let looks_around =
        ["(?=", "(?!", "(?<", "\\b", "\\B", "\\p", "\\u"].iter().any(|part| pattern.contains(part));
    let refers_back = pattern.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && pair[1].is_ascii_digit());
    !looks_around && !refers_back && pattern.len() <= 200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifts_definitions_under_names_of_their_own_and_closes_objects() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "title": "Args",
            "definitions": {"My Tree": {
                "type": "object",
                "properties": {"kids": {"type": "array", "items": {"$ref": "#/definitions/My Tree"}}},
            }},
            "properties": {
                "note": {"type": "string", "default": "", "pattern": "(?=x)"},
                "tree": {"$ref": "#/definitions/My Tree"},
                "when": {"type": "string", "format": "date-time"},
                "link": {"type": "string", "format": "uri"},
                "same": {"$ref": "#/properties/when"},
                "one": {"oneOf": [{"type": "string", "not": {"const": "x"}}, {"type": "null"}]},
                "all": {"allOf": [{"type": "integer", "minimum": 1}]},
            },
            "required": ["tree", "ghost"],
        });
        let cleaned = clean(&schema, "t0");
        assert_eq!(
            cleaned.schema,
            json!({
                "type": "object",
                "properties": {
                    "tree": {"$ref": "#/$defs/t0_My_Tree"},
                    "note": {"type": "string"},
                    "when": {"type": "string", "format": "date-time"},
                    "link": {"type": "string"},
                    "same": {"type": "string", "format": "date-time"},
                    "one": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "all": {"type": "integer", "minimum": 1},
                },
                "required": ["tree"],
                "additionalProperties": false,
            })
        );
        assert_eq!(
            Value::Object(cleaned.definitions),
            json!({"t0_My_Tree": {
                "type": "object",
                "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/t0_My_Tree"}}},
                "additionalProperties": false,
            }})
        );
    }

    #[test]
    fn a_schema_without_arguments_takes_none() {
        for schema in [json!({}), json!({"type": "object"}), json!({"type": "object", "properties": {}})] {
            assert_eq!(
                clean(&schema, "t").schema,
                json!({"type": "object", "properties": {}, "additionalProperties": false}),
            );
        }
    }

    #[test]
    fn a_schema_without_bounds_is_bounded() {
        let mut deep = json!({"type": "string"});
        for _ in 0..100 {
            deep = json!({"type": "object", "properties": {"in": deep}});
        }
        assert!(clean(&deep, "t").schema.to_string().len() < 2_000);
        let huge: Vec<String> = (0..20_000).map(|number| format!("value {number}")).collect();
        let huge = json!({"type": "object", "properties": {"one": {"enum": huge}}});
        assert_eq!(clean(&huge, "t").schema, json!({"type": "object"}));
    }
}
