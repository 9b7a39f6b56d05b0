//! `hark listen` on a real sound server: recordings are played into a virtual room, whose microphone is
//! heard through cpal.

mod room;
mod voice;

use std::path::Path;

use serde_json::Value;

use room::{Listening, Room, home, is};

#[tokio::test]
async fn what_is_said_in_the_room_is_done_and_a_lost_microphone_comes_back() {
    let home = home();
    let room = Room::open(&home).await;
    let listed = home.wait(home.hark(["listen", "--devices"]).spawn().expect("hark starts")).await.good();
    assert!(listed.contains("* Desk  (48000 Hz, 2 channels, "), "{listed}");

    let mut hark = Listening::start(&home, &["--device", "Desk"]);
    let opened = hark.until("microphone", is("microphone")).await;
    assert_eq!(
        (&opened["device"], &opened["rateHz"], &opened["channels"]),
        (&"Desk".into(), &48_000.into(), &2.into())
    );
    hark.until("the warning of silence", |line| line["code"] == "microphone_silent").await;
    room.play(&home, "list-add.wav").await;
    let done = hark.until("completed", is("completed")).await;
    assert_eq!(done["data"]["text"], "Add milk to the shopping list.", "{done:#}");
    assert_eq!(done["data"]["results"][0]["tool"], "desk.add_to_list", "{done:#}");
    let lists = std::fs::read_to_string(home.data().join("desk/lists.json")).expect("the lists");
    assert!(lists.contains("milk"), "{lists}");

    // The device vanishes in the middle of a word, and with it the word.
    let playing = room.play(&home, "timer.wav");
    let speaking = hark.until("speech-start", is("speech-start"));
    tokio::select! {
        _ = speaking => {}
        () = playing => panic!("nothing was heard"),
    }
    room.close().await;
    let lost = hark.until("warning", is("warning")).await;
    assert!(lost["code"].as_str().is_some_and(|code| code.starts_with("microphone_")), "{lost}");
    let room = Room::open(&home).await;
    hark.until("microphone", is("microphone")).await;
    room.play(&home, "time-tokyo.wav").await;
    let command = hark.until("command", is("command")).await;
    assert_eq!(command["text"], "What time is it in Tokyo?", "half a command was thrown away");
    hark.until("completed", is("completed")).await;
    hark.end(&home).await;
    room.close().await;
}

/// How much sound comes at once, at the median, in milliseconds.
async fn usual_step_ms(bind: &str) -> u64 {
    let address = format!("http://{bind}/api/microphone");
    let (mut steps, mut last) = (Vec::new(), 0);
    while steps.len() < 31 {
        let state: Value = reqwest::get(&address).await.expect("an answer").json().await.expect("JSON");
        let heard = state["soundMs"].as_u64().expect("soundMs");
        if heard > last {
            steps.push(heard - last);
            last = heard;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    steps.sort_unstable();
    steps[steps.len() / 2]
}

#[tokio::test]
async fn a_key_anywhere_begins_and_ends_what_is_said() {
    let home = home();
    let room = Room::open(&home).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let bind = port.to_string();
    let mut hark = Listening::start(&home, &["--held", "--dry-run", "--bind", &bind]);
    hark.until("microphone", is("microphone")).await;
    let trigger = async |action: &str| {
        home.wait(home.hark(["trigger", action, "--bind", &bind]).spawn().expect("hark starts")).await
    };
    let step = usual_step_ms(&bind).await;
    assert!(step < 200, "sound comes in pieces of {step} ms, and whoever spoke waits for the next one");
    // Sound comes later than it is played, so the key is held until the last word was heard.
    let heard = |word: &'static str| {
        move |line: &Value| line["text"].as_str().is_some_and(|text| text.ends_with(word))
    };
    trigger("start").await.good();
    room.play(&home, "list-add.wav").await;
    hark.until("the last word", heard("list.")).await;
    trigger("stop").await.good();
    let end = hark.until("speech-end", is("speech-end")).await;
    assert_eq!(end["end"], "released");
    let done = hark.until("completed", is("completed")).await;
    assert_eq!(done["data"]["text"], "Add milk to the shopping list.");

    trigger("toggle").await.good();
    room.play(&home, "timer.wav").await;
    hark.until("the last word", heard("minutes.")).await;
    trigger("cancel").await.good();
    trigger("toggle").await.good();
    room.play(&home, "time-tokyo.wav").await;
    hark.until("the last word", heard("Tokyo?")).await;
    trigger("toggle").await.good();
    let command = hark.until("command", is("command")).await;
    assert_eq!(command["text"], "What time is it in Tokyo?", "what is thrown away is not heard");
    hark.end(&home).await;
    room.close().await;
    trigger("toggle").await.refused(&["no Hark answers at", "hark listen"]);
    assert!(Path::new(&home.data()).exists());
}

#[tokio::test]
async fn what_stands_on_a_list_is_heard_that_was_not_heard_before() {
    let home = home();
    let room = Room::open(&home).await;
    let mut hark = Listening::start(&home, &["--dry-run"]);
    hark.until("microphone", is("microphone")).await;
    room.play(&home, "vocabulary/conservatory.wav").await;
    let refused = hark.until_any("a refusal", is("refused")).await;
    assert_eq!(refused["code"], "speech_low_confidence", "{refused}");
    hark.end(&home).await;

    let item = r#"{"list": "plants", "item": "conservatory"}"#;
    home.wait(home.hark(["tools", "call", "desk.add_to_list", item]).spawn().expect("hark starts"))
        .await
        .good();
    let mut hark = Listening::start(&home, &["--dry-run"]);
    hark.until("microphone", is("microphone")).await;
    room.play(&home, "vocabulary/conservatory.wav").await;
    let command = hark.until("command", is("command")).await;
    assert_eq!(command["text"], "Add conservatory to the list.");
    hark.end(&home).await;
    room.close().await;
}
