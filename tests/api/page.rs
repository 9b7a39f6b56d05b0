//! How the page is served; what it does is tested in a browser.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::support::test_app::{TestApp, request};

#[tokio::test]
async fn the_page_is_guarded_and_asked_for_again() {
    let app = TestApp::new().await;
    let page = app.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header(header::CONTENT_TYPE).starts_with("text/html"));
    assert_eq!(page.header(header::CACHE_CONTROL), "no-cache");
    assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer");
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");

    let known = request(Method::GET, "/index.html").header(header::IF_NONE_MATCH, page.header(header::ETAG));
    let again = app.send(known.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let stale =
        request(Method::GET, "/").header(header::IF_NONE_MATCH, "\"old\"").body(Body::empty()).unwrap();
    assert_eq!(app.send(stale).await.body, page.body);
}

#[tokio::test]
async fn each_file_of_messages_is_a_language_of_the_page() {
    let app = TestApp::new().await;
    let languages = app.get("/messages/index.json").await.json();
    let languages: Vec<&str> = languages.as_array().unwrap().iter().filter_map(|tag| tag.as_str()).collect();
    assert!(languages.contains(&"en") && languages.contains(&"de"), "{languages:?}");
    for tag in languages {
        let catalogue = app.get(&format!("/messages/{tag}.json")).await;
        assert_eq!(catalogue.status, StatusCode::OK);
        assert!(catalogue.json()["direction"].is_string(), "{tag}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let app = TestApp::new().await;
    for path in ["/nothing", "/api/nothing", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/api", "//etc/passwd"] {
        app.get(path).await.assert_problem(StatusCode::NOT_FOUND, "not_found");
    }
    let post = request(Method::POST, "/").body(Body::empty()).unwrap();
    app.send(post).await.assert_problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    assert_eq!(app.get("/api/status").await.header(header::CACHE_CONTROL), "no-store");
}
