//! The language of an answer: that of the request, or else the configured one; codes are the same in all.

use axum::http::{StatusCode, header};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::test_app::{Setup, TestApp, command};

async fn give(app: &TestApp, text: &str, languages: &str) -> crate::support::test_app::Answer {
    let mut request = command(&json!({"text": text}));
    request.headers_mut().insert(header::ACCEPT_LANGUAGE, languages.parse().unwrap());
    app.send(request).await
}

#[tokio::test]
async fn a_command_is_answered_in_the_language_that_it_asks_for() {
    let nothing = || Setup { answers: vec![r#"{"selectedTools":[]}"#], ..Setup::default() };
    let app = TestApp::with(nothing()).await;
    for (languages, reply) in [
        ("de-AT, en;q=0.5", "Keines der verbundenen Werkzeuge passt dazu."),
        ("en", "None of the connected tools fits that."),
        ("fi, *", "None of the connected tools fits that."),
    ] {
        let answer = give(&app, "Do something else.", languages).await;
        answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "no_tool_fits");
        let problem = answer.json();
        assert_eq!(problem["detail"], reply, "{languages}");
        assert_eq!(problem["outcome"]["reply"], reply, "{languages}");
    }
}

#[tokio::test]
async fn progress_is_told_in_that_language_under_the_same_names() {
    let app = TestApp::new().await;
    let result = give(&app, "Do good.", "de").await.json();
    let events: Vec<(&str, &str)> = result["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["message"].as_str().unwrap()))
        .collect();
    assert!(events.contains(&("analyzing", "Ich denke nach")), "{events:?}");
    assert!(events.contains(&("executing", "Ich rufe good (shed) auf.")), "{events:?}");
    assert_eq!(events.last().unwrap().0, "completed");
}

#[tokio::test]
async fn a_command_that_is_not_taken_is_refused_in_that_language() {
    let app = TestApp::new().await;
    let answer = give(&app, "  ", "de").await;
    answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "text_empty");
    assert_eq!(answer.json()["detail"], "der Befehl ist leer; sag oder tippe, was zu tun ist");
}

#[tokio::test]
async fn a_live_session_is_answered_in_the_language_of_its_address() {
    let app = TestApp::with(Setup { answers: vec![r#"{"selectedTools":[]}"#], ..Setup::default() }).await;
    let address = app.serve().await.replace("http://", "ws://");
    let (mut socket, _) = connect_async(format!("{address}/api/voice/stream?language=de")).await.unwrap();
    socket
        .send(Message::text(json!({"type": "text", "text": "Tu etwas anderes."}).to_string()))
        .await
        .unwrap();
    let reply = loop {
        let Some(Ok(message)) = socket.next().await else { panic!("closed before the end") };
        let Ok(line) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else { continue };
        if line["type"] == "error" {
            break line["message"].clone();
        }
    };
    assert_eq!(reply, "Keines der verbundenen Werkzeuge passt dazu.");
}
