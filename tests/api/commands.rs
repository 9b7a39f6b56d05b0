//! Typed commands: given, answered, looked at, listed, stopped.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use futures::FutureExt;
use hark::domain::{CommandId, SessionId, UserId};
use hark::store::CommandRecord;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::test_app::{Setup, TestApp, command, request};

#[tokio::test]
async fn a_typed_command_is_carried_out_and_answered() {
    let app = TestApp::new().await;
    let answer = app.send(command(&json!({"text": "Do good.", "sessionId": "one"}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let result = answer.json();
    let address = format!("/api/voice/commands/{}", result["commandId"].as_str().unwrap());
    assert_eq!(answer.header(header::CONTENT_LOCATION), address);
    let stages: Vec<&String> = result["stages"].as_object().unwrap().keys().collect();
    assert_eq!(stages, ["discoverMs", "shortlistMs", "planMs", "modelMs", "executeMs"]);
    // The shape is pinned here; the sentences are other rooms' business.
    let mut result = result;
    for (place, stands_for) in [
        ("commandId", "[id]"),
        ("executionTime", "[ms]"),
        ("stages", "[ms]"),
        ("reply", "[sentence]"),
        ("plan.executionPlan", "[sentence]"),
        ("plan.toolsVersion", "[version]"),
        ("results.*.startedAt", "[time]"),
        ("results.*.elapsedMs", "[ms]"),
        ("events.*.commandId", "[id]"),
        ("events.*.message", "[sentence]"),
        ("events.*.timestamp", "[time]"),
        ("events.*.data.version", "[version]"),
        ("events.*.data.plan", "[plan]"),
        ("events.*.data.receipt", "[receipt]"),
    ] {
        replace(&mut result, place, stands_for);
    }
    insta::assert_json_snapshot!(result);
}

/// Puts `stands_for` in the place of what differs from run to run; `*` is each item of a list.
fn replace(value: &mut Value, place: &str, stands_for: &str) {
    let (name, rest) = place.split_once('.').unwrap_or((place, ""));
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) if name == "*" => items.iter_mut().collect(),
        other => other.get_mut(name).into_iter().collect(),
    };
    for value in inner {
        match rest {
            "" => *value = stands_for.into(),
            rest => replace(value, rest, stands_for),
        }
    }
}

#[tokio::test]
async fn a_failed_command_is_a_problem_that_keeps_its_outcome() {
    let app = TestApp::with(Setup { answers: vec![r#"{"selectedTools":[]}"#], ..Setup::default() }).await;
    let answer = app.say("Sing a song.").await;
    answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "no_tool_fits");
    let problem = answer.json();
    assert_eq!(problem["instance"], "/api/voice/command");
    assert_eq!(problem["commandId"], problem["outcome"]["commandId"]);
    assert_eq!(problem["outcome"]["text"], "Sing a song.");
    assert_eq!(problem["outcome"]["error"]["code"], "no_tool_fits");
    assert_eq!(
        problem["outcome"]["events"].as_array().and_then(|events| events.last()).unwrap()["type"],
        "error"
    );
}

#[tokio::test]
async fn a_failed_step_is_told_with_its_receipt() {
    let app = TestApp::with(Setup { fault: "dies-on-call", ..Setup::default() }).await;
    let answer = app.say("Do good.").await;
    answer.assert_problem(StatusCode::BAD_GATEWAY, "step_failed");
    assert_eq!(answer.json()["outcome"]["results"][0]["tool"], "shed.good");
}

#[tokio::test]
async fn a_dry_run_calls_nothing() {
    let app = TestApp::with(Setup { fault: "dies-on-call", ..Setup::default() }).await;
    let answer = app.send(command(&json!({"text": "Do good.", "dryRun": true}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["results"][0]["status"], "skipped");
}

#[tokio::test]
async fn who_prefers_not_to_wait_gets_an_address() {
    let app = TestApp::with(Setup { is_held: true, ..Setup::default() }).await;
    let mut request = command(&json!({"text": "Do good."}));
    request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.header("preference-applied"), "respond-async");
    assert_eq!(answer.json()["status"], "running");

    let address = answer.header(header::LOCATION);
    assert_eq!(app.get(address).await.json()["status"], "running");
    app.model.let_through(1);
    assert_eq!(app.get(&format!("{address}/events")).await.status, StatusCode::OK, "read to its end");
    let view = app.get(address).await.json();
    assert_eq!((&view["status"], &view["outcome"]["success"]), (&json!("done"), &json!(true)));
}

#[tokio::test]
async fn a_command_goes_on_when_nobody_waits_for_it() {
    let app = TestApp::with(Setup { is_held: true, ..Setup::default() }).await;
    let mut waiting = Box::pin(app.router().oneshot(command(&json!({"text": "Do good."}))));
    // Until the planner holds the command, the one who asked is still there.
    let id = loop {
        assert!((&mut waiting).now_or_never().is_none());
        tokio::task::yield_now().await;
        let history = app.get("/api/voice/commands").await.json();
        if let Some(id) = history["commands"][0]["commandId"].as_str() {
            break id.to_owned();
        }
    };
    drop(waiting);
    app.model.let_through(1);
    assert_eq!(app.get(&format!("/api/voice/commands/{id}/events")).await.status, StatusCode::OK);
    assert_eq!(app.get(&format!("/api/voice/commands/{id}")).await.json()["status"], "done");
}

#[tokio::test]
async fn a_running_command_is_stopped_once() {
    let app = TestApp::with(Setup { is_held: true, ..Setup::default() }).await;
    let address = format!("/api/voice/commands/{}", app.begin("Do good.").await);
    let stopped = app.delete(&address).await;
    assert_eq!((stopped.status, &stopped.json()["status"]), (StatusCode::ACCEPTED, &json!("stopping")));

    let events = app.get(&format!("{address}/events")).await;
    assert!(events.text().contains("\"code\":\"cancelled\""), "{}", events.text());
    let again = app.delete(&address).await;
    again.assert_problem(StatusCode::CONFLICT, "command_finished");
    assert_eq!(app.get(&address).await.json()["status"], "failed");
}

#[tokio::test]
async fn an_unknown_command_is_nowhere() {
    let app = TestApp::new().await;
    for id in [CommandId::new().to_string(), "soup".to_owned()] {
        let address = format!("/api/voice/commands/{id}");
        for answer in
            [app.get(&address).await, app.get(&format!("{address}/events")).await, app.delete(&address).await]
        {
            answer.assert_problem(StatusCode::NOT_FOUND, "command_unknown");
        }
    }
}

#[tokio::test]
async fn a_command_that_was_cut_off_says_so() {
    let app = TestApp::new().await;
    let record = CommandRecord {
        id: CommandId::new(),
        user: UserId::local(),
        session: SessionId("one".to_owned()),
        spoken: false,
        text: "Do good.".to_owned(),
        received_at: chrono::Utc::now(),
    };
    let address = format!("/api/voice/commands/{}", record.id);
    app.store.begin(record).await.unwrap();
    assert_eq!(app.get(&address).await.json()["status"], "lost");
    app.get(&format!("{address}/events")).await.assert_problem(StatusCode::GONE, "command_lost");
}

#[tokio::test]
async fn the_history_is_read_by_pages_newest_first() {
    let app = TestApp::new().await;
    for text in ["First.", "Second.", "Third."] {
        app.say(text).await;
    }
    let page = app.get("/api/voice/commands?limit=2").await.json();
    let texts = |page: &serde_json::Value| -> Vec<String> {
        let commands = page["commands"].as_array().unwrap();
        commands.iter().map(|command| command["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&page), ["Third.", "Second."]);
    let next =
        app.get(&format!("/api/voice/commands?limit=2&before={}", page["next"].as_str().unwrap())).await;
    assert_eq!((texts(&next.json()), next.json().get("next")), (vec!["First.".to_owned()], None));
    for query in ["limit=0", "limit=201", "limit=many", "before=yesterday", "after=1"] {
        let answer = app.get(&format!("/api/voice/commands?{query}")).await;
        answer.assert_problem(StatusCode::BAD_REQUEST, "query_invalid");
    }
}

#[tokio::test]
async fn a_user_has_so_many_commands_a_minute() {
    let mut setup = Setup::default();
    setup.api.commands_per_minute = 2;
    let app = TestApp::with(setup).await;
    for _ in 0..2 {
        assert_eq!(app.say("Do good.").await.status, StatusCode::OK);
    }
    let refused = app.say("Do good.").await;
    refused.assert_problem(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    let seconds: u64 = refused.header(header::RETRY_AFTER).parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(app.get("/api/voice/commands").await.status, StatusCode::OK, "reading costs nothing");
}

#[tokio::test]
async fn an_answer_that_nobody_can_give_is_not_promised() {
    let app = TestApp::new().await;
    let mut asked = command(&json!({"text": "Do good."}));
    asked.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
    app.send(asked).await.assert_problem(StatusCode::NOT_ACCEPTABLE, "not_acceptable");
    let put = request(Method::PUT, "/api/voice/command").body(Body::empty()).unwrap();
    let answer = app.send(put).await;
    answer.assert_problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    assert_eq!(answer.header(header::ALLOW), "POST");
}
