//! Asks a server for its tools, page by page, and makes of each what the other rooms use.

use std::collections::HashSet;
use std::sync::Arc;

use rmcp::ServiceError;
use rmcp::model::{self, ClientRequest, ListToolsRequest, PaginatedRequestParams, ServerResult};
use serde_json::{Map, Value};

use super::connect::Session;
use super::{ServerConfig, http, suspicion};
use crate::domain::{Annotations, RejectedTool, Tool, ToolName, Trust};

/// Servers have a few hundred tools at most; one that never stops paging is at fault.
const PAGES_AT_MOST: usize = 100;
const TOOLS_AT_MOST: usize = 5_000;

/// What a server lists.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) tools: Vec<Arc<Tool>>,
    pub(super) rejected: Vec<RejectedTool>,
    /// The definitions as the server gave them, those that can be read.
    pub(super) definitions: Vec<model::Tool>,
}

/// What was listed once, read anew.
///
/// # Errors
/// Where a fixed argument names a variable that is not set.
pub(super) fn again(server: &ServerConfig, definitions: Vec<model::Tool>) -> Result<Listing, String> {
    let fixed = server.fixed_arguments()?;
    let mut listing = Listing::default();
    let mut names = HashSet::new();
    for tool in definitions {
        listing.add(server, tool.name.to_string(), Ok(tool), &fixed, &mut names);
    }
    Ok(listing)
}

impl Listing {
    fn add(
        &mut self,
        server: &ServerConfig,
        name: String,
        tool: Result<model::Tool, String>,
        fixed: &Map<String, Value>,
        names: &mut HashSet<String>,
    ) {
        self.definitions.extend(tool.as_ref().ok().cloned());
        let tool = if names.insert(name.clone()) {
            tool.and_then(|tool| usable(server, tool, fixed))
        } else {
            Err("the server lists two tools of this name; the first is used".to_owned())
        };
        match tool {
            Ok(tool) => self.tools.push(Arc::new(tool)),
            Err(reason) => {
                let name = ToolName::new(&*server.key, name);
                tracing::warn!(tool.name = %name, reason, "a tool is left out");
                self.rejected.push(RejectedTool { name, reason });
            }
        }
    }
}

/// Asks for all pages.
///
/// # Errors
/// The reason, as a sentence that starts small; the pages that came before are dropped with it.
pub(super) async fn list(server: &ServerConfig, session: &Session) -> Result<Listing, String> {
    let fixed = server.fixed_arguments()?;
    let peer = &session.peer;
    let mut listing = Listing::default();
    if peer.peer_info().is_some_and(|info| info.capabilities.tools.is_none()) {
        return Ok(listing);
    }
    let mut names = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor = None;
    for _ in 0..PAGES_AT_MOST {
        let page = page(session, cursor).await?;
        for (name, tool) in page.tools {
            listing.add(server, name, tool, &fixed, &mut names);
        }
        if names.len() > TOOLS_AT_MOST {
            return Err(format!("it lists over {TOOLS_AT_MOST} tools"));
        }
        match page.next {
            None => return Ok(listing),
            Some(next) if !cursors.insert(next.clone()) => {
                return Err("its list of tools never ends: it gave the same page mark twice".to_owned());
            }
            next => cursor = next,
        }
    }
    Err(format!("its list of tools has over {PAGES_AT_MOST} pages"))
}

struct Page {
    tools: Vec<(String, Result<model::Tool, String>)>,
    next: Option<String>,
}

async fn page(session: &Session, cursor: Option<String>) -> Result<Page, String> {
    let request = ListToolsRequest {
        params: cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor))),
        ..ListToolsRequest::default()
    };
    let result = session.peer.send_request(ClientRequest::ListToolsRequest(request)).await;
    match result.map_err(|error| unlisted(session, &error))? {
        ServerResult::ListToolsResult(list) => {
            let tools = list.tools.into_iter().map(|tool| (tool.name.to_string(), Ok(tool))).collect();
            Ok(Page { tools, next: list.next_cursor })
        }
        // One tool that is not even of the right shape lets the whole list pass for something else.
        ServerResult::CustomResult(custom) => one_by_one(custom.0),
        _ => Err("its list of tools is not in the form that MCP prescribes".to_owned()),
    }
}

fn one_by_one(mut list: Value) -> Result<Page, String> {
    let next = list.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
    let Some(Value::Array(tools)) = list.get_mut("tools").map(Value::take) else {
        return Err("its list of tools is not in the form that MCP prescribes".to_owned());
    };
    let tools = tools
        .into_iter()
        .enumerate()
        .map(|(index, tool)| {
            let name = tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
            let name = name.map_or_else(|| format!("(tool {})", index + 1), str::to_owned);
            let tool = serde_json::from_value(tool)
                .map_err(|error| format!("its definition is not in the form that MCP prescribes: {error}"));
            (name, tool)
        })
        .collect();
    Ok(Page { tools, next })
}

fn unlisted(session: &Session, error: &ServiceError) -> String {
    match error {
        ServiceError::TransportSend(error) => {
            let reason = http::causes(&*error.error);
            session.give_up(reason.clone());
            format!("it could not be asked for its tools: {reason}")
        }
        ServiceError::TransportClosed => "the connection was lost while it listed its tools".to_owned(),
        ServiceError::McpError(error) => format!("it refused to list its tools: {}", error.message),
        error => format!("it did not list its tools: {error}"),
    }
}

fn usable(server: &ServerConfig, tool: model::Tool, fixed: &Map<String, Value>) -> Result<Tool, String> {
    if tool.name.is_empty() {
        return Err("it has no name".to_owned());
    }
    let hints = tool.annotations.as_ref();
    let default = Annotations::default();
    let annotations = Annotations {
        read_only: hints.and_then(|hints| hints.read_only_hint).unwrap_or(default.read_only),
        destructive: hints.and_then(|hints| hints.destructive_hint).unwrap_or(default.destructive),
        idempotent: hints.and_then(|hints| hints.idempotent_hint).unwrap_or(default.idempotent),
        open_world: hints.and_then(|hints| hints.open_world_hint).unwrap_or(default.open_world),
    };
    let title = tool.title.or_else(|| tool.annotations.and_then(|hints| hints.title));
    Tool::new(
        ToolName::new(&*server.key, tool.name.as_ref()),
        title,
        tool.description.map(String::from).unwrap_or_default(),
        Value::Object(tool.input_schema.as_ref().clone()),
        tool.output_schema.map(|schema| Value::Object(schema.as_ref().clone())),
        annotations,
    )
    .map(|tool| {
        let flags = flags_of(&tool, server.trust);
        tool.with_trust(server.trust, flags)
    })
    .and_then(|tool| tool.with_fixed(fixed))
    .map_err(|error| error.to_string())
}

/// A trusted server may word its descriptions as it likes.
fn flags_of(tool: &Tool, trust: Trust) -> Vec<String> {
    if trust == Trust::Trusted { Vec::new() } else { suspicion::flags(tool.definition()) }
}
