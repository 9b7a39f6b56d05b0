//! `hark say` where the command can't be done: why is told, the exit code is not 0, and as JSON the
//! last event is an error.

use serde_json::{Value, json};

use super::endpoint::{Endpoint, plan};
use super::home::{Home, Ran, recording};

/// Expects that a command went as far as its end, and that it ended with this error.
fn assert_failed(ran: &Ran, code: &str) -> Value {
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let events = ran.json();
    let last = events.last().unwrap_or_else(|| panic!("no event: {ran:#?}"));
    assert_eq!(last["type"], "error", "{ran:#?}");
    assert_eq!(last["data"]["error"]["code"], code, "{ran:#?}");
    last["data"].clone()
}

#[tokio::test]
async fn what_is_no_command_is_refused_before_anything_is_done() {
    let model = Endpoint::saying([]).await;
    let home = model.home();
    let long = "milk ".repeat(801);
    home.run(["say", ""]).await.refused(&["the command is empty"]);
    home.run(["say", " \n "]).await.refused(&["the command is empty"]);
    home.run(["say", &long]).await.refused(&["4004 characters", "4000", "split it"]);
    home.run(["say", "--audio", "missing.wav"]).await.refused(&["missing.wav", "check the name"]);
    home.run(["say", "--audio", "."]).await.refused(&["is a folder"]);
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn a_recording_without_a_command_ends_with_its_fault() {
    let model = Endpoint::saying([]).await;
    let home = model.home().with("HARK_AUDIO__MAX_SECONDS", "3").with("HARK_AUDIO__MAX_BYTES", "200000");
    let text = home.write("text.wav", "add milk to the shopping list");
    for (path, code) in [
        (recording("silence.wav"), "silence"),
        (recording("calendar-add.wav"), "audio_too_long"),
        (text, "audio_format_unknown"),
        ("/dev/zero".to_owned(), "audio_too_large"),
    ] {
        assert_failed(&home.run(["say", "--json", "--audio", &path]).await, code);
    }
    assert_failed(&home.run_with(b"", ["say", "--json", "--audio", "-"]).await, "audio_empty");
    assert!(model.asked().is_empty());

    let told = home.run(["say", "--audio", &recording("silence.wav")]).await;
    assert!(told.out.contains("Nothing was said"), "{told:#?}");
    told.refused(&["silence"]);
}

#[tokio::test]
async fn a_model_that_cannot_be_reached_is_told_with_its_address() {
    let model = Endpoint::saying([]).await;
    let home = model.home();
    let told = assert_failed(&home.run(["say", "--json", "add milk"]).await, "model_failed");
    assert!(told["reply"].as_str().unwrap().contains("the script has no more"), "{told}");
    let base = model.base.clone();
    drop(model);
    let told = home.run(["say", "add milk"]).await;
    assert!(told.out.contains(base.trim_end_matches("/v1")), "{told:#?}");
    told.refused(&["model_"]);
}

#[tokio::test]
async fn the_embedded_model_that_is_missing_is_told_with_the_command_that_fetches_it() {
    let told =
        assert_failed(&Home::without_model().run(["say", "--json", "add milk"]).await, "model_missing");
    assert!(told["reply"].as_str().unwrap().contains("hark models fetch smollm2-135m-instruct"), "{told}");
}

#[tokio::test]
async fn a_plan_that_is_not_proved_never_runs() {
    let wrong = plan("desk", "burn_house", json!({}));
    let model = Endpoint::saying([wrong.clone(), wrong]).await;
    let home = model.home();
    let told = assert_failed(&home.run(["say", "--json", "add milk"]).await, "plan_invalid");
    assert_eq!((told["plan"].clone(), told["results"].clone()), (Value::Null, json!([])), "{told}");
    assert!(told["reply"].as_str().unwrap().contains("burn_house"), "{told}");
    assert_eq!(model.asked().len(), 2, "it may mend its plan once");
}

#[tokio::test]
async fn where_no_tool_fits_that_is_told() {
    let model = Endpoint::saying([json!({"selectedTools": []})]).await;
    assert_failed(&model.home().run(["say", "--json", "make me taller"]).await, "no_tool_fits");
    let home = model.home().with("HARK_TOOLS__DESK", "false");
    let told = assert_failed(&home.run(["say", "--json", "add milk"]).await, "no_tools");
    assert!(told["reply"].as_str().unwrap().contains("hark doctor"), "{told}");
}

#[tokio::test]
async fn a_tool_that_fails_is_told_in_its_words() {
    let sum = plan("desk", "calculate", json!({"expression": "milk"}));
    let model = Endpoint::saying([sum.clone(), sum]).await;
    let home = model.home();
    let told = assert_failed(&home.run(["say", "--json", "work out milk"]).await, "step_failed");
    assert_eq!(told["results"][0]["status"], "failed", "{told}");
    let told = home.run(["say", "work out milk"]).await;
    assert!(told.out.contains("│ ") && told.out.contains("milk"), "{told:#?}");
    told.refused(&["step_failed"]);
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_told_and_nothing_is_claimed() {
    let model = Endpoint::saying([plan("shed", "good", json!({}))]).await;
    let home = model.home().with("HARK_EXECUTOR__RETRIES", "0");
    home.write_shed("dies-on-call");
    let told = assert_failed(&home.run(["say", "--json", "do good"]).await, "step_failed");
    assert_eq!(told["results"][0]["tool"], "shed.good");
    assert_ne!(told["results"][0]["status"], "done", "{told}");
    let error = told["results"][0]["error"].as_str().unwrap();
    assert!(error.contains("shed") && error.contains("was lost during the call"), "{told}");
}
