//! The desk as an MCP server, on any transport.
#![expect(deprecated, reason = "clients of the older protocol revisions know only the older requests")]

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{router::tool::ToolRouter, tool::ToolCallContext},
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
        ReadResourceResponse, ReadResourceResult, ServerCapabilities, ServerConfig, SetLevelRequestParams,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    DeskConfig, DeskError, alarms,
    answer::{Answer, Visit, result},
    audience::Audience,
    folder::Folder,
    resources,
};

/// The resource that lists what is due; clients may subscribe to it.
pub const DUE_RESOURCE: &str = "desk://due";

/// Tells the time; another one than the system's is for tests.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long the desk sleeps at most: another desk may have set an alarm in the same folder.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// One desk, for one client; clones are the same desk.
#[derive(Clone)]
pub struct Desk {
    config: Arc<DeskConfig>,
    clock: Clock,
    tools: Arc<ToolRouter<Self>>,
    alarms_changed: Arc<Notify>,
    audience: Arc<Audience>,
}

impl Desk {
    /// Opens the desk on its folder.
    ///
    /// # Errors
    /// [`DeskError::File`] when the folder cannot be made.
    pub fn open(config: DeskConfig) -> Result<Self, DeskError> {
        Self::with_clock(config, Arc::new(Utc::now))
    }

    /// Opens the desk with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn with_clock(config: DeskConfig, clock: Clock) -> Result<Self, DeskError> {
        Folder::create(&config.data_dir)?;
        Ok(Self {
            config: Arc::new(config),
            clock,
            tools: Arc::new(super::tools::router()),
            alarms_changed: Arc::new(Notify::new()),
            audience: Arc::new(Audience::default()),
        })
    }

    /// Announces alarms as they come due, until `closed` is cancelled.
    pub async fn watch_alarms(self, closed: CancellationToken) {
        loop {
            let nap = match self.ring_due().await {
                Ok(Some(next)) => (next - (self.clock)())
                    .to_std()
                    .unwrap_or_default()
                    .clamp(Duration::from_millis(10), LONGEST_NAP),
                Ok(None) => LONGEST_NAP,
                Err(fault) => {
                    tracing::warn!(%fault, "the desk could not look at its alarms");
                    LONGEST_NAP
                }
            };
            tokio::select! {
                () = closed.cancelled() => return,
                () = self.alarms_changed.notified() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Marks what has come due and announces what this client was not told yet; says when the next is.
    ///
    /// # Errors
    /// As the files give them.
    pub async fn ring_due(&self) -> Result<Option<DateTime<Utc>>, DeskError> {
        let (due, next) = self.at_files(alarms::ring_due).await?.0?;
        self.audience.tell(&due).await;
        Ok(next)
    }

    /// Runs one tool's work on the files, off the runtime's threads.
    pub(super) async fn visit<T: Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Visit) -> Result<Answer<T>, DeskError> + Send + 'static,
    ) -> CallToolResult {
        match self.at_files(work).await {
            Ok((answer, notices)) => result(answer, &notices),
            Err(fault) => result::<T>(Err(fault), &[]),
        }
    }

    /// As [`Desk::visit`], and wakes the watch for alarms afterwards.
    pub(super) async fn visit_alarms<T: Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Visit) -> Result<Answer<T>, DeskError> + Send + 'static,
    ) -> CallToolResult {
        let answer = self.visit(work).await;
        self.alarms_changed.notify_one();
        answer
    }

    /// As [`Desk::visit`], and tells the client afterwards that the lists are others now.
    pub(super) async fn visit_lists<T: Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Visit) -> Result<Answer<T>, DeskError> + Send + 'static,
    ) -> CallToolResult {
        let answer = self.visit(work).await;
        if answer.is_error != Some(true) {
            self.audience.tell_of_lists().await;
        }
        answer
    }

    /// Now, where the person is.
    pub(super) fn now(&self) -> DateTime<chrono_tz::Tz> {
        (self.clock)().with_timezone(&self.config.timezone)
    }

    async fn at_files<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Visit) -> R + Send + 'static,
    ) -> Result<(R, Vec<String>), DeskError> {
        let now = self.now();
        let stamp = now.format("%Y%m%dT%H%M%S").to_string();
        let folder = Folder::hold(&self.config.data_dir, stamp).await?;
        let mut visit = Visit { folder, now };
        tokio::task::spawn_blocking(move || {
            let answer = work(&mut visit);
            (answer, visit.folder.notices().to_vec())
        })
        .await
        .map_err(|_| DeskError::Interrupted)
    }
}

impl ServerHandler for Desk {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .enable_logging()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("hark-desk", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "Notes, lists, calendar, timers, reminders, time and arithmetic of one person.",
            )
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.list_all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut outcome = self.tools.call(ToolCallContext::new(self, request, context)).await;
        // Arguments that do not fit come back in the words of the decoder; the rest is ours already.
        if let Ok(CallToolResponse::Complete(result)) = &mut outcome
            && result.is_error == Some(true)
            && let [ContentBlock::Text(said)] = result.content.as_mut_slice()
            && let Some(reason) = said.text.strip_prefix("failed to deserialize parameters: ")
        {
            said.text = super::spoken::sentence(&format!("the arguments do not fit this tool: {reason}"));
        }
        outcome
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let listed = self.at_files(resources::list).await.and_then(|(listed, _)| listed);
        let listed = listed.map_err(|fault| ErrorData::internal_error(fault.sentence(), None))?;
        Ok(ListResourcesResult::with_all_items(listed))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri.clone();
        let read = self.at_files(move |visit| resources::read(visit, &uri)).await.and_then(|(read, _)| read);
        match read.map_err(|fault| ErrorData::internal_error(fault.sentence(), None))? {
            Some(contents) => Ok(ReadResourceResult::new(vec![contents]).into()),
            None => {
                let message = format!("there is no resource {}; there is {DUE_RESOURCE}", request.uri);
                Err(ErrorData::resource_not_found(message, None))
            }
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let wanted = context.sink().accepted();
        // Whoever does not ask for alarms is no listener of them: nothing may count as announced to them.
        let wants_alarms = wanted.resource_subscriptions.as_ref().is_some_and(|uris| !uris.is_empty());
        let mut rung = wants_alarms.then(|| self.audience.listen());
        let mut rewritten = self.audience.listen_to_lists();
        let wants_lists = wanted.resources_list_changed == Some(true);
        self.alarms_changed.notify_one();
        loop {
            let alarm = async {
                match &mut rung {
                    Some(rung) => rung.changed().await,
                    None => std::future::pending().await,
                }
            };
            let told = tokio::select! {
                () = context.cancelled() => return Ok(()),
                Ok(()) = alarm => context.sink().notify_resource_updated(DUE_RESOURCE).await,
                Ok(()) = rewritten.changed(), if wants_lists => context.sink().notify_resource_list_changed().await,
                else => return Ok(()),
            };
            if told.is_err() {
                return Ok(());
            }
        }
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.audience.greet(context.peer);
        // What came due while nobody was there is announced now.
        self.alarms_changed.notify_one();
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if request.uri == DUE_RESOURCE {
            self.audience.subscribe(true);
        }
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if request.uri == DUE_RESOURCE {
            self.audience.subscribe(false);
        }
        Ok(())
    }

    /// All that the desk says unasked is worth a notice, so the level changes nothing.
    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }
}
