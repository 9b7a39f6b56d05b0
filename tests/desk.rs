//! The desk through a real MCP client: each tool, restarts, damaged files, two desks at once.
#![expect(deprecated, reason = "the older protocol revisions know no other unasked message")]

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use hark::desk::{DUE_RESOURCE, Desk, DeskConfig};
use rmcp::{
    ClientHandler, RoleClient, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResult, LoggingMessageNotificationParam, ProtocolVersion,
        ReadResourceRequestParams, SubscriptionFilter,
    },
    service::{ClientLifecycleMode, ClientServiceExt, NotificationContext, RunningService},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Hears what the desk says unasked.
struct Ear(mpsc::UnboundedSender<String>);

impl ClientHandler for Ear {
    async fn on_logging_message(
        &self,
        message: LoggingMessageNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let _ = self.0.send(message.data["message"].as_str().unwrap_or_default().to_owned());
    }
}

struct Visitor {
    desk: Desk,
    client: RunningService<RoleClient, Ear>,
    heard: mpsc::UnboundedReceiver<String>,
    clock: Arc<Mutex<DateTime<Utc>>>,
    _server: RunningService<rmcp::RoleServer, Desk>,
}

impl Visitor {
    /// A desk in Berlin on Tuesday 24 November 2026 at 16:00.
    async fn at(dir: &Path) -> Self {
        let clock = Arc::new(Mutex::new("2026-11-24T15:00:00Z".parse().unwrap()));
        let shown = clock.clone();
        let config = DeskConfig { data_dir: dir.to_owned(), timezone: chrono_tz::Europe::Berlin };
        let desk = Desk::with_clock(config, Arc::new(move || *shown.lock().unwrap())).unwrap();
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (said, heard) = mpsc::unbounded_channel();
        let (server, client) = tokio::join!(desk.clone().serve(ours), Ear(said).serve(theirs));
        Self { desk, client: client.unwrap(), heard, clock, _server: server.unwrap() }
    }

    fn pass(&self, time: TimeDelta) {
        *self.clock.lock().unwrap() += time;
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else { panic!("arguments of {tool} are no object") };
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.client.call_tool(request).await.unwrap()
    }

    /// The spoken text of a good answer.
    async fn ask(&self, tool: &'static str, arguments: Value) -> String {
        let answer = self.call(tool, arguments).await;
        let text = text(&answer);
        assert_eq!(answer.is_error, Some(false), "{tool}: {text}");
        assert!(answer.structured_content.is_some(), "{tool}");
        text
    }

    /// The sentence of a refusal.
    async fn refused(&self, tool: &'static str, arguments: Value) -> String {
        let answer = self.call(tool, arguments).await;
        let text = text(&answer);
        assert_eq!(answer.is_error, Some(true), "{tool}: {text}");
        assert!(text.ends_with(['.', '?']) && text.starts_with(char::is_uppercase), "{tool}: {text}");
        text
    }
}

