//! The event stream of a command: order, replay, bounds, and many watchers at once.

#![expect(clippy::expect_used, reason = "a stream that is not there fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use hark::domain::{CommandId, Event, EventType};
use hark::progress::{CommandProgress, Progress, ProgressConfig};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

fn progress() -> Progress {
    Progress::new(ProgressConfig::default())
}

fn note(command: &CommandProgress, number: usize) {
    command.emit(EventType::Executing, format!("note {number}"), json!({"step": 1, "status": "progress"}));
}

async fn seqs(progress: &Progress, id: CommandId, after: u64) -> Vec<u64> {
    progress.watch(id, after).expect("the stream is known").map(|event| event.seq).collect().await
}

#[tokio::test]
async fn a_watcher_sees_what_was_and_what_comes() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    command.emit(EventType::Discovering, "Looking up the tools.", json!({"tools": 3}));
    let mut watcher = Box::pin(progress.watch(command.id(), 0).expect("the stream is known"));

    let first = watcher.next().await.expect("an event");
    assert_eq!(
        (first.seq, first.kind, first.message.as_str()),
        (1, EventType::Discovering, "Looking up the tools.")
    );
    assert!(watcher.next().now_or_never().is_none(), "nothing has happened yet");

    command.emit(EventType::Completed, "Done.", Value::Null);
    assert_eq!(watcher.next().await.map(|event| event.seq), Some(2));
    assert_eq!(watcher.next().await, None);
}

#[tokio::test]
async fn replay_goes_on_after_the_number_last_seen() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    for number in 0..4 {
        note(&command, number);
    }
    command.emit(EventType::Completed, "Done.", Value::Null);
    for (after, expected) in [(0, vec![1, 2, 3, 4, 5]), (3, vec![4, 5]), (5, vec![]), (u64::MAX, vec![])] {
        assert_eq!(seqs(&progress, command.id(), after).await, expected, "after {after}");
    }
}

#[tokio::test]
async fn nothing_follows_the_last_event() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    command.emit(EventType::Error, "It failed.", Value::Null);
    command.emit(EventType::Completed, "Done after all?", Value::Null);
    note(&command, 1);
    let kinds: Vec<EventType> = command.events().iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventType::Error]);
}

#[tokio::test]
async fn a_flood_of_notes_is_cut_and_the_events_that_matter_are_kept() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    for number in 0..100_000 {
        note(&command, number);
    }
    command.emit(EventType::Executing, "Step 1 is done.", json!({"step": 1, "status": "finished"}));
    command.emit(EventType::Completed, "Done.", Value::Null);
    let events = command.events();
    assert_eq!(events.len(), 256 + 2);
    assert!(
        events.iter().enumerate().all(|(index, event)| event.seq == index as u64 + 1),
        "numbers have a gap"
    );
    assert_eq!(events[256].data["status"], "finished");
    assert!(events[257].kind.is_last());
}

#[tokio::test]
async fn any_flood_leaves_room_for_the_last_event() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    for _ in 0..10_000 {
        command.emit(EventType::Analyzing, "Thinking.", Value::Null);
    }
    command.emit(EventType::Error, "Enough.", Value::Null);
    assert_eq!(command.events().len(), 1_024 + 1);
}

#[tokio::test]
async fn a_lost_command_ends_its_watchers() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    let id = command.id();
    note(&command, 1);
    let watcher = progress.watch(id, 0).expect("the stream is known");
    drop(command);
    assert_eq!(watcher.count().await, 1);
    assert!(!progress.is_running(id));
}

#[tokio::test]
async fn finished_streams_are_forgotten_when_their_time_is_up_and_running_ones_are_not() {
    let progress = Progress::new(ProgressConfig { keep: Duration::ZERO, max_streams: 10 });
    let (finished, running) = (progress.open(CommandId::new()), progress.open(CommandId::new()));
    finished.emit(EventType::Completed, "Done.", Value::Null);
    assert!(progress.watch(finished.id(), 0).is_none());
    assert!(progress.watch(running.id(), 0).is_some());
}

#[tokio::test]
async fn the_oldest_finished_streams_make_room() {
    let progress = Progress::new(ProgressConfig { keep: Duration::from_secs(600), max_streams: 2 });
    let ids: Vec<CommandId> = (0..5).map(|_| CommandId::new()).collect();
    for id in &ids {
        progress.open(*id).emit(EventType::Completed, "Done.", Value::Null);
    }
    let known: Vec<bool> = ids.iter().map(|id| progress.watch(*id, 0).is_some()).collect();
    assert_eq!(known, [false, false, false, true, true]);
}

#[tokio::test]
async fn a_watcher_of_a_forgotten_stream_reads_to_its_end() {
    let progress = Progress::new(ProgressConfig { keep: Duration::from_secs(600), max_streams: 0 });
    let command = progress.open(CommandId::new());
    note(&command, 1);
    let watcher = progress.watch(command.id(), 0).expect("the stream is known");
    command.emit(EventType::Completed, "Done.", Value::Null);
    assert!(progress.watch(command.id(), 0).is_none());
    assert_eq!(watcher.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_and_watchers_agree_on_one_order() {
    let (progress, tasks) = (progress(), TaskTracker::new());
    let command = progress.open(CommandId::new());
    let watchers: Vec<_> = (0..64)
        .map(|number: u64| {
            let events = progress.watch(command.id(), number % 3).expect("the stream is known");
            tasks.spawn(async move { (number % 3, events.collect::<Vec<Arc<Event>>>().await) })
        })
        .collect();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let command = command.clone();
            tasks.spawn(async move {
                for number in 0..32 {
                    command.emit(EventType::Executing, "A step.", json!({"number": number}));
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    command.emit(EventType::Completed, "Done.", Value::Null);

    let all = command.events();
    assert_eq!(all.len(), 8 * 32 + 1);
    for watcher in watchers {
        let (after, seen) = watcher.await.expect("the watcher ends");
        assert_eq!(seen, all[usize::try_from(after).expect("small")..], "after {after}");
    }
}

#[tokio::test]
async fn a_watcher_that_never_reads_holds_nobody_up() {
    let progress = progress();
    let command = progress.open(CommandId::new());
    let sleeper = progress.watch(command.id(), 0).expect("the stream is known");
    for _ in 0..500 {
        command.emit(EventType::Analyzing, "Thinking.", Value::Null);
    }
    command.emit(EventType::Completed, "Done.", Value::Null);
    assert_eq!(seqs(&progress, command.id(), 0).await.len(), 501);
    assert_eq!(sleeper.count().await, 501, "and it lost nothing");
}

#[tokio::test]
async fn the_observer_sees_every_event_once() {
    let progress = progress();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = seen.clone();
    assert!(progress.observe(move |event| {
        counter.fetch_add(event.seq, Ordering::Relaxed);
    }));
    assert!(!progress.observe(|_| {}), "the first observer stays");
    let command = progress.open(CommandId::new());
    note(&command, 1);
    command.emit(EventType::Completed, "Done.", Value::Null);
    command.emit(EventType::Completed, "Again?", Value::Null);
    assert_eq!(seen.load(Ordering::Relaxed), 1 + 2);
}
