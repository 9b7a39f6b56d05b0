//! The reply, made from receipts alone.

use chrono::DateTime;
use hark::domain::{Language, Receipt, StepStatus};
use hark::executor::reply;
use serde_json::{Value, json};

use StepStatus::{Cancelled, Done, Failed, Skipped, Unknown};

fn receipt(tool: &str, status: StepStatus, said: &str) -> Receipt {
    let is_done = status == Done;
    Receipt {
        step: 1,
        tool: tool.parse().expect("a tool name"),
        arguments: json!({"text": "never told"}),
        status,
        text: if is_done { said.to_owned() } else { String::new() },
        structured: None,
        error: (!is_done && !said.is_empty()).then(|| said.to_owned()),
        started_at: DateTime::UNIX_EPOCH,
        elapsed_ms: 1.0,
    }
}

fn structured(tool: &str, text: &str, value: Value) -> Receipt {
    Receipt { structured: Some(value), ..receipt(tool, Done, text) }
}

#[test]
fn says_what_the_receipts_prove_and_no_more() {
    let note = || receipt("desk.add_note", Done, "Added the note “milk”.");
    let time = || receipt("time.get_time", Done, "It is 3 pm in Tokyo");
    let cases: &[(Vec<Receipt>, &str)] = &[
        (vec![], "Nothing was done."),
        (vec![note()], "Added the note “milk”."),
        (vec![receipt("desk.addNote", Done, "")], "Done: add note."),
        (vec![note(), time()], "Added the note “milk”. It is 3 pm in Tokyo."),
        (
            vec![note(), receipt("calendar.add_event", Failed, "the calendar did not answer")],
            "Added the note “milk”. But “add event” did not work: the calendar did not answer.",
        ),
        (
            vec![receipt("desk.add_note", Failed, "the disk is full.\nTraceback: line 1")],
            "That did not work: the disk is full.",
        ),
        (vec![receipt("desk.add_note", Failed, "")], "That did not work: no reason was given."),
        (
            vec![receipt("mail.send", Unknown, "the server was lost")],
            "I do not know whether “send” was done: the server was lost.",
        ),
        (
            vec![receipt("a.b", Cancelled, "stopped"), receipt("a.c", Cancelled, "stopped")],
            "Stopped. Nothing was done.",
        ),
        (
            vec![
                note(),
                receipt("mail.send_mail", Cancelled, "stopped"),
                receipt("a.call_bob", Cancelled, "stopped"),
            ],
            "Added the note “milk”. But I stopped before “send mail” and “call bob”.",
        ),
        (
            vec![
                receipt("desk.find", Failed, "nothing found"),
                receipt("mail.send", Skipped, "step 1 did not work"),
                receipt("mail.file", Skipped, "step 1 did not work"),
            ],
            "“find” did not work: nothing found. I did not try “send” and “file”.",
        ),
        (
            vec![receipt("mail.send", Skipped, "this is a dry run")],
            "I did not try “send”: this is a dry run.",
        ),
    ];
    for (receipts, expected) in cases {
        assert_eq!(reply(receipts, Language::ENGLISH), *expected);
    }
}

#[test]
fn structured_results_are_read_out_as_pairs() {
    let cases = [
        (structured("d.count", "{\"count\":3}", json!({"count": 3})), "count: 3."),
        (
            structured("d.x", "", json!({"dueDate": "Friday", "done": false, "owner": null})),
            "due date: Friday, done: no.",
        ),
        (structured("d.x", "", json!({"result": "Just this."})), "Just this."),
        (
            structured("d.x", "", json!({"events": [{"id": 1, "title": "Dentist"}, {"title": "Lunch"}]})),
            "events: Dentist and Lunch.",
        ),
        (
            structured("d.x", "", json!({"names": ["a", "b", "c", "d", "e", "f", "g"]})),
            "names: a, b, c, d, e and 2 more.",
        ),
        (structured("d.x", "", json!({"names": []})), "names: none."),
        (structured("d.get_x", "", json!({})), "Done: get x."),
        // The tool's own words come before its structure.
        (structured("d.x", "Three notes.", json!({"count": 3})), "Three notes."),
        (receipt("d.x", Done, "{\"temperature_c\": 21.5}"), "temperature c: 21.5."),
        (receipt("d.x", Done, "42"), "42."),
    ];
    for (receipt, expected) in cases {
        assert_eq!(reply(&[receipt], Language::ENGLISH), expected);
    }
}

#[test]
fn long_and_marked_up_texts_become_short_sentences() {
    let list = receipt("desk.show", Done, "## Shopping list:\n- **milk**\n- `eggs`\n\n- bread");
    assert_eq!(reply(&[list], Language::ENGLISH), "Shopping list: milk, eggs, bread.");
    let sentences = receipt("desk.show", Done, &format!("One. {} Two.", "word ".repeat(100)));
    assert_eq!(reply(&[sentences], Language::ENGLISH), "One.");
    let endless = reply(&[receipt("desk.show", Done, &"word ".repeat(100))], Language::ENGLISH);
    assert!(endless.ends_with("word…") && endless.chars().count() <= 301, "{endless}");
    let wide = reply(&[receipt("desk.show", Done, &"語".repeat(1000))], Language::ENGLISH);
    assert_eq!(wide.chars().count(), 301);
    let hostile = reply(&[receipt("desk.show", Done, "a\u{1b}[31mred\u{0}\u{7}")], Language::ENGLISH);
    assert!(!hostile.chars().any(char::is_control), "{hostile:?}");
}

#[test]
fn says_the_same_in_german() {
    let german = Language("de");
    let note = || receipt("desk.add_note", Done, "Added the note “milk”.");
    let event = |status| receipt("calendar.add_event", status, "the calendar did not answer");
    assert_eq!(reply(&[], german), "Es wurde nichts getan.");
    assert_eq!(
        reply(&[note(), event(Failed)], german),
        "Added the note “milk”. Aber „add event“ hat nicht geklappt: the calendar did not answer."
    );
    assert_eq!(
        reply(&[note(), event(Unknown)], german),
        "Added the note “milk”. Aber ich weiß nicht, ob „add event“ erledigt wurde: the calendar did not answer."
    );
    let states = structured("lamps.state", "", json!({"on": true, "rooms": ["kitchen", "hall"]}));
    assert_eq!(reply(&[states], german), "on: ja, rooms: kitchen und hall.");
}
