//! From the stop to the last event of what was under way, by each way in which a person can stop it.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::StatusCode;
use hark::domain::{Pcm, Transcript};
use hark::speech::{Hints, SpeechError, SpeechModel, Transcriber};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::test_app::{Setup, TestApp, post, wav};

/// Hark's own time from the stop to the end.
const BOUND: Duration = Duration::from_millis(300);
const TRIES: usize = 20;

/// Hears until it is told to stop.
struct HearsForEver;

#[async_trait]
impl Transcriber for HearsForEver {
    async fn transcribe(&self, _: Pcm, _: Hints, stop: CancellationToken) -> Result<Transcript, SpeechError> {
        stop.cancelled().await;
        Err(SpeechError::Cancelled)
    }

    fn model(&self) -> SpeechModel {
        SpeechModel { name: "hears".to_owned(), embedded: false, language: None, note: None }
    }
}

enum Under {
    Speech,
    Model,
    Call,
}

async fn once(under: &Under, is_said: bool) -> (Duration, String) {
    let act = r#"{"selectedTools":[{"service":"shed","tool":"good","params":{}}]}"#;
    let setup = match under {
        Under::Speech => Setup { speech: Some(Arc::new(HearsForEver)), ..Setup::default() },
        Under::Model => Setup { is_held: true, ..Setup::default() },
        Under::Call => Setup { answers: vec![act], fault: "hangs-on-call", ..Setup::default() },
    };
    let app = TestApp::with(setup).await;
    let (id, stage) = match under {
        Under::Speech => {
            let mut request = post("audio/wav", wav());
            request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
            let answer = app.send(request).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED);
            (answer.json()["commandId"].as_str().unwrap().to_owned(), "transcribing")
        }
        Under::Model => (app.begin("Do good.").await, "analyzing"),
        Under::Call => (app.begin("Do good.").await, "executing"),
    };
    let path = format!("/api/voice/commands/{id}");
    let patience = Instant::now();
    while !app.get(&path).await.text().contains(stage) {
        assert!(patience.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let events = format!("{path}/events");
    let stopped = Instant::now();
    let stopping = async {
        match is_said {
            true => assert_eq!(app.say("Stop.").await.status, StatusCode::OK),
            false => assert_eq!(app.delete(&path).await.status, StatusCode::ACCEPTED),
        }
    };
    let ended = async {
        app.get(&events).await;
        stopped.elapsed()
    };
    let (took, ()) = tokio::join!(ended, stopping);
    let told: Value = app.get(&path).await.json();
    let step = told["outcome"]["results"][0]["status"].as_str();
    (took, step.or(told["outcome"]["error"]["code"].as_str()).unwrap_or("?").to_owned())
}

/// The table, and whether the bound was kept.
pub(crate) async fn measure() -> (String, bool) {
    let mut page = String::from(
        "\n## Stop\n\nFrom the stop to the last event of the command, 20 times each; the bound is 300 ms.\n\
         *Sent* is `DELETE`, which the page's button, its Escape key and `hark say` send; *said* is a command of\n\
         nothing but \"stop\", typed or heard (the time of hearing it not included).\n\n\
         | under way | stop | ends as | median ms | longest ms |\n|---|---|---|---|---|\n",
    );
    let mut is_good = true;
    for (name, under) in
        [("the speech model", Under::Speech), ("the language model", Under::Model), ("a call", Under::Call)]
    {
        for (way, is_said) in [("sent", false), ("said", true)] {
            let (mut times, mut ended) = (Vec::new(), String::new());
            for _ in 0..TRIES {
                let (took, told) = once(&under, is_said).await;
                times.push(took);
                ended = told;
            }
            times.sort_unstable();
            let longest = times[TRIES - 1];
            let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1_000.0);
            let (median, worst) = (ms(times[TRIES / 2]), ms(longest));
            writeln!(page, "| {name} | {way} | {ended} | {median} | {worst} |").unwrap();
            is_good &= longest <= BOUND;
        }
    }
    (page, is_good)
}
