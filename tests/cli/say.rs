//! `hark say`: one command from the terminal, typed or spoken.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::process::Stdio;

use serde_json::{Value, json};

use super::endpoint::{Endpoint, plan};
use super::home::{Home, recording};

fn add_milk() -> Value {
    plan("desk", "add_to_list", json!({"list": "shopping", "item": "milk"}))
}

async fn shopping_list(home: &Home) -> String {
    let ran = home.run(["tools", "call", "desk.show_list", r#"{"list": "shopping"}"#]).await;
    format!("{}{}", ran.out, ran.err)
}

/// Fails unless these are the events of one command, from the first to the last.
fn assert_whole(events: &[Value], last: &str) {
    assert!(events.iter().zip(1..).all(|(event, seq)| event["seq"] == seq), "{events:#?}");
    assert!(events.iter().all(|event| event["commandId"] == events[0]["commandId"]), "{events:#?}");
    let ends = events.iter().filter(|event| event["type"] == "completed" || event["type"] == "error");
    assert_eq!(ends.count(), 1, "{events:#?}");
    assert_eq!(events.last().unwrap()["type"], last, "{events:#?}");
}

#[tokio::test]
async fn a_typed_command_is_planned_by_the_embedded_model_and_carried_out() {
    let home = Home::new();
    // The words need no quotes.
    let told = home.run(["say", "add", "milk", "to", "the", "shopping", "list"]).await;
    assert!(told.out.contains("→ desk.add_to_list {"), "the plan: {told:#?}");
    assert!(told.out.lines().last().unwrap().contains("milk"), "the reply is last: {told:#?}");
    assert!(told.err.contains(" ms"), "the times: {told:#?}");
    // On which list is the small model's guess, which differs from machine to machine.
    assert!(told.good().contains("│ Added milk to your "), "the receipt");
    let lists = home.run(["tools", "call", "desk.show_lists"]).await.good();
    assert!(lists.contains("1 "), "one list with one item: {lists}");
}

#[tokio::test]
async fn a_recording_is_heard_planned_and_carried_out() {
    let model = Endpoint::saying([add_milk()]).await;
    let home = model.home();
    let ran = home.run(["say", "--audio", &recording("list-add.wav")]).await;
    assert!(ran.err.contains("hark models fetch base.en-q8_0"), "which model listens: {ran:#?}");
    let told = ran.good().to_lowercase();
    let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words:?}: {told}"));
    assert!(at("heard: add milk to the shopping list") < at("→ desk.add_to_list"), "{told}");
    assert!(at("→ desk.add_to_list") < at("│ "), "the plan and then its receipt: {told}");
    assert!(shopping_list(&home).await.contains("milk"));
}

#[tokio::test]
async fn a_recording_on_standard_input_becomes_events_as_json() {
    let model = Endpoint::saying([add_milk()]).await;
    let bytes = std::fs::read(recording("list-add.wav")).unwrap();
    let ran = model.home().run_with(&bytes, ["say", "--json", "--audio", "-"]).await;
    assert_eq!(ran.err, "", "nothing but the events is told");
    let events = ran.good_json();
    assert_whole(&events, "completed");
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "transcribing",
            "transcribing",
            "transcribing",
            "discovering",
            "analyzing",
            "planned",
            "executing",
            "executing",
            "completed"
        ]
    );
    let result = &events.last().unwrap()["data"];
    assert_eq!(result["success"], true);
    assert!(
        result["transcript"]["text"].as_str().unwrap().to_lowercase().starts_with("add milk"),
        "{result}"
    );
    assert_eq!(result["results"][0]["status"], "done");
}

