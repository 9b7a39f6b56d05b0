//! One call of one tool: sent once, limited in time, stoppable, its result checked.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ContentBlock, ResourceContents,
    ServerResult,
};
use rmcp::service::{PeerRequestOptions, RequestHandle};
use rmcp::{RoleClient, ServiceError};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client::ProgressRoute;
use super::connect::Session;
use super::server::Server;
use super::{CallError, http};
use crate::domain::{Tool, ToolOutput};

/// What is to be called.
pub(super) struct CallRequest<'a> {
    pub(super) server: &'a Arc<Server>,
    pub(super) tool: &'a Tool,
    pub(super) arguments: &'a Value,
    pub(super) timeout: Duration,
    pub(super) tracker: &'a TaskTracker,
}

/// Calls the tool.
pub(super) async fn call(
    request: CallRequest<'_>,
    cancel: &CancellationToken,
    progress: &(dyn Fn(String) + Send + Sync),
) -> Result<ToolOutput, CallError> {
    let tool = || request.tool.name.to_string();
    let server = || request.server.key().to_owned();
    let Some(arguments) = request.arguments.as_object() else {
        return Err(CallError::BadArguments { tool: tool() });
    };
    let Some(session) = request.server.session() else {
        return Err(CallError::NotConnected { server: server(), reason: request.server.why_not_ready() });
    };
    if cancel.is_cancelled() {
        return Err(CallError::Cancelled { tool: tool(), sent: false });
    }
    let params =
        CallToolRequestParams::new(request.tool.name.tool.to_string()).with_arguments(arguments.clone());
    let started = Instant::now();
    let sent = session
        .peer
        .send_cancellable_request(
            ClientRequest::CallToolRequest(CallToolRequest::new(params)),
            PeerRequestOptions::no_options(),
        )
        .await;
    let handle = match sent {
        Ok(handle) => handle,
        Err(_) => {
            let reason = session.how_it_ended().await;
            return Err(CallError::NotDelivered { server: server(), reason });
        }
    };
    let route = session.client.route(handle.progress_token.clone());
    let mut underway = Underway { handle: Some(handle), tracker: request.tracker };
    let answer = tokio::select! {
        answer = underway.answer(route, progress) => answer,
        () = cancel.cancelled() => {
            underway.stop("stopped by the person");
            return Err(CallError::Cancelled { tool: tool(), sent: true });
        }
        () = tokio::time::sleep(request.timeout) => {
            underway.stop("it took too long");
            return Err(CallError::TimedOut { tool: tool(), after: request.timeout });
        }
    };
    underway.handle = None;
    match answer {
        Ok(result) => {
            request.server.record_call(started.elapsed());
            output(request.tool, result, request.server.config.limits.result_bytes)
        }
        Err(ServiceError::McpError(error)) => {
            request.server.record_call(started.elapsed());
            Err(CallError::Refused { tool: tool(), code: error.code.0, message: error.message.into_owned() })
        }
        Err(error) => Err(unanswered(&session, &request, &error).await),
    }
}

/// A call that was sent. Dropped before its answer, it tells the server to stop.
struct Underway<'a> {
    handle: Option<RequestHandle<RoleClient>>,
    tracker: &'a TaskTracker,
}

impl Underway<'_> {
    async fn answer(
        &mut self,
        mut route: ProgressRoute,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<ServerResult, ServiceError> {
        let Some(handle) = self.handle.as_mut() else { return Err(ServiceError::TransportClosed) };
        loop {
            tokio::select! {
                // News that came before the answer is told before it.
                biased;
                Some(message) = route.messages.recv() => progress(message),
                answer = &mut handle.rx => return answer.unwrap_or(Err(ServiceError::TransportClosed)),
            }
        }
    }

    /// Nobody waits until the server has heard it.
    fn stop(&mut self, reason: &str) {
        let Some(handle) = self.handle.take() else { return };
        let reason = reason.to_owned();
        self.tracker.spawn(async move {
            if let Err(error) = handle.cancel(Some(reason)).await {
                tracing::debug!(%error, "a server could not be told to stop a call");
            }
        });
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.stop("its result is no longer wanted");
    }
}

