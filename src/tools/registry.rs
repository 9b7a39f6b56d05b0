//! All servers together: what the rest of the house sees of this room.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cache::{ListedTools, ToolCache};
use super::call::{self, CallRequest};
use super::kept::KeptTools;
use super::server::Server;
use super::supervisor::Supervision;
use super::{CallError, ServerStatus, ToolsConfig, admission};
use crate::domain::{Tool, ToolOutput, ToolSet, UserId};

/// How long a command waits for a server whose kept list ran out. The server goes on answering in the
/// background, and its tools are in the next snapshot.
const SNAPSHOT_WAIT: Duration = Duration::from_secs(2);
/// How long a shutdown waits for the servers; each is killed long before.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// The servers and their tools. Cheap to clone.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    servers: Vec<Arc<Server>>,
    cache: ToolCache,
    call_timeout: Duration,
    start_grace: Duration,
    changes: watch::Receiver<u64>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Registry {
    /// Starts all servers side by side, in the background, and returns at once.
    pub fn start(config: ToolsConfig, tracker: &TaskTracker, shutdown: CancellationToken) -> Self {
        let shutdown = shutdown.child_token();
        let cache = ToolCache::new(config.cache_ttl, KeptTools::new(config.kept_in));
        let (sender, changes) = watch::channel(0);
        let supervision = Supervision {
            cache: cache.clone(),
            connect_timeout: config.connect_timeout,
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
        };
        let servers: Vec<_> = config
            .servers
            .into_iter()
            .map(|server| Arc::new(Server::new(server, cache.clone(), sender.clone())))
            .collect();
        for server in servers.iter().filter(|server| !server.config.disabled) {
            tracker.spawn(supervision.clone().keep_up(Arc::clone(server)));
        }
        Self(Arc::new(Inner {
            servers,
            cache,
            call_timeout: config.call_timeout,
            start_grace: config.start_grace,
            changes,
            tracker: tracker.clone(),
            shutdown,
        }))
    }

    /// The tools of all servers that are ready now, in the order of the configuration. For a server that
    /// is on its way up for the first time, those that it had when Hark ran last: a call of one of them
    /// waits for the server and is made only if it has the tool still.
    pub async fn snapshot(&self, user: &UserId) -> Arc<ToolSet> {
        let lists = join_all(self.0.servers.iter().map(|server| self.list(user, server))).await;
        let lists: Vec<_> = lists.into_iter().flatten().collect();
        self.0.cache.merge(user, &lists).await
    }

    async fn list(&self, user: &UserId, server: &Arc<Server>) -> Option<Arc<ListedTools>> {
        if server.why_held().is_some() {
            return None;
        }
        let Some(session) = server.session() else { return server.remembered() };
        let (cache, user, asked) = (self.0.cache.clone(), user.clone(), Arc::clone(server));
        let listing = self.0.tracker.spawn(async move { cache.list(&user, &asked, &session).await });
        match tokio::time::timeout(SNAPSHOT_WAIT, listing).await {
            Ok(Ok(Ok(list))) => Some(list),
            Ok(Ok(Err(reason))) => {
                tracing::warn!(server = server.key(), %reason, "a server's tools are left out");
                None
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    server = server.key(),
                    "a server's tools are left out: it is slow to list them"
                );
                None
            }
        }
    }

    /// What the servers' resources are called and hold: words that a person is likely to say. Those of
    /// each server, in the order of the configuration.
    pub fn phrases(&self) -> Vec<Arc<[String]>> {
        self.0.servers.iter().map(|server| server.phrases()).collect()
    }

    /// Calls a tool. `progress` gets one sentence for each notice of the server.
    ///
    /// # Errors
    /// See [`CallError`]. A tool that says itself that it failed is no error: `is_error` is set.
    pub async fn call(
        &self,
        tool: &Tool,
        arguments: &Value,
        cancel: &CancellationToken,
        progress: &(dyn Fn(String) + Send + Sync),
    ) -> Result<ToolOutput, CallError> {
        let Some(server) = self.0.servers.iter().find(|server| server.key() == &*tool.name.service) else {
            let known = self.0.servers.iter().map(|server| server.key()).collect::<Vec<_>>().join(", ");
            return Err(CallError::UnknownServer { server: tool.name.service.to_string(), known });
        };
        let timeout = server.config.timeout.unwrap_or(self.0.call_timeout);
        let request = CallRequest { server, tool, arguments, timeout, tracker: &self.0.tracker };
        self.until_confirmed(server, cancel).await;
        let _place = admission::admit(server, tool, timeout, cancel).await?;
        let result = call::call(request, cancel, progress).await;
        server.called(&result);
        result
    }

    /// A call of a tool of the last run waits until its server says that it is still there.
    async fn until_confirmed(&self, server: &Server, cancel: &CancellationToken) {
        if server.is_unconfirmed() {
            tokio::select! {
                () = cancel.cancelled() => {}
                _ = self.wait(self.0.start_grace, || !server.is_unconfirmed()) => {}
            }
        }
    }

    /// Keeps the tools of a server from being planned with and called until a person agrees, and says
    /// why; `None` lets go of them. `false` where there is no such server.
    pub fn hold(&self, server: &str, why: Option<String>) -> bool {
        let found = self.0.servers.iter().find(|it| it.key() == server);
        found.map(|found| found.hold(why)).is_some()
    }

    /// How each server is doing, in the order of the configuration.
    pub fn servers(&self) -> Vec<ServerStatus> {
        self.0.servers.iter().map(|server| server.status()).collect()
    }

    /// Waits until each server is ready or has failed once.
    pub async fn settle(&self, at_most: Duration) {
        self.wait(at_most, || self.0.servers.iter().all(|server| server.is_settled())).await;
    }

    /// Waits until the servers are as `condition` wants them; false where that took too long.
    pub async fn until(&self, at_most: Duration, condition: impl Fn(&[ServerStatus]) -> bool) -> bool {
        self.wait(at_most, || condition(&self.servers())).await
    }

    /// Ends all servers, whole process groups.
    pub async fn close(&self) {
        self.0.shutdown.cancel();
        self.wait(CLOSE_WAIT, || self.0.servers.iter().all(|server| server.has_stopped())).await;
    }

    async fn wait(&self, at_most: Duration, condition: impl Fn() -> bool) -> bool {
        let mut changes = self.0.changes.clone();
        let reached = async {
            while !condition() {
                if changes.changed().await.is_err() {
                    return condition();
                }
            }
            true
        };
        tokio::time::timeout(at_most, reached).await.unwrap_or(false)
    }
}
