//! The words that a person is likely to say to the tools at hand: the person's own, what the servers'
//! resources are called and hold, what the tools' arguments can be, and what the tools are called.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::domain::ToolSet;

/// So many phrases are kept; the person's own come first.
const MAX_PHRASES: usize = 400;
/// A longer value is nothing to say aloud.
const MAX_CHARS: usize = 40;
/// A schema is looked into so deep.
const MAX_DEPTH: usize = 6;

/// The vocabulary of the newest tool set.
pub(super) struct Vocabulary {
    own: Vec<String>,
    newest: Mutex<Option<Newest>>,
}

struct Newest {
    /// The version of the tool set, and the phrases of each server's resources.
    tools: String,
    resources: Vec<Arc<[String]>>,
    phrases: Arc<[String]>,
}

impl Newest {
    fn is_of(&self, tools: &ToolSet, resources: &[Arc<[String]>]) -> bool {
        self.tools == tools.version()
            && self.resources.len() == resources.len()
            && self.resources.iter().zip(resources).all(|(known, now)| Arc::ptr_eq(known, now))
    }
}

impl Vocabulary {
    /// `own` are the person's own words.
    pub(super) fn new(own: Vec<String>) -> Self {
        Self { own, newest: Mutex::default() }
    }

    /// The phrases for these tools and resources; made again only when they change.
    pub(super) fn of(&self, tools: &ToolSet, resources: Vec<Arc<[String]>>) -> Arc<[String]> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(newest) = newest.as_ref().filter(|newest| newest.is_of(tools, &resources)) {
            return newest.phrases.clone();
        }
        let phrases: Arc<[String]> = collect(&self.own, &resources, tools).into();
        *newest = Some(Newest { tools: tools.version().to_owned(), resources, phrases: phrases.clone() });
        phrases
    }
}

fn collect(own: &[String], resources: &[Arc<[String]>], tools: &ToolSet) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut phrases = Vec::new();
    let mut add = |text: &str| {
        let text = spoken(text);
        if text.chars().any(char::is_alphabetic)
            && text.chars().count() <= MAX_CHARS
            && phrases.len() < MAX_PHRASES
            && seen.insert(text.to_lowercase())
        {
            phrases.push(text);
        }
    };
    own.iter().chain(resources.iter().flat_map(|phrases| phrases.iter())).for_each(|phrase| add(phrase));
    for tool in tools.tools() {
        for (_, schema) in tool.properties() {
            for value in values(schema, 0) {
                add(value);
            }
        }
    }
    for tool in tools.tools() {
        add(tool.title.as_deref().unwrap_or(&tool.name.tool));
        add(&tool.name.service);
    }
    phrases
}

/// The texts that a schema allows by name.
fn values(schema: &Value, depth: usize) -> Vec<&str> {
    if depth > MAX_DEPTH {
        return Vec::new();
    }
    let own = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let own = own.chain(schema.get("const")).filter_map(Value::as_str);
    let inner = match schema {
        Value::Object(parts) => parts.values().collect::<Vec<_>>(),
        Value::Array(parts) => parts.iter().collect(),
        _ => Vec::new(),
    };
    own.chain(inner.into_iter().flat_map(|part| values(part, depth + 1))).collect()
}

/// How a name of a program is said: `add_toList` as "add to list".
fn spoken(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && was_small {
            text.push(' ');
        }
        was_small = letter.is_lowercase();
        text.push(if matches!(letter, '_' | '-' | '.' | '/') { ' ' } else { letter });
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Annotations, Tool, ToolName};

    #[test]
    fn words_come_from_the_person_the_values_and_the_names() {
        let schema = json!({"type": "object", "properties": {
            "room": {"enum": ["living_room", "Foyer"]},
            "scene": {"anyOf": [{"const": "movieNight"}, {"type": "integer"}]},
            "secret": {"enum": ["x".repeat(90), 7]},
        }});
        let name = ToolName::new("lights", "set_scene");
        let tool = Tool::new(name, None, String::new(), schema, None, Annotations::default()).unwrap();
        let tools = ToolSet::new(vec![Arc::new(tool)], Vec::new());
        let vocabulary = Vocabulary::new(vec!["Ljubljana".to_owned()]);
        let resources: Vec<Arc<[String]>> = vec![Arc::new(["oat milk".to_owned()])];
        let phrases = vocabulary.of(&tools, resources.clone());
        assert_eq!(
            *phrases,
            ["Ljubljana", "oat milk", "living room", "Foyer", "movie Night", "set scene", "lights"]
        );
        assert!(Arc::ptr_eq(&phrases, &vocabulary.of(&tools, resources)), "made once for each version");
        let rewritten = vocabulary.of(&tools, vec![Arc::new(["rye bread".to_owned()])]);
        assert_eq!(rewritten[..3], ["Ljubljana", "rye bread", "living room"]);
    }
}
