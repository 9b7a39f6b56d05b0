//! Keeps one server up: starts it, watches it, and starts it again after a pause.

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::ServerNotification;
use rmcp::service::RunningService;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::back_off::BackOff;
use super::cache::ToolCache;
use super::client::Client;
use super::connect::{self, Session};
use super::resources;
use super::server::Server;
use crate::domain::UserId;

/// Servers often tell of several changes in a row; the list is asked for again after the last.
const CHANGE_QUIET: Duration = Duration::from_millis(100);
const CHANGE_QUIET_AT_MOST: Duration = Duration::from_secs(1);
/// How long a server that is suspected of hanging may take to answer anything.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// What every supervisor needs.
#[derive(Clone)]
pub(super) struct Supervision {
    pub(super) cache: ToolCache,
    pub(super) connect_timeout: Duration,
    pub(super) tracker: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

impl Supervision {
    /// Keeps the server up until the shutdown.
    pub(super) async fn keep_up(self, server: Arc<Server>) {
        let mut back_off = BackOff::new();
        // A server is what it was when Hark ran last, until it shows otherwise.
        let mut known_legacy = server.was_legacy();
        loop {
            let started = Instant::now();
            server.starting();
            let Some(reason) = self.run(&server, &mut known_legacy).await else { break };
            tracing::warn!(server = server.key(), reason, "an MCP server is down and will be tried again");
            server.failed(reason);
            let pause = back_off.after(started.elapsed());
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        server.stopped();
    }

    /// One life of the server; the reason of its end, none at a shutdown.
    async fn run(&self, server: &Arc<Server>, known_legacy: &mut bool) -> Option<String> {
        let started = Instant::now();
        let connecting = connect::connect(server, *known_legacy, &self.tracker);
        let connected = tokio::select! {
            () = self.shutdown.cancelled() => return None,
            connected = tokio::time::timeout(self.connect_timeout, connecting) => connected,
        };
        *known_legacy = false;
        let (running, session) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(reason)) => return Some(reason),
            Err(_) => {
                let seconds = self.connect_timeout.as_secs_f64();
                return Some(format!("it started and did not answer within {seconds} s"));
            }
        };
        *known_legacy = !session.is_modern();
        let session = Arc::new(session);
        let listed = tokio::select! {
            () = self.shutdown.cancelled() => {
                close(running).await;
                return None;
            }
            listed = self.cache.ask_now(server, &session) => listed,
        };
        match listed {
            Ok((listed, definitions)) => {
                let listed = server.ready(&session, listed, started.elapsed());
                self.cache.keep(&UserId::local(), server, listed).await;
                self.cache.keep_on_disk(server, &session, definitions).await;
            }
            Err(reason) => {
                close(running).await;
                let ended = session.process.as_ref().and_then(|process| process.ended());
                return Some(
                    ended.map_or(reason.clone(), |status| format!("{reason}: its process ended ({status})")),
                );
            }
        }
        tracing::info!(server = server.key(), "an MCP server is ready");
        self.watch(server, &session, running).await
    }

    /// From ready to the end.
    async fn watch(
        &self,
        server: &Server,
        session: &Session,
        running: RunningService<RoleClient, Client>,
    ) -> Option<String> {
        let stop = running.cancellation_token();
        let ending = running.waiting();
        let changes = self.follow_changes(server, session);
        let resources = follow_resources(server, session);
        let subscription = subscribe(session);
        let silence = self.find_silence(server, session);
        tokio::pin!(ending, changes, resources, subscription, silence);
        tokio::select! {
            _ = &mut ending => Some(session.how_it_ended().await),
            () = self.shutdown.cancelled() => {
                stop.cancel();
                drop(ending.await);
                None
            }
            reason = session.given_up() => {
                let reason = format!("it can no longer be reached: {reason}");
                // The end of its process may take a while, and no call is to go there meanwhile.
                server.failed(reason.clone());
                stop.cancel();
                drop(ending.await);
                Some(reason)
            }
            reason = &mut silence => {
                server.failed(reason.clone());
                stop.cancel();
                drop(ending.await);
                Some(reason)
            }
            never = &mut changes => match never {},
            never = &mut resources => match never {},
            never = &mut subscription => match never {},
        }
    }

    async fn follow_changes(&self, server: &Server, session: &Session) -> std::convert::Infallible {
        loop {
            session.client.next_list_change().await;
            server.forget_tools();
            // A server that never stops telling of changes is asked all the same.
            let began = Instant::now();
            while began.elapsed() < CHANGE_QUIET_AT_MOST
                && tokio::time::timeout(CHANGE_QUIET, session.client.next_list_change()).await.is_ok()
            {
                server.forget_tools();
            }
            if let Err(reason) = self.cache.list(&UserId::local(), server, session).await {
                tracing::warn!(server = server.key(), %reason, "a changed list of tools could not be read");
            }
        }
    }

    /// After a call that got no answer the server is asked for its tools, which every server can answer
    /// at once. One that leaves that unanswered, too, hangs, and is started again when no call is
    /// under way that might still come to something. The reason of that.
    async fn find_silence(&self, server: &Server, session: &Session) -> String {
        let at_most = server.config.timeout.unwrap_or(PROBE_TIMEOUT).min(PROBE_TIMEOUT);
        loop {
            session.suspected().await;
            while tokio::time::timeout(at_most, session.is_alive()).await.is_err() {
                if server.gate.calls() == 0 {
                    let seconds = at_most.as_secs_f64();
                    return format!(
                        "it hangs: it left a call unanswered, and a question for its tools for {seconds} s"
                    );
                }
            }
        }
    }
}

/// Nobody waits for the names of resources, so they are asked for once the server is ready, and after each
/// change.
async fn follow_resources(server: &Server, session: &Session) -> std::convert::Infallible {
    loop {
        server.has_phrases(resources::phrases(session).await);
        session.client.next_resource_change().await;
        while tokio::time::timeout(CHANGE_QUIET, session.client.next_resource_change()).await.is_ok() {}
    }
}

async fn close(running: RunningService<RoleClient, Client>) {
    if let Err(error) = running.cancel().await {
        tracing::debug!(%error, "a session did not close in good order");
    }
}

/// Servers of the newer generation tell of changes on a subscription only. One that is lost is opened
/// again, and what was told in between counts as told.
async fn subscribe(session: &Session) -> std::convert::Infallible {
    let Some(filter) = session.subscription() else { return std::future::pending().await };
    let mut back_off = BackOff::new();
    let mut is_first = true;
    loop {
        let opened = Instant::now();
        match session.peer.listen(filter.clone()).await {
            Ok(mut subscription) => {
                if !is_first {
                    session.client.list_changed();
                    session.client.resources_changed();
                }
                is_first = false;
                while let Ok(Some(notice)) = subscription.next().await {
                    match notice {
                        ServerNotification::ToolListChangedNotification(_) => session.client.list_changed(),
                        ServerNotification::ResourceListChangedNotification(_) => {
                            session.client.resources_changed();
                        }
                        _ => {}
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "a server refused to tell of changes of its tools"),
        }
        tokio::time::sleep(back_off.after(opened.elapsed())).await;
    }
}
