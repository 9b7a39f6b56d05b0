//! People with tokens of their own: what each may do, and that nothing of one is another's.

#![expect(clippy::unwrap_used, reason = "a request that cannot be made fails the test")]

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use hark::api::{Scope, Users, UsersError, check_bind};
use serde_json::json;

use crate::support::test_app::{Setup, TestApp, command, request};

fn with_token(mut request: Request<Body>, token: &str) -> Request<Body> {
    request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    request
}

fn get(path: &str, token: &str) -> Request<Body> {
    with_token(request(Method::GET, path).body(Body::empty()).unwrap(), token)
}

fn add(users: &Users, name: &str, scopes: &[Scope]) -> String {
    users.add(name, scopes.iter().copied().collect(), None).unwrap().expose().to_owned()
}

#[tokio::test]
async fn a_token_lets_do_what_its_scopes_say_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::at(folder.path().join("users.json"));
    let mut setup = Setup::default();
    setup.api.users = users.clone();
    let app = TestApp::with(setup).await;
    assert_eq!(app.get("/api/status").await.status, StatusCode::OK, "without users nobody is asked");

    let ann = add(&users, "ann", &[Scope::Speak]);
    let ops = add(&users, "ops", &[Scope::Administer]);
    app.get("/api/status").await.assert_problem(StatusCode::UNAUTHORIZED, "token_missing");
    for (path, token, is_good) in [
        ("/api/status", &ann, true),
        ("/api/status", &ops, true),
        ("/api/tools", &ann, true),
        ("/api/tools", &ops, false),
        ("/api/voice/commands", &ops, false),
        ("/metrics", &ann, false),
        ("/metrics", &ops, true),
        ("/api/policy/allowances", &ann, false),
    ] {
        let answer = app.send(get(path, token)).await;
        match is_good {
            true => assert_eq!(answer.status, StatusCode::OK, "{path}"),
            false => answer.assert_problem(StatusCode::FORBIDDEN, "scope_missing"),
        }
    }
    let said = app.send(with_token(command(&json!({"text": "Do good."})), &ops)).await;
    said.assert_problem(StatusCode::FORBIDDEN, "scope_missing");
    assert_eq!(
        app.send(with_token(command(&json!({"text": "Do good."})), &ann)).await.status,
        StatusCode::OK
    );
    assert_eq!(app.send(get("/api/status", &ann)).await.json()["user"], "ann");

    users.remove("ann").unwrap();
    let gone = app.send(get("/api/status", &ann)).await;
    gone.assert_problem(StatusCode::UNAUTHORIZED, "token_wrong");
}

#[tokio::test]
async fn history_and_limits_are_each_persons_own() {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::at(folder.path().join("users.json"));
    let ann = users.add("ann", BTreeSet::from([Scope::Speak]), Some(1)).unwrap().expose().to_owned();
    let bob = add(&users, "bob", &[Scope::Speak]);
    let mut setup = Setup::default();
    setup.api.users = users;
    let app = TestApp::with(setup).await;
    let say = |token| app.send(with_token(command(&json!({"text": "Do good."})), token));
    let id = say(&ann).await.json()["commandId"].as_str().unwrap().to_owned();
    say(&ann).await.assert_problem(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    assert_eq!(say(&bob).await.status, StatusCode::OK, "bob has the usual limit");
    for path in [format!("/api/voice/commands/{id}"), format!("/api/voice/commands/{id}/events")] {
        app.send(get(&path, &bob)).await.assert_problem(StatusCode::NOT_FOUND, "command_unknown");
    }
    let theirs = app.send(get("/api/voice/commands", &bob)).await.json();
    assert_eq!(theirs["commands"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stream_of_events_is_not_for_pages_of_other_sites() {
    let app = TestApp::new().await;
    for (origin, is_good) in [("http://127.0.0.1:7380", true), ("https://evil.example", false)] {
        let asked = request(Method::GET, "/api/voice/commands").header(header::ORIGIN, origin);
        let answer = app.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status == StatusCode::OK, is_good, "{origin}: {answer:?}");
    }
}

#[test]
fn tokens_are_kept_as_hashes_for_their_owners_eyes_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    let users = Users::at(path.clone());
    let token = add(&users, "ann", &[Scope::Speak]);
    assert_eq!(token.len(), 64);
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.contains("ann") && !kept.contains(&token), "{kept}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(users.add("ann", [Scope::Speak].into(), None), Err(UsersError::Taken(_))));
    assert!(matches!(users.add("a b", [Scope::Speak].into(), None), Err(UsersError::BadName(_))));
    assert!(matches!(users.add("bob", BTreeSet::new(), None), Err(UsersError::NoScope)));
    assert!(matches!(users.remove("bob"), Err(UsersError::Unknown(_))));
    assert!(check_bind("0.0.0.0:7380".parse().unwrap(), None, true).is_ok(), "users are a lock, too");
}

#[tokio::test]
async fn where_the_users_cannot_be_read_nobody_comes_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    std::fs::write(&path, "[{").unwrap();
    let mut setup = Setup::default();
    setup.api.users = Users::at(path);
    let app = TestApp::with(setup).await;
    let answer = app.get("/api/status").await;
    answer.assert_problem(StatusCode::SERVICE_UNAVAILABLE, "users_unreadable");
}
