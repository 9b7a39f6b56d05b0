//! An MCP server inside the test, over HTTP, whose tools meet, hang and fail on demand.

use std::sync::{Arc, Mutex};

use hark::tools::ServerConfig as Connection;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ServerCapabilities, ServerConfig, Tool,
    ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};
use tokio_util::task::AbortOnDropHandle;

/// What happened in the server, and where its calls wait.
pub(super) struct State {
    /// The calls that arrived, with their text.
    pub(super) calls: Mutex<Vec<String>>,
    /// `meet` waits here for a second one.
    meeting: Barrier,
    /// Told when `hang` or `watch` has begun.
    pub(super) hanging: Notify,
    /// Told when a hanging call was told to stop.
    pub(super) stopped: Notify,
}

/// A running server; it ends with this value.
pub(super) struct Workshop {
    pub(super) state: Arc<State>,
    /// How the registry reaches it.
    pub(super) connection: Connection,
    _server: AbortOnDropHandle<()>,
}

impl Workshop {
    pub(super) async fn open(key: &str) -> Self {
        let state = Arc::new(State {
            calls: Mutex::default(),
            meeting: Barrier::new(2),
            hanging: Notify::new(),
            stopped: Notify::new(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let handler = Handler(state.clone());
        let service = StreamableHttpService::new(
            move || Ok(handler.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let router = axum::Router::new().nest_service("/mcp", service);
        let server = tokio_util::task::TaskTracker::new().spawn(async move {
            axum::serve(listener, router).await.expect("served");
        });
        Self {
            state,
            connection: Connection::http(key, format!("http://{address}/mcp")),
            _server: AbortOnDropHandle::new(server),
        }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state.calls.lock().expect("a lock").clone()
    }
}

#[derive(Clone)]
struct Handler(Arc<State>);

fn tool(name: &'static str, annotations: ToolAnnotations) -> Tool {
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let schema = schema.as_object().cloned().expect("an object");
    Tool::new(name, format!("Does {name}."), schema).with_annotations(annotations)
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let reads = || ToolAnnotations::new().read_only(true);
        let count = json!({"type": "object", "properties": {"count": {"type": "integer"}, "last": {}}});
        let count = Arc::new(count.as_object().cloned().expect("an object"));
        Ok(ListToolsResult::with_all_items(vec![
            tool("write", ToolAnnotations::new()),
            tool("count", reads()).with_raw_output_schema(count),
            tool("meet", reads()),
            tool("hang", ToolAnnotations::new()),
            tool("watch", reads()),
            tool("fail", ToolAnnotations::new()),
            tool("narrate", reads()),
            tool("flood", ToolAnnotations::new()),
        ]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = request.arguments.as_ref().and_then(|all| all.get("text")).and_then(Value::as_str);
        let text = text.unwrap_or_default();
        let number = {
            let mut calls = self.0.calls.lock().expect("a lock");
            calls.push(format!("{} {text}", request.name).trim().to_owned());
            calls.len()
        };
        let result = match &*request.name {
            "write" => said(&format!("Wrote {text}.")),
            "count" => CallToolResult::structured(json!({"count": number})),
            "meet" => {
                self.0.meeting.wait().await;
                said("Met.")
            }
            "hang" | "watch" => {
                self.0.hanging.notify_one();
                context.ct.cancelled().await;
                self.0.stopped.notify_one();
                said("Never heard.")
            }
            "fail" => CallToolResult::error(vec![ContentBlock::text("the paper is empty")]),
            "narrate" => {
                let token = context.meta.get_progress_token().expect("a token");
                let note = ProgressNotificationParam::new(token, 1.0).with_message("half way");
                context.peer.notify_progress(note).await.expect("told");
                said("Told.")
            }
            "flood" => said(&"much ".repeat(300_000)),
            other => panic!("there is no {other}"),
        };
        Ok(result.into())
    }
}

fn said(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
