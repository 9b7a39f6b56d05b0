//! What stands between a call and its server: the person's word where one is needed, the tool as the plan
//! knew it, and a place among the calls that the server may have at once. Nothing was sent before.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::CallError;
use super::gate::{Full, Place};
use super::server::Server;
use crate::domain::Tool;

/// Lets one call through, or says why not. It may wait for a place for as long as the call itself may take.
pub(super) async fn admit<'a>(
    server: &'a Server,
    tool: &Tool,
    at_most: Duration,
    cancel: &CancellationToken,
) -> Result<Place<'a>, CallError> {
    let busy = |waiting| CallError::Busy { server: server.key().to_owned(), waiting };
    let entered = tokio::select! {
        biased;
        () = cancel.cancelled() => {
            return Err(CallError::Cancelled { tool: tool.name.to_string(), sent: false });
        }
        entered = tokio::time::timeout(at_most, server.gate.enter()) => entered,
    };
    let place = match entered {
        Ok(Ok(place)) => place,
        Ok(Err(Full(waiting))) => return Err(busy(waiting)),
        Err(_) => return Err(busy(server.gate.waiting())),
    };
    // After the wait, in which both may have changed.
    if let Some(reason) = server.why_held() {
        return Err(CallError::NotConnected { server: server.key().to_owned(), reason });
    }
    if !server.still_has(tool) {
        return Err(CallError::ToolChanged { tool: tool.name.to_string() });
    }
    Ok(place)
}
