//! The tools room against real MCP servers, and against small ones that each have one fault.

mod faults;
mod kept;
mod resources;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hark::domain::{ToolName, ToolOutput, ToolSet, UserId};
use hark::tools::{
    CallError, Environment, Registry, ServerConfig, ServerState, ServerStatus, ToolsConfig, Transport,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A bound that is never reached unless something is broken; no test takes its measure from it.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn installed(program: &str) -> String {
    let path = root().join(".tools").join(program);
    assert!(path.exists(), "{} is missing; scripts/test-setup installs it", path.display());
    path.to_string_lossy().into_owned()
}

#[expect(clippy::disallowed_methods, reason = "the servers need the path to find node and python3")]
fn own_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Servers of the test see the path only, so that they find `node` and `python3`.
fn path_only() -> Environment {
    Environment::new(|name| if name == "PATH" { own_variable(name) } else { None })
}

fn stdio(key: &str, program: &str, args: &[&str]) -> ServerConfig {
    let mut config = ServerConfig::stdio(key, program, args.iter().copied());
    config.environment = path_only();
    config
}

fn node(key: &str, name: &str, args: &[&str]) -> ServerConfig {
    stdio(key, &installed(&format!("node_modules/.bin/{name}")), args)
}

fn python(key: &str, name: &str, args: &[&str]) -> ServerConfig {
    stdio(key, &installed(&format!("venv/bin/{name}")), args)
}

/// `fixtures/servers/faulty.py` with that fault, which is its key, too.
fn faulty(fault: &str) -> ServerConfig {
    let script = root().join("fixtures/servers/faulty.py");
    stdio(fault, "python3", &[&script.to_string_lossy(), fault])
}

fn start(servers: Vec<ServerConfig>) -> Registry {
    start_with(ToolsConfig { servers, ..ToolsConfig::default() })
}

fn start_with(config: ToolsConfig) -> Registry {
    Registry::start(config, &TaskTracker::new(), CancellationToken::new())
}

async fn ready(servers: Vec<ServerConfig>) -> Registry {
    let registry = start(servers);
    registry.settle(PATIENCE).await;
    for server in registry.servers() {
        assert_eq!(server.state, ServerState::Ready, "{server:?}");
    }
    registry
}

async fn tools(registry: &Registry) -> Arc<ToolSet> {
    registry.snapshot(&UserId::local()).await
}

fn names(tools: &ToolSet) -> Vec<String> {
    tools.tools().iter().map(|tool| tool.name.to_string()).collect()
}

async fn call(registry: &Registry, tool: &str, arguments: Value) -> Result<ToolOutput, CallError> {
    let set = tools(registry).await;
    let name: ToolName = tool.parse().unwrap();
    let tool = set.find(&name).unwrap_or_else(|| panic!("no {tool} in {:?}", names(&set)));
    registry.call(tool, &arguments, &CancellationToken::new(), &|_| {}).await
}

fn status(registry: &Registry, key: &str) -> ServerStatus {
    registry.servers().into_iter().find(|server| server.key == key).unwrap()
}

async fn stderr_says(registry: &Registry, key: &str, what: &str) {
    let says = |server: &ServerStatus| {
        server.key == key && server.stderr.as_deref().is_some_and(|it| it.contains(what))
    };
    let said = registry.until(PATIENCE, |servers| servers.iter().any(says)).await;
    assert!(said, "never said {what:?}: {:?}", status(registry, key));
}

fn is_alive(pid: &str) -> bool {
    // A killed process whose new parent has not looked at it yet is a zombie, which does nothing more.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn real_servers_of_both_generations_connect_list_and_answer() {
    let folder = tempfile::tempdir().unwrap();
    let folder_path = folder.path().to_string_lossy().into_owned();
    let mut memory = node("memory", "mcp-server-memory", &[]);
    if let Transport::Stdio { env, .. } = &mut memory.transport {
        env.insert("MEMORY_FILE_PATH".to_owned(), format!("{folder_path}/memory.json"));
    }
    let repository = folder.path().join("repository");
    assert!(
        std::process::Command::new("git").args(["init", "-q"]).arg(&repository).status().unwrap().success()
    );
    let registry = ready(vec![
        node("everything", "mcp-server-everything", &[]),
        node("files", "mcp-server-filesystem", &[&folder_path]),
        memory,
        python("time", "mcp-server-time", &["--local-timezone", "UTC"]),
        python("git", "mcp-server-git", &["--repository", &repository.to_string_lossy()]),
    ])
    .await;

    let set = tools(&registry).await;
    assert_eq!(set.services(), ["everything", "files", "memory", "time", "git"]);
    assert_eq!(set.rejected(), []);
    let versions: Vec<_> =
        registry.servers().into_iter().map(|server| server.protocol_version.unwrap()).collect();
    assert_eq!(versions, ["2025-11-25", "2025-11-25", "2025-11-25", "2026-07-28", "2026-07-28"]);
    let find = |name: &str| set.find(&name.parse().unwrap()).unwrap();
    assert!(find("files.read_text_file").annotations.read_only);
    assert!(find("files.write_file").annotations.destructive);

    let wrote = call(
        &registry,
        "files.write_file",
        json!({"path": format!("{folder_path}/a.txt"), "content": "milk"}),
    );
    assert!(!wrote.await.unwrap().is_error);
    let read = call(&registry, "files.read_text_file", json!({"path": format!("{folder_path}/a.txt")}))
        .await
        .unwrap();
    assert_eq!((read.text.as_str(), read.structured), ("milk", Some(json!({"content": "milk"}))));
    let outside = call(&registry, "files.read_text_file", json!({"path": "/etc/hostname"})).await.unwrap();
    assert!(outside.is_error && outside.text.contains("Access denied"), "{outside:?}");
    let made = json!({"entities": [{"name": "Ada", "entityType": "person", "observations": ["likes tea"]}]});
    assert!(call(&registry, "memory.create_entities", made).await.unwrap().text.contains("Ada"));
    let time = call(&registry, "time.get_current_time", json!({"timezone": "Asia/Tokyo"})).await.unwrap();
    assert_eq!(time.structured.unwrap()["timezone"], "Asia/Tokyo");
    let git = call(&registry, "git.git_status", json!({"repo_path": repository})).await.unwrap();
    assert!(git.text.contains("No commits yet"), "{}", git.text);
    let image = call(&registry, "everything.get-tiny-image", json!({})).await.unwrap();
    assert!(image.text.contains("[image, image/png]"), "{}", image.text);

    let files = status(&registry, "files");
    assert!(files.call_p50_ms.unwrap() <= files.call_p95_ms.unwrap());
    assert!(files.server_name.is_some() && files.connect_ms.is_some());
    registry.close().await;
    assert!(registry.servers().iter().all(|server| server.state == ServerState::Off));
    assert_eq!(tools(&registry).await.tools().len(), 0);
}

#[tokio::test]
async fn a_server_sees_no_variable_that_it_was_not_given() {
    let mut config = faulty("environment");
    if let Transport::Stdio { env, .. } = &mut config.transport {
        env.insert("GIVEN".to_owned(), "${PATH}".to_owned());
    }
    let registry = ready(vec![config]).await;
    let seen: Value =
        serde_json::from_str(&call(&registry, "environment.good", json!({})).await.unwrap().text).unwrap();
    // A launcher of Python may add some of its own; what must not come through is what this process has.
    assert_eq!(seen["GIVEN"], own_variable("PATH").unwrap());
    assert!(own_variable("HOME").is_some() && seen.get("HOME").is_none(), "{seen}");
}

#[tokio::test]
async fn progress_of_a_long_operation_is_told() {
    let registry = ready(vec![node("everything", "mcp-server-everything", &[])]).await;
    let set = tools(&registry).await;
    let tool = set.find(&ToolName::new("everything", "trigger-long-running-operation")).unwrap();
    let heard = Mutex::new(Vec::new());
    let arguments = json!({"duration": 0.3, "steps": 3});
    let output = registry
        .call(tool, &arguments, &CancellationToken::new(), &|message| heard.lock().unwrap().push(message))
        .await
        .unwrap();
    assert!(output.text.contains("completed"), "{}", output.text);
    let heard = heard.into_inner().unwrap();
    assert!(heard.iter().any(|message| message.contains("of 3")), "{heard:?}");
}

#[tokio::test]
async fn a_stopped_call_reaches_the_server_and_a_slow_one_ends_in_time() {
    let mut config = faulty("hangs-on-call");
    config.timeout = Some(Duration::from_millis(200));
    let mut patient = faulty("hangs-on-call");
    patient.key = "patient".to_owned();
    let registry = ready(vec![config, patient]).await;
    let late = call(&registry, "hangs-on-call.good", json!({})).await.unwrap_err();
    assert_eq!((late.code(), late.effect_unknown(), late.is_retryable()), ("call_timeout", true, false));
    stderr_says(&registry, "hangs-on-call", "told to stop: it took too long").await;

    let set = tools(&registry).await;
    let tool = set.find(&ToolName::new("patient", "good")).unwrap();
    let cancel = CancellationToken::new();
    let arguments = json!({});
    let quiet = |_| {};
    let calling = registry.call(tool, &arguments, &cancel, &quiet);
    let stopping = async { cancel.cancel() };
    let (stopped, ()) = tokio::join!(calling, stopping);
    let stopped = stopped.unwrap_err();
    assert_eq!((stopped.code(), stopped.effect_unknown()), ("call_cancelled", true));
    stderr_says(&registry, "patient", "told to stop: stopped by the person").await;

    {
        let never = CancellationToken::new();
        let call = registry.call(tool, &arguments, &never, &quiet);
        assert!(futures::FutureExt::now_or_never(call).is_none());
    }
    stderr_says(&registry, "patient", "no longer wanted").await;
    let refused = registry.call(tool, &arguments, &cancel, &quiet).await.unwrap_err();
    assert_eq!((refused.code(), refused.effect_unknown()), ("call_cancelled", false));
}

#[tokio::test]
async fn each_fault_has_its_own_reason_and_delays_no_other() {
    let mut nowhere = faulty("good");
    nowhere.key = "nowhere".to_owned();
    if let Transport::Stdio { cwd, .. } = &mut nowhere.transport {
        *cwd = Some(PathBuf::from("/no/such/folder"));
    }
    let mut unset = faulty("good");
    unset.key = "unset".to_owned();
    if let Transport::Stdio { env, .. } = &mut unset.transport {
        env.insert("KEY".to_owned(), "${NO_SUCH_VARIABLE}".to_owned());
    }
    let mut disabled = faulty("good");
    disabled.key = "disabled".to_owned();
    disabled.disabled = true;
    let servers = vec![
        stdio("missing", "no-such-program", &[]),
        nowhere,
        unset,
        disabled,
        faulty("dies-at-once"),
        faulty("hangs-on-initialize"),
        faulty("refuses"),
        faulty("endless-pages"),
        ServerConfig::http("unreachable", "http://127.0.0.1:9/mcp"),
        faulty("healthy"),
    ];
    let config = ToolsConfig { servers, connect_timeout: Duration::from_secs(5), ..ToolsConfig::default() };
    let registry = start_with(config);
    let is_ready = |server: &ServerStatus| server.key == "healthy" && server.state == ServerState::Ready;
    assert!(registry.until(PATIENCE, |servers| servers.iter().any(is_ready)).await);
    assert_eq!(status(&registry, "hangs-on-initialize").state, ServerState::Starting);
    assert_eq!(names(&*tools(&registry).await), ["healthy.good"]);

    registry.settle(PATIENCE).await;
    for (key, reason) in [
        ("missing", "there is no program \"no-such-program\""),
        ("nowhere", "its working folder /no/such/folder does not exist"),
        ("unset", "its env.KEY names ${NO_SUCH_VARIABLE}, which is not set"),
        ("dies-at-once", "its process ended (exit status: 3)"),
        ("hangs-on-initialize", "it started and did not answer within 5 s"),
        ("refuses", "the licence has run out"),
        ("endless-pages", "it gave the same page mark twice"),
        ("unreachable", "it could not be reached"),
    ] {
        let error = status(&registry, key).error.unwrap_or_default();
        assert!(error.contains(reason), "{key}: {error:?}");
    }
    assert_eq!(status(&registry, "dies-at-once").stderr.as_deref(), Some("no licence found"));
    assert_eq!(status(&registry, "disabled").state, ServerState::Off);
    assert_eq!(status(&registry, "healthy").restarts, 0);
    registry.close().await;
}

#[tokio::test]
async fn a_call_to_a_server_that_is_not_there_fails_at_once_with_the_reason() {
    let registry = ready(vec![faulty("dies-on-call")]).await;
    let set = tools(&registry).await;
    let tool = &set.tools()[0];
    let never = CancellationToken::new();
    let lost = registry.call(tool, &json!({}), &never, &|_| {}).await.unwrap_err();
    assert_eq!((lost.code(), lost.effect_unknown(), lost.is_retryable()), ("server_lost", true, false));
    assert!(lost.to_string().contains("exit status: 7"), "{lost}");

    registry.close().await;
    let gone = registry.call(tool, &json!({}), &never, &|_| {}).await.unwrap_err();
    assert_eq!(
        (gone.code(), gone.effect_unknown(), gone.is_retryable()),
        ("server_unavailable", false, true)
    );
    let elsewhere = start(vec![stdio("dies-on-call", "no-such-program", &[])]);
    elsewhere.settle(PATIENCE).await;
    let gone = elsewhere.call(tool, &json!({}), &never, &|_| {}).await.unwrap_err();
    assert!(gone.to_string().contains("there is no program \"no-such-program\""), "{gone}");
    let unknown = start(Vec::new()).call(tool, &json!({}), &never, &|_| {}).await.unwrap_err();
    assert_eq!(unknown.code(), "server_unknown");
    let shape = registry.call(tool, &json!([1]), &never, &|_| {}).await.unwrap_err();
    assert_eq!(shape.code(), "arguments_invalid");
}

#[tokio::test]
async fn a_server_that_dies_is_started_again_and_its_tools_return() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = faulty("hangs-once");
    if let Transport::Stdio { args, .. } = &mut config.transport {
        args.push(folder.path().join("died").to_string_lossy().into_owned());
    }
    let registry = ready(vec![config]).await;
    let before = tools(&registry).await;
    let lost = call(&registry, "hangs-once.good", json!({})).await.unwrap_err();
    assert_eq!(lost.code(), "server_lost");
    let back = |servers: &[ServerStatus]| servers[0].state == ServerState::Ready && servers[0].restarts == 1;
    assert!(registry.until(PATIENCE, back).await, "{:?}", registry.servers());
    assert_eq!(status(&registry, "hangs-once").error, None);
    assert_eq!(call(&registry, "hangs-once.good", json!({})).await.unwrap().text, "done");
    let after = tools(&registry).await;
    assert!(!Arc::ptr_eq(&before, &after), "the kept list was dropped");
    assert_eq!(before.version(), after.version());
}

