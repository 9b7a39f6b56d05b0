//! What Hark answers a server: nothing is offered that is not served, so the capabilities are empty.
//! Notices go on to where they are waited for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam, ProgressToken,
};
use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, RoleClient};
use tokio::sync::{Notify, mpsc};

/// Progress notices that may wait for a slow reader; what comes on top is dropped, since the next
/// notice tells more anyway.
const PROGRESS_WAITING: usize = 32;

/// The client's end of one session. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Client {
    routes: Arc<Mutex<HashMap<ProgressToken, mpsc::Sender<String>>>>,
    list_changed: Arc<Notify>,
    resources_changed: Arc<Notify>,
}

/// The progress of one call, for as long as it lives.
pub(super) struct ProgressRoute {
    client: Client,
    token: ProgressToken,
    /// One sentence a notice.
    pub(super) messages: mpsc::Receiver<String>,
}

impl Client {
    /// Starts to hear the progress of the call with that token.
    pub(super) fn route(&self, token: ProgressToken) -> ProgressRoute {
        let (sender, messages) = mpsc::channel(PROGRESS_WAITING);
        self.routes().insert(token.clone(), sender);
        ProgressRoute { client: self.clone(), token, messages }
    }

    /// Says that the server's list of tools is no longer what it was.
    pub(super) fn list_changed(&self) {
        self.list_changed.notify_one();
    }

    /// Waits for the next change of the list; changes in quick succession are one.
    pub(super) async fn next_list_change(&self) {
        self.list_changed.notified().await;
    }

    /// Says that the server's resources are no longer what they were.
    pub(super) fn resources_changed(&self) {
        self.resources_changed.notify_one();
    }

    /// Waits for the next change of the resources; changes in quick succession are one.
    pub(super) async fn next_resource_change(&self) {
        self.resources_changed.notified().await;
    }

    fn routes(&self) -> std::sync::MutexGuard<'_, HashMap<ProgressToken, mpsc::Sender<String>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ProgressRoute {
    fn drop(&mut self) {
        self.client.routes().remove(&self.token);
    }
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("hark", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), us)
    }

    async fn on_progress(&self, notice: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let sender = self.routes().get(&notice.progress_token).cloned();
        if let Some(sender) = sender {
            // Full or gone: progress is news, not a record.
            drop(sender.try_send(sentence(&notice)));
        }
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.list_changed();
    }

    async fn on_resource_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.resources_changed();
    }
}

fn sentence(notice: &ProgressNotificationParam) -> String {
    let figure = match notice.total {
        Some(total) => format!("{} of {total}", notice.progress),
        None => notice.progress.to_string(),
    };
    match &notice.message {
        Some(message) => format!("{message} ({figure})"),
        None => figure,
    }
}
