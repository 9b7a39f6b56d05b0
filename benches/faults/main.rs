//! What a broken server costs the others, and how soon a stop stops: `make faults` runs it and writes
//! `docs/faults.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    missing_docs,
    reason = "a bench that cannot be set up ends, prints what it found, and uses a part of the tests' support"
)]

#[path = "../../tests/support/test_app.rs"]
mod test_app;

mod stop;

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use hark::domain::{Tool, UserId};
use hark::tools::{Environment, Registry, ServerConfig, ServerState, ToolsConfig, Transport};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_secs(60);
/// How long the healthy server is called in quiet, and beside each fault.
const QUIET: Duration = Duration::from_secs(2);
const BESIDE: Duration = Duration::from_secs(4);
/// A call of another server may be slowed by no more.
const BOUND: Duration = Duration::from_millis(50);

/// Name, the fault of `fixtures/servers/faulty.py`, the tool to call, and the call's limit.
const FAULTS: [(&str, &str, &str, u64); 12] = [
    ("killed", "pid", "good", 30_000),
    ("hung", "freezes", "act", 500),
    ("slow to start", "slow-start", "", 30_000),
    ("rubbish on stdout", "rubbish", "good", 30_000),
    ("endless stderr", "endless-stderr", "good", 30_000),
    ("huge results", "too-much", "good", 30_000),
    ("cut in mid-call after the effect", "cut-after-effect", "act", 30_000),
    ("list changing during a plan", "swaps", "good", 30_000),
    ("wrong output schema", "liar", "lies", 30_000),
    ("duplicate names", "broken-schema", "good", 30_000),
    ("grandchildren left behind", "grandchild", "good", 30_000),
    ("a flood of notices", "notices", "act", 30_000),
];

fn server(key: &str, fault: &str, folder: &Path, timeout: u64) -> ServerConfig {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/servers/faulty.py");
    let effects = folder.join("effects");
    let args = [&*script.to_string_lossy(), fault, &*effects.to_string_lossy()].map(str::to_owned);
    let mut config = ServerConfig::stdio(key, "python3", args);
    config.timeout = Some(Duration::from_millis(timeout));
    config.environment = Environment::new(|name| (name == "PATH").then(|| std::env::var("PATH").unwrap()));
    if let Transport::Stdio { env, .. } = &mut config.transport {
        env.insert("PYTHONUNBUFFERED".to_owned(), "1".to_owned());
    }
    config
}

async fn tool(registry: &Registry, service: &str, name: &str) -> std::sync::Arc<Tool> {
    let set = registry.snapshot(&UserId::local()).await;
    set.tools().iter().find(|it| &*it.name.service == service && &*it.name.tool == name).unwrap().clone()
}

async fn call(registry: &Registry, tool: &Tool) -> String {
    let result = registry.call(tool, &json!({}), &CancellationToken::new(), &|_| {}).await;
    result.map_or_else(|error| error.code().to_owned(), |_| "answered".to_owned())
}

/// Calls one after the other for so long; when each began, and how long it took.
async fn calls(registry: &Registry, tool: &Tool, at_most: Duration) -> Vec<(Duration, Duration)> {
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < at_most {
        let (at, started) = (began.elapsed(), Instant::now());
        assert_eq!(call(registry, tool).await, "answered");
        times.push((at, started.elapsed()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times
}

fn median(times: &[(Duration, Duration)]) -> Duration {
    let mut sorted: Vec<_> = times.iter().map(|(_, took)| *took).collect();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}

async fn beside((name, fault, called, timeout): (&str, &str, &str, u64)) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let servers = vec![
        server("faulty", fault, folder.path(), timeout),
        server("healthy", "none", folder.path(), 30_000),
    ];
    let config = ToolsConfig { servers, ..ToolsConfig::default() };
    let registry = Registry::start(config, &TaskTracker::new(), CancellationToken::new());
    let is_up = |state: ServerState| state == ServerState::Ready;
    assert!(registry.until(PATIENCE, |servers| is_up(servers[1].state)).await);
    if !called.is_empty() {
        assert!(registry.until(PATIENCE, |servers| servers[0].state.is_up()).await);
    }
    let healthy = tool(&registry, "healthy", "good").await;
    let usual = median(&calls(&registry, &healthy, QUIET).await);

    let mut shown = Vec::new();
    let provoke = async {
        let told = match called {
            "" => "not called".to_owned(),
            called => {
                let faulty = tool(&registry, "faulty", called).await;
                if fault == "pid" {
                    let pid = registry.call(&faulty, &json!({}), &CancellationToken::new(), &|_| {}).await;
                    let pid = pid.unwrap().text;
                    std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
                    "not called".to_owned()
                } else {
                    call(&registry, &faulty).await
                }
            }
        };
        let began = Instant::now();
        while began.elapsed() < BESIDE.saturating_sub(Duration::from_secs(1)) {
            let state = registry.servers()[0].state.name();
            if shown.last() != Some(&state) {
                shown.push(state);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        told
    };
    let (times, told) = tokio::join!(calls(&registry, &healthy, BESIDE), provoke);
    let worst = times.iter().map(|(_, took)| *took).max().unwrap();
    let slowed = times.iter().filter(|(_, took)| took.saturating_sub(usual) > BOUND);
    let unaffected = slowed.map(|(at, took)| *at + *took).max().unwrap_or_default();
    let effects = std::fs::read_to_string(folder.path().join("effects")).unwrap_or_default().lines().count();
    registry.close().await;
    let row = format!(
        "| {name} | {} | {told} | {} | {} | {} | {} | {effects} |",
        shown.join(", "),
        times.len(),
        ms(usual),
        ms(worst.saturating_sub(usual)),
        ms(unaffected),
    );
    (row, worst.saturating_sub(usual) <= BOUND && effects < 2)
}

#[tokio::main]
async fn main() {
    let mut page = String::from(
        "# What a broken server costs, and how soon a stop stops\n\n\
         Made by `make faults`; the tests of the same faults are in `tests/tools/faults.rs`. The servers are\n\
         processes (`fixtures/servers/faulty.py`): one with the fault, and beside it a healthy one that is called\n\
         all the time. *Slowed by* is the longest call of the healthy server beside the fault, less its usual\n\
         time; the bound is 50 ms. *Unaffected after* is when the last call over the bound had ended, 0 where\n\
         there was none. *Effects* are those of one call, counted by the server: never two.\n\n\
         | fault | states shown | the call | healthy calls | usual ms | slowed by ms | unaffected after ms | effects |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut is_good = true;
    for fault in FAULTS {
        let (row, is_within) = beside(fault).await;
        println!("{row}");
        writeln!(page, "{row}").unwrap();
        is_good &= is_within;
    }
    let (stops, is_soon) = stop::measure().await;
    println!("{stops}");
    page.push_str(&stops);
    is_good &= is_soon;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    std::fs::write(file, page).unwrap();
    assert!(is_good, "a bound is broken");
}