fn text(answer: &CallToolResult) -> String {
    answer.content.iter().filter_map(|part| part.as_text()).map(|part| part.text.as_str()).collect()
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_tool_answers_in_words_and_in_data_that_fits_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    let visitor = Visitor::at(dir.path()).await;
    let tools = visitor.client.list_all_tools().await.unwrap();
    let steps = [
        (
            "add_note",
            json!({"text": "the plumber comes on Monday", "title": "Plumber"}),
            "Saved the note \"Plumber\".",
        ),
        (
            "append_to_note",
            json!({"title": "plumber", "text": "bring cash"}),
            "Added that to the note \"Plumber\".",
        ),
        (
            "read_note",
            json!({"title": "the plumber note"}),
            "Plumber: the plumber comes on Monday\nbring cash.",
        ),
        ("list_notes", json!({}), "You have 1 note: Plumber."),
        ("search_notes", json!({"query": "cash"}), "I found it in the note \"Plumber\": bring cash."),
        ("delete_note", json!({"title": "plumber"}), "Deleted the note \"Plumber\"."),
        (
            "add_to_list",
            json!({"list": "the shopping list", "item": "milk"}),
            "Added milk to your shopping list.",
        ),
        (
            "add_to_list",
            json!({"list": "Shopping", "item": "eggs, bread and butter"}),
            "Added eggs, bread and butter to your shopping list.",
        ),
        (
            "add_to_list",
            json!({"list": "shopping list", "item": "Milk"}),
            "Milk is already on your shopping list.",
        ),
        (
            "add_to_list",
            json!({"list": "to-do", "item": "call mum and dad"}),
            "Added call mum and dad to your to do list.",
        ),
        (
            "show_list",
            json!({"list": "shopping"}),
            "4 items on your shopping list: milk, eggs, bread and butter.",
        ),
        ("check_off", json!({"item": "milk"}), "Checked off milk on your shopping list."),
        (
            "remove_from_list",
            json!({"list": "shopping", "item": "the butter"}),
            "Removed butter from your shopping list.",
        ),
        ("show_lists", json!({}), "You have 2 lists: shopping with 2 items and to do with 1 item."),
        ("clear_list", json!({"list": "shopping"}), "Cleared your shopping list, which had 3 items."),
        (
            "add_event",
            json!({"title": "dentist", "when": "tomorrow at 3pm", "location": "Main Street"}),
            "Added dentist tomorrow at 3 PM (Main Street).",
        ),
        (
            "add_event",
            json!({"title": "call with Ann", "when": "tomorrow at half past three pm", "duration": "half an hour"}),
            "Added call with Ann tomorrow at 3:30 PM; it overlaps with dentist tomorrow at 3 PM (Main Street).",
        ),
        (
            "add_event",
            json!({"title": "holiday", "when": "the 3rd of december", "duration": ""}),
            "Added holiday Thursday 3 December.",
        ),
        (
            "list_events",
            json!({"when": "tomorrow"}),
            "You have 2 events for tomorrow: dentist tomorrow at 3 PM (Main Street) and call with Ann tomorrow at 3:30 PM.",
        ),
        ("find_event", json!({"title": "my dentist appointment"}), "Dentist tomorrow at 3 PM (Main Street)."),
        ("next_event", json!({}), "Next is dentist tomorrow at 3 PM (Main Street)."),
        (
            "move_event",
            json!({"title": "dentist", "when": "5pm"}),
            "Moved dentist tomorrow at 5 PM (Main Street).",
        ),
        (
            "move_event",
            json!({"title": "dentist", "when": "friday"}),
            "Moved dentist Friday 27 November at 5 PM (Main Street).",
        ),
        (
            "cancel_event",
            json!({"title": "dentist"}),
            "Cancelled dentist Friday 27 November at 5 PM (Main Street).",
        ),
        (
            "set_timer",
            json!({"duration": "ten minutes", "name": "pasta"}),
            "Set a pasta timer for 10 minutes.",
        ),
        ("set_timer", json!({"duration": "an hour and a half"}), "Timer set for 1 hour and 30 minutes."),
        (
            "list_timers",
            json!({}),
            "You have 2 timers: the pasta timer for 10 minutes with 10 minutes left and the timer for 1 hour and 30 minutes \
             with 1 hour and 30 minutes left.",
        ),
        ("cancel_timer", json!({"name": "the pasta timer"}), "Cancelled the pasta timer for 10 minutes."),
        (
            "remind_me",
            json!({"what": "to call mum", "when": "tonight"}),
            "I will remind you today at 8 PM: call mum.",
        ),
        ("list_reminders", json!({}), "You have 1 reminder: call mum today at 8 PM."),
        ("cancel_reminder", json!({"what": "call mum"}), "Cancelled the reminder: call mum."),
        ("due_reminders", json!({}), "Nothing is due."),
        ("current_time", json!({"place": "Tokyo"}), "It is midnight in Tokyo, Wednesday 25 November 2026."),
        ("current_time", json!({}), "It is 4 PM, Tuesday 24 November 2026."),
        (
            "current_time",
            json!({"place": "San Francisco"}),
            "It is 7 AM in San Francisco, Tuesday 24 November 2026.",
        ),
        (
            "convert_time",
            json!({"time": "3pm", "from": "New York", "to": "Berlin"}),
            "3 PM in New York is 9 PM in Berlin.",
        ),
        (
            "convert_time",
            json!({"time": "8 pm", "to": "Tokyo"}),
            "8 PM in Berlin is 4 AM the next day in Tokyo.",
        ),
        ("days_until", json!({"date": "christmas"}), "It is 31 days until Friday 25 December 2026."),
        ("calculate", json!({"expression": "seventeen times four"}), "That is 68."),
    ];
    let mut unused: Vec<String> = tools.iter().map(|tool| tool.name.to_string()).collect();
    for (name, arguments, expected) in steps {
        let tool = tools.iter().find(|tool| tool.name == name).unwrap_or_else(|| panic!("no tool {name}"));
        let input = jsonschema::validator_for(&Value::Object((*tool.input_schema).clone())).unwrap();
        assert!(input.is_valid(&arguments), "{name}: {arguments}");
        let answer = visitor.call(name, arguments).await;
        assert_eq!(text(&answer), expected, "{name}");
        assert_eq!(answer.is_error, Some(false), "{name}");
        let shape = tool.output_schema.as_ref().unwrap_or_else(|| panic!("{name} has no output schema"));
        let output = jsonschema::validator_for(&Value::Object((**shape).clone())).unwrap();
        assert!(output.is_valid(&answer.structured_content.unwrap()), "{name}");
        unused.retain(|unused| unused != name);
    }
    assert!(unused.is_empty(), "not called: {unused:?}");
}

