//! The tools for timers and reminders, as a model sees them.

use rmcp::{handler::server::wrapper::Parameters, model::CallToolResult, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::{
    Desk,
    alarms::{self, Kind},
    answer::shape,
    words::given,
};

#[derive(Debug, Deserialize, JsonSchema)]
struct NewTimer {
    /// How long, for example ten minutes.
    duration: String,
    /// What the timer is for, for example pasta.
    name: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TimerName {
    /// Name or length of the timer, or all. Leave out when there is only one.
    name: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NewReminder {
    /// What to remind of, for example call mum.
    what: String,
    /// When, as it was said, for example tomorrow at 9am or in two hours.
    when: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ReminderText {
    /// Words of the reminder, or all. Leave out when there is only one.
    what: Option<String>,
}

#[tool_router(router = alarms_router, vis = "pub(super)")]
impl Desk {
    #[tool(
        description = "Start a timer for some minutes, hours or seconds.",
        annotations(title = "Set timer", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<alarms::Entry>()
    )]
    async fn set_timer(&self, Parameters(said): Parameters<NewTimer>) -> CallToolResult {
        self.visit_alarms(move |visit| alarms::set_timer(visit, &said.duration, given(&said.name))).await
    }

    #[tool(
        description = "Tell which timers run and how much time is left.",
        annotations(title = "List timers", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<alarms::Entries>()
    )]
    async fn list_timers(&self) -> CallToolResult {
        self.visit(move |visit| alarms::list(visit, Kind::Timer)).await
    }

    #[tool(
        description = "Stop a timer.",
        annotations(title = "Cancel timer", read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<alarms::Entries>()
    )]
    async fn cancel_timer(&self, Parameters(said): Parameters<TimerName>) -> CallToolResult {
        self.visit_alarms(move |visit| alarms::cancel(visit, Kind::Timer, given(&said.name))).await
    }

    #[tool(
        description = "Remind the person of something at a time.",
        annotations(title = "Remind me", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<alarms::Entry>()
    )]
    async fn remind_me(&self, Parameters(said): Parameters<NewReminder>) -> CallToolResult {
        self.visit_alarms(move |visit| alarms::remind(visit, &said.what, &said.when)).await
    }

    #[tool(
        description = "Tell which reminders are set.",
        annotations(title = "List reminders", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<alarms::Entries>()
    )]
    async fn list_reminders(&self) -> CallToolResult {
        self.visit(move |visit| alarms::list(visit, Kind::Reminder)).await
    }

    #[tool(
        description = "Delete a reminder.",
        annotations(title = "Cancel reminder", read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<alarms::Entries>()
    )]
    async fn cancel_reminder(&self, Parameters(said): Parameters<ReminderText>) -> CallToolResult {
        self.visit_alarms(move |visit| alarms::cancel(visit, Kind::Reminder, given(&said.what))).await
    }

    #[tool(
        description = "Tell which timers and reminders are due now and were not told yet.",
        annotations(title = "Due reminders", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<alarms::Entries>()
    )]
    async fn due_reminders(&self) -> CallToolResult {
        self.visit_alarms(alarms::tell_due).await
    }
}
