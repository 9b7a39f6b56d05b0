//! Who is told that an alarm is due, and that each is told once.
//!
//! Clients of the newer protocol revision listen for changes of a resource; those of the older ones are
//! sent a logging message, and the change of the resource when they subscribed to it.
#![expect(deprecated, reason = "the older protocol revisions know no other unasked message")]

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rmcp::{
    RoleServer,
    model::{LoggingLevel, LoggingMessageNotificationParam, ResourceUpdatedNotificationParam},
    service::Peer,
};
use tokio::sync::watch;

use super::{alarms::Alarm, server::DUE_RESOURCE};

/// The client of one desk, however it listens.
#[derive(Default)]
pub(super) struct Audience {
    older: Mutex<Older>,
    /// Numbers of the alarms that were announced.
    announced: Mutex<HashSet<u64>>,
    /// Counts announcements, for the clients of the newer revision that listen.
    rung: watch::Sender<u64>,
    /// Counts changes of the lists, for the same.
    rewritten: watch::Sender<u64>,
}

#[derive(Default)]
struct Older {
    peer: Option<Peer<RoleServer>>,
    subscribed: bool,
}

impl Audience {
    /// A client of an older revision has come.
    pub(super) fn greet(&self, peer: Peer<RoleServer>) {
        held(&self.older).peer = Some(peer);
    }

    /// The client of an older revision wants changes of the resource, or no longer.
    pub(super) fn subscribe(&self, wanted: bool) {
        held(&self.older).subscribed = wanted;
    }

    /// Changes with each announcement.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        self.rung.subscribe()
    }

    /// Changes with each change of the lists.
    pub(super) fn listen_to_lists(&self) -> watch::Receiver<u64> {
        self.rewritten.subscribe()
    }

    /// Tells that the resources are no longer those that were listed.
    pub(super) async fn tell_of_lists(&self) {
        self.rewritten.send_modify(|count| *count += 1);
        let peer = held(&self.older).peer.clone();
        let Some(peer) = peer else { return };
        if let Err(fault) = peer.notify_resource_list_changed().await {
            tracing::debug!(%fault, "the client could not be told of the lists");
        }
    }

    /// Announces what was not announced yet; while nobody listens, nothing counts as announced.
    pub(super) async fn tell(&self, due: &[Alarm]) {
        let (peer, subscribed) = {
            let older = held(&self.older);
            (older.peer.clone(), older.subscribed)
        };
        if peer.is_none() && self.rung.receiver_count() == 0 {
            return;
        }
        let fresh: Vec<&Alarm> = {
            let mut announced = held(&self.announced);
            due.iter().filter(|alarm| announced.insert(alarm.id)).collect()
        };
        for alarm in fresh {
            self.rung.send_modify(|count| *count += 1);
            let Some(peer) = &peer else { continue };
            let data = serde_json::json!({
                "message": alarm.announcement(), "kind": alarm.kind, "id": alarm.id, "text": alarm.text,
            });
            let message =
                LoggingMessageNotificationParam::new(LoggingLevel::Notice, data).with_logger("desk");
            let mut sent = peer.notify_logging_message(message).await;
            if subscribed && sent.is_ok() {
                sent =
                    peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(DUE_RESOURCE)).await;
            }
            if let Err(fault) = sent {
                tracing::debug!(%fault, "the client could not be told what is due");
            }
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
