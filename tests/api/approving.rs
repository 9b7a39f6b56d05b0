//! Calls that the policy asks about, over HTTP: who may agree, and what is always allowed.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use hark::api::{Scope, Users};
use serde_json::{Value, json};

use crate::support::test_app::{Answer, Setup, TestApp, command, request};

const ACT: &str = r#"{"selectedTools":[{"service":"shed","tool":"act","params":{}}]}"#;

struct Person<'a> {
    app: &'a TestApp,
    token: String,
}

impl Person<'_> {
    async fn send(&self, mut request: Request<Body>) -> Answer {
        let value = format!("Bearer {}", self.token).parse().expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, value);
        self.app.send(request).await
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        self.send(request(method, path).body(Body::empty()).expect("a request")).await
    }

    /// Says "Act.", which is asked about; the conversation.
    async fn begin(&self) -> Value {
        let asked = self.send(command(&json!({"text": "Act."}))).await.json();
        assert_eq!(asked["needsClarification"], true, "{asked}");
        asked["sessionId"].clone()
    }

    async fn answer(&self, session: &Value, text: &str) -> Answer {
        self.send(command(&json!({"text": text, "sessionId": session}))).await
    }
}

#[tokio::test]
async fn only_who_may_approve_can_agree_and_take_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let users = Users::at(folder.path().join("users.json"));
    let token = |name: &str, scopes: &[Scope]| {
        let added = users.add(name, scopes.iter().copied().collect(), None);
        added.expect("a user").expose().to_owned()
    };
    let (ann, bob) = (token("ann", &[Scope::Speak]), token("bob", &[Scope::Speak, Scope::Approve]));
    let mut setup = Setup { answers: vec![ACT; 5], fault: "destroys", ..Setup::default() };
    setup.api.users = users.clone();
    let app = TestApp::with(setup).await;
    let (ann, bob) = (Person { app: &app, token: ann }, Person { app: &app, token: bob });

    let session = ann.begin().await;
    for yes in ["yes", "always allow this"] {
        ann.answer(&session, yes).await.assert_problem(StatusCode::FORBIDDEN, "approval_not_allowed");
    }
    ann.ask(Method::GET, "/api/policy/allowances")
        .await
        .assert_problem(StatusCode::FORBIDDEN, "scope_missing");

    let session = bob.begin().await;
    assert_eq!(bob.answer(&session, "yes").await.status, StatusCode::OK);
    bob.answer(&session, "yes").await.assert_problem(StatusCode::CONFLICT, "approval_void");
    let session = bob.begin().await;
    assert_eq!(bob.answer(&session, "always allow this").await.status, StatusCode::OK);
    let again = bob.send(command(&json!({"text": "Act."}))).await;
    assert_eq!(again.json()["success"], true, "it is allowed now");

    let listed = bob.ask(Method::GET, "/api/policy/allowances").await.json();
    let [allowance] = listed["allowances"].as_array().expect("a list").as_slice() else { panic!("{listed}") };
    let path = format!("/api/policy/allowances/{}", allowance["id"]);
    assert_eq!(bob.ask(Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    bob.ask(Method::DELETE, &path).await.assert_problem(StatusCode::NOT_FOUND, "no_such_allowance");
    bob.begin().await;
}