#[tokio::test]
async fn rubbish_on_stdout_and_a_flood_on_stderr_do_no_harm() {
    let registry = ready(vec![faulty("rubbish"), faulty("floods-stderr")]).await;
    for tool in ["rubbish.good", "floods-stderr.good"] {
        assert_eq!(call(&registry, tool, json!({})).await.unwrap().text, "done");
    }
    let tail = status(&registry, "floods-stderr").stderr.unwrap();
    assert!(tail.len() <= 4096 && tail.ends_with("flood"), "{} bytes", tail.len());
}

#[tokio::test]
async fn a_bad_tool_costs_itself_and_not_its_server() {
    let registry = ready(vec![faulty("broken-schema"), faulty("broken-shape"), faulty("pages")]).await;
    let set = tools(&registry).await;
    assert_eq!(
        names(&set),
        [
            "broken-schema.good",
            "broken-shape.good",
            "pages.page_0",
            "pages.page_1",
            "pages.page_2",
            "pages.page_3"
        ]
    );
    let rejected: Vec<_> =
        set.rejected().iter().map(|tool| (tool.name.to_string(), tool.reason.as_str())).collect();
    for (name, reason) in [
        ("broken-schema.bad_type", "its input schema cannot be used"),
        ("broken-schema.bad_pattern", "its input schema cannot be used"),
        ("broken-schema.bad_result", "its output schema cannot be used"),
        ("broken-schema.not_an_object", "does not describe an object"),
        ("broken-schema.fetches", "its input schema cannot be used"),
        ("broken-schema.good", "two tools of this name"),
        ("broken-shape.no_schema", "not in the form that MCP prescribes"),
    ] {
        assert!(rejected.iter().any(|(n, r)| n == name && r.contains(reason)), "{name}: {rejected:?}");
    }
    assert_eq!(rejected.len(), 7);
    assert_eq!(status(&registry, "broken-schema").rejected.len(), 6);
}

