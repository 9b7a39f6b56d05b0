//! What a client can read of the desk: what is due, and each list. A client that knows them knows the words
//! of this person.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::{Resource, ResourceContents};

use super::{DeskError, alarms, answer::Visit, lists, server::DUE_RESOURCE};

/// Each list is read under this and its name.
const LISTS: &str = "desk://lists/";

/// All there is.
pub(super) fn list(visit: &mut Visit) -> Result<Vec<Resource>, DeskError> {
    let due = Resource::new(DUE_RESOURCE, "due")
        .with_description("Timers and reminders that are due and were not told yet.")
        .with_mime_type("application/json");
    let lists = lists::contents(visit)?.into_iter().map(|(name, items)| {
        Resource::new(address(&name), name.clone())
            .with_title(format!("{name} list"))
            .with_description("The items of a list, one a line.")
            .with_mime_type("text/plain")
            .with_size(items.join("\n").len() as u64)
    });
    Ok(std::iter::once(due).chain(lists).collect())
}

/// What stands there; `None` where there is no such resource.
pub(super) fn read(visit: &mut Visit, uri: &str) -> Result<Option<ResourceContents>, DeskError> {
    if uri == DUE_RESOURCE {
        let due = serde_json::to_string(&alarms::due_entries(visit)?).unwrap_or_default();
        return Ok(Some(ResourceContents::text(due, uri).with_mime_type("application/json")));
    }
    let lists = lists::contents(visit)?;
    let items = lists.into_iter().find(|(name, _)| address(name) == uri);
    Ok(items.map(|(_, items)| ResourceContents::text(items.join("\n"), uri).with_mime_type("text/plain")))
}

fn address(list: &str) -> String {
    format!("{LISTS}{}", utf8_percent_encode(list, NON_ALPHANUMERIC))
}
