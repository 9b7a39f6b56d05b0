//! "Always allow this": which later calls are like the one that a person agreed to.

use serde_json::Map;

use crate::domain::{AllowedCalls, Step};

/// Arguments that go by these names are the content of a call, not its place, receiver or manner. All
/// others, those of unknown names first of all, must be the same again.
const CONTENT: [&str; 14] = [
    "body",
    "caption",
    "comment",
    "content",
    "contents",
    "description",
    "html",
    "markdown",
    "message",
    "note",
    "observations",
    "subject",
    "text",
    "title",
];

/// The calls that "always" would allow after this one; none where an argument is not known yet.
pub fn calls_like(step: &Step) -> Option<AllowedCalls> {
    if !step.references().is_empty() {
        return None;
    }
    let tool = step.tool();
    let (mut same, mut any) = (Map::new(), Vec::new());
    for (name, value) in step.arguments().as_object()? {
        match value.is_string() && CONTENT.contains(&name.to_lowercase().as_str()) {
            true => any.push(name.clone()),
            false => _ = same.insert(name.clone(), value.clone()),
        }
    }
    Some(AllowedCalls { tool: tool.name.clone(), definition: tool.definition_hash().to_owned(), same, any })
}

/// Whether this call is one of those that were allowed.
pub fn covers(allowed: &AllowedCalls, step: &Step) -> bool {
    calls_like(step).is_some_and(|calls| {
        calls.tool == allowed.tool
            && calls.definition == allowed.definition
            && calls.same == allowed.same
            && calls.any.iter().all(|name| allowed.any.contains(name))
    })
}