#[tokio::test]
async fn tools_are_annotated_and_their_schemas_are_plain() {
    let dir = tempfile::tempdir().unwrap();
    let tools = Visitor::at(dir.path()).await.client.list_all_tools().await.unwrap();
    assert_eq!(tools.len(), 29);
    for tool in &tools {
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.open_world_hint, Some(false), "{}", tool.name);
        let reads = [
            "list_",
            "show_",
            "read_",
            "search_",
            "find_",
            "next_",
            "current_",
            "convert_",
            "days_",
            "calculate",
        ]
        .iter()
        .any(|start| tool.name.starts_with(start));
        assert_eq!(hints.read_only_hint, Some(reads), "{}", tool.name);
        let destroys = ["delete_", "remove_", "clear_", "cancel_", "move_"]
            .iter()
            .any(|start| tool.name.starts_with(start));
        assert_eq!(hints.destructive_hint, Some(destroys), "{}", tool.name);
        assert!(hints.idempotent_hint.is_some(), "{}", tool.name);
        let schema = serde_json::to_string(&tool.input_schema).unwrap();
        assert!(!schema.contains("null") && !schema.contains("$ref"), "{}: {schema}", tool.name);
    }
}

#[tokio::test]
async fn what_is_not_understood_is_said_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    let visitor = Visitor::at(dir.path()).await;
    let cases = [
        ("set_timer", json!({"duration": "soon"}), "ten minutes"),
        ("set_timer", json!({}), "duration"),
        ("remind_me", json!({"what": "call", "when": "every blue moon"}), "tomorrow at 3pm"),
        ("remind_me", json!({"what": "call", "when": "yesterday at 3pm"}), "already past"),
        ("current_time", json!({"place": "Atlantis"}), "Tokyo"),
        ("calculate", json!({"expression": "the meaning of life"}), "work out"),
        ("calculate", json!({"expression": "9^9^9^9"}), "9^9^9^9"),
        ("show_list", json!({"list": "wishes"}), "no lists yet"),
        ("read_note", json!({"title": "wishes"}), "no notes yet"),
        ("cancel_event", json!({"title": "wishes"}), "no event"),
        ("cancel_timer", json!({}), "no timers"),
        ("add_note", json!({"text": "x".repeat(60_000)}), "too long"),
        ("add_to_list", json!({"list": "shopping", "item": "y".repeat(300)}), "too long"),
        ("add_to_list", json!({"list": "shopping", "item": 7}), "do not fit"),
    ];
    for (tool, arguments, part) in cases {
        let said = visitor.refused(tool, arguments).await;
        assert!(said.contains(part), "{tool}: {said}");
    }
}

#[tokio::test]
async fn no_title_leads_out_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::write(dir.path().join("secret.md"), "# secret\n\nkeep out\n").unwrap();
    let visitor = Visitor::at(&data).await;
    for title in ["../secret", "/etc/passwd", "..", "notes/../../secret", "a\0b", "C:\\x", "….", ".hidden"]
    {
        visitor.ask("add_note", json!({"text": "harmless", "title": title})).await;
    }
    let notes = files(&data.join("notes"));
    assert_eq!(notes.len(), 8, "{notes:?}");
    assert!(notes.iter().all(|name| !name.starts_with('.') && name.ends_with(".md")), "{notes:?}");
    assert_eq!(files(dir.path()), ["data", "secret.md"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path().join("secret.md"), data.join("notes/linked.md")).unwrap();
    let said = visitor.refused("read_note", json!({"title": "keep"})).await;
    assert!(said.contains("no note"), "{said}");
    assert!(!visitor.ask("search_notes", json!({"query": "keep out"})).await.contains("linked"));
}

