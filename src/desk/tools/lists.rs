//! The tools for lists, as a model sees them.

use rmcp::{handler::server::wrapper::Parameters, model::CallToolResult, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::desk::{Desk, answer::shape, lists, words::given};

#[derive(Debug, Deserialize, JsonSchema)]
struct ListAddition {
    /// Name of the list, for example shopping or to do.
    list: String,
    /// What to put on the list. Several items are parted by commas.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(with = "String")]
    item: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListName {
    /// Name of the list, for example shopping or to do.
    list: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListItem {
    /// The item on the list.
    item: String,
    /// Name of the list. Leave out to look on all lists.
    list: Option<String>,
}

/// The schema promises a text, which is easiest for a small model; larger ones send arrays anyway.
fn one_or_several<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Items {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Items::deserialize(source)? {
        Items::One(item) => vec![item],
        Items::Several(items) => items,
    })
}

#[tool_router(router = lists_router, vis = "pub(super)")]
impl Desk {
    #[tool(
        description = "Put something on a list, such as the shopping list or the to do list.",
        annotations(title = "Add to list", read_only_hint = false, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<lists::Change>()
    )]
    async fn add_to_list(&self, Parameters(said): Parameters<ListAddition>) -> CallToolResult {
        self.visit_lists(move |visit| lists::add(visit, &said.list, &said.item)).await
    }

    #[tool(
        description = "Tell what is on a list, such as the shopping list.",
        annotations(title = "Show list", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<lists::List>()
    )]
    async fn show_list(&self, Parameters(said): Parameters<ListName>) -> CallToolResult {
        self.visit(move |visit| lists::show(visit, &said.list)).await
    }

    #[tool(
        description = "Tell which lists there are.",
        annotations(title = "Show lists", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<lists::Overview>()
    )]
    async fn show_lists(&self) -> CallToolResult {
        self.visit(lists::show_all).await
    }

    #[tool(
        description = "Mark an item on a list as done, bought or finished.",
        annotations(title = "Check off", read_only_hint = false, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<lists::Change>()
    )]
    async fn check_off(&self, Parameters(said): Parameters<ListItem>) -> CallToolResult {
        self.visit_lists(move |visit| lists::check_off(visit, given(&said.list), &said.item)).await
    }

    #[tool(
        description = "Take an item off a list.",
        annotations(title = "Remove from list", read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<lists::Change>()
    )]
    async fn remove_from_list(&self, Parameters(said): Parameters<ListItem>) -> CallToolResult {
        self.visit_lists(move |visit| lists::remove(visit, given(&said.list), &said.item)).await
    }

    #[tool(
        description = "Remove all items from a list.",
        annotations(title = "Clear list", read_only_hint = false, destructive_hint = true, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<lists::Change>()
    )]
    async fn clear_list(&self, Parameters(said): Parameters<ListName>) -> CallToolResult {
        self.visit_lists(move |visit| lists::clear(visit, &said.list)).await
    }
}
