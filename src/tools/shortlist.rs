//! The tools that fit a command best, where there are more than a model can be shown.

use std::sync::{Arc, Mutex, PoisonError};

use bm25::{Document, Language, SearchEngine, SearchEngineBuilder};
use serde_json::Value;

use crate::domain::{Tool, ToolSet};

/// How deep nested arguments are read for words.
const DEPTH_AT_MOST: usize = 4;

/// Finds the tools that fit a command by their words: BM25 over names, descriptions, arguments and their
/// allowed values, deterministic, and with no list of words of our own. The words of a set are counted once,
/// and not again until the set is another.
#[derive(Default)]
pub struct Shortlister(Mutex<Option<Indexed>>);

struct Indexed {
    version: String,
    index: Arc<SearchEngine<usize>>,
}

impl Shortlister {
    /// The `limit` tools that fit `text` best, best first. What fits not at all fills the rest in the
    /// registry's order, so that a command in words that no tool uses still shows the model something.
    pub fn pick(&self, tools: &ToolSet, text: &str, limit: usize) -> ToolSet {
        pick(&self.index(tools), tools, text, limit)
    }

    fn index(&self, tools: &ToolSet) -> Arc<SearchEngine<usize>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(indexed) = &*kept
            && indexed.version == tools.version()
        {
            return Arc::clone(&indexed.index);
        }
        let index = Arc::new(index(tools));
        *kept = Some(Indexed { version: tools.version().to_owned(), index: Arc::clone(&index) });
        index
    }
}

fn index(tools: &ToolSet) -> SearchEngine<usize> {
    let documents =
        tools.tools().iter().enumerate().map(|(index, tool)| Document::new(index, words_of(tool)));
    SearchEngineBuilder::<usize>::with_documents(Language::English, documents.collect::<Vec<_>>()).build()
}

fn pick(index: &SearchEngine<usize>, tools: &ToolSet, text: &str, limit: usize) -> ToolSet {
    let all = tools.tools();
    let mut found: Vec<(usize, f32)> = index
        .search(&parted(text), all.len())
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
    let name = parted(&tool.name.tool);
    for part in [
        &*name,
        &*name,
        &*parted(&tool.name.service),
        tool.title.as_deref().unwrap_or(""),
        &parted(&tool.description),
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
        words.push_str(&parted(name));
        words.push(' ');
        if let Some(description) = property.get("description").and_then(Value::as_str) {
            words.push_str(&parted(description));
            words.push(' ');
        }
        for value in property.get("enum").and_then(Value::as_array).into_iter().flatten() {
            if let Some(value) = value.as_str() {
                words.push_str(&parted(value));
                words.push(' ');
            }
        }
        properties(property, depth + 1, words);
        if let Some(items) = property.get("items") {
            properties(items, depth + 1, words);
        }
    }
}

/// Parts names such as `list_directory` and `listDirectory` into their words.
pub fn parted(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Annotations, ToolName};

    fn tool(service: &str, name: &str, description: &str, properties: Value) -> Arc<Tool> {
        let schema = json!({"type": "object", "properties": properties});
        let name = ToolName::new(service, name);
        Arc::new(Tool::new(name, None, description.to_owned(), schema, None, Annotations::default()).unwrap())
    }

    fn house() -> ToolSet {
        let tools = vec![
            tool("files", "listDirectory", "Lists what is in a folder.", json!({"path": {"type": "string"}})),
            tool("desk", "add_note", "Writes something down.", json!({"text": {"type": "string"}})),
            tool(
                "desk",
                "set_timer",
                "Rings after a while.",
                json!({"minutes": {"description": "How long."}}),
            ),
            tool("light", "switch", "Sets a lamp.", json!({"room": {"enum": ["kitchen", "bed_room"]}})),
            tool("git", "git_log", "Shows commits.", json!({})),
        ];
        ToolSet::new(tools, Vec::new())
    }

    fn picked(text: &str, limit: usize) -> Vec<String> {
        Shortlister::default()
            .pick(&house(), text, limit)
            .tools()
            .iter()
            .map(|tool| tool.name.tool.to_string())
            .collect()
    }

    #[test]
    fn the_best_comes_first_whatever_part_of_the_tool_fits() {
        for (text, best) in [
            ("what's in this directory", "listDirectory"),
            ("Take a note: buy milk", "add_note"),
            ("set a timer for ten minutes", "set_timer"),
            ("make it dark in the kitchen", "switch"),
            ("bedroom light, or the bed room at least", "switch"),
            ("show me the last commit", "git_log"),
        ] {
            assert_eq!(picked(text, 2)[0], best, "{text}");
        }
    }

    #[test]
    fn a_kept_index_is_made_anew_for_another_set() {
        let shortlister = Shortlister::default();
        let pick = |tools: &ToolSet, text| shortlister.pick(tools, text, 1).tools()[0].name.tool.to_string();
        let (all, fewer) = (house(), ToolSet::new(house().tools()[..2].to_vec(), Vec::new()));
        assert_eq!(pick(&all, "show commits"), "git_log");
        assert_eq!(pick(&all, "take a note"), "add_note");
        assert_eq!(pick(&fewer, "take a note or show commits"), "add_note");
    }

    #[test]
    fn the_order_of_the_registry_is_kept_where_nothing_fits() {
        let all = ["listDirectory", "add_note", "set_timer", "switch", "git_log"];
        assert_eq!(picked("xyzzy", 3), all[..3]);
        assert_eq!(picked("", 3), all[..3]);
        assert_eq!(picked("show commits", 3), ["git_log", "listDirectory", "add_note"]);
        assert_eq!(picked("show commits", 0), [""; 0]);
    }
}