/// Only a connection that was never made is known not to have carried the call.
async fn unanswered(session: &Session, request: &CallRequest<'_>, error: &ServiceError) -> CallError {
    let server = request.server.key().to_owned();
    let ServiceError::TransportSend(sending) = error else {
        return match error {
            ServiceError::TransportClosed => CallError::Lost { server, reason: session.how_it_ended().await },
            error => CallError::Lost { server, reason: error.to_string() },
        };
    };
    let reason = http::causes(&*sending.error);
    if session.process.is_some() {
        // Its input was closed, so that it has not read the line to its end.
        return CallError::NotDelivered { server, reason: session.how_it_ended().await };
    }
    match http::status(&*sending.error) {
        Some(status) if status.is_client_error() => {
            let (tool, code) = (request.tool.name.to_string(), i32::from(status.as_u16()));
            return CallError::Refused { tool, code, message: reason };
        }
        // The server is there, and one call went wrong.
        Some(_) => return CallError::Lost { server, reason },
        None => session.give_up(reason.clone()),
    }
    if http::never_connected(&*sending.error) {
        CallError::NotDelivered { server, reason }
    } else {
        CallError::Lost { server, reason }
    }
}

fn output(tool: &Tool, result: ServerResult, limit: usize) -> Result<ToolOutput, CallError> {
    let name = || tool.name.to_string();
    let result = match result {
        ServerResult::CallToolResult(result) => result,
        ServerResult::InputRequiredResult(_) => return Err(CallError::WantsInput { tool: name() }),
        // A result of nothing at all is an answer, too.
        ServerResult::EmptyResult(_) => CallToolResult::success(Vec::new()),
        // Content of a kind that the protocol does not know comes out as this.
        ServerResult::TaskAckResult(_) => {
            CallToolResult::success(vec![ContentBlock::text("[nothing that can be read]")])
        }
        _ => {
            let faults = vec!["it is not in the form that MCP prescribes".to_owned()];
            return Err(CallError::BadResult { tool: name(), faults });
        }
    };
    let text = text(&result.content);
    let bytes = text.len() + result.structured_content.as_ref().map_or(0, |value| value.to_string().len());
    if bytes > limit {
        return Err(CallError::TooLarge { tool: name(), bytes, limit });
    }
    let is_error = result.is_error == Some(true);
    // A tool that failed need not keep the promise of what it gives when it succeeds.
    if !is_error {
        let faults = promised(tool, result.structured_content.as_ref());
        if !faults.is_empty() {
            return Err(CallError::BadResult { tool: name(), faults });
        }
    }
    Ok(ToolOutput { text, structured: result.structured_content, is_error })
}

fn promised(tool: &Tool, structured: Option<&Value>) -> Vec<String> {
    match structured {
        Some(structured) => tool
            .result_faults(structured)
            .into_iter()
            .map(|fault| match fault.place.as_str() {
                "" => fault.message,
                place => format!("{place}: {}", fault.message),
            })
            .collect(),
        None if tool.output_schema.is_some() => {
            vec!["it promises structured content and gave none".to_owned()]
        }
        None => Vec::new(),
    }
}

fn text(content: &[ContentBlock]) -> String {
    let parts: Vec<String> = content
        .iter()
        .map(|part| match part {
            ContentBlock::Text(text) => text.text.clone(),
            ContentBlock::Image(image) => format!("[image, {}]", image.mime_type),
            ContentBlock::Audio(audio) => format!("[audio, {}]", audio.mime_type),
            ContentBlock::Resource(resource) => match &resource.resource {
                ResourceContents::TextResourceContents { text, .. } => text.clone(),
                ResourceContents::BlobResourceContents { uri, .. } => format!("[resource {uri}]"),
                _ => "[resource]".to_owned(),
            },
            ContentBlock::ResourceLink(link) => format!("[link to {}]", link.uri),
            _ => "[content of a kind that is not known here]".to_owned(),
        })
        .collect();
    parts.join("\n")
}
