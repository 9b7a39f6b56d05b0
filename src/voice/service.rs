//! speech-dispatcher, by its own protocol (SSIP), on two connections: one says and hears what becomes of it,
//! the other ends it, since the first is busy waiting.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ssip_client_async::fifo::synchronous::{Builder, UnixStream};
use ssip_client_async::{
    Client, ClientError, ClientId, ClientName, ClientScope, EventType, MessageScope, NotificationType,
    OK_CANCELED, OK_LANGUAGE_SET, OK_NOTIFICATION_SET,
};
use tokio::sync::mpsc::Sender;

use super::{Spoken, VoiceConfig};

/// A service that says nothing of a text for so long has lost it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Something to say.
#[derive(Debug)]
pub(super) struct Order {
    /// Only the newest one is said.
    pub(super) number: u64,
    pub(super) text: String,
    /// A tag such as `de`.
    pub(super) language: String,
}

/// The connection that says.
pub(super) struct Service {
    config: VoiceConfig,
    newest: Arc<AtomicU64>,
    told: Sender<Spoken>,
    hushes: SyncSender<()>,
    /// The service's number of our open connection, by which the other one ends what it says.
    speaker: Arc<Mutex<Option<ClientId>>>,
}

/// The connection that ends.
pub(super) struct Hushing {
    config: VoiceConfig,
    speaker: Arc<Mutex<Option<ClientId>>>,
}

impl Service {
    pub(super) fn new(
        config: VoiceConfig,
        newest: Arc<AtomicU64>,
        told: Sender<Spoken>,
        hushes: SyncSender<()>,
    ) -> Self {
        Self { config, newest, told, hushes, speaker: Arc::default() }
    }

    pub(super) fn hushing(&self) -> Hushing {
        Hushing { config: self.config.clone(), speaker: self.speaker.clone() }
    }

    /// Says what is ordered until nobody can order any more.
    pub(super) fn serve(self, orders: &Receiver<Order>) {
        let mut open = None;
        while let Ok(order) = orders.recv() {
            if !self.is_newest(&order) {
                continue;
            }
            // A service that was restarted is noticed by the failure, and the text is not lost for that.
            let said = self.say(&mut open, &order).or_else(|_| {
                open = None;
                self.say(&mut open, &order)
            });
            if let Err(error) = said {
                open = None;
                self.tell(Spoken::Unavailable(unavailable(&error)));
            }
        }
    }

    fn is_newest(&self, order: &Order) -> bool {
        order.number == self.newest.load(Ordering::Acquire)
    }

    fn say(&self, open: &mut Option<Client<UnixStream>>, order: &Order) -> Result<(), ClientError> {
        let client = match open {
            Some(client) => client,
            None => {
                let (client, id) = connect(&self.config)?;
                *self.speaker.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
                open.insert(client)
            }
        };
        // A language that the service has no voice for is said in the one that it has.
        match client.set_language(ClientScope::Current, &order.language)?.check_status(OK_LANGUAGE_SET) {
            Ok(_) | Err(ClientError::Ssip(_) | ClientError::UnexpectedStatus(_)) => {}
            Err(error) => return Err(error),
        }
        if !self.is_newest(order) {
            return Ok(());
        }
        client.speak()?.check_receiving_data()?.send_line(&order.text)?;
        let message = client.receive_message_id()?.to_string();
        let mut sounds = false;
        let ended = loop {
            let event = match client.receive_event() {
                Ok(event) => event,
                Err(error) => break Err(error),
            };
            if event.id.message != message {
                continue;
            }
            match event.ntype {
                EventType::Begin => {
                    sounds = true;
                    self.tell(Spoken::Began);
                    // It was ended before the service knew of it.
                    if !self.is_newest(order) {
                        self.hushes.try_send(()).ok();
                    }
                }
                EventType::End | EventType::Cancel => break Ok(()),
                EventType::Pause | EventType::Resume | EventType::IndexMark(_) => {}
            }
        };
        if sounds {
            self.tell(Spoken::Ended);
        }
        ended
    }

    fn tell(&self, spoken: Spoken) {
        // Where nobody asks any more, nothing is lost.
        self.told.blocking_send(spoken).ok();
    }
}

impl Hushing {
    /// Ends what is being said, as often as that is wanted.
    pub(super) fn serve(self, hushes: &Receiver<()>) {
        let mut open = None;
        while hushes.recv().is_ok() {
            let Some(speaker) = *self.speaker.lock().unwrap_or_else(PoisonError::into_inner) else {
                continue;
            };
            let hushed = self.hush(&mut open, speaker).or_else(|_| {
                open = None;
                self.hush(&mut open, speaker)
            });
            if let Err(error) = hushed {
                open = None;
                tracing::debug!(%error, "the voice could not be ended");
            }
        }
    }

    fn hush(&self, open: &mut Option<Client<UnixStream>>, speaker: ClientId) -> Result<(), ClientError> {
        let client = match open {
            Some(client) => client,
            None => open.insert(connect(&self.config)?.0),
        };
        // The crate calls it a message; what the service takes there is the number of a connection.
        client.cancel(MessageScope::Message(speaker))?.check_status(OK_CANCELED).map(drop)
    }
}

/// Connects, starting the service where it is not running and may be started.
fn connect(config: &VoiceConfig) -> Result<(Client<UnixStream>, ClientId), ClientError> {
    let mut builder = Builder::new();
    builder.path(&config.socket).timeout(PATIENCE);
    let client = builder.build().or_else(|_| builder.with_spawn()?.build());
    let mut client = client.map_err(ClientError::Io)?;
    client.set_client_name(ClientName::new("hark", "hark"))?.check_client_name_set()?;
    client.set_notification(NotificationType::All, true)?.check_status(OK_NOTIFICATION_SET)?;
    let id = client.history_get_client_id()?.receive_client_id()?;
    Ok((client, id))
}

/// Whether it can be connected to.
pub(super) fn check(config: &VoiceConfig) -> Result<(), String> {
    connect(config).map(drop).map_err(|error| unavailable(&error))
}

fn unavailable(error: &ClientError) -> String {
    let reason = match error {
        ClientError::Io(error) if error.kind() == io::ErrorKind::NotFound => "it is not there".to_owned(),
        error => error.to_string(),
    };
    format!(
        "replies are not said aloud, since the speech service can't be used: {reason}; install speech-dispatcher with a voice (speech-dispatcher-espeak-ng) and try `spd-say hello`"
    )
}
