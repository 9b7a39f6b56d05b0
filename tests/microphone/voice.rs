//! Replies said by a real speech-dispatcher into the room that the microphone hears.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Child;

use super::room::{Listening, Room, home, is};
use crate::cli::home::{Home, PATIENCE};

/// A speech service of its own, which nobody else starts.
async fn service(home: &Home) -> Child {
    let folder = home.path().join(".config/speech-dispatcher");
    std::fs::create_dir_all(folder.join("modules")).expect("folders");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    let modules = "AddModule \"espeak-ng\" \"sd_espeak-ng\" \"espeak-ng.conf\"\nDefaultModule espeak-ng\n";
    let sound = "AudioOutputMethod \"pulse\"\nAudioPulseDevice \"room\"\n";
    write("speechd.conf", &format!("{modules}{sound}DisableAutoSpawn\n"));
    let module = std::fs::read_to_string("/etc/speech-dispatcher/modules/espeak-ng.conf").expect("installed");
    write("modules/espeak-ng.conf", &module);
    let socket = home.path().join("speech-dispatcher/speechd.sock");
    std::fs::remove_file(&socket).ok();
    let mut service = home.program("speech-dispatcher");
    service.args(["-s", "-t", "0", "-l", "1", "-C"]).arg(&folder);
    service.arg("-S").arg(&socket).arg("-P").arg(home.path().join("speechd.pid"));
    service.arg("-L").arg(home.path());
    let service = service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it is installed");
    let is_there = async {
        while !socket.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_there).await.expect("the speech service starts");
    service
}

fn refused(code: &'static str) -> impl Fn(&Value) -> bool {
    move |line| line["code"] == code
}

#[tokio::test]
async fn a_reply_is_said_aloud_and_not_obeyed() {
    let home = home();
    let room = Room::open(&home).await;
    let mut tongue = service(&home).await;
    let mut hark = Listening::start(&home, &["--speak"]);
    hark.until("microphone", is("microphone")).await;
    room.play(&home, "list-add.wav").await;
    let done = hark.until("completed", is("completed")).await;
    assert_eq!(done["message"], "Added milk to your shopping list.");
    hark.until_any("its own voice", refused("own_voice")).await;

    // Without the service commands go on, and the person is told what to do.
    tongue.kill().await.expect("it runs");
    room.play(&home, "time-tokyo.wav").await;
    hark.until("completed", is("completed")).await;
    let warning = hark.until("warning", is("warning")).await;
    assert_eq!(warning["code"], "voice_unavailable");
    assert!(
        warning["message"].as_str().is_some_and(|it| it.contains("install speech-dispatcher")),
        "{warning}"
    );
    hark.end(&home).await;
    room.close().await;
}

#[tokio::test]
async fn whoever_presses_the_key_ends_what_is_being_said() {
    let home = home();
    let room = Room::open(&home).await;
    let mut tongue = service(&home).await;
    // It takes half a minute to say all of these.
    let items: Vec<String> = (1..=30).map(|number| format!("bag {number} of very fine flour")).collect();
    let list = serde_json::json!({"list": "shopping", "item": items.join(", ")}).to_string();
    home.wait(home.hark(["tools", "call", "desk.add_to_list", &list]).spawn().expect("hark starts"))
        .await
        .good();
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let bind = port.to_string();
    let mut hark = Listening::start(&home, &["--held", "--speak", "--bind", &bind]);
    hark.until("microphone", is("microphone")).await;
    let trigger = async |action: &str| {
        home.wait(home.hark(["trigger", action, "--bind", &bind]).spawn().expect("hark starts")).await.good()
    };
    let level = async || {
        let state = reqwest::get(format!("http://{bind}/api/microphone")).await.expect("an answer");
        state.json::<Value>().await.expect("JSON")["level"].as_f64().expect("a level")
    };
    trigger("start").await;
    room.play(&home, "list-read.wav").await;
    hark.until("the last word", |line| line["text"].as_str().is_some_and(|text| text.ends_with("list?")))
        .await;
    trigger("stop").await;
    hark.until("completed", is("completed")).await;
    let speaks = async {
        while level().await < 0.02 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, speaks).await.expect("the reply is said");
    trigger("start").await;
    let falls_silent = async {
        let mut quiet = 0;
        while quiet < 15 {
            quiet = if level().await < 0.005 { quiet + 1 } else { 0 };
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(12), falls_silent).await.expect("silence");
    trigger("cancel").await;
    hark.end(&home).await;
    tongue.kill().await.expect("it runs");
    room.close().await;
}
