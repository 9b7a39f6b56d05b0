//! From a configuration to a session: variables expanded, the program started or the address dialled,
//! the handshake of either generation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rmcp::model::{ClientRequest, ListToolsRequest, ProtocolVersion, SubscriptionFilter};
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RunningService};
use rmcp::{Peer, RoleClient, ServiceError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client::Client;
use super::environment::INHERITED;
use super::notice_limit::NoticeLimit;
use super::process::{ProcessNotes, Program, ServerProcess};
use super::server::Server;
use super::{Environment, Transport, http};

/// The first version of the protocol without a handshake.
const FIRST_MODERN: &str = "2026-07-28";

/// A session that is up, as calls and lists use it.
pub(super) struct Session {
    pub(super) peer: Peer<RoleClient>,
    pub(super) client: Client,
    pub(super) process: Option<Arc<ProcessNotes>>,
    /// Why the connection is of no more use, told by whoever finds it dead.
    broken: OnceLock<String>,
    is_broken: CancellationToken,
    /// A call got no answer: whether the server answers at all is to be found out.
    suspicion: Notify,
}

impl Session {
    /// The changes that come on a subscription only; none where the server tells of none, or without one.
    pub(super) fn subscription(&self) -> Option<SubscriptionFilter> {
        let info = self.peer.peer_info().filter(|_| self.is_modern())?;
        let can = &info.capabilities;
        let mut filter = SubscriptionFilter::new();
        filter.tools_list_changed = can.tools.as_ref().and_then(|tools| tools.list_changed);
        filter.resources_list_changed = can.resources.as_ref().and_then(|them| them.list_changed);
        [filter.tools_list_changed, filter.resources_list_changed].contains(&Some(true)).then_some(filter)
    }

    /// Whether the session is of the generation without a handshake.
    pub(super) fn is_modern(&self) -> bool {
        self.peer.peer_info().is_some_and(|info| info.protocol_version.as_str() >= FIRST_MODERN)
    }

    /// Comes back once the server has answered anything at all.
    pub(super) async fn is_alive(&self) {
        let question = ClientRequest::ListToolsRequest(ListToolsRequest::default());
        if self.peer.send_request(question).await.is_err_and(|error| is_dead(&error)) {
            // Its end is told by the connection itself.
            std::future::pending::<()>().await;
        }
    }

    /// The version of the protocol that was agreed on.
    pub(super) fn protocol_version(&self) -> Option<String> {
        self.peer.peer_info().map(|info| info.protocol_version.to_string())
    }

    /// Says that the server left a call unanswered.
    pub(super) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// Waits until it has.
    pub(super) async fn suspected(&self) {
        self.suspicion.notified().await;
    }

    /// Says that the connection is dead, so that it is made anew.
    pub(super) fn give_up(&self, reason: String) {
        // The first reason is the one that the others follow from.
        drop(self.broken.set(reason));
        self.is_broken.cancel();
    }

    /// Waits until the connection is found dead; the reason.
    pub(super) async fn given_up(&self) -> String {
        self.is_broken.cancelled().await;
        self.broken.get().cloned().unwrap_or_default()
    }

    /// How it ended, as far as is known: for the reason of a failure.
    pub(super) async fn how_it_ended(&self) -> String {
        let Some(process) = &self.process else {
            return "the connection to it was lost".to_owned();
        };
        process.settle().await;
        how_it_ended(process)
    }
}

/// Whether a version of the protocol is of the generation with a handshake.
pub(super) fn is_legacy(version: &str) -> bool {
    version < FIRST_MODERN
}

fn is_dead(error: &ServiceError) -> bool {
    matches!(error, ServiceError::TransportClosed | ServiceError::TransportSend(_))
}

fn how_it_ended(process: &ProcessNotes) -> String {
    match process.ended() {
        Some(status) => format!("its process ended ({status})"),
        None => "it closed its output".to_owned(),
    }
}

/// Starts the server and shakes hands. Dropping the future ends what was started.
///
/// # Errors
/// The reason, as a sentence that starts small.
pub(super) async fn connect(
    server: &Arc<Server>,
    known_legacy: bool,
    tracker: &TaskTracker,
) -> Result<(RunningService<RoleClient, Client>, Session), String> {
    let config = &server.config;
    let mut process = None;
    let client = Client::default();
    // A server that is known to be old is not asked again: some take ten seconds not to answer.
    let lifecycle = if known_legacy {
        ClientLifecycleMode::Initialize
    } else {
        ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::LATEST],
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        }
    };
    let connected = match &config.transport {
        Transport::Stdio { command, args, env, cwd } => {
            let expand = |what: &str, text: &str| {
                config.environment.expand(text).map_err(|fault| format!("its {what} {fault}"))
            };
            let command = expand("command", command)?;
            let args = args.iter().map(|arg| expand("args", arg)).collect::<Result<Vec<_>, _>>()?;
            let env = process_environment(&config.environment, env)?;
            let cwd =
                cwd.as_ref().map(|cwd| expand("cwd", &cwd.to_string_lossy())).transpose()?.map(PathBuf::from);
            let program = Program { command: &command, args: &args, env: &env, cwd: cwd.as_deref() };
            let (transport, notes) = ServerProcess::start(program, tracker, server.changes())
                .map_err(|error| not_started(&command, cwd.as_ref(), &error))?;
            server.has_process(Arc::clone(&notes));
            process = Some(notes);
            client.clone().serve_with_lifecycle(NoticeLimit::new(transport, server), lifecycle).await
        }
        Transport::Http { url, headers } => {
            let url = config.environment.expand(url).map_err(|fault| format!("its url {fault}"))?;
            let headers = expand_values("headers", &config.environment, headers)?;
            let transport = http::transport(&url, &headers)?;
            client.clone().serve_with_lifecycle(NoticeLimit::new(transport, server), lifecycle).await
        }
    };
    match connected {
        Ok(running) => {
            let peer = running.peer().clone();
            let (broken, is_broken) = (OnceLock::new(), CancellationToken::new());
            let suspicion = Notify::new();
            let session = Session { peer, client, process, broken, is_broken, suspicion };
            Ok((running, session))
        }
        Err(error) => Err(refused(&error, process.as_deref()).await),
    }
}

