//! `/v1/audio/transcriptions` with the real speech model: as OpenAI's clients ask, and as Hark itself asks
//! another Hark.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use hark::api::ApiConfig;
use hark::domain::{Pcm, Secret, UserId};
use hark::speech::{Fallback, Hints, RemoteConfig, RemoteTranscriber, SpeechError, Transcriber};
use tokio_util::sync::CancellationToken;

use crate::speech::SHARED;
use crate::support::live::spoken;
use crate::support::test_app::{Answer, Setup, TestApp, request};

const WORDS: &str = "Set a timer for 10 minutes.";

async fn app(api: ApiConfig) -> TestApp {
    TestApp::with(Setup { api, speech: Some(SHARED.clone()), ..Setup::default() }).await
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/audio/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

async fn post(app: &TestApp, fields: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let of_file = if *name == "file" { "; filename=\"a.wav\"" } else { "" };
        body.extend(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{of_file}\r\n\r\n").bytes(),
        );
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = request(Method::POST, "/v1/audio/transcriptions")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn a_recording_is_answered_in_each_format() {
    let app = app(ApiConfig::default()).await;
    let sound = file("timer.wav");
    let with = async |format: &str| {
        let fields: [(&str, &[u8]); 5] = [
            ("file", &sound),
            ("model", b"whisper-1"),
            ("language", b"en"),
            ("temperature", b"0"),
            ("response_format", format.as_bytes()),
        ];
        let answer = post(&app, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{format}: {answer:?}");
        answer
    };
    assert_eq!(with("json").await.json(), serde_json::json!({"text": WORDS}));
    assert_eq!(with("text").await.text(), format!("{WORDS}\n"));
    let verbose = with("verbose_json").await.json();
    assert_eq!((&verbose["text"], &verbose["segments"][0]["text"]), (&WORDS.into(), &WORDS.into()));
    assert!((2.0..3.0).contains(&verbose["duration"].as_f64().unwrap()), "{verbose}");
    assert_eq!(with("srt").await.text().lines().nth(2), Some(WORDS));
    assert!(with("vtt").await.text().starts_with("WEBVTT\n\n00:00:00."));
    assert_eq!(
        app.get("/api/voice/commands").await.json()["commands"],
        serde_json::json!([]),
        "no command is made of it"
    );
}

#[tokio::test]
async fn parts_are_streamed_as_they_are_heard() {
    let app = app(ApiConfig::default()).await;
    let answer = post(&app, &[("file", &file("timer.wav")), ("stream", b"true")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let data: Vec<serde_json::Value> = answer
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let deltas: String = data.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(deltas, WORDS);
    assert_eq!(data.last().unwrap(), &serde_json::json!({"type": "transcript.text.done", "text": WORDS}));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_the_form_that_clients_read() {
    let app = app(ApiConfig::default()).await;
    let sound = file("timer.wav");
    type Case<'a> = (&'a [(&'a str, &'a [u8])], u16, &'a str, Option<&'a str>);
    let cases: [Case; 8] = [
        (&[("model", b"whisper-1")], 400, "invalid_value", Some("file")),
        (&[("file", &sound), ("response_format", b"xml")], 400, "invalid_value", Some("response_format")),
        (&[("file", &sound), ("temperature", b"warm")], 400, "invalid_value", Some("temperature")),
        (&[("file", &sound), ("language", b"de")], 400, "invalid_value", Some("language")),
        (
            &[("file", &sound), ("timestamp_granularities[]", b"word")],
            400,
            "invalid_value",
            Some("timestamp_granularities"),
        ),
        (&[("file", b"not sound")], 415, "audio_format_unknown", None),
        (&[("file", b"")], 422, "audio_empty", None),
        (&[("file", &file("silence.wav"))], 422, "silence", None),
    ];
    for (fields, status, code, param) in cases {
        let answer = post(&app, fields).await;
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status.as_u16(), error["code"].as_str()), (status, Some(code)), "{answer:?}");
        assert_eq!(error["param"].as_str(), param);
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
    }
    let plain = request(Method::POST, "/v1/audio/transcriptions").body(Body::from("x")).unwrap();
    assert_eq!(app.send(plain).await.json()["error"]["code"], "multipart_broken");
}

fn pcm(name: &str) -> Pcm {
    Pcm::new(spoken(name).into_iter().map(|sample| f32::from(sample) / 32_768.0).collect())
}

fn remote(address: &str, key: &str) -> RemoteTranscriber {
    RemoteTranscriber::new(RemoteConfig {
        base_url: format!("{address}/v1"),
        model: "whisper-1".to_owned(),
        api_key: Some(Secret::new(key)),
        language: Some("en".to_owned()),
        deadline: Duration::from_secs(60),
    })
    .unwrap()
}

async fn hear(by: &dyn Transcriber, pcm: Pcm) -> Result<String, SpeechError> {
    Ok(by.transcribe(pcm, Hints::default(), CancellationToken::new()).await?.text)
}

#[tokio::test]
async fn one_hark_hears_for_another() {
    let token = (UserId("ann".to_owned()), Secret::new("secret-of-ann"));
    let app = app(ApiConfig { tokens: vec![token], ..ApiConfig::default() }).await;
    let address = app.serve().await;
    assert_eq!(hear(&remote(&address, "secret-of-ann"), pcm("timer")).await.unwrap(), WORDS);
    let refused = hear(&remote(&address, "wrong"), pcm("timer")).await.unwrap_err();
    assert_eq!(refused.code(), "speech_unreachable");
    assert!(refused.to_string().contains("401") && !refused.to_string().contains("wrong"), "{refused}");
    // Nothing that is surely no speech leaves the machine: this address answers nobody.
    let nowhere = remote("http://127.0.0.1:9", "key");
    assert_eq!(hear(&nowhere, Pcm::new(vec![0.0; 16_000])).await.unwrap_err().code(), "silence");
}

#[tokio::test]
async fn where_the_service_is_away_the_local_model_hears() {
    let both = Fallback::new(Arc::new(remote("http://127.0.0.1:9", "key")), SHARED.clone());
    assert_eq!(hear(&both, pcm("timer")).await.unwrap(), WORDS);
    // What one model says of the recording is not asked of another.
    let never = Fallback::new(SHARED.clone(), Arc::new(remote("http://127.0.0.1:9", "key")));
    assert_eq!(hear(&never, Pcm::new(vec![0.0; 16_000])).await.unwrap_err().code(), "silence");
}
