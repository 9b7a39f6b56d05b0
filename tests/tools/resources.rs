//! What servers' resources are called and hold, as words that are expected.

use std::time::{Duration, Instant};

use hark::tools::Registry;
use serde_json::json;

use super::{PATIENCE, call, node, ready, stdio, tools};

/// Waits until the phrases of all servers are as wanted.
async fn until_phrases(registry: &Registry, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let phrases: Vec<String> = registry.phrases().iter().flat_map(|of| of.iter().cloned()).collect();
        if wanted(&phrases) {
            return phrases;
        }
        assert!(Instant::now() < deadline, "{phrases:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_resources_are_called_and_hold_is_known_and_follows_their_changes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_string_lossy().into_owned();
    let hark = env!("CARGO_BIN_EXE_hark");
    let registry = ready(vec![stdio("desk", hark, &["desk", "--data-dir", &data])]).await;
    until_phrases(&registry, |phrases| phrases == ["due"]).await;
    let item = json!({"list": "baking", "item": ["rye flour, cardamom"]});
    call(&registry, "desk.add_to_list", item).await.unwrap();
    let phrases = until_phrases(&registry, |phrases| phrases.len() > 1).await;
    assert_eq!(phrases, ["due", "baking list", "rye flour", "cardamom"]);
    call(&registry, "desk.remove_from_list", json!({"item": "cardamom"})).await.unwrap();
    until_phrases(&registry, |phrases| phrases == ["due", "baking list", "rye flour"]).await;
    registry.close().await;
    assert!(registry.phrases().iter().all(|phrases| phrases.is_empty()), "nothing of a server that is gone");
}

#[tokio::test]
async fn a_server_is_not_worse_off_for_its_resources() {
    let registry = ready(vec![node("everything", "mcp-server-everything", &[])]).await;
    let phrases = until_phrases(&registry, |phrases| !phrases.is_empty()).await;
    assert!(phrases.len() <= 400, "{}", phrases.len());
    assert!(!tools(&registry).await.tools().is_empty());
    registry.close().await;
}
