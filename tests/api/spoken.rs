//! Recordings, raw and in forms.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::support::test_app::{TestApp, post, request, wav};

fn part(name: &str, value: &[u8]) -> Vec<u8> {
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.bin\"\r\n\r\n");
    [head.as_bytes(), value, b"\r\n"].concat()
}

#[tokio::test]
async fn a_raw_recording_is_heard_whatever_it_is_called() {
    let app = TestApp::new().await;
    for kind in ["audio/wav", "audio/webm;codecs=opus", "video/webm", "application/octet-stream"] {
        let request =
            request(Method::POST, "/api/voice/command?sessionId=one&timezone=Asia/Tokyo&dryRun=false")
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(wav()))
                .unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {answer:?}");
        let result = answer.json();
        assert_eq!(result["text"], "do good", "{kind}");
        assert_eq!(result["transcript"]["audioMs"], 1_000);
        assert_eq!(result["sessionId"], "one");
    }
    let history = app.get("/api/voice/commands").await.json();
    assert_eq!(history["commands"][0]["spoken"], true);
}

#[tokio::test]
async fn a_form_may_have_its_parts_in_any_order() {
    let app = TestApp::new().await;
    let sound = wav();
    let (file, session, dry) = (part("file", &sound), part("sessionId", b"one"), part("dryRun", b"true"));
    for parts in [[&file, &session, &dry], [&dry, &session, &file], [&session, &file, &dry]] {
        let body = [&parts.map(|part| part.as_slice()).concat()[..], b"--x--\r\n"].concat();
        let answer = app.send(post("multipart/form-data; boundary=x", body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let result = answer.json();
        assert_eq!((&result["text"], &result["sessionId"]), (&"do good".into(), &"one".into()));
        assert_eq!(result["results"][0]["status"], "skipped");
    }
}

#[tokio::test]
async fn a_form_may_hold_a_typed_command() {
    let app = TestApp::new().await;
    let body = [part("text", b"Do good."), b"--x--\r\n".to_vec()].concat();
    let answer = app.send(post("multipart/form-data; boundary=x", body)).await;
    assert_eq!((answer.status, &answer.json()["text"]), (StatusCode::OK, &"Do good.".into()));
}
