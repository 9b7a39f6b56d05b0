//! The client that the protocol's conformance suite drives: the product's own connection manager, and
//! nothing beside it. The suite appends the address of its server and says in the environment what it
//! tests; every tool that the server lists is called once.
//!
//! `make conformance` runs it.

use std::time::Duration;

use anyhow::{Context, bail};
use hark::domain::{Tool, UserId};
use hark::tools::{Registry, ServerConfig, ToolsConfig};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the server may take until it is ready.
const SETTLE: Duration = Duration::from_secs(20);

/// What the suite says beside the address.
#[derive(Default, Deserialize)]
struct Orders {
    #[serde(default, rename = "toolCalls")]
    tool_calls: Vec<Order>,
}

#[derive(Deserialize)]
struct Order {
    name: String,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let url = std::env::args().next_back().context("the last argument must be the address of the server")?;
    let orders: Orders = match std::env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(context) => {
            serde_json::from_str(&context).context("MCP_CONFORMANCE_CONTEXT is not as expected")?
        }
        Err(_) => Orders::default(),
    };
    let server = ServerConfig::http("suite", url);
    let config = ToolsConfig { servers: vec![server], ..ToolsConfig::default() };
    let registry = Registry::start(config, &TaskTracker::new(), CancellationToken::new());
    let done = exercise(&registry, orders.tool_calls).await;
    registry.close().await;
    done
}

async fn exercise(registry: &Registry, orders: Vec<Order>) -> anyhow::Result<()> {
    registry.settle(SETTLE).await;
    let tools = registry.snapshot(&UserId::local()).await;
    if let Some(error) = registry.servers().into_iter().find_map(|server| server.error) {
        bail!("the server is not ready: {error}");
    }
    let calls: Vec<(&Tool, Value)> = if orders.is_empty() {
        tools.tools().iter().map(|tool| (&**tool, made_up(tool))).collect()
    } else {
        orders
            .into_iter()
            .filter_map(|order| {
                let tool = tools.tools().iter().find(|tool| *tool.name.tool == *order.name)?;
                Some((&**tool, Value::Object(order.arguments)))
            })
            .collect()
    };
    for (tool, arguments) in calls {
        match registry.call(tool, &arguments, &CancellationToken::new(), &|_| ()).await {
            Ok(output) => tracing::info!(tool = %tool.name, output.text, output.is_error, "called"),
            // Some scenarios refuse on purpose; the suite judges what it saw.
            Err(error) => tracing::warn!(tool = %tool.name, %error, "refused"),
        }
    }
    Ok(())
}

/// Something of the right kind for each argument that must be there.
fn made_up(tool: &Tool) -> Value {
    let names = tool.input_schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let arguments = names.iter().filter_map(Value::as_str).map(|name| {
        let kind = tool.input_schema.pointer(&format!("/properties/{name}/type")).and_then(Value::as_str);
        let value = match kind {
            Some("number" | "integer") => 5.into(),
            Some("boolean") => true.into(),
            Some("array") => Value::Array(Vec::new()),
            Some("object") => Value::Object(Map::new()),
            _ => "test".into(),
        };
        (name.to_owned(), value)
    });
    Value::Object(arguments.collect())
}
