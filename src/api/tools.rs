//! The tools at hand, as the planner gets them, and what was left out and why.

use axum::Json;
use axum::extract::{Extension, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::AppState;
use super::access::Caller;
use super::health::servers_for;
use crate::domain::{Annotations, RejectedTool, Tool, ToolSet, Trust};
use crate::tools::ServerStatus;

/// All tools that a person can reach now.
#[derive(Serialize, ToSchema)]
pub(super) struct ToolList {
    /// Changes with names, descriptions and schemas.
    version: String,
    /// The services that have tools.
    services: Vec<String>,
    /// The tools.
    tools: Vec<ToolView>,
    /// What servers list and cannot be used, with the reasons.
    rejected: Vec<RejectedTool>,
    /// The servers, those that are away included.
    servers: Vec<ServerStatus>,
}

/// One tool.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolView {
    /// `service.tool`.
    name: String,
    /// The key of its server.
    service: String,
    /// Its name on its server.
    tool: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What it does, in its server's words.
    description: String,
    /// JSON Schema of its arguments.
    #[schema(value_type = Object)]
    input_schema: Value,
    /// JSON Schema of its structured result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    output_schema: Option<Value>,
    /// Its effects.
    annotations: Annotations,
    /// How far its server is believed.
    trust: Trust,
    /// What is suspicious about it, for a person; such a tool always asks.
    flags: Vec<String>,
}

impl ToolView {
    fn new(tool: &Tool, set: &ToolSet) -> Self {
        Self {
            name: tool.name.to_string(),
            service: tool.name.service.to_string(),
            tool: tool.name.tool.to_string(),
            title: tool.title.clone(),
            description: tool.description.clone(),
            input_schema: tool.input_schema.clone(),
            output_schema: tool.output_schema.clone(),
            annotations: tool.annotations,
            trust: tool.trust,
            flags: tool.flags.iter().chain(set.flags_of(&tool.name)).cloned().collect(),
        }
    }
}

/// List tools and servers
#[utoipa::path(get, path = "/api/tools", tag = "tools", responses((status = 200, body = ToolList)))]
pub(super) async fn tools(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Json<ToolList> {
    let registry = &state.parts().registry;
    let set = registry.snapshot(&caller.user).await;
    Json(ToolList {
        version: set.version().to_owned(),
        services: set.services().into_iter().map(str::to_owned).collect(),
        tools: set.tools().iter().map(|tool| ToolView::new(tool, &set)).collect(),
        rejected: set.rejected().to_vec(),
        servers: servers_for(&caller, registry.servers()),
    })
}
