//! The tools of the last run: there at once, and called only once their server has confirmed them.

use super::*;

/// Starts a server that waits for the file `gate` and keeps what it lists in `folder`.
fn slow(folder: &Path, fault_after: &str) -> ToolsConfig {
    let mut server = faulty("slow-start");
    server.key = "slow".to_owned();
    if let Transport::Stdio { args, .. } = &mut server.transport {
        args.push(folder.join("gate").to_string_lossy().into_owned());
    }
    if let Transport::Stdio { env, .. } = &mut server.transport {
        env.insert("TOOL".to_owned(), fault_after.to_owned());
    }
    ToolsConfig { servers: vec![server], kept_in: Some(folder.join("kept")), ..ToolsConfig::default() }
}

async fn first_run(folder: &Path) {
    std::fs::write(folder.join("gate"), "").unwrap();
    let registry = start_with(slow(folder, "good"));
    registry.settle(PATIENCE).await;
    assert_eq!(status(&registry, "slow").state, ServerState::Ready);
    // The file is written behind the server's readiness.
    let began = Instant::now();
    while !folder.join("kept/slow.json").exists() {
        assert!(began.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    registry.close().await;
    std::fs::remove_file(folder.join("gate")).unwrap();
}

#[tokio::test]
async fn the_first_answer_after_a_start_comes_from_the_last_run_and_its_call_waits() {
    let folder = tempfile::tempdir().unwrap();
    first_run(folder.path()).await;
    let registry = start_with(slow(folder.path(), "good"));
    let set = tools(&registry).await;
    assert_eq!(names(&set), ["slow.good"]);
    let shown = status(&registry, "slow");
    assert_eq!((shown.state, shown.stale, shown.tools), (ServerState::Starting, true, 1));

    let (never, arguments) = (CancellationToken::new(), json!({}));
    let quiet = |_| {};
    let mut calling = Box::pin(registry.call(&set.tools()[0], &arguments, &never, &quiet));
    assert!(futures::FutureExt::now_or_never(calling.as_mut()).is_none(), "it waits for its server");
    std::fs::write(folder.path().join("gate"), "").unwrap();
    assert_eq!(calling.await.unwrap().text, "done");
    assert!(!status(&registry, "slow").stale);
}

#[tokio::test]
async fn a_tool_of_the_last_run_that_is_another_now_is_not_called() {
    let folder = tempfile::tempdir().unwrap();
    first_run(folder.path()).await;
    let registry = start_with(slow(folder.path(), "better"));
    let set = tools(&registry).await;
    assert_eq!(names(&set), ["slow.good"]);
    std::fs::write(folder.path().join("gate"), "").unwrap();
    let never = CancellationToken::new();
    let gone = registry.call(&set.tools()[0], &json!({}), &never, &|_| {}).await.unwrap_err();
    assert_eq!((gone.code(), gone.effect_unknown()), ("tool_changed", false));
    assert_eq!(names(&*tools(&registry).await), ["slow.better"]);
}

#[tokio::test]
async fn what_is_kept_of_another_configuration_or_broken_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    first_run(folder.path()).await;
    let mut other = slow(folder.path(), "good");
    if let Transport::Stdio { args, .. } = &mut other.servers[0].transport {
        args.push("more".to_owned());
    }
    assert_eq!(tools(&start_with(other)).await.tools().len(), 0);
    std::fs::write(folder.path().join("kept/slow.json"), "{\"mark\"").unwrap();
    assert_eq!(tools(&start_with(slow(folder.path(), "good"))).await.tools().len(), 0);
}
