//! The lists of tools, kept for a while: one entry a user and server, under `tools:{user}:{server}`.
//!
//! An entry is void once its server disconnected, reconnected or said that its list changed. That is
//! told by its generation, so that a list which was asked for before the change and comes after it
//! cannot slip in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache;
use rmcp::model::Tool as Definition;

use super::ServerConfig;
use super::connect::Session;
use super::kept::KeptTools;
use super::listing::Listing;
use super::server::Server;
use super::{listing, lookalike};
use crate::domain::{RejectedTool, Tool, ToolSet, UserId};

/// No list is used for longer, whatever the configuration says.
const TTL_CEILING: Duration = Duration::from_secs(300);
const ENTRIES_AT_MOST: u64 = 10_000;
/// How long a server may take to list its tools.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);

/// The tools of one server as it listed them.
pub(super) struct ListedTools {
    /// Tells two lists apart; the later one has the higher.
    pub(super) serial: u64,
    pub(super) generation: u64,
    pub(super) tools: Vec<Arc<Tool>>,
    pub(super) rejected: Vec<RejectedTool>,
}

/// The entries, and what was made of them. Cheap to clone.
#[derive(Clone)]
pub(super) struct ToolCache {
    lists: Cache<String, Arc<ListedTools>>,
    merged: Cache<UserId, Arc<Merged>>,
    serial: Arc<AtomicU64>,
    kept: KeptTools,
}

/// A set and the lists that it was made of.
struct Merged {
    serials: Vec<u64>,
    set: Arc<ToolSet>,
}

impl ToolCache {
    pub(super) fn new(ttl: Duration, kept: KeptTools) -> Self {
        let ttl = ttl.min(TTL_CEILING);
        Self {
            lists: Cache::builder().max_capacity(ENTRIES_AT_MOST).time_to_live(ttl).build(),
            merged: Cache::builder().max_capacity(ENTRIES_AT_MOST).time_to_live(TTL_CEILING).build(),
            serial: Arc::new(AtomicU64::new(0)),
            kept,
        }
    }

    /// The list of one server for one user: the kept one, or a new one that is asked for once however
    /// many want it.
    pub(super) async fn list(
        &self,
        user: &UserId,
        server: &Server,
        session: &Session,
    ) -> Result<Arc<ListedTools>, Arc<String>> {
        let key = entry_key(user, server.key());
        if let Some(kept) = self.lists.get(&key).await {
            if kept.generation == server.generation() {
                return Ok(kept);
            }
            self.lists.invalidate(&key).await;
        }
        self.lists.try_get_with(key, self.ask(server, session)).await
    }

    /// Keeps a list that was asked for already.
    pub(super) async fn keep(&self, user: &UserId, server: &Server, list: Arc<ListedTools>) {
        self.lists.insert(entry_key(user, server.key()), list).await;
    }

    /// Keeps a list for the next run of Hark.
    pub(super) async fn keep_on_disk(
        &self,
        server: &Server,
        session: &Session,
        definitions: Vec<Definition>,
    ) {
        self.kept.keep(&server.config, session.protocol_version(), definitions).await;
    }

    /// Asks a server for its tools, which are what it has from now on.
    async fn ask(&self, server: &Server, session: &Session) -> Result<Arc<ListedTools>, String> {
        match self.ask_now(server, session).await {
            Ok((listed, definitions)) => {
                let listed = Arc::new(listed);
                server.listed(&listed);
                self.keep_on_disk(server, session, definitions).await;
                Ok(listed)
            }
            Err(reason) => {
                server.unlisted(&reason);
                Err(reason)
            }
        }
    }

    /// As [`Self::ask`], for the first list of a session, which is not shared yet.
    pub(super) async fn ask_now(
        &self,
        server: &Server,
        session: &Session,
    ) -> Result<(ListedTools, Vec<Definition>), String> {
        let generation = server.generation();
        let listing = tokio::time::timeout(LIST_TIMEOUT, listing::list(&server.config, session)).await;
        let listing = listing
            .map_err(|_| format!("it did not list its tools within {} s", LIST_TIMEOUT.as_secs()))
            .flatten()?;
        Ok(self.number(generation, listing))
    }

    /// The tools that the server had when Hark ran last, where they are known and can be used.
    pub(super) fn remember(&self, server: &ServerConfig) -> Option<(ListedTools, Option<String>)> {
        let remembered = self.kept.recall(server)?;
        let listing = listing::again(server, remembered.tools).ok()?;
        Some((self.number(0, listing).0, remembered.protocol_version))
    }

    fn number(&self, generation: u64, listing: Listing) -> (ListedTools, Vec<Definition>) {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let Listing { tools, rejected, definitions } = listing;
        (ListedTools { serial, generation, tools, rejected }, definitions)
    }

    /// Drops the entries of all users.
    pub(super) fn forget_server(&self, server: &str) {
        // The key of a server has no colon, so that the end of the entry's key tells it for sure.
        let ending = format!(":{server}");
        let keys: Vec<_> =
            self.lists.iter().map(|(key, _)| key).filter(|key| key.ends_with(&ending)).collect();
        let lists = self.lists.clone();
        for key in keys {
            // Where this cannot be done at once, the generation makes the entry void all the same.
            futures::FutureExt::now_or_never(lists.invalidate(&*key));
        }
    }

    /// One set of all lists; the same one as last time where nothing changed.
    pub(super) async fn merge(&self, user: &UserId, lists: &[Arc<ListedTools>]) -> Arc<ToolSet> {
        let serials: Vec<u64> = lists.iter().map(|list| list.serial).collect();
        if let Some(merged) = self.merged.get(user).await
            && merged.serials == serials
        {
            return Arc::clone(&merged.set);
        }
        let tools = lists.iter().flat_map(|list| list.tools.iter().cloned()).collect();
        let rejected = lists.iter().flat_map(|list| list.rejected.iter().cloned()).collect();
        let tools: Vec<Arc<Tool>> = tools;
        let flags = lookalike::flags(&tools);
        let set = Arc::new(ToolSet::new(tools, rejected).with_flags(flags));
        self.merged.insert(user.clone(), Arc::new(Merged { serials, set: Arc::clone(&set) })).await;
        set
    }
}

fn entry_key(user: &UserId, server: &str) -> String {
    format!("tools:{user}:{server}")
}
