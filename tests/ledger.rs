//! The ledger of calls: what a restart makes of commands without an end, and keys that come again.

use std::path::Path;

use chrono::Utc;
use hark::domain::{CommandId, Language, SessionId, StepStatus, UserId};
use hark::pipeline;
use hark::store::{
    AuditAction, AuditEntry, Begun, CommandRecord, RequestKey, Store, StoreConfig, StoredCommand,
};
use serde_json::{Value, json};

fn record() -> CommandRecord {
    CommandRecord {
        id: CommandId::new(),
        user: UserId::local(),
        session: SessionId("s".to_owned()),
        spoken: false,
        text: "write three".to_owned(),
        received_at: Utc::now(),
    }
}

fn entry(record: &CommandRecord, action: AuditAction, detail: Value) -> AuditEntry {
    let tool = (action != AuditAction::Planned).then(|| "desk.write".parse().expect("a name"));
    AuditEntry { command: record.id, user: record.user.clone(), action, tool, detail }
}

fn open(path: &Path) -> (Store, Vec<CommandId>) {
    let settle = |command: &_| Some(pipeline::outcome_of(command, Language::ENGLISH));
    Store::open_settled(Some(path), StoreConfig::default(), &settle).expect("a store")
}

/// A command of which one step is done, one under way and one not begun.
async fn half_way(store: &Store) -> CommandRecord {
    let record = record();
    store.begin(record.clone()).await.expect("begun");
    let step = json!({"service": "desk", "tool": "write", "params": {}});
    let started = |step| json!({"step": step, "attempt": 1, "readOnly": false, "arguments": {"text": "x"}});
    for (action, detail) in [
        (AuditAction::Planned, json!({"selectedTools": [step, step, step]})),
        (AuditAction::CallStarted, started(1)),
        (AuditAction::CallEnded, json!({"step": 1, "status": "done", "error": null, "elapsedMs": 2.5})),
        (AuditAction::CallStarted, started(2)),
    ] {
        store.audit(entry(&record, action, detail)).await.expect("written");
    }
    record
}

async fn find(store: &Store, record: &CommandRecord) -> StoredCommand {
    store.find(&record.user, record.id).await.expect("read").expect("found")
}

#[tokio::test]
async fn a_command_that_was_cut_off_is_told_of_and_its_open_call_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let record = {
        let (store, interrupted) = open(&path);
        assert!(interrupted.is_empty());
        let record = half_way(&store).await;
        let open = store.ledger_of(&record.user, record.id).await.expect("a ledger");
        assert_eq!(open.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(StepStatus::Done), None]);
        store.close().await;
        record
    };
    let (store, interrupted) = open(&path);
    assert_eq!(interrupted, [record.id]);
    let outcome = find(&store, &record).await.outcome.expect("an outcome");
    use StepStatus::{Done, Skipped, Unknown};
    let statuses: Vec<_> = outcome.results.iter().map(|receipt| receipt.status).collect();
    assert_eq!(statuses, [Done, Unknown, Skipped]);
    assert_eq!(outcome.error.expect("a failure").code, "interrupted");
    for words in ["cut off", "Done: write", "do not know whether", "did not try"] {
        assert!(outcome.reply.contains(words), "{}", outcome.reply);
    }
    let ledger = store.ledger_of(&record.user, record.id).await.expect("a ledger");
    assert_eq!(ledger[1].status, Some(Unknown), "it is settled");
    let turns = store.turns(&record.user, &record.session, 5).await.expect("turns");
    assert_eq!(turns.len(), 1, "the conversation knows of it");
    store.close().await;
    drop(store);
    assert!(open(&path).1.is_empty(), "it is told once");
}

#[tokio::test]
async fn a_command_of_a_process_that_lives_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let (first, _) = open(&path);
    let record = half_way(&first).await;
    let (second, interrupted) = open(&path);
    assert!(interrupted.is_empty(), "the lock of the first one holds");
    assert_eq!(find(&second, &record).await.outcome, None);
}

#[tokio::test]
async fn a_key_is_known_after_a_restart_and_stands_for_one_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let key = |key: &str, fingerprint: &str| RequestKey { key: key.into(), fingerprint: fingerprint.into() };
    let first = record();
    {
        let (store, _) = open(&path);
        let begun = store.begin_once(first.clone(), key("k", "f")).await.expect("begun");
        assert_eq!(begun, Begun::New);
        store.close().await;
    }
    let (store, _) = open(&path);
    let begin = async |record: CommandRecord, key| store.begin_once(record, key).await.expect("asked");
    assert_eq!(begin(record(), key("k", "f")).await, Begun::Again(first.id));
    assert_eq!(begin(record(), key("k", "other")).await, Begun::OtherRequest);
    let stranger = CommandRecord { user: UserId("ann".to_owned()), ..record() };
    assert_eq!(begin(stranger, key("k", "f")).await, Begun::New, "keys are each user's own");
    assert_eq!(store.history(&first.user, 10, None).await.expect("a page").len(), 1);

    let file = rusqlite::Connection::open(&path).expect("the file");
    file.execute("UPDATE request_keys SET at = at - 24 * 3600 * 1000000", ()).expect("a day later");
    assert_eq!(begin(record(), key("k", "f")).await, Begun::New);
}