#[tokio::test]
async fn a_changed_list_is_seen_in_both_generations() {
    let registry = ready(vec![faulty("changes-list"), faulty("modern")]).await;
    assert_eq!(status(&registry, "modern").protocol_version.as_deref(), Some("2026-07-28"));
    let first = tools(&registry).await;
    assert!(Arc::ptr_eq(&first, &tools(&registry).await), "nothing changed, nothing is made anew");
    assert_eq!(first.tools().len(), 2);
    for (index, key) in ["changes-list", "modern"].into_iter().enumerate() {
        // The subscription may be opened after the first call; every call adds a tool and tells it.
        let start = Instant::now();
        while registry.servers()[index].tools < 2 {
            assert!(start.elapsed() < PATIENCE);
            call(&registry, &format!("{key}.good"), json!({})).await.unwrap();
            registry.until(Duration::from_millis(300), |servers| servers[index].tools >= 2).await;
        }
    }
    let names = names(&*tools(&registry).await);
    for name in ["changes-list.extra_1", "modern.extra_1"] {
        assert!(names.iter().any(|n| n == name), "{names:?}");
    }
}

#[tokio::test]
async fn a_result_that_is_not_what_was_promised_is_a_failed_call() {
    let registry = ready(vec![faulty("liar"), faulty("too-much")]).await;
    for (tool, code, fault) in [
        ("liar.lies", "result_invalid", "/count"),
        ("liar.forgets", "result_invalid", "gave none"),
        ("too-much.good", "result_too_large", "2097152 bytes"),
    ] {
        let error = call(&registry, tool, json!({})).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(fault), "{error}");
    }
}

