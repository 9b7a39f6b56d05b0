//! Live audio: speech on a WebSocket becomes commands, and bad clients harm nobody but themselves.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hark::api::ApiConfig;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::live::{SAMPLES_A_MS, silence, spoken};
use crate::support::test_app::{Setup, TestApp};

/// A bound that is never reached unless something is broken; no test takes its measure from it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    async fn open(app: &TestApp, query: &str) -> Self {
        let address = app.serve().await.replace("http://", "ws://");
        let (socket, _) =
            connect_async(format!("{address}/api/voice/stream{query}")).await.expect("a socket");
        Self { socket }
    }

    /// Sends samples as a client does, in pieces of 100 ms.
    async fn play(&mut self, samples: &[i16]) {
        for piece in samples.chunks(100 * SAMPLES_A_MS) {
            let bytes: Vec<u8> = piece.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            self.socket.send(Message::Binary(bytes.into())).await.expect("an open socket");
        }
    }

    async fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("an open socket");
    }

    /// The next line; none once the socket is closed.
    async fn line(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a line in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// All lines up to the first of that type.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await.unwrap_or_else(|| panic!("closed before {kind}: {lines:#?}"));
            let is_it = line["type"] == kind;
            lines.push(line);
            if is_it {
                return lines;
            }
        }
    }
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn speech_becomes_a_command_once_it_has_ended() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app, "?sessionId=kitchen").await;
    client.play(&spoken("list-add")).await;
    client.play(&silence(1_000)).await;
    let lines = client.until("completed").await;
    let kinds = kinds(&lines);
    assert_eq!(kinds[..2], ["listening", "speech-start"], "{kinds:?}");
    let place = |kind: &str| {
        kinds.iter().position(|other| *other == kind).unwrap_or_else(|| panic!("{kind} in {kinds:?}"))
    };
    assert!(place("partial") < place("command"), "words are shown before the end is certain: {kinds:?}");
    assert!(place("speech-end") < place("command") && place("command") < place("transcribing"), "{kinds:?}");
    assert_eq!(lines[0]["sessionId"], "kitchen");
    let end = &lines[place("completed")]["data"];
    assert_eq!((&end["text"], &end["success"]), (&json!("do good"), &json!(true)));
    assert!(end["stages"]["aheadMs"].is_number(), "it was planned ahead: {end}");
    assert_eq!(lines[place("command")]["commandId"], end["commandId"]);

    // The socket stays open for the next turn of the conversation.
    client.play(&spoken("timer")).await;
    client.play(&silence(1_000)).await;
    let next = client.until("completed").await;
    assert_eq!(next.last().expect("lines")["data"]["sessionId"], "kitchen");
    let history = app.get("/api/voice/commands").await.json();
    assert_eq!(history["commands"].as_array().map(Vec::len), Some(2));
    assert_eq!(history["commands"][0]["spoken"], true);
}

#[tokio::test]
async fn a_held_key_begins_and_ends_what_is_said() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app, "?mode=held").await;
    client.play(&spoken("list-add")).await;
    client.play(&silence(1_000)).await;
    client.say(&json!({"type": "press"})).await;
    client.play(&spoken("list-add")).await;
    client.say(&json!({"type": "release"})).await;
    let lines = client.until("completed").await;
    let ends: Vec<_> = lines.iter().filter(|line| line["type"] == "speech-end").collect();
    assert_eq!((ends.len(), &ends[0]["end"]), (1, &json!("released")), "only what was held counts");

    client.say(&json!({"type": "press"})).await;
    client.play(&spoken("list-add")).await;
    client.say(&json!({"type": "discard"})).await;
    client.say(&json!({"type": "release"})).await;
    client.say(&json!({"type": "text", "text": "do good"})).await;
    let lines = client.until("completed").await;
    assert!(!kinds(&lines).contains(&"speech-end"), "what is thrown away is not heard");
    let history = app.get("/api/voice/commands").await.json();
    let spoken: Vec<_> =
        history["commands"].as_array().expect("commands").iter().map(|row| &row["spoken"]).collect();
    assert_eq!(spoken, [&json!(false), &json!(true)]);
}

