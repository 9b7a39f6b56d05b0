//! Requests that cannot be understood: each is refused with a code and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a request that cannot be made fails the test")]

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use futures::stream;
use serde_json::json;

use crate::support::test_app::{Setup, TestApp, command, post, request, wav};

fn form(boundary: &str, parts: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in parts {
        body +=
            &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!("--{boundary}--\r\n");
    post(&format!("multipart/form-data; boundary={boundary}"), body)
}

fn recording(query: &str) -> Request<Body> {
    request(Method::POST, &format!("/api/voice/command?{query}"))
        .header(header::CONTENT_TYPE, "audio/wav")
        .body(Body::from(wav()))
        .unwrap()
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_by_name() {
    let app = TestApp::new().await;
    let long = "a".repeat(4_001);
    let long_id = "s".repeat(129);
    let (bad, unfit, large) =
        (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::PAYLOAD_TOO_LARGE);
    for (what, request, status, code) in [
        ("broken JSON", post("application/json", "{\"text\": \"hi"), bad, "json_broken"),
        ("nothing", post("application/json", ""), bad, "json_broken"),
        ("no text", command(&json!({})), bad, "fields_invalid"),
        ("an unknown field", command(&json!({"text": "hi", "txet": 1})), bad, "fields_invalid"),
        ("a wrong type", command(&json!({"text": 7})), bad, "fields_invalid"),
        ("an empty text", command(&json!({"text": "  \n "})), unfit, "text_empty"),
        ("a long text", command(&json!({"text": long})), unfit, "text_too_long"),
        ("a very long text", command(&json!({"text": "a".repeat(300_000)})), large, "body_too_large"),
        ("a zone", command(&json!({"text": "hi", "timezone": "Mars/Olympus"})), unfit, "timezone_unknown"),
        ("a session", command(&json!({"text": "hi", "sessionId": ""})), unfit, "session_invalid"),
        ("a long session", command(&json!({"text": "hi", "sessionId": long_id})), unfit, "session_invalid"),
        (
            "HTML",
            post("text/html", "<b>hi</b>"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type_unsupported",
        ),
        (
            "no content type",
            request(Method::POST, "/api/voice/command").body(Body::from("hi")).unwrap(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type_unsupported",
        ),
        ("an unknown query field", recording("text=hi"), bad, "query_invalid"),
        ("a query that is no bool", recording("dryRun=maybe"), bad, "query_invalid"),
        ("a query zone", recording("timezone=Nowhere"), unfit, "timezone_unknown"),
        (
            "a query beside JSON",
            request(Method::POST, "/api/voice/command?dryRun=true")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(r#"{"text":"hi"}"#))
                .unwrap(),
            bad,
            "query_invalid",
        ),
        ("a form without boundary", post("multipart/form-data", "hi"), bad, "multipart_broken"),
        ("a torn form", post("multipart/form-data; boundary=x", "--x\r\nConte"), bad, "multipart_broken"),
        ("an empty form", form("x", &[]), bad, "fields_invalid"),
        ("an unknown form field", form("x", &[("text", "hi"), ("colour", "red")]), bad, "fields_invalid"),
        ("a form field twice", form("x", &[("text", "hi"), ("text", "ho")]), bad, "fields_invalid"),
        ("file and text", form("x", &[("file", "RIFF"), ("text", "ho")]), bad, "fields_invalid"),
        ("a form's zone", form("x", &[("text", "hi"), ("timezone", "Nowhere")]), unfit, "timezone_unknown"),
        ("a form's bool", form("x", &[("dryRun", "maybe"), ("text", "hi")]), bad, "fields_invalid"),
    ] {
        let answer = app.send(request).await;
        assert_eq!(answer.json()["code"], code, "{what}: {answer:?}");
        answer.assert_problem(status, code);
    }
    let history = app.get("/api/voice/commands").await.json();
    assert_eq!(history["commands"], json!([]), "nothing of it became a command");
    assert_eq!(app.say("Do good.").await.status, StatusCode::OK, "and the service goes on");
}

#[tokio::test]
async fn recordings_that_are_none_fail_by_name() {
    let app = TestApp::new().await;
    for (what, body) in [("nothing", Vec::new()), ("text", b"not sound at all, but text".to_vec())] {
        let answer = app.send(post("audio/wav", body)).await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert!(code.starts_with("audio_") && answer.status.is_client_error(), "{what}: {answer:?}");
        assert_eq!(answer.json()["outcome"]["error"]["code"], code.as_str(), "{what}");
    }
}

#[tokio::test]
async fn a_recording_that_is_too_large_is_refused_while_it_is_read() {
    let mut setup = Setup::default();
    setup.api.max_audio_bytes = 10_000;
    let app = TestApp::with(setup).await;
    let announced = request(Method::POST, "/api/voice/command")
        .header(header::CONTENT_TYPE, "audio/wav")
        .header(header::CONTENT_LENGTH, "10001")
        .body(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()))
        .unwrap();
    app.send(announced).await.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");

    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[0; 1_000])));
    let answer = app.send(post("audio/wav", Body::from_stream(endless))).await;
    answer.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");

    let answer = app.send(form("x", &[("file", &"a".repeat(10_001))])).await;
    answer.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    let answer = app.send(form("x", &[("junk", &"a".repeat(1_000_000))])).await;
    answer.assert_problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let mut setup = Setup::default();
    setup.api.body_timeout = Duration::from_millis(1);
    let app = TestApp::with(setup).await;
    let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = app.send(post("audio/wav", never)).await;
    answer.assert_problem(StatusCode::REQUEST_TIMEOUT, "body_too_slow");
}
