//! Progress over a real connection: live, with a heartbeat, taken up again after a loss, replayed.

#![expect(clippy::expect_used, reason = "a stream that cannot be read fails the test")]

use std::time::Duration;

use axum::http::{StatusCode, header};
use futures::StreamExt;
use hark::progress::ProgressConfig;
use serde_json::{Value, json};

use crate::support::test_app::{Setup, TestApp};

/// Lines of a stream until `is_enough` of all that came.
async fn read_until(response: reqwest::Response, is_enough: impl Fn(&str) -> bool) -> String {
    let mut chunks = response.bytes_stream();
    let mut text = String::new();
    while !is_enough(&text) {
        match chunks.next().await {
            Some(chunk) => text += std::str::from_utf8(&chunk.expect("the connection holds")).expect("text"),
            None => break,
        }
    }
    text
}

/// The events of a stream: number, type, data.
fn events(text: &str) -> Vec<(u64, String, Value)> {
    text.split("\n\n")
        .filter(|block| block.contains("data:"))
        .map(|block| {
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name)).expect(name);
                line.trim_start_matches(':').trim().to_owned()
            };
            let data = serde_json::from_str(&field("data")).expect("JSON");
            (field("id").parse().expect("a number"), field("event"), data)
        })
        .collect()
}

fn told(text: &str) -> Vec<(u64, String)> {
    events(text).into_iter().map(|(number, kind, _)| (number, kind)).collect()
}

#[tokio::test]
async fn a_command_is_told_live() {
    let app = TestApp::new().await;
    let url = format!("{}/api/voice/command", app.serve().await);
    let response = reqwest::Client::new()
        .post(url)
        .header(header::ACCEPT, "text/event-stream")
        .json(&json!({"text": "Do good."}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert!(
        response.headers()[header::CONTENT_LOCATION].to_str().unwrap().starts_with("/api/voice/commands/")
    );
    let told = events(&response.text().await.unwrap());
    let numbers: Vec<u64> = told.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=told.len() as u64).collect::<Vec<_>>());
    for (number, kind, data) in &told {
        assert_eq!((&data["seq"], &data["type"]), (&json!(number), &json!(kind)));
    }
    let kinds: Vec<&str> = told.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["discovering", "analyzing", "planned", "executing", "executing", "completed"]);
    assert_eq!(told.last().unwrap().2["data"]["success"], true);
}

#[tokio::test]
async fn a_lost_connection_is_taken_up_where_it_broke() {
    let app = TestApp::with(Setup { is_held: true, ..Setup::default() }).await;
    let url = format!("{}/api/voice/commands/{}/events", app.serve().await, app.begin("Do good.").await);
    let client = reqwest::Client::new();
    let before = read_until(client.get(&url).send().await.unwrap(), |text| text.contains("id: 2\n")).await;
    assert_eq!(told(&before), [(1, "discovering".to_owned()), (2, "analyzing".to_owned())]);

    // The first connection is gone now. Two others come: one goes on, one starts over.
    let again = client.get(&url).header("last-event-id", "2").send().await.unwrap();
    let fresh = client.get(format!("{url}?after=1")).send().await.unwrap();
    app.model.let_through(1);
    let again = told(&again.text().await.unwrap());
    assert_eq!(again.first(), Some(&(3, "planned".to_owned())));
    assert_eq!(again.last(), Some(&(6, "completed".to_owned())));
    assert_eq!(told(&fresh.text().await.unwrap())[1..], again);

    let all = told(&client.get(&url).send().await.unwrap().text().await.unwrap());
    assert_eq!(all, [told(&before), again].concat(), "a finished command is replayed");
    let over = client.get(&url).header("last-event-id", "6").send().await.unwrap();
    assert_eq!(over.status(), StatusCode::NO_CONTENT, "which ends an EventSource for good");
}

#[tokio::test]
async fn a_quiet_stream_has_a_heartbeat() {
    let mut setup = Setup { is_held: true, ..Setup::default() };
    setup.api.heartbeat = Duration::from_millis(1);
    let app = TestApp::with(setup).await;
    let url = format!("{}/api/voice/commands/{}/events", app.serve().await, app.begin("Do good.").await);
    let text =
        read_until(reqwest::get(&url).await.unwrap(), |text| text.matches(": heartbeat").count() > 2).await;
    assert!(text.matches(": heartbeat").count() > 2, "{text}");
}

#[tokio::test]
async fn what_memory_forgot_is_replayed_from_the_store() {
    let progress = ProgressConfig { max_streams: 0, ..ProgressConfig::default() };
    let app = TestApp::with(Setup { progress, ..Setup::default() }).await;
    let answer = app.say("Do good.").await.json();
    let address = format!("/api/voice/commands/{}/events", answer["commandId"].as_str().unwrap());
    let all = events(app.get(&address).await.text());
    assert_eq!(all.last().map(|(_, kind, _)| kind.as_str()), Some("completed"));
    assert_eq!(all.last().unwrap().2["data"]["success"], true);
    let numbers: Vec<u64> = all.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>());
    let rest = events(app.get(&format!("{address}?after=4")).await.text());
    assert_eq!(rest, all[4..]);
    assert_eq!(app.get(&format!("{address}?after=99")).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_number_that_is_none_is_refused() {
    let app = TestApp::new().await;
    let address = format!("/api/voice/commands/{}/events", app.begin("Do good.").await);
    app.get(&format!("{address}?after=soup")).await.assert_problem(StatusCode::BAD_REQUEST, "query_invalid");
    app.get(&format!("{address}?before=1")).await.assert_problem(StatusCode::BAD_REQUEST, "query_invalid");
}

#[tokio::test]
async fn a_watcher_does_not_hold_up_the_end_of_hark() {
    let mut setup = Setup { is_held: true, ..Setup::default() };
    setup.api.grace = Duration::ZERO;
    let app = TestApp::with(setup).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/voice/commands", listener.local_addr().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = hark::api::serve(listener, app.state.clone(), stop.clone());
    let watching = async {
        let url = format!("{url}/{}/events", app.begin("Do good.").await);
        let watcher = reqwest::get(url).await.unwrap();
        stop.cancel();
        watcher
    };
    let (served, _watcher) = futures::future::join(serving, watching).await;
    served.unwrap();
}