#[tokio::test]
async fn stop_ends_what_is_under_way() {
    let app = TestApp::with(Setup { fault: "hangs-on-call", ..Setup::default() }).await;
    let mut client = Client::open(&app, "").await;
    client.say(&json!({"type": "text", "text": "do good"})).await;
    client.until("executing").await;
    client.say(&json!({"type": "text", "text": "Stop!"})).await;
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let line = client.line().await.expect("an open socket");
        if line["type"] == "completed" || line["type"] == "error" {
            ends.push(line["data"].clone());
        }
    }
    ends.sort_by_key(|end| end["text"].as_str() == Some("Stop!"));
    assert_eq!(ends[0]["error"]["code"], "cancelled", "{ends:#?}");
    assert_eq!(ends[1]["reply"], "Stopped.");
}

#[tokio::test]
async fn a_muted_microphone_is_told_of_and_silence_is_no_command() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app, "").await;
    client.play(&silence(3_000)).await;
    let lines = client.until("warning").await;
    assert_eq!(lines.last().expect("lines")["code"], "microphone_silent");
    assert_eq!(app.get("/api/voice/commands").await.json()["commands"], json!([]));
}

#[tokio::test]
async fn sound_and_messages_that_are_none_are_named_and_end_the_socket() {
    let app = TestApp::new().await;
    for (message, code) in [
        (Message::Binary(vec![0; 321].into()), "audio_odd_length"),
        (Message::text("dance"), "message_unknown"),
        (Message::text(r#"{"type":"rate","hz":8000}"#), "message_unknown"),
    ] {
        let mut client = Client::open(&app, "").await;
        client.until("listening").await;
        client.socket.send(message).await.expect("an open socket");
        let line = client.line().await.expect("a reason");
        assert_eq!((&line["type"], &line["code"]), (&json!("refused"), &json!(code)));
        assert!(client.line().await.is_none(), "it is closed");
    }
    let mut client = Client::open(&app, "").await;
    client.until("listening").await;
    client.socket.send(Message::Binary(vec![0; 300_000].into())).await.expect("an open socket");
    assert!(client.line().await.is_none(), "a message that is too large ends the socket");
}

#[tokio::test]
async fn a_client_that_stops_answering_gives_its_seat_away() {
    let api = ApiConfig {
        max_streams: 1,
        heartbeat: Duration::from_millis(50),
        commands_per_minute: 1_000,
        ..ApiConfig::default()
    };
    let app = TestApp::with(Setup { api, ..Setup::default() }).await;
    let address = app.serve().await.replace("http://", "ws://");
    let open = async || connect_async(format!("{address}/api/voice/stream")).await;
    // It is not read from, so that no ping is answered.
    let silent = open().await.expect("a socket");
    assert!(matches!(open().await, Err(Error::Http(response)) if response.status() == 503));
    let freed = async {
        while open().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the seat is free again");
    drop(silent);
}

#[tokio::test]
async fn who_may_not_open_a_socket_is_told_why() {
    let config = ApiConfig {
        max_streams: 1,
        tokens: vec![(hark::domain::UserId("ann".to_owned()), hark::llm::Secret::new("secret-of-ann"))],
        ..ApiConfig::default()
    };
    let app = TestApp::with(Setup { api: config, ..Setup::default() }).await;
    let address = app.serve().await.replace("http://", "ws://");
    let token = format!("hark.v1, hark.token.{}", hex("secret-of-ann"));
    let open = async |query: &str, protocols: &str, origin: Option<&str>| {
        let mut request =
            format!("{address}/api/voice/stream{query}").into_client_request().expect("a request");
        if !protocols.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", protocols.parse().expect("a header"));
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((socket, response)) => Ok((socket, response)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(open("", "hark.v1", None).await.err(), Some(401));
    assert_eq!(open("", "hark.v1, hark.token.00ff", None).await.err(), Some(401));
    assert_eq!(open("", &token, Some("https://evil.example")).await.err(), Some(403));
    assert_eq!(open("?mode=loud", &token, None).await.err(), Some(400));
    assert_eq!(open("?rate=5", &token, None).await.err(), Some(400));
    assert_eq!(open("?timezone=Mars", &token, None).await.err(), Some(422));
    let (socket, response) = open("", &token, None).await.expect("a socket");
    assert_eq!(response.headers()["sec-websocket-protocol"], "hark.v1", "the token is not sent back");
    assert_eq!(open("", &token, None).await.err(), Some(503), "all seats are taken");
    drop(socket);
    let plain =
        reqwest::Client::new().get(format!("{}/api/voice/stream", address.replace("ws://", "http://")));
    let plain = plain.bearer_auth("secret-of-ann").send().await.expect("an answer");
    assert_eq!(plain.status().as_u16(), 426);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
