//! The fault matrix: for each thing that a server can do wrong, the state that is shown, what a call is
//! told, that the others go on, and how often an effect was had. `docs/faults.md` has the times.

use super::*;
use crate::support::test_app::{Setup, TestApp};

/// A faulty server that writes a line into `folder/effects` at each effect.
fn acting(fault: &str, folder: &Path) -> ServerConfig {
    let mut server = faulty(fault);
    if let Transport::Stdio { args, .. } = &mut server.transport {
        args.push(folder.join("effects").to_string_lossy().into_owned());
    }
    server
}

fn effects(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("effects")).map_or(0, |text| text.lines().count())
}

async fn until_state(registry: &Registry, key: &str, state: ServerState) -> ServerStatus {
    let is_so = |server: &ServerStatus| server.key == key && server.state == state;
    let reached = registry.until(PATIENCE, |servers| servers.iter().any(is_so)).await;
    assert!(reached, "never {state:?}: {:?}", status(registry, key));
    status(registry, key)
}

/// The server beside the faulty one answers.
async fn the_rest_is_unaffected(registry: &Registry) {
    assert_eq!(call(registry, "healthy.good", json!({})).await.unwrap().text, "done");
    let healthy = status(registry, "healthy");
    assert_eq!((healthy.state, healthy.restarts), (ServerState::Ready, 0));
}

#[tokio::test]
async fn killed() {
    let registry = ready(vec![faulty("pid"), faulty("healthy")]).await;
    let pid = call(&registry, "pid.good", json!({})).await.unwrap().text;
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let failed = until_state(&registry, "pid", ServerState::Failed).await;
    assert!(failed.error.unwrap().contains("SIGKILL"));
    the_rest_is_unaffected(&registry).await;
    assert_eq!(until_state(&registry, "pid", ServerState::Ready).await.restarts, 1);
    assert_ne!(call(&registry, "pid.good", json!({})).await.unwrap().text, pid);
}

#[tokio::test]
async fn hung() {
    let folder = tempfile::tempdir().unwrap();
    let mut frozen = acting("freezes", folder.path());
    frozen.timeout = Some(Duration::from_millis(300));
    let registry = ready(vec![frozen, faulty("healthy")]).await;
    let late = call(&registry, "freezes.act", json!({})).await.unwrap_err();
    assert_eq!((late.code(), late.effect_unknown()), ("call_timeout", true));
    the_rest_is_unaffected(&registry).await;
    let failed = until_state(&registry, "freezes", ServerState::Failed).await;
    assert!(failed.error.unwrap().starts_with("it hangs"));
    the_rest_is_unaffected(&registry).await;
    until_state(&registry, "freezes", ServerState::Ready).await;
    assert_eq!(call(&registry, "freezes.good", json!({})).await.unwrap().text, "done");
    assert_eq!(effects(folder.path()), 1);
}

#[tokio::test]
async fn an_unanswered_call_of_a_server_that_answers_otherwise_is_shown_and_no_reason_to_end_it() {
    let mut config = faulty("hangs-on-call");
    config.timeout = Some(Duration::from_millis(300));
    let registry = ready(vec![config]).await;
    call(&registry, "hangs-on-call.good", json!({})).await.unwrap_err();
    let shown = status(&registry, "hangs-on-call");
    assert_eq!((shown.state, shown.restarts), (ServerState::Degraded, 0));
    assert!(shown.error.unwrap().contains("gave no answer"));
    assert_eq!(names(&*tools(&registry).await), ["hangs-on-call.good"], "it can still be called");
}

#[tokio::test]
async fn slow_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("effects");
    let registry = start(vec![acting("slow-start", folder.path()), faulty("healthy")]);
    until_state(&registry, "healthy", ServerState::Ready).await;
    the_rest_is_unaffected(&registry).await;
    assert_eq!(status(&registry, "slow-start").state, ServerState::Starting);
    assert_eq!(names(&*tools(&registry).await), ["healthy.good"]);
    std::fs::write(gate, "").unwrap();
    until_state(&registry, "slow-start", ServerState::Ready).await;
    assert_eq!(names(&*tools(&registry).await), ["slow-start.good", "healthy.good"], "it joins late");
}

#[tokio::test]
async fn endless_stderr() {
    let registry = ready(vec![faulty("endless-stderr"), faulty("healthy")]).await;
    assert_eq!(call(&registry, "endless-stderr.good", json!({})).await.unwrap().text, "done");
    the_rest_is_unaffected(&registry).await;
    let shown = status(&registry, "endless-stderr");
    assert_eq!(shown.state, ServerState::Ready);
    assert!(shown.stderr.unwrap().len() <= 4096);
    registry.close().await;
}

#[tokio::test]
async fn results_that_are_too_large_or_not_as_promised() {
    let registry = ready(vec![faulty("too-much"), faulty("liar"), faulty("healthy")]).await;
    for (tool, code) in [("too-much.good", "result_too_large"), ("liar.lies", "result_invalid")] {
        assert_eq!(call(&registry, tool, json!({})).await.unwrap_err().code(), code);
        let (key, _) = tool.split_once('.').unwrap();
        assert_eq!(status(&registry, key).state, ServerState::Degraded);
    }
    the_rest_is_unaffected(&registry).await;
    call(&registry, "liar.good", json!({})).await.unwrap();
    assert_eq!(status(&registry, "liar").state, ServerState::Ready, "one good answer and it is well again");
    let mut generous = faulty("too-much");
    generous.limits.result_bytes = 3 * 1024 * 1024;
    let registry = ready(vec![generous]).await;
    assert_eq!(call(&registry, "too-much.good", json!({})).await.unwrap().text.len(), 2 * 1024 * 1024);
}