#[tokio::test]
async fn a_dry_run_shows_the_plan_and_calls_nothing() {
    let model = Endpoint::saying([add_milk(), add_milk()]).await;
    let home = model.home();
    let told = home.run(["say", "--dry-run", "add milk"]).await.good();
    assert!(told.contains("→ desk.add_to_list {") && told.contains("This is what I would do"), "{told}");
    let events = home.run(["say", "--dry-run", "--json", "add milk"]).await.good_json();
    assert_whole(&events, "completed");
    assert!(events.iter().all(|event| event["type"] != "executing"), "{events:#?}");
    assert_eq!(events.last().unwrap()["data"]["results"][0]["status"], "skipped");
    assert!(!shopping_list(&home).await.contains("milk"));
}

#[tokio::test]
async fn a_question_is_answered_in_its_session() {
    let question = json!({
        "selectedTools": [{"service": "desk", "tool": "add_to_list", "params": {"item": "milk"}}],
        "needsClarification": true,
        "clarificationQuestion": "On which list?"
    });
    // The answer's plan leaves out what was said before the question.
    let model = Endpoint::saying([question, plan("desk", "add_to_list", json!({"list": "shopping"}))]).await;
    let home = model.home();
    let asked = home.run(["say", "--session", "kitchen", "add milk"]).await;
    assert!(asked.out.contains("On which list?"), "{asked:#?}");
    asked.refused(&["hark say --session kitchen"]);

    home.run(["say", "--session", "kitchen", "the shopping list"]).await.good();
    let asked = model.asked();
    assert!(asked[1].contains("add milk") && asked[1].contains("On which list?"), "{asked:#?}");
    assert!(shopping_list(&home).await.contains("milk"));
}

#[tokio::test]
async fn a_conversation_without_a_name_can_be_gone_on_with() {
    let question = json!({"selectedTools": [], "needsClarification": true, "clarificationQuestion": "What?"});
    let model = Endpoint::saying([question, add_milk()]).await;
    let home = model.home();
    let asked = home.run(["say", "do it"]).await;
    let way_on = asked.err.split("hark say --session ").nth(1).expect("the way on is told");
    let session = way_on.split_whitespace().next().unwrap();
    home.run(["say", "--session", session, "add milk"]).await.good();
    assert!(model.asked()[1].contains("do it"), "{:#?}", model.asked());
}

#[tokio::test]
async fn the_time_zone_of_a_command_is_the_one_that_it_names() {
    let model = Endpoint::saying([add_milk(), add_milk()]).await;
    let home = model.home();
    home.run(["say", "--dry-run", "add milk"]).await.good();
    home.run(["say", "--dry-run", "--timezone", "Asia/Tokyo", "add milk"]).await.good();
    let asked = model.asked();
    assert!(asked[0].contains("Europe/Berlin") && asked[1].contains("Asia/Tokyo"), "{asked:#?}");
}

#[tokio::test]
async fn the_language_of_a_reply_is_that_of_the_settings_or_else_the_one_that_is_spoken() {
    for (settings, reply) in [
        ("", "This is what I would do: "),
        ("language = \"de\"", "Das würde ich tun: "),
        ("[speech]\nlanguage = \"de\"", "Das würde ich tun: "),
        ("[speech]\nlanguage = \"auto\"", "This is what I would do: "),
        ("language = \"en\"\n[speech]\nlanguage = \"de\"", "This is what I would do: "),
    ] {
        let model = Endpoint::saying([add_milk()]).await;
        let home = model.home();
        home.write("hark.toml", settings);
        let said = home.run(["say", "--dry-run", "add milk"]).await.good();
        assert!(said.contains(reply), "{settings:?}: {said}");
    }
}

#[tokio::test]
async fn an_interrupt_stops_a_command_and_everything_that_it_started() {
    let model = Endpoint::hanging().await;
    let home = model.home();
    let child = home.hark(["say", "--json", "add milk"]).stdin(Stdio::null()).spawn().unwrap();
    model.arrival().await;
    let pid = child.id().unwrap().to_string();
    assert!(home.program("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let ran = home.end(child).await;
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let events = ran.json();
    assert_whole(&events, "error");
    assert_eq!(events.last().unwrap()["data"]["error"]["code"], "cancelled");
}
