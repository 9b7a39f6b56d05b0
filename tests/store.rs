//! History and audit: what is kept, for whom, for how long, and what a broken file says.

use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use hark::domain::{
    CommandId, Event, EventType, Failure, Outcome, Question, SessionId, Stages, Turn, TurnOutcome, UserId,
};
use hark::store::{AuditAction, AuditEntry, CommandRecord, Store, StoreConfig, StoreError};
use serde_json::json;

fn user(name: &str) -> UserId {
    UserId(name.to_owned())
}

fn record(user: &UserId, session: &str, text: &str) -> CommandRecord {
    CommandRecord {
        id: CommandId::new(),
        user: user.clone(),
        session: SessionId(session.to_owned()),
        spoken: false,
        text: text.to_owned(),
        received_at: Utc::now(),
    }
}

fn outcome(record: &CommandRecord, reply: &str) -> Outcome {
    Outcome {
        command_id: record.id,
        session_id: record.session.clone(),
        success: true,
        text: record.text.clone(),
        transcript: None,
        plan: Some(json!({"selectedTools": []})),
        results: vec![],
        reply: reply.to_owned(),
        needs_clarification: false,
        clarification_question: None,
        error: None,
        execution_time: 12.5,
        stages: Stages { plan_ms: Some(3.5), ..Stages::default() },
    }
}

fn event(id: CommandId, seq: u64) -> Arc<Event> {
    Arc::new(Event {
        seq,
        command_id: id,
        kind: EventType::Executing,
        message: "Step 1.".to_owned(),
        timestamp: Utc::now(),
        data: json!({"step": 1}),
    })
}

fn call_started(record: &CommandRecord, step: usize) -> AuditEntry {
    AuditEntry {
        command: record.id,
        user: record.user.clone(),
        action: AuditAction::CallStarted,
        tool: Some("desk.add_note".parse().expect("a tool name")),
        detail: json!({"step": step}),
    }
}

/// Says and answers `text`, and gives back what was recorded.
async fn say(store: &Store, user: &UserId, session: &str, text: &str) -> CommandRecord {
    let record = record(user, session, text);
    store.begin(record.clone()).await.expect("begun");
    store.finish(user, &outcome(&record, &format!("{text}!")), None, &[]).await.expect("finished");
    record
}

async fn texts(store: &Store, user: &UserId, limit: usize, before: Option<CommandId>) -> Vec<String> {
    let page = store.history(user, limit, before).await.expect("a page");
    page.into_iter().map(|item| item.text).collect()
}

