//! How many notices of a server are read: one that floods Hark with them is read slowly and costs itself.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rmcp::RoleClient;
use rmcp::model::JsonRpcMessage;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;

use super::server::Server;

/// Notices a second that are read for long, and in one go.
const PER_SECOND: f64 = 100.0;
const AT_ONCE: f64 = 400.0;
/// A rest after so many dropped ones leaves the processor to others and fills the server's own pipe.
const REST_AFTER: u64 = 100;
const REST: Duration = Duration::from_millis(10);

/// A transport of which only so many notices come through. Answers always do.
pub(super) struct NoticeLimit<T> {
    transport: T,
    server: Weak<Server>,
    allowance: Allowance,
    dropped: u64,
}

impl<T> NoticeLimit<T> {
    pub(super) fn new(transport: T, server: &Arc<Server>) -> Self {
        Self {
            transport,
            server: Arc::downgrade(server),
            allowance: Allowance::new(Instant::now()),
            dropped: 0,
        }
    }

    /// Counts one notice that is not read, and rests where there are many.
    async fn drop_one(&mut self) {
        self.dropped += 1;
        if self.dropped >= REST_AFTER {
            if let Some(server) = self.server.upgrade() {
                server.floods(self.dropped);
            }
            self.dropped = 0;
            tokio::time::sleep(REST).await;
        }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for NoticeLimit<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.transport.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = self.transport.receive().await?;
            let is_notice = matches!(message, JsonRpcMessage::Notification(_));
            if !is_notice || self.allowance.take(Instant::now()) {
                return Some(message);
            }
            self.drop_one().await;
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.transport.close().await
    }
}

/// So many at once, and so many a second after that.
struct Allowance {
    left: f64,
    since: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, since: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.since).as_secs_f64() * PER_SECOND;
        self.left = (self.left + gained).min(AT_ONCE);
        self.since = now;
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_comes_through_and_a_flood_does_not() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let read = (0..10_000).filter(|_| allowance.take(start)).count();
        assert_eq!(read, AT_ONCE as usize);
        let later = start + Duration::from_secs(1);
        let read = (0..10_000).filter(|_| allowance.take(later)).count();
        assert_eq!(read, PER_SECOND as usize);
    }
}
