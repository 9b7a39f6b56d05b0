//! What Hark tells of itself: health, state, tools, figures, and the description of its own door.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::test_app::{Setup, TestApp};

#[tokio::test]
async fn it_lives_and_is_ready() {
    let app = TestApp::new().await;
    let alive = app.get("/healthz").await;
    assert_eq!((alive.status, &alive.json()["status"]), (StatusCode::OK, &json!("ok")));
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["status"]), (StatusCode::OK, &json!("ready")));
}

#[tokio::test]
async fn the_status_names_models_servers_and_limits() {
    let app = TestApp::new().await;
    let status = app.get("/api/status").await.json();
    assert_eq!(status["speech"]["name"], "hears");
    assert_eq!(status["language"], json!({"name": "answers", "local": false, "state": "remote"}));
    assert_eq!(status["servers"][0]["key"], "shed");
    assert_eq!(status["limits"]["textChars"], 4_000);
    assert_eq!(status["user"], "local");
}

#[tokio::test]
async fn tools_are_listed_with_what_was_left_out_and_why() {
    let app = TestApp::with(Setup { fault: "broken-schema", ..Setup::default() }).await;
    let list = app.get("/api/tools").await.json();
    let good = &list["tools"][0];
    assert_eq!(
        (&good["name"], &good["service"], &good["tool"]),
        (&json!("shed.good"), &json!("shed"), &json!("good"))
    );
    assert_eq!(good["inputSchema"]["type"], "object");
    assert_eq!(good["annotations"]["readOnly"], true);
    assert_eq!(list["services"], json!(["shed"]));
    let rejected = list["rejected"].as_array().unwrap();
    assert!(rejected.iter().any(|tool| tool["name"] == "shed.bad_type"), "{list}");
    assert!(rejected.iter().all(|tool| !tool["reason"].as_str().unwrap().is_empty()), "{list}");
    assert_eq!(list["servers"][0]["key"], "shed");
}

#[tokio::test]
async fn figures_are_counted_from_what_happened() {
    let answers = vec![
        crate::support::test_app::GOOD_PLAN,
        crate::support::test_app::GOOD_PLAN,
        r#"{"selectedTools":[]}"#,
    ];
    let app = TestApp::with(Setup { answers, ..Setup::default() }).await;
    for text in ["Do good.", "Do good again.", "Sing."] {
        app.say(text).await;
    }
    let figures = app.get("/metrics").await;
    assert!(figures.header(header::CONTENT_TYPE).starts_with("text/plain"));
    for line in [
        "hark_commands_total{outcome=\"done\",code=\"\"} 2",
        "hark_commands_total{outcome=\"failed\",code=\"no_tool_fits\"} 1",
        "hark_events_total{type=\"completed\"} 2",
        "hark_events_total{type=\"error\"} 1",
        "hark_steps_total{service=\"shed\",status=\"done\"} 2",
        "hark_stage_seconds_count{stage=\"plan\"} 3",
        "hark_stage_seconds_bucket{stage=\"plan\",le=\"+Inf\"} 3",
        "hark_command_seconds_count{outcome=\"done\"} 2",
        "hark_server_up{server=\"shed\"} 1",
        "hark_commands_running 0",
    ] {
        assert!(figures.text().lines().any(|found| found == line), "{line} is not in\n{}", figures.text());
    }
}

#[tokio::test]
async fn the_door_describes_itself() {
    let app = TestApp::new().await;
    let description = app.get("/openapi.json").await.json();
    let mut routes = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
            routes.push(format!("{} {path}: {summary}", method.to_uppercase()));
        }
    }
    insta::assert_json_snapshot!(routes);
    let mut referred = Vec::new();
    references(&description, &mut referred);
    for name in referred {
        let schema = &description["components"]["schemas"][name.trim_start_matches("#/components/schemas/")];
        assert!(schema.is_object(), "{name} leads nowhere");
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