#[tokio::test]
async fn an_end_by_either_way_ends_what_a_server_started_in_turn() {
    for is_closed in [true, false] {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let config = ToolsConfig { servers: vec![faulty("grandchild")], ..ToolsConfig::default() };
        let registry = Registry::start(config, &tracker, shutdown.clone());
        registry.settle(PATIENCE).await;
        let pid = call(&registry, "grandchild.good", json!({})).await.unwrap().text;
        assert!(is_alive(&pid));
        if is_closed {
            registry.close().await;
        } else {
            shutdown.cancel();
        }
        tracker.close();
        // The grandchild holds the error output open, and its reader is one of the tasks.
        tokio::time::timeout(PATIENCE, tracker.wait()).await.expect("all tasks end");
        assert!(!is_alive(&pid));
    }
}

#[tokio::test]
async fn lists_are_kept_for_each_user_and_for_the_set_time() {
    let registry = ready(vec![faulty("healthy")]).await;
    let (ada, bob) = (UserId("ada".to_owned()), UserId("bob".to_owned()));
    let first = registry.snapshot(&ada).await;
    assert!(Arc::ptr_eq(&first, &registry.snapshot(&ada).await));
    let other = registry.snapshot(&bob).await;
    assert!(!Arc::ptr_eq(&first, &other));
    assert_eq!(first.version(), other.version());

    let config = ToolsConfig {
        servers: vec![faulty("healthy")],
        cache_ttl: Duration::from_millis(1),
        ..ToolsConfig::default()
    };
    let registry = start_with(config);
    registry.settle(PATIENCE).await;
    let first = registry.snapshot(&ada).await;
    let start = Instant::now();
    while Arc::ptr_eq(&first, &registry.snapshot(&ada).await) {
        assert!(start.elapsed() < PATIENCE);
    }
}

