//! `Idempotency-Key`: a request that comes again is answered with what came of the first one.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::test_app::{Setup, TestApp, command, post, wav};

fn keyed(mut request: Request<Body>, key: &str) -> Request<Body> {
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

fn asking(text: &str, key: &str) -> Request<Body> {
    keyed(command(&json!({"text": text})), key)
}

async fn commands(app: &TestApp) -> usize {
    app.get("/api/voice/commands").await.json()["commands"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_key_is_answered_with_the_first_result() {
    let app = TestApp::new().await;
    let first = app.send(asking("Do good.", "\"one\"")).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let again = app.send(asking("Do good.", "one")).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.json()));
    let mut asynchronous = asking("Do good.", "\"one\"");
    asynchronous.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    let accepted = app.send(asynchronous).await;
    let Value::Object(first) = first.json() else { panic!("no object") };
    assert_eq!(accepted.json(), json!({"commandId": first["commandId"], "status": "done"}));
    assert_eq!(commands(&app).await, 1);

    let other = app.send(asking("Do good.", "\"two\"")).await;
    assert_ne!(other.json()["commandId"], first["commandId"]);
    assert_eq!(commands(&app).await, 2);
}

#[tokio::test]
async fn whoever_repeats_a_request_that_is_under_way_joins_it() {
    let app = TestApp::with(Setup { is_held: true, ..Setup::default() }).await;
    let (first, again, _) = tokio::join!(
        app.send(asking("Do good.", "\"one\"")),
        app.send(asking("Do good.", "\"one\"")),
        async {
            // Both wait for the model, which is asked once.
            app.model.let_through(1);
        }
    );
    assert_eq!((first.status, first.json()), (StatusCode::OK, again.json()));
    assert_eq!(commands(&app).await, 1);
}

#[tokio::test]
async fn a_key_stands_for_one_request_only() {
    let app = TestApp::new().await;
    app.send(asking("Do good.", "\"one\"")).await;
    let others = [
        command(&json!({"text": "Do better."})),
        command(&json!({"text": "Do good.", "dryRun": true})),
        command(&json!({"text": "Do good.", "sessionId": "kitchen"})),
        post("audio/wav", wav()),
    ];
    for other in others {
        let answer = app.send(keyed(other, "\"one\"")).await;
        answer.assert_problem(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused");
    }
    let bad = app.send(asking("Do good.", "two words")).await;
    bad.assert_problem(StatusCode::BAD_REQUEST, "idempotency_key_invalid");
    assert_eq!(commands(&app).await, 1);
}
