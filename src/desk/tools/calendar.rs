//! The tools for the calendar, as a model sees them.

use rmcp::{handler::server::wrapper::Parameters, model::CallToolResult, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::{Desk, answer::shape, calendar, words::given};

#[derive(Debug, Deserialize, JsonSchema)]
struct NewEvent {
    /// What the event is, for example dentist.
    title: String,
    /// Day and time as it was said, for example tomorrow at 3pm.
    when: String,
    /// How long it lasts, for example one hour.
    duration: Option<String>,
    /// Where it is.
    location: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EventSpan {
    /// Day or stretch of time, for example tomorrow, friday or this week. Leave out for the next 30 days.
    when: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EventTitle {
    /// What the event is, for example dentist.
    title: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EventMove {
    /// What the event is, for example dentist.
    title: String,
    /// New day or time as it was said, for example friday at noon.
    when: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct EventCancel {
    /// What the event is, for example dentist.
    title: String,
    /// Its day, needed only when several have that title.
    when: Option<String>,
}

#[tool_router(router = calendar_router, vis = "pub(super)")]
impl Desk {
    #[tool(
        description = "Put an event or appointment in the calendar.",
        annotations(title = "Add event", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<calendar::Entry>()
    )]
    async fn add_event(&self, Parameters(said): Parameters<NewEvent>) -> CallToolResult {
        self.visit(move |visit| {
            let new = calendar::NewEvent {
                title: &said.title,
                when: &said.when,
                duration: given(&said.duration),
                location: given(&said.location),
            };
            calendar::add(visit, &new)
        })
        .await
    }

    #[tool(
        description = "Tell what is in the calendar on a day or in a week.",
        annotations(title = "List events", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<calendar::Entries>()
    )]
    async fn list_events(&self, Parameters(said): Parameters<EventSpan>) -> CallToolResult {
        self.visit(move |visit| calendar::list(visit, given(&said.when))).await
    }

    #[tool(
        description = "Tell when an event or appointment in the calendar is.",
        annotations(title = "Find event", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<calendar::Entries>()
    )]
    async fn find_event(&self, Parameters(said): Parameters<EventTitle>) -> CallToolResult {
        self.visit(move |visit| calendar::find(visit, &said.title)).await
    }

    #[tool(
        description = "Tell the next event or appointment in the calendar.",
        annotations(title = "Next event", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<calendar::Entries>()
    )]
    async fn next_event(&self) -> CallToolResult {
        self.visit(calendar::next).await
    }

    #[tool(
        description = "Move an event in the calendar to another day or time.",
        annotations(title = "Move event", read_only_hint = false, destructive_hint = true, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<calendar::Entry>()
    )]
    async fn move_event(&self, Parameters(said): Parameters<EventMove>) -> CallToolResult {
        self.visit(move |visit| calendar::move_to(visit, &said.title, &said.when)).await
    }

    #[tool(
        description = "Delete an event or appointment from the calendar.",
        annotations(title = "Cancel event", read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<calendar::Entry>()
    )]
    async fn cancel_event(&self, Parameters(said): Parameters<EventCancel>) -> CallToolResult {
        self.visit(move |visit| calendar::cancel(visit, &said.title, given(&said.when))).await
    }
}
