//! Who may come in, from where, and what they see.

#![expect(clippy::unwrap_used, reason = "a request that cannot be made fails the test")]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use hark::api::check_bind;
use hark::domain::UserId;
use hark::llm::Secret;
use serde_json::json;

use crate::support::test_app::{Setup, TestApp, command, request};

fn with_token(mut request: Request<Body>, token: &str) -> Request<Body> {
    request.headers_mut().insert(header::AUTHORIZATION, token.parse().unwrap());
    request
}

fn get(path: &str) -> Request<Body> {
    request(Method::GET, path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn tokens_tell_people_apart() {
    let mut setup = Setup::default();
    setup.api.tokens = [("ann", "ann's long token"), ("bob", "bob's long token")]
        .map(|(name, token)| (UserId(name.to_owned()), Secret::new(token.to_owned())))
        .to_vec();
    let app = TestApp::with(setup).await;
    for path in ["/api/status", "/api/tools", "/api/voice/commands", "/metrics", "/openapi.json"] {
        let answer = app.get(path).await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "token_missing");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{path}");
        let answer = app.send(with_token(get(path), "Bearer somebody's token")).await;
        answer.assert_problem(StatusCode::UNAUTHORIZED, "token_wrong");
        assert_eq!(
            app.send(with_token(get(path), "bearer ann's long token")).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    app.send(command(&json!({"text": "Do good."})))
        .await
        .assert_problem(StatusCode::UNAUTHORIZED, "token_missing");
    for path in ["/", "/healthz", "/readyz"] {
        assert_eq!(app.get(path).await.status, StatusCode::OK, "{path} is open");
    }

    let given = app.send(with_token(command(&json!({"text": "Do good."})), "Bearer ann's long token")).await;
    assert_eq!(given.status, StatusCode::OK, "{given:?}");
    let address = format!("/api/voice/commands/{}", given.json()["commandId"].as_str().unwrap());
    for path in [address.clone(), format!("{address}/events")] {
        let mine = app.send(with_token(get(&path), "Bearer ann's long token")).await;
        assert_eq!(mine.status, StatusCode::OK);
        let theirs = app.send(with_token(get(&path), "Bearer bob's long token")).await;
        theirs.assert_problem(StatusCode::NOT_FOUND, "command_unknown");
    }
}

#[tokio::test]
async fn hark_answers_to_its_own_names_only() {
    let mut setup = Setup::default();
    setup.api.allowed_hosts = vec!["hark.lan".to_owned()];
    let app = TestApp::with(setup).await;
    for (host, is_good) in [
        ("localhost", true),
        ("LOCALHOST:7380", true),
        ("127.0.0.1:9", true),
        ("127.8.8.8", true),
        ("[::1]:7380", true),
        ("[::1]", true),
        ("hark.lan:443", true),
        ("evil.example", false),
        ("localhost.evil.example", false),
        ("127.0.0.1.evil.example", false),
        ("192.168.1.5", false),
        ("", false),
    ] {
        let asked = Request::get("/api/status").header(header::HOST, host).body(Body::empty()).unwrap();
        let answer = app.send(asked).await;
        match is_good {
            true => assert_eq!(answer.status, StatusCode::OK, "{host}"),
            false => answer.assert_problem(StatusCode::FORBIDDEN, "host_not_allowed"),
        }
    }
    let nameless = Request::get("/api/status").body(Body::empty()).unwrap();
    app.send(nameless).await.assert_problem(StatusCode::FORBIDDEN, "host_not_allowed");
}

#[tokio::test]
async fn other_web_sites_give_no_commands() {
    let app = TestApp::new().await;
    for (name, value, is_good) in [
        ("origin", "http://127.0.0.1:7380", true),
        ("origin", "https://evil.example", false),
        ("origin", "http://127.0.0.1:3000", false),
        ("origin", "null", false),
        ("sec-fetch-site", "same-origin", true),
        ("sec-fetch-site", "none", true),
        ("sec-fetch-site", "cross-site", false),
    ] {
        for method in ["POST", "DELETE"] {
            let mut asked = command(&json!({"text": "Do good.", "dryRun": true}));
            asked.headers_mut().insert(name, value.parse().unwrap());
            if method == "DELETE" {
                *asked.method_mut() = Method::DELETE;
                *asked.uri_mut() = "/api/voice/commands/soup".parse().unwrap();
            }
            let answer = app.send(asked).await;
            let is_refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, !is_good, "{method} with {name}: {value}: {answer:?}");
            if is_refused {
                answer.assert_problem(StatusCode::FORBIDDEN, "origin_not_allowed");
            }
        }
    }
}

#[test]
fn a_door_to_the_network_needs_a_lock() {
    let good = Secret::new("a long random token".to_owned());
    let short = Secret::new("letmein".to_owned());
    for (address, token, is_good) in [
        ("127.0.0.1:7380", None, true),
        ("[::1]:7380", None, true),
        ("[::ffff:127.0.0.1]:7380", None, true),
        ("127.0.0.1:7380", Some(&short), true),
        ("0.0.0.0:7380", None, false),
        ("[::]:7380", None, false),
        ("192.168.1.5:7380", None, false),
        ("0.0.0.0:7380", Some(&short), false),
        ("0.0.0.0:7380", Some(&good), true),
    ] {
        let checked = check_bind(address.parse().unwrap(), token, false);
        assert_eq!(checked.is_ok(), is_good, "{address}: {checked:?}");
    }
    let refusal = check_bind("0.0.0.0:7380".parse().unwrap(), None, false).unwrap_err().to_string();
    assert!(
        refusal.contains("HARK_SERVER__TOKEN") && refusal.contains("127.0.0.1"),
        "names the way out: {refusal}"
    );
}