#[tokio::test]
async fn cut_in_mid_call_after_the_effect() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with(Setup {
        answers: vec![r#"{"selectedTools":[{"service":"shed","tool":"act","params":{}}]}"#],
        fault: "cut-after-effect",
        args: vec![folder.path().join("effects").to_string_lossy().into_owned()],
        ..Setup::default()
    })
    .await;
    let answer = app.say("Act.").await.json();
    assert_eq!(answer["outcome"]["results"][0]["status"], "unknown", "{answer}");
    assert_eq!(effects(folder.path()), 1, "nothing is tried again that may have been done");
}

#[tokio::test]
async fn a_list_that_changes_during_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ready(vec![acting("swaps", folder.path()), faulty("healthy")]).await;
    let planned = tools(&registry).await;
    let act = planned.find(&ToolName::new("swaps", "act")).unwrap();
    call(&registry, "swaps.good", json!({})).await.unwrap();
    let began = Instant::now();
    while tools(&registry).await.version() == planned.version() {
        assert!(began.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    let changed = registry.call(act, &json!({}), &CancellationToken::new(), &|_| {}).await.unwrap_err();
    assert_eq!((changed.code(), changed.effect_unknown()), ("tool_changed", false));
    assert_eq!(effects(folder.path()), 0);
    the_rest_is_unaffected(&registry).await;
    call(&registry, "swaps.act", json!({})).await.unwrap();
    assert_eq!(effects(folder.path()), 1, "planned anew, it is called");
}

#[tokio::test]
async fn a_flood_of_notices() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ready(vec![acting("notices", folder.path()), faulty("healthy")]).await;
    let (flooding, ()) =
        tokio::join!(call(&registry, "notices.act", json!({})), the_rest_is_unaffected(&registry));
    assert_eq!(flooding.unwrap().text, "done", "its own answer comes through, too");
    let shown = until_state(&registry, "notices", ServerState::Degraded).await;
    assert!(shown.error.unwrap().contains("more notices than are read"));
    assert_eq!((effects(folder.path()), shown.restarts), (1, 0));
}

#[tokio::test]
async fn more_calls_than_a_server_may_have() {
    let mut narrow = faulty("hangs-on-call");
    narrow.timeout = Some(Duration::from_secs(20));
    (narrow.limits.calls, narrow.limits.waiting) = (1, 1);
    let registry = ready(vec![narrow, faulty("healthy")]).await;
    let set = tools(&registry).await;
    let tool = set.find(&ToolName::new("hangs-on-call", "good")).unwrap();
    let (cancel, arguments, quiet) = (CancellationToken::new(), json!({}), |_| {});
    let mut under_way = Box::pin(registry.call(tool, &arguments, &cancel, &quiet));
    let mut waiting = Box::pin(registry.call(tool, &arguments, &cancel, &quiet));
    assert!(futures::FutureExt::now_or_never(under_way.as_mut()).is_none());
    assert!(futures::FutureExt::now_or_never(waiting.as_mut()).is_none());
    let shown = status(&registry, "hangs-on-call");
    assert_eq!((shown.calls, shown.waiting), (1, 1));
    let refused = registry.call(tool, &arguments, &cancel, &quiet).await.unwrap_err();
    assert_eq!((refused.code(), refused.effect_unknown()), ("server_busy", false));
    the_rest_is_unaffected(&registry).await;
    cancel.cancel();
    assert!(under_way.await.unwrap_err().effect_unknown(), "it was sent");
    assert!(!waiting.await.unwrap_err().effect_unknown(), "it was not");
}

#[tokio::test]
async fn a_server_that_is_held_back_is_neither_planned_with_nor_called() {
    let registry = ready(vec![faulty("healthy")]).await;
    let set = tools(&registry).await;
    assert!(registry.hold("healthy", Some("its tools changed".to_owned())));
    assert_eq!(status(&registry, "healthy").state, ServerState::Quarantined);
    assert_eq!(tools(&registry).await.tools().len(), 0);
    let never = CancellationToken::new();
    let refused = registry.call(&set.tools()[0], &json!({}), &never, &|_| {}).await.unwrap_err();
    assert_eq!(refused.code(), "server_unavailable");
    assert!(refused.to_string().contains("its tools changed"), "{refused}");
    registry.hold("healthy", None);
    the_rest_is_unaffected(&registry).await;
}

#[tokio::test]
async fn an_expired_token() {
    use axum::Json;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    async fn answer(Json(message): Json<Value>) -> Response {
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => json!({
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "web", "version": "1"},
            }),
            "tools/list" => json!({"tools": [{"name": "good", "inputSchema": {"type": "object"}}]}),
            "tools/call" => return StatusCode::UNAUTHORIZED.into_response(),
            "server/discover" => {
                let error = json!({"code": -32601, "message": "no such method"});
                return Json(json!({"jsonrpc": "2.0", "id": message["id"], "error": error})).into_response();
            }
            _ => return StatusCode::ACCEPTED.into_response(),
        };
        Json(json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).into_response()
    }
    let router = axum::Router::new().route("/mcp", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let serving = TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    let registry = ready(vec![ServerConfig::http("web", url), faulty("healthy")]).await;
    let refused = call(&registry, "web.good", json!({})).await.unwrap_err();
    assert_eq!((refused.code(), refused.effect_unknown()), ("call_refused", false), "{refused}");
    let shown = status(&registry, "web");
    assert_eq!((shown.state, shown.restarts), (ServerState::Degraded, 0));
    assert!(shown.error.unwrap().contains("401"));
    the_rest_is_unaffected(&registry).await;
    registry.close().await;
    serving.abort();
}