#[tokio::test]
async fn a_command_comes_back_with_its_outcome_and_events() {
    let store = Store::open(None).expect("a store");
    let ann = user("ann");
    let record = record(&ann, "s", "");
    store.begin(record.clone()).await.expect("begun");

    let running = store.find(&ann, record.id).await.expect("read").expect("found");
    assert_eq!((running.outcome, running.events.len()), (None, 0));
    assert_eq!(store.history(&ann, 10, None).await.expect("a page")[0].success, None);

    let heard = Outcome { text: "what time is it".to_owned(), ..outcome(&record, "It is noon.") };
    let events = [event(record.id, 1), event(record.id, 2)];
    store.finish(&ann, &heard, None, &events).await.expect("finished");
    let found = store.find(&ann, record.id).await.expect("read").expect("found");
    assert_eq!(found.text, "what time is it");
    // The last event is told after the outcome is on record, so it is made from it.
    assert_eq!(found.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((found.events[2].kind, &*found.events[2].message), (EventType::Completed, "It is noon."));
    assert_eq!(found.outcome, Some(heard));
    let item = &store.history(&ann, 10, None).await.expect("a page")[0];
    assert_eq!((item.success, item.reply.as_deref()), (Some(true), Some("It is noon.")));
    assert_eq!((item.execution_time, item.needs_clarification), (Some(12.5), false));
    assert_eq!(item.code, None);
}

#[tokio::test]
async fn the_history_tells_what_a_command_failed_of() {
    let store = Store::open(None).expect("a store");
    let ann = user("ann");
    let record = record(&ann, "s", "ring the bell");
    store.begin(record.clone()).await.expect("begun");
    let error = Failure { code: "cancelled".to_owned(), message: "stopped".to_owned() };
    let stopped = Outcome { success: false, error: Some(error), ..outcome(&record, "Stopped.") };
    store.finish(&ann, &stopped, None, &[]).await.expect("finished");
    let item = &store.history(&ann, 10, None).await.expect("a page")[0];
    assert_eq!((item.success, item.code.as_deref()), (Some(false), Some("cancelled")));
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let store = Store::open(None).expect("a store");
    let ann = user("ann");
    for number in 1..=5 {
        say(&store, &ann, "s", &number.to_string()).await;
    }
    let first = store.history(&ann, 2, None).await.expect("a page");
    assert_eq!(first.iter().map(|item| item.text.as_str()).collect::<Vec<_>>(), ["5", "4"]);
    let last = first.last().map(|item| item.command_id);
    assert_eq!(texts(&store, &ann, 2, last).await, ["3", "2"]);
    assert_eq!(texts(&store, &ann, 0, None).await, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_anothers() {
    let store = Store::open(None).expect("a store");
    let (ann, bob) = (user("ann"), user("bob"));
    let record = say(&store, &ann, "s", "a secret").await;
    store.audit(call_started(&record, 1)).await.expect("written");

    assert!(store.find(&bob, record.id).await.expect("read").is_none());
    assert!(store.history(&bob, 10, None).await.expect("a page").is_empty());
    assert!(store.turns(&bob, &record.session, 10).await.expect("turns").is_empty());
    assert!(store.audit_of(&bob, record.id).await.expect("entries").is_empty());
    let forged = store.finish(&bob, &outcome(&record, "forged"), None, &[]).await;
    assert_eq!(forged.expect_err("refused").code(), "store_unknown_command");
    let kept = store.find(&ann, record.id).await.expect("read").and_then(|found| found.outcome);
    assert_eq!(kept.map(|outcome| outcome.reply).as_deref(), Some("a secret!"));
}

#[tokio::test]
async fn turns_are_the_ended_ones_of_one_conversation_oldest_first() {
    let store = Store::open(None).expect("a store");
    let ann = user("ann");
    say(&store, &ann, "s", "one").await;
    say(&store, &ann, "other", "elsewhere").await;
    say(&store, &ann, "s", "two").await;
    let asking = record(&ann, "s", "add a note");
    store.begin(asking.clone()).await.expect("begun");
    let question = Question {
        text: "What shall the note say?".to_owned(),
        tool: "desk.add_note".parse().ok(),
        known: json!({}),
        missing: Some("text".to_owned()),
        proposal: None,
    };
    store.finish(&ann, &outcome(&asking, &question.text), Some(&question), &[]).await.expect("finished");
    store.begin(record(&ann, "s", "still running")).await.expect("begun");

    let turn = |text: &str, outcome| Turn { text: text.to_owned(), outcome };
    let session = SessionId("s".to_owned());
    assert_eq!(
        store.turns(&ann, &session, 2).await.expect("turns"),
        [
            turn("two", TurnOutcome::Replied("two!".to_owned())),
            turn("add a note", TurnOutcome::Asked(question)),
        ]
    );
}

#[tokio::test]
async fn the_audit_log_keeps_order_and_details() {
    let store = Store::open(None).expect("a store");
    let record = record(&user("ann"), "s", "add a note");
    store.audit(call_started(&record, 1)).await.expect("written");
    let ended = AuditEntry { action: AuditAction::CallEnded, tool: None, ..call_started(&record, 1) };
    store.audit(ended).await.expect("written");
    let entries = store.audit_of(&record.user, record.id).await.expect("entries");
    assert_eq!(
        entries.iter().map(|entry| entry.action).collect::<Vec<_>>(),
        [AuditAction::CallStarted, AuditAction::CallEnded]
    );
    assert_eq!(entries[0].tool, "desk.add_note".parse().ok());
    assert_eq!((&entries[0].detail, &entries[1].tool), (&json!({"step": 1}), &None));
}

#[tokio::test]
async fn only_the_newest_commands_of_each_user_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let config = StoreConfig { keep_commands: 3, ..StoreConfig::default() };
    let store = Store::open_with(Some(&path), config).expect("a store");
    let (ann, bob) = (user("ann"), user("bob"));
    say(&store, &bob, "s", "bob's").await;
    let oldest = say(&store, &ann, "s", "1").await;
    store.audit(call_started(&oldest, 1)).await.expect("written");
    for number in 2..=6 {
        say(&store, &ann, "s", &number.to_string()).await;
    }
    // What is old goes right after a commit was answered; this write comes after that.
    store.audit(call_started(&oldest, 2)).await.expect("written");
    assert_eq!(texts(&store, &ann, 10, None).await, ["6", "5", "4"]);
    assert_eq!(texts(&store, &bob, 10, None).await, ["bob's"]);
    let left = store.audit_of(&ann, oldest.id).await.expect("entries");
    assert_eq!(left.iter().map(|entry| entry.detail.clone()).collect::<Vec<_>>(), [json!({"step": 2})]);
}

#[tokio::test]
async fn a_closed_and_opened_file_has_everything_and_is_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new").join("hark.db");
    let ann = user("ann");
    let store = Store::open(Some(&path)).expect("a store");
    say(&store, &ann, "s", "one").await;
    let clone = store.clone();
    store.close().await;
    let late = clone.begin(record(&ann, "s", "late")).await;
    assert_eq!(late.expect_err("refused").code(), "store_closed");
    let store = Store::open(Some(&path)).expect("the store again");
    say(&store, &ann, "s", "two").await;
    assert_eq!(texts(&store, &ann, 10, None).await, ["two", "one"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_hundred_commands_at_once_are_all_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    // Two places in the queue: whoever finds none waits for one.
    let config = StoreConfig { queue: 2, ..StoreConfig::default() };
    let store = Store::open_with(Some(&path), config).expect("a store");
    let ann = user("ann");
    let all = (0..100).map(|number| {
        let (store, ann) = (store.clone(), ann.clone());
        async move {
            let record = say(&store, &ann, "s", &number.to_string()).await;
            store.audit(call_started(&record, 1)).await.expect("written");
        }
    });
    futures::future::join_all(all).await;
    assert_eq!(texts(&store, &ann, 1000, None).await.len(), 100);
}

#[tokio::test]
async fn one_refused_write_does_not_harm_those_beside_it() {
    let store = Store::open(None).expect("a store");
    let ann = user("ann");
    let first = record(&ann, "s", "first");
    store.begin(first.clone()).await.expect("begun");
    let second = record(&ann, "s", "second");
    let (again, fresh) = tokio::join!(store.begin(first), store.begin(second));
    assert_eq!(again.expect_err("the id is taken").code(), "store_failed");
    fresh.expect("begun");
    assert_eq!(texts(&store, &ann, 10, None).await, ["second", "first"]);
}

#[tokio::test]
async fn a_write_that_spoils_its_batch_spoils_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let store = Store::open(Some(&path)).expect("a store");
    let other = rusqlite::Connection::open(&path).expect("the file");
    let trigger = "CREATE TRIGGER spoil BEFORE INSERT ON audit WHEN NEW.detail LIKE '%13}'
                   BEGIN SELECT RAISE(ROLLBACK, 'all is taken back'); END";
    other.execute_batch(trigger).expect("made");
    let record = record(&user("ann"), "s", "x");
    let all = (1..=50).map(|step| store.audit(call_started(&record, step)));
    let results = futures::future::join_all(all).await;
    let failed: Vec<_> = (1..=50).zip(&results).filter(|(_, result)| result.is_err()).collect();
    assert_eq!(failed.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [13], "{failed:?}");
    let entries = store.audit_of(&record.user, record.id).await.expect("entries");
    assert_eq!(entries.len(), 49);
}

fn opening_fails(path: &Path, code: &str, says: &str) {
    let error: StoreError = Store::open(Some(path)).err().expect("an error");
    let message = error.to_string();
    assert_eq!(error.code(), code, "{message}");
    assert!(message.contains(says), "{message}");
    assert!(message.contains(path.file_name().and_then(|name| name.to_str()).expect("a name")), "{message}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);

    std::fs::write(at("rubbish.db"), "no database at all, ".repeat(100)).expect("written");
    opening_fails(&at("rubbish.db"), "store_damaged", "move it away");

    Store::open(Some(&at("torn.db"))).expect("a store").close().await;
    let mut bytes = std::fs::read(at("torn.db")).expect("the file");
    bytes[100..1000].fill(0x5a);
    std::fs::write(at("torn.db"), bytes).expect("written");
    opening_fails(&at("torn.db"), "store_damaged", "sqlite3");

    std::fs::write(at("folder"), "").expect("written");
    opening_fails(&at("folder").join("hark.db"), "store_create", "data folder");

    std::fs::create_dir(at("taken.db")).expect("made");
    opening_fails(&at("taken.db"), "store_create", "data folder");

    let foreign = rusqlite::Connection::open(at("other.db")).expect("a file");
    foreign.execute_batch("CREATE TABLE theirs (x)").expect("made");
    drop(foreign);
    opening_fails(&at("other.db"), "store_foreign", "another program");

    Store::open(Some(&at("newer.db"))).expect("a store").close().await;
    let newer = rusqlite::Connection::open(at("newer.db")).expect("the file");
    newer.pragma_update(None, "user_version", 99).expect("raised");
    drop(newer);
    opening_fails(&at("newer.db"), "store_newer", "update Hark");
}

#[tokio::test]
async fn a_write_that_fails_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hark.db");
    let store = Store::open(Some(&path)).expect("a store");
    let record = record(&user("ann"), "s", "x");
    let other = rusqlite::Connection::open(&path).expect("the file");
    other.execute_batch("DROP TABLE audit").expect("dropped");
    let error = store.audit(call_started(&record, 1)).await.expect_err("no such table");
    assert_eq!(error.code(), "store_failed");
    assert!(error.to_string().contains("cannot write the audit log in"), "{error}");
    store.begin(record).await.expect("the rest goes on");
}
