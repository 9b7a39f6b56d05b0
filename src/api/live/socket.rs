//! One socket: its messages become sound, and the session's notices become messages.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, close_code};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::message::Message;
use crate::api::AppState;
use crate::audio::{Converter, samples_of};
use crate::listening::{Listening, Notice, Sound};

/// Pieces of sound that may wait to be heard. Beyond that the client's own connection has to wait.
const WAITING_SOUNDS: usize = 16;
/// Notices that may wait for the client to read them.
const WAITING_NOTICES: usize = 256;
/// From a client that is there something comes within so many heartbeats: sound, or the answer to a ping.
const SILENT_BEATS: u32 = 3;

/// Serves one socket until it is closed, breaks, or Hark stops.
pub(super) async fn serve(socket: WebSocket, state: AppState, listening: Listening, converter: Converter) {
    let (sender, receiver) = socket.split();
    let (sounds, hears) = mpsc::channel(WAITING_SOUNDS);
    let (notices, to_tell) = mpsc::channel(WAITING_NOTICES);
    let stop = state.parts().shutdown.child_token();
    let _stop_on_drop = stop.clone().drop_guard();
    let listener = state.listener().clone();
    let session = listener.listen(listening, hears, notices.clone(), stop.clone());
    let heartbeat = state.config().heartbeat;
    let writing = write(sender, to_tell, stop.clone(), heartbeat);
    let reading = async {
        let close = read(receiver, converter, &sounds, &notices, &stop, heartbeat * SILENT_BEATS).await;
        // Without senders the session ends, and then the writer says goodbye.
        drop((sounds, notices));
        close
    };
    let (_, close, sender) = tokio::join!(session, reading, writing);
    if let (Some(close), Some(mut sender)) = (close, sender) {
        let goodbye = sender.send(Frame::Close(Some(close)));
        tokio::time::timeout(heartbeat, goodbye).await.ok();
    }
}

/// Reads until the end; why the socket is to be closed, where the client does not know it.
async fn read(
    mut receiver: SplitStream<WebSocket>,
    mut converter: Converter,
    sounds: &mpsc::Sender<Sound>,
    notices: &mpsc::Sender<Notice>,
    stop: &CancellationToken,
    patience: Duration,
) -> Option<CloseFrame> {
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => return Some(closing(close_code::AWAY, "Hark stops")),
            next = tokio::time::timeout(patience, receiver.next()) => next,
        };
        let sound = match next {
            Err(_) => return Some(closing(close_code::AWAY, "nothing came, not even the answer to a ping")),
            Ok(None | Some(Ok(Frame::Close(_)))) => return None,
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "a live session broke");
                return Some(closing(close_code::SIZE, "a message is broken, or larger than 192 KiB"));
            }
            Ok(Some(Ok(Frame::Ping(_) | Frame::Pong(_)))) => continue,
            Ok(Some(Ok(Frame::Binary(bytes)))) => match samples_of(&bytes) {
                None => Err((
                    "audio_odd_length",
                    "sound comes as samples of two bytes, and this message has an odd number of bytes"
                        .to_owned(),
                )),
                Some(samples) => match converter.push(&samples) {
                    Ok(samples) => Ok(Sound::Samples(samples)),
                    Err(reason) => Err(("audio_failed", reason)),
                },
            },
            Ok(Some(Ok(Frame::Text(text)))) => match Message::read(&text) {
                Ok(message) => Ok(message.into_sound()),
                Err(reason) => Err(("message_unknown", reason)),
            },
        };
        match sound {
            Ok(sound) => {
                if sounds.send(sound).await.is_err() {
                    return None;
                }
            }
            // What follows would be heard wrong, so it is not heard at all.
            Err((code, message)) => {
                notices.send(Notice::Refused { code: code.to_owned(), message }).await.ok();
                return Some(closing(close_code::INVALID, code));
            }
        }
    }
}

/// Writes notices until there are no more, and a ping each `heartbeat`; gives the socket back where it is
/// still good. A client that takes no message for that long is gone.
async fn write(
    mut sender: SplitSink<WebSocket, Frame>,
    mut notices: mpsc::Receiver<Notice>,
    stop: CancellationToken,
    heartbeat: Duration,
) -> Option<SplitSink<WebSocket, Frame>> {
    let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + heartbeat, heartbeat);
    loop {
        let frame = tokio::select! {
            notice = notices.recv() => match notice {
                // Serialising our own types cannot fail.
                Some(notice) => Frame::Text(serde_json::to_string(&notice).unwrap_or_default().into()),
                None => return Some(sender),
            },
            _ = pings.tick() => Frame::Ping(Vec::new().into()),
        };
        let sent = tokio::time::timeout(heartbeat, sender.send(frame)).await;
        if !matches!(sent, Ok(Ok(()))) {
            // Nobody reads: the session ends, and what it still tells goes nowhere.
            stop.cancel();
            return None;
        }
    }
}

fn closing(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}
