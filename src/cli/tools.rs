//! `hark tools`: what the connected servers can do, and a call by hand.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use toml::Table;

use super::output::Output;
use super::{CONNECT_MARGIN, Sources, logging, server_view};
use crate::domain::{Tool, ToolName, ToolSet, UserId};
use crate::tools::{CallError, Registry, ServerState, ServerStatus};

#[derive(Args)]
pub(super) struct Tools {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// As JSON, with schemas.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// List them (as `hark tools` does).
    List,
    /// Call one, without a plan and without a model.
    Call {
        /// Its name, such as desk.add_note.
        name: ToolName,
        /// Its arguments as a JSON object.
        #[arg(default_value = "{}")]
        arguments: String,
    },
}

impl Tools {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Table::new())?;
        logging::start_quiet(&settings)?;
        let tracker = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let at_most = settings.tools.connect_timeout + CONNECT_MARGIN;
        let registry = Registry::start(settings.tools, &tracker, shutdown.clone());
        match &self.verb {
            // The other servers have no say in it.
            Some(Verb::Call { name, .. }) => {
                registry.until(at_most, |servers| is_settled(servers, &name.service)).await;
            }
            None | Some(Verb::List) => registry.settle(at_most).await,
        }
        let done = match &self.verb {
            None | Some(Verb::List) => {
                self.list(&registry, output).await;
                Ok(ExitCode::SUCCESS)
            }
            Some(Verb::Call { name, arguments }) => self.call(&registry, name, arguments, output).await,
        };
        shutdown.cancel();
        registry.close().await;
        tracker.close();
        tracker.wait().await;
        done
    }

    async fn list(&self, registry: &Registry, output: &Output) {
        let tools = registry.snapshot(&UserId::local()).await;
        let servers = registry.servers();
        if self.json {
            let listed: Vec<Value> = tools
                .tools()
                .iter()
                .map(|tool| {
                    json!({
                        "name": tool.name,
                        "title": tool.title,
                        "description": tool.description,
                        "inputSchema": tool.input_schema,
                        "outputSchema": tool.output_schema,
                        "annotations": tool.annotations,
                        "trust": tool.trust,
                        "flags": flags_of(tool, &tools),
                    })
                })
                .collect();
            output.json(&json!({"tools": listed, "rejected": tools.rejected(), "servers": servers}));
            return;
        }
        for server in &servers {
            let state = server.state.name();
            output.line(match server_view::fault(server) {
                Some(error) => format!("{} ({state}): {error}", output.bold(&server.key)),
                None => format!("{} ({state})", output.bold(&server.key)),
            });
            for tool in tools.tools().iter().filter(|tool| *tool.name.service == *server.key) {
                let first = tool.description.lines().next().unwrap_or_default();
                output.line(format_args!("  {:<28} {first}", tool.name.tool));
                for flag in flags_of(tool, &tools) {
                    output.line(format_args!("  {:<28} suspicious: {flag}", ""));
                }
            }
            for tool in tools.rejected().iter().filter(|tool| *tool.name.service == *server.key) {
                output.line(format_args!("  {:<28} left out: {}", tool.name.tool, tool.reason));
            }
        }
    }

    async fn call(
        &self,
        registry: &Registry,
        name: &ToolName,
        arguments: &str,
        output: &Output,
    ) -> anyhow::Result<ExitCode> {
        let arguments: Value = serde_json::from_str(arguments).context("the arguments are no JSON")?;
        let tools = registry.snapshot(&UserId::local()).await;
        let Some(tool) = tools.find(name) else {
            let server = registry.servers().into_iter().find(|server| server.key == *name.service);
            let Some(server) = server else {
                bail!("there is no server {:?}; `hark tools` lists what there is", name.service);
            };
            match (server.state, server_view::fault(&server)) {
                (_, Some(error)) => bail!("{} is not connected: {error}", name.service),
                (ServerState::Off, None) => {
                    bail!("{} is disabled in mcp.json; take the flag away to use it", name.service)
                }
                (ServerState::Starting, None) => {
                    bail!("{} is still starting; try again in a moment", name.service)
                }
                (
                    ServerState::Ready
                    | ServerState::Degraded
                    | ServerState::Failed
                    | ServerState::Quarantined,
                    None,
                ) => {
                    bail!("{} has no tool {:?}; `hark tools` lists what there is", name.service, name.tool)
                }
            }
        };
        let faults = tool.argument_faults(&arguments);
        if !faults.is_empty() {
            let all: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.place, fault.message).trim().to_owned())
                .collect();
            bail!("the arguments do not fit {name}:\n  {}", all.join("\n  "));
        }
        let (cancel, tell) = (CancellationToken::new(), |note| output.note(note));
        let answer = match registry.call(tool, &tool.complete(&arguments), &cancel, &tell).await {
            Ok(answer) => answer,
            Err(error @ CallError::Lost { .. }) => {
                let servers = registry.servers();
                let lost = servers.iter().find(|server| server.key == *name.service);
                match lost.and_then(server_view::last_words) {
                    Some(words) => bail!("{error}; its last words: {words}"),
                    None => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        };
        match (&answer.structured, self.json) {
            (Some(structured), true) => output.json(structured),
            _ => output.line(&answer.text),
        }
        Ok(if answer.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// What is suspicious about a tool.
fn flags_of(tool: &Tool, tools: &ToolSet) -> Vec<String> {
    tool.flags.iter().chain(tools.flags_of(&tool.name)).cloned().collect()
}

/// Whether the server of that name is ready, has failed, or does not exist.
fn is_settled(servers: &[ServerStatus], name: &str) -> bool {
    let waits = |server: &ServerStatus| server.state == ServerState::Starting && server.error.is_none();
    !servers.iter().any(|server| server.key == name && waits(server))
}