/// An everything server over streamable HTTP; its port is free again once it is dropped.
struct HttpServer {
    process: std::process::Child,
    url: String,
}

impl HttpServer {
    fn start(port: u16) -> Self {
        let process = std::process::Command::new(installed("node_modules/.bin/mcp-server-everything"))
            .arg("streamableHttp")
            .env("PORT", port.to_string())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self { process, url: format!("http://127.0.0.1:{port}/mcp") }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

async fn until_ready(registry: &Registry, restarts: u32) {
    let is_ready = |server: &ServerStatus| server.state == ServerState::Ready && server.restarts >= restarts;
    assert!(registry.until(PATIENCE, |servers| is_ready(&servers[0])).await, "{:?}", registry.servers());
}

#[tokio::test]
async fn a_server_over_http_answers_goes_and_comes_back() {
    let port = free_port();
    let server = HttpServer::start(port);
    let registry = start(vec![ServerConfig::http("web", &server.url)]);
    until_ready(&registry, 0).await;
    let sum = call(&registry, "web.get-sum", json!({"a": 2, "b": 3})).await.unwrap();
    assert!(sum.text.contains('5'), "{}", sum.text);
    let set = tools(&registry).await;
    let long = set.find(&ToolName::new("web", "trigger-long-running-operation")).unwrap();
    let cancel = CancellationToken::new();
    let arguments = json!({"duration": 1000, "steps": 10_000});
    let stop = |_| cancel.cancel();
    let stopped = registry.call(long, &arguments, &cancel, &stop).await.unwrap_err();
    assert_eq!(stopped.code(), "call_cancelled");

    let before = registry.servers()[0].restarts;
    drop(server);
    let never = CancellationToken::new();
    let echo = set.find(&ToolName::new("web", "echo")).unwrap();
    let gone = registry.call(echo, &json!({"message": "hi"}), &never, &|_| {}).await.unwrap_err();
    assert!(["call_not_delivered", "server_unavailable"].contains(&gone.code()), "{gone}");
    assert!(gone.is_retryable() && !gone.effect_unknown());
    let is_down = |server: &ServerStatus| server.state == ServerState::Failed;
    assert!(registry.until(PATIENCE, |servers| is_down(&servers[0])).await);
    assert_eq!(tools(&registry).await.tools().len(), 0);

    let _server = HttpServer::start(port);
    until_ready(&registry, before + 1).await;
    assert!(call(&registry, "web.echo", json!({"message": "hi"})).await.unwrap().text.contains("hi"));
    registry.close().await;
}

#[tokio::test]
async fn an_address_that_is_no_mcp_server_says_why() {
    use axum::http::{HeaderMap, StatusCode, header};
    use axum::routing::any;
    let router = axum::Router::new()
        .route(
            "/key",
            any(|headers: HeaderMap| async move {
                let known = headers.get("x-key").is_some_and(|key| key == "right");
                if known { StatusCode::IM_A_TEAPOT } else { StatusCode::UNAUTHORIZED }
            }),
        )
        .route("/page", any(|| async { ([(header::CONTENT_TYPE, "text/html")], "<html>welcome</html>") }))
        .route("/moved", any(|| async { (StatusCode::FOUND, [(header::LOCATION, "/page")]) }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    let mut keyed = ServerConfig::http("keyed", format!("{base}/key"));
    if let Transport::Http { headers, .. } = &mut keyed.transport {
        headers.insert("X-Key".to_owned(), "right".to_owned());
    }
    let registry = start(vec![
        ServerConfig::http("key", format!("{base}/key")),
        keyed,
        ServerConfig::http("page", format!("{base}/page")),
        ServerConfig::http("moved", format!("{base}/moved")),
        ServerConfig::http("missing", format!("{base}/missing")),
        ServerConfig::http("scheme", "ftp://127.0.0.1/"),
    ]);
    registry.settle(PATIENCE).await;
    for (key, reason) in [
        ("key", "401"),
        ("keyed", "418"),
        ("page", "text/html"),
        ("moved", "302"),
        ("missing", "404"),
        ("scheme", "neither http nor https"),
    ] {
        let error = status(&registry, key).error.unwrap_or_default();
        assert!(error.contains(reason), "{key}: {error:?}");
    }
    registry.close().await;
    serving.abort();
}