fn process_environment(
    environment: &Environment,
    configured: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut variables: BTreeMap<_, _> = INHERITED
        .iter()
        .filter_map(|name| environment.get(name).map(|value| ((*name).to_owned(), value)))
        .collect();
    variables.extend(expand_values("env", environment, configured)?);
    Ok(variables)
}

fn expand_values(
    what: &str,
    environment: &Environment,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    values
        .iter()
        .map(|(name, value)| match environment.expand(value) {
            Ok(value) => Ok((name.clone(), value)),
            Err(fault) => Err(format!("its {what}.{name} {fault}")),
        })
        .collect()
}

fn not_started(command: &str, cwd: Option<&PathBuf>, error: &std::io::Error) -> String {
    match (error.kind(), cwd) {
        (std::io::ErrorKind::NotFound, Some(cwd)) if !cwd.is_dir() => {
            format!("its working folder {} does not exist; make it, or correct cwd", cwd.display())
        }
        (std::io::ErrorKind::NotFound, _) => {
            format!("there is no program {command:?}; install it, or correct the command")
        }
        _ => format!("the program {command:?} could not be started: {error}"),
    }
}

async fn refused(error: &ClientInitializeError, process: Option<&ProcessNotes>) -> String {
    // Of the two handshakes that failed, the older one is what the server can be asked about.
    let error = match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => fallback,
        error => error,
    };
    if error.is_authorization_required() {
        return "it wants to know who asks (HTTP 401 or 403); put the key that it gave you under headers"
            .to_owned();
    }
    match (error, process) {
        (
            ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. },
            Some(process),
        ) => {
            process.settle().await;
            format!("{} before it answered", how_it_ended(process))
        }
        (ClientInitializeError::TransportError { error, .. }, None) => {
            format!("it could not be reached: {}", http::causes(&*error.error))
        }
        (ClientInitializeError::JsonRpcError(error), _) => {
            format!("it refused the connection: {}", error.message)
        }
        _ => format!("it does not speak MCP as expected: {error}"),
    }
}