#[tokio::test]
async fn alarms_survive_a_restart_and_are_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = Visitor::at(dir.path()).await;
    first.ask("set_timer", json!({"duration": "ten minutes", "name": "pasta"})).await;
    first.ask("remind_me", json!({"what": "call mum", "when": "in two hours"})).await;
    drop(first);

    let mut second = Visitor::at(dir.path()).await;
    second.pass(TimeDelta::minutes(11));
    let next = second.desk.ring_due().await.unwrap();
    assert_eq!(next, Some("2026-11-24T17:00:00Z".parse().unwrap()));
    // The server may learn only now that its client has come; until then nothing counts as announced.
    let announced = async {
        loop {
            if let Ok(announced) = second.heard.try_recv() {
                break announced;
            }
            second.desk.ring_due().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let announced = tokio::time::timeout(Duration::from_secs(60), announced).await.unwrap();
    assert_eq!(announced, "The pasta timer for 10 minutes is done.");
    second.desk.ring_due().await.unwrap();
    assert!(second.heard.try_recv().is_err(), "announced twice");
    drop(second);

    // The announcement may have gone unheard, so it stays due until it is asked for.
    let third = Visitor::at(dir.path()).await;
    third.pass(TimeDelta::minutes(12));
    let due = third.client.read_resource(ReadResourceRequestParams::new(DUE_RESOURCE)).await.unwrap();
    assert!(serde_json::to_string(&due).unwrap().contains("pasta"));
    assert_eq!(third.ask("due_reminders", json!({})).await, "The pasta timer for 10 minutes is done.");
    assert_eq!(third.ask("due_reminders", json!({})).await, "Nothing is due.");
    third.pass(TimeDelta::hours(2));
    assert_eq!(third.ask("due_reminders", json!({})).await, "Reminder: call mum.");
}

#[tokio::test]
async fn a_client_of_the_new_revision_hears_by_subscription() {
    let dir = tempfile::tempdir().unwrap();
    let visitor = Visitor::at(dir.path()).await;
    visitor.ask("set_timer", json!({"duration": "one minute"})).await;
    visitor.pass(TimeDelta::minutes(2));

    let config = DeskConfig { data_dir: dir.path().to_owned(), timezone: chrono_tz::Europe::Berlin };
    let clock = visitor.clock.clone();
    let desk = Desk::with_clock(config, Arc::new(move || *clock.lock().unwrap())).unwrap();
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (said, _heard) = mpsc::unbounded_channel();
    let lifecycle = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let filter = SubscriptionFilter::builder().resource_subscriptions([DUE_RESOURCE]).build();
    // Without a handshake the server counts as served at the first request, so both go side by side.
    let listening = async {
        let client = Ear(said).serve_with_lifecycle(theirs, lifecycle).await.unwrap();
        let subscription = client.peer().listen(filter).await.unwrap();
        (client, subscription)
    };
    let (server, (_client, mut subscription)) = tokio::join!(desk.clone().serve(ours), listening);
    let _server = server.unwrap();
    // Nothing counts as announced before the desk has heard of its listener, so this cannot miss it.
    let ringing = async {
        loop {
            desk.ring_due().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let heard = tokio::select! {
        heard = subscription.next() => heard.unwrap(),
        () = ringing => unreachable!(),
    };
    assert!(format!("{heard:?}").contains(DUE_RESOURCE), "{heard:?}");
}

#[tokio::test]
async fn each_list_can_be_read_as_a_resource() {
    let dir = tempfile::tempdir().unwrap();
    let visitor = Visitor::at(dir.path()).await;
    visitor.ask("add_to_list", json!({"list": "Müller's wedding", "item": ["cake, flowers"]})).await;
    let listed = visitor.client.list_resources(None).await.unwrap().resources;
    let list = listed.iter().find(|resource| resource.name.contains("wedding")).unwrap();
    assert!(list.uri.starts_with("desk://lists/M%C3%BCller") || list.uri.starts_with("desk://lists/m%C3%BC"));
    assert_eq!(list.size, Some("cake\nflowers".len() as u64));
    let read = visitor.client.read_resource(ReadResourceRequestParams::new(list.uri.clone())).await.unwrap();
    assert!(serde_json::to_string(&read).unwrap().contains(r"cake\nflowers"), "{read:?}");
    let gone = visitor.client.read_resource(ReadResourceRequestParams::new("desk://lists/none")).await;
    assert!(gone.unwrap_err().to_string().contains("desk://lists/none"));
}

#[tokio::test]
async fn damaged_files_are_kept_aside_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let visitor = Visitor::at(dir.path()).await;
    let cases: [(&str, &[u8], &str, Value); 4] = [
        (
            "lists.json",
            b"{\"lists\": [{\"name\": \"shop",
            "add_to_list",
            json!({"list": "shopping", "item": "milk"}),
        ),
        ("alarms.json", b"\xff\xfe\0", "set_timer", json!({"duration": "1 minute"})),
        (
            "calendar.ics",
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:cut",
            "add_event",
            json!({"title": "dentist", "when": "tomorrow"}),
        ),
        ("calendar.ics", b"not a calendar \xff", "list_events", json!({})),
    ];
    for (file, damage, tool, arguments) in cases {
        fs::write(dir.path().join(file), damage).unwrap();
        let said = visitor.ask(tool.to_owned().leak(), arguments).await;
        assert!(said.contains(&format!("The file {file} was damaged")), "{said}");
        let kept = files(dir.path()).into_iter().filter(|name| name.starts_with(&format!("{file}.damaged")));
        assert!(kept.into_iter().any(|kept| fs::read(dir.path().join(kept)).unwrap() == damage), "{file}");
        assert!(!visitor.ask("show_lists", json!({})).await.contains("damaged"));
    }
}

#[tokio::test]
async fn two_desks_on_one_folder_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = tokio::join!(Visitor::at(dir.path()), Visitor::at(dir.path()));
    let calls = (0..20).flat_map(|number| {
        [(&one, number), (&two, 100 + number)].map(|(visitor, number)| async move {
            visitor.ask("add_to_list", json!({"list": "things", "item": format!("thing {number}")})).await;
            visitor.ask("set_timer", json!({"duration": format!("{} minutes", number + 1)})).await;
        })
    });
    futures::future::join_all(calls).await;
    let list = one.call("show_list", json!({"list": "things"})).await.structured_content.unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 40);
    let timers = two.call("list_timers", json!({})).await.structured_content.unwrap();
    let mut ids: Vec<u64> =
        timers["alarms"].as_array().unwrap().iter().map(|timer| timer["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<_>>());
    assert_eq!(files(dir.path()), [".lock", "alarms.json", "lists.json"]);
}

/// A file as another program writes it, with things that the desk knows nothing of.
const FOREIGN: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Other//EN\nX-SAME:1\nX-SAME:2\n\
    BEGIN:VTODO\nUID:t\nSUMMARY:a task\nEND:VTODO\n\
    BEGIN:VEVENT\nUID:weekly\nDTSTART;TZID=Europe/Berlin:20261104T090000\nDTEND;TZID=Europe/Berlin:20261104T093000\n\
    RRULE:FREQ=WEEKLY;BYDAY=WE\nSUMMARY:standup\nX-ODD:1\nX-ODD:2\nEND:VEVENT\n\
    BEGIN:VEVENT\nUID:once\nDTSTART:20261127T130000Z\nDURATION:PT30M\nSUMMARY:lunch\nATTENDEE:mailto:a@example.org\n\
    END:VEVENT\nEND:VCALENDAR\n";

#[tokio::test]
async fn entries_of_other_programs_are_kept_and_listed_on_their_days() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("calendar.ics");
    fs::write(&path, FOREIGN).unwrap();
    let visitor = Visitor::at(dir.path()).await;
    let said = visitor.ask("list_events", json!({"when": "tomorrow"})).await;
    assert_eq!(said, "You have 1 event for tomorrow: standup tomorrow at 9 AM.");
    visitor.ask("add_event", json!({"title": "dentist", "when": "tomorrow at 3pm"})).await;
    visitor.ask("cancel_event", json!({"title": "dentist"})).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), FOREIGN);
    let said = visitor.ask("move_event", json!({"title": "lunch", "when": "saturday"})).await;
    assert_eq!(said, "Moved lunch Saturday 28 November at 2 PM.");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("X-SAME:1\nX-SAME:2") && text.contains("X-ODD:1\nX-ODD:2"), "{text}");
    assert!(text.contains("ATTENDEE:mailto:a@example.org"), "{text}");
    let said = visitor.refused("cancel_event", json!({"title": "standup"})).await;
    assert!(said.contains("repeats"), "{said}");
}
