//! The tools for time and arithmetic, as a model sees them.

use rmcp::{handler::server::wrapper::Parameters, model::CallToolResult, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::{
    Desk, DeskError,
    answer::{result, shape},
    arithmetic, clock,
    words::given,
};

#[derive(Debug, Deserialize, JsonSchema)]
struct Place {
    /// City, country or time zone, for example Tokyo. Leave out for here.
    place: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Conversion {
    /// The time, for example 3pm.
    time: String,
    /// City where that time is meant. Leave out for here.
    from: Option<String>,
    /// City to tell the time of. Leave out for here.
    to: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Date {
    /// The date, for example christmas, 3 december or next friday.
    date: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Expression {
    /// What to work out, for example 17 * 4, 15% of 80 or 5 miles in km.
    expression: String,
}

#[tool_router(router = clock_router, vis = "pub(super)")]
impl Desk {
    #[tool(
        description = "Tell what time and date it is, here or in another city.",
        annotations(title = "Current time", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<clock::LocalTime>()
    )]
    async fn current_time(&self, Parameters(said): Parameters<Place>) -> CallToolResult {
        result(clock::current(&self.now(), given(&said.place)), &[])
    }

    #[tool(
        description = "Tell what a time in one city is in another city.",
        annotations(title = "Convert time", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<clock::LocalTime>()
    )]
    async fn convert_time(&self, Parameters(said): Parameters<Conversion>) -> CallToolResult {
        result(clock::convert(&self.now(), &said.time, given(&said.from), given(&said.to)), &[])
    }

    #[tool(
        description = "Tell how many days it is until a date.",
        annotations(title = "Days until", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<clock::Distance>()
    )]
    async fn days_until(&self, Parameters(said): Parameters<Date>) -> CallToolResult {
        result(clock::days_until(&self.now(), &said.date), &[])
    }

    #[tool(
        description = "Work out arithmetic, percentages or a change of units.",
        annotations(title = "Calculate", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<arithmetic::Sum>()
    )]
    async fn calculate(&self, Parameters(said): Parameters<Expression>) -> CallToolResult {
        // The calculator may take half a second of its thread.
        match tokio::task::spawn_blocking(move || arithmetic::calculate(&said.expression)).await {
            Ok(answer) => result(answer, &[]),
            Err(_) => result::<arithmetic::Sum>(Err(DeskError::Interrupted), &[]),
        }
    }
}
