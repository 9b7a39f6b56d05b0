//! Plans carried out on real MCP servers: order, references, faults, limits and stops, each with its
//! receipt, its events and its audit entries.

mod reply;
mod workshop;

use std::path::Path;
use std::time::Duration;

use hark::domain::plan::Draft;
use hark::domain::{CommandId, Language, Plan, Receipt, StepStatus, Trust, UserId};
use hark::executor::{Executor, ExecutorConfig, Run};
use hark::progress::{Progress, ProgressConfig};
use hark::store::{AuditAction, Store};
use hark::tools::{Environment, Registry, ServerConfig, ToolsConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workshop::Workshop;

/// A bound that is never reached unless something is broken; no test takes its measure from it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry, a store and an executor over some servers, and one run.
struct Bench {
    registry: Registry,
    store: Store,
    executor: Executor,
    run: Run,
}

impl Bench {
    async fn over(servers: Vec<ServerConfig>) -> Self {
        Self::with(servers, Store::open(None).expect("a store"), ExecutorConfig::default()).await
    }

    async fn with(servers: Vec<ServerConfig>, store: Store, config: ExecutorConfig) -> Self {
        let tools = ToolsConfig { servers, ..ToolsConfig::default() };
        let registry = Registry::start(tools, &TaskTracker::new(), CancellationToken::new());
        registry.settle(PATIENCE).await;
        let command = CommandId::new();
        let progress = Progress::new(ProgressConfig::default()).open(command);
        let run = Run {
            command,
            user: UserId::local(),
            language: Language::ENGLISH,
            progress,
            cancel: CancellationToken::new(),
        };
        Self { executor: Executor::new(registry.clone(), store.clone(), config), registry, store, run }
    }

    /// Proves a plan of `("service.tool", params)` against the tools that are there.
    async fn plan(&self, steps: &[(&str, Value)]) -> Plan {
        let steps: Vec<Value> = steps
            .iter()
            .map(|(name, params)| {
                let (service, tool) = name.split_once('.').expect("a tool name");
                json!({"service": service, "tool": tool, "params": params})
            })
            .collect();
        let draft: Draft = serde_json::from_value(json!({"selectedTools": steps})).expect("a draft");
        let tools = self.registry.snapshot(&self.run.user).await;
        draft.check(&tools, Some(0.9)).expect("a plan")
    }

    async fn carry_out(&self, steps: &[(&str, Value)]) -> Vec<Receipt> {
        let plan = self.plan(steps).await;
        self.executor.run(&plan, &self.run).await
    }

    /// The audit log as `action step`.
    async fn audit(&self) -> Vec<String> {
        let entries = self.store.audit_of(&self.run.user, self.run.command).await.expect("entries");
        let action = |action| match action {
            AuditAction::CallStarted => "started",
            AuditAction::CallEnded => "ended",
            other => panic!("{other:?} is none of the executor's"),
        };
        entries.iter().map(|entry| format!("{} {}", action(entry.action), entry.detail["step"])).collect()
    }

    /// The events as `step status`.
    fn told(&self) -> Vec<String> {
        let events = self.run.progress.events();
        let text =
            |event: &Value| format!("{} {}", event["step"], event["status"].as_str().expect("a status"));
        events.iter().map(|event| text(&event.data)).collect()
    }
}

fn statuses(receipts: &[Receipt]) -> Vec<StepStatus> {
    receipts.iter().map(|receipt| receipt.status).collect()
}

fn error(receipt: &Receipt) -> &str {
    receipt.error.as_deref().expect("an error")
}

#[tokio::test]
async fn steps_run_in_order_with_results_filled_in() {
    let desk = Workshop::open("desk").await;
    let bench = Bench::over(vec![desk.connection.clone()]).await;
    let receipts = bench
        .carry_out(&[
            ("desk.write", json!({"text": "first"})),
            ("desk.count", json!({})),
            ("desk.write", json!({"text": {"$step": 2, "path": "/count"}})),
        ])
        .await;
    assert_eq!(statuses(&receipts), [StepStatus::Done; 3]);
    assert_eq!(desk.calls(), ["write first", "count", "write 2"]);
    assert_eq!((&receipts[2].arguments, &*receipts[2].text), (&json!({"text": "2"}), "Wrote 2."));
    assert_eq!(receipts[1].structured, Some(json!({"count": 2})));
    let each = ["1 started", "1 finished", "2 started", "2 finished", "3 started", "3 finished"];
    assert_eq!(bench.told(), each);
    assert_eq!(
        bench.audit().await,
        each.map(|told| {
            let (step, status) = told.split_once(' ').expect("two words");
            format!("{} {step}", status.replace("finished", "ended"))
        })
    );
    let events = bench.run.progress.events();
    assert_eq!(events[0].data["arguments"], json!({"text": "first"}));
    assert_eq!(events[1].data["receipt"]["status"], "done");
}

#[tokio::test]
async fn independent_steps_run_side_by_side() {
    let desk = Workshop::open("desk").await;
    let bench = Bench::over(vec![desk.connection.clone()]).await;
    // Each of the two waits for the other: one after the other, they would never end.
    let receipts = bench.carry_out(&[("desk.meet", json!({})), ("desk.meet", json!({}))]).await;
    assert_eq!(statuses(&receipts), [StepStatus::Done; 2]);
}

#[tokio::test]
async fn a_failed_step_costs_only_those_that_need_it() {
    let (desk, shop) = (Workshop::open("desk").await, Workshop::open("shop").await);
    let bench = Bench::over(vec![desk.connection.clone(), shop.connection.clone()]).await;
    let receipts = bench
        .carry_out(&[
            ("desk.fail", json!({})),
            ("shop.write", json!({"text": "beside"})),
            ("desk.write", json!({"text": "after"})),
            ("shop.write", json!({"text": {"$step": 3}})),
        ])
        .await;
    use StepStatus::{Done, Failed, Skipped};
    assert_eq!(statuses(&receipts), [Failed, Done, Skipped, Skipped]);
    assert_eq!(error(&receipts[0]), "the paper is empty");
    assert_eq!(error(&receipts[2]), "step 1 (desk.fail), which comes first, did not work");
    assert_eq!(error(&receipts[3]), "step 3 (desk.write), which comes first, was not tried");
    assert_eq!((desk.calls(), shop.calls()), (vec!["fail".to_owned()], vec!["write beside".to_owned()]));
    assert_eq!(bench.audit().await.len(), 4, "what was not called is not on record as called");
}

#[tokio::test]
async fn a_result_without_the_wanted_part_stops_the_step_that_wants_it() {
    let desk = Workshop::open("desk").await;
    let bench = Bench::over(vec![desk.connection.clone()]).await;
    let receipts = bench
        .carry_out(&[
            ("desk.count", json!({})),
            ("desk.write", json!({"text": {"$step": 1, "path": "/last"}})),
        ])
        .await;
    assert_eq!(statuses(&receipts), [StepStatus::Done, StepStatus::Failed]);
    assert!(error(&receipts[1]).contains("gave no value at \"/last\""), "{receipts:?}");
    assert_eq!(desk.calls(), ["count"]);
}

#[tokio::test]
async fn a_stop_ends_what_is_under_way_and_sends_nothing_more() {
    let (desk, shop) = (Workshop::open("desk").await, Workshop::open("shop").await);
    let bench = Bench::over(vec![desk.connection.clone(), shop.connection.clone()]).await;
    let plan = bench
        .plan(&[
            ("desk.hang", json!({})),
            ("shop.watch", json!({})),
            ("desk.write", json!({"text": "never"})),
        ])
        .await;
    let stop = async {
        desk.state.hanging.notified().await;
        shop.state.hanging.notified().await;
        let audit = bench.audit().await;
        bench.run.cancel.cancel();
        audit
    };
    let (receipts, audit) = tokio::join!(bench.executor.run(&plan, &bench.run), stop);
    // The effect may have happened; what only reads leaves none.
    use StepStatus::{Cancelled, Unknown};
    assert_eq!(statuses(&receipts), [Unknown, Cancelled, Cancelled]);
    assert_eq!(audit, ["started 1", "started 2"], "on record before the calls had ended");
    desk.state.stopped.notified().await;
    shop.state.stopped.notified().await;
    assert_eq!(desk.calls(), ["hang"]);
    let again = bench.executor.run(&plan, &bench.run).await;
    assert_eq!(statuses(&again), [Cancelled; 3]);
    assert_eq!(desk.calls(), ["hang"]);
}

#[tokio::test]
async fn a_step_has_a_time_limit() {
    let (desk, shop) = (Workshop::open("desk").await, Workshop::open("shop").await);
    let config = ExecutorConfig { step_timeout: Duration::from_millis(200), ..ExecutorConfig::default() };
    let servers = vec![desk.connection.clone(), shop.connection.clone()];
    let bench = Bench::with(servers, Store::open(None).expect("a store"), config).await;
    let receipts = bench.carry_out(&[("desk.hang", json!({})), ("shop.watch", json!({}))]).await;
    assert_eq!(statuses(&receipts), [StepStatus::Unknown, StepStatus::Failed]);
    assert_eq!(error(&receipts[0]), "desk.hang gave no answer within 0.2 s");
    desk.state.stopped.notified().await;
}

#[tokio::test]
async fn progress_of_a_tool_is_told() {
    let desk = Workshop::open("desk").await;
    let bench = Bench::over(vec![desk.connection.clone()]).await;
    bench.carry_out(&[("desk.narrate", json!({}))]).await;
    assert_eq!(bench.told(), ["1 started", "1 progress", "1 finished"]);
    assert!(bench.run.progress.events()[1].message.contains("half way"));
}

#[tokio::test]
async fn a_result_that_cannot_be_used_is_no_proof_that_nothing_was_done() {
    let desk = Workshop::open("desk").await;
    let bench = Bench::over(vec![desk.connection.clone()]).await;
    let receipts = bench.carry_out(&[("desk.flood", json!({}))]).await;
    assert_eq!(statuses(&receipts), [StepStatus::Unknown]);
    assert!(error(&receipts[0]).contains("over the limit"), "{receipts:?}");
}

#[tokio::test]
async fn nothing_is_called_that_cannot_be_written_down_first() {
    let desk = Workshop::open("desk").await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let store = Store::open(Some(&path)).expect("a store");
    let bench = Bench::with(vec![desk.connection.clone()], store, ExecutorConfig::default()).await;
    let file = rusqlite::Connection::open(&path).expect("the file");
    file.execute_batch("DROP TABLE audit").expect("dropped");
    let receipts =
        bench.carry_out(&[("desk.write", json!({"text": "secret"})), ("desk.count", json!({}))]).await;
    assert_eq!(statuses(&receipts), [StepStatus::Failed, StepStatus::Skipped]);
    assert!(error(&receipts[0]).starts_with("it was not called: cannot write the audit log"), "{receipts:?}");
    assert_eq!(desk.calls(), Vec::<String>::new());
}

/// `fixtures/servers/ledger.py`, which dies after its first line.
#[expect(clippy::disallowed_methods, reason = "the server needs the path to find python3")]
fn ledger(file: &Path, trust: Trust) -> ServerConfig {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/servers/ledger.py");
    let mut config = ServerConfig::stdio(
        "ledger",
        "python3",
        [script.as_os_str(), file.as_os_str()].map(|arg| arg.to_string_lossy().into_owned()),
    );
    config.trust = trust;
    config.environment = Environment::new(|name| (name == "PATH").then(|| std::env::var("PATH").unwrap()));
    config
}

#[tokio::test]
async fn a_cut_connection_is_tried_again_only_where_a_trusted_tool_says_that_it_is_safe() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = ExecutorConfig { step_timeout: PATIENCE, retries: 20 };
    for (tool, trust, status, lines) in [
        ("ledger.add", Trust::Trusted, StepStatus::Unknown, "tea\n"),
        ("ledger.put", Trust::Known, StepStatus::Unknown, "tea\n"),
        ("ledger.put", Trust::Trusted, StepStatus::Done, "tea\ntea\n"),
    ] {
        let file = folder.path().join(format!("{tool}-{trust:?}"));
        let bench =
            Bench::with(vec![ledger(&file, trust)], Store::open(None).expect("a store"), config).await;
        let receipts = bench.carry_out(&[(tool, json!({"text": "tea"}))]).await;
        assert_eq!(statuses(&receipts), [status], "{receipts:?}");
        assert_eq!(std::fs::read_to_string(&file).expect("the ledger"), lines);
        let audit = bench.audit().await;
        assert_eq!(audit.len() > 2, status == StepStatus::Done, "an entry for each attempt: {audit:?}");
        bench.registry.close().await;
    }
}

#[tokio::test]
async fn a_server_that_is_gone_fails_its_steps_and_no_others() {
    let (desk, shop) = (Workshop::open("desk").await, Workshop::open("shop").await);
    let both = Bench::over(vec![desk.connection.clone(), shop.connection.clone()]).await;
    let plan = both.plan(&[("desk.write", json!({"text": "a"})), ("shop.write", json!({"text": "b"}))]).await;
    let one = Bench::over(vec![shop.connection.clone()]).await;
    let receipts = one.executor.run(&plan, &one.run).await;
    assert_eq!(statuses(&receipts), [StepStatus::Failed, StepStatus::Done]);
    assert!(error(&receipts[0]).contains("no server \"desk\""), "{receipts:?}");
}
