//! Live sessions with the real speech model: many at once, wake phrase, doubt, and sound that is no speech.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hark::audio::{EndpointConfig, Turns};
use hark::domain::{CommandId, Pcm, SessionId, Transcript, UserId, Word};
use hark::listening::{Listening, ListeningConfig, Notice, Sound, WakePhrase};
use hark::pipeline::Speaker;
use hark::speech::{Hints, SpeechError, SpeechModel, Transcriber, Whisper};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::speech::{SHARED, config};
use crate::support::live::{silence, spoken};
use crate::support::test_app::{Setup, TestApp};

/// A bound that is never reached unless something is broken; no test takes its measure from it.
const PATIENCE: Duration = Duration::from_secs(180);

fn listening(config: ListeningConfig) -> Listening {
    let session = SessionId(CommandId::new().to_string());
    let speaker =
        Speaker { user: UserId::local(), may_approve: true, session, timezone: None, language: None };
    Listening { speaker, turns: Turns::HandsFree, dry_run: false, config }
}

/// Plays recordings with a second of silence after each to a session; all that it told, to its end.
async fn play(app: &TestApp, config: ListeningConfig, recordings: &[&str]) -> Vec<Notice> {
    let (sounds, hears) = mpsc::channel(16);
    let (notices, mut told) = mpsc::channel(256);
    let listener = app.state.listener().clone();
    let session = listener.listen(listening(config), hears, notices, CancellationToken::new());
    let playing = async {
        for name in recordings {
            let sound = [spoken(name), silence(1_000)].concat();
            for piece in sound.chunks(1_600) {
                let samples = piece.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
                sounds.send(Sound::Samples(samples)).await.unwrap();
            }
        }
        drop(sounds);
    };
    let watching = async {
        let mut lines = Vec::new();
        while let Some(notice) = told.recv().await {
            lines.push(notice);
        }
        lines
    };
    let all = async { tokio::join!(session, playing, watching).2 };
    tokio::time::timeout(PATIENCE, all).await.expect("an end in time")
}

fn commands(lines: &[Notice]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| if let Notice::Command { text, .. } = line { Some(text.as_str()) } else { None })
        .collect()
}

fn refusals(lines: &[Notice]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| if let Notice::Refused { code, .. } = line { Some(code.as_str()) } else { None })
        .collect()
}

async fn app() -> TestApp {
    TestApp::with(Setup { speech: Some(SHARED.clone()), ..Setup::default() }).await
}

#[tokio::test]
async fn one_command_after_the_other_is_heard_whole() {
    let app = app().await;
    let lines = play(&app, ListeningConfig::default(), &["list-add", "timer", "time-tokyo"]).await;
    assert_eq!(
        commands(&lines),
        ["Add milk to the shopping list.", "Set a timer for 10 minutes.", "What time is it in Tokyo?"],
        "{lines:#?}"
    );
    let ends = lines.iter().filter(|line| matches!(line, Notice::Progress(event) if event.kind.is_last()));
    assert_eq!(ends.count(), 3, "the session ends when its commands have ended");
}

/// The queue of the speech model is shorter than that, so some may be refused; none may be mixed up.
#[tokio::test]
async fn fifty_people_at_once_are_never_mixed_up() {
    // Not the model that other tests share: its queue is full here most of the time.
    let speech: Arc<dyn Transcriber> = Arc::new(Whisper::load(config()).expect("a model"));
    let app = Arc::new(TestApp::with(Setup { speech: Some(speech), ..Setup::default() }).await);
    let clips = [
        ("list-add", "milk"),
        ("timer", "timer"),
        ("time-tokyo", "Tokyo"),
        ("arithmetic", "17"),
        ("list-read", "list"),
    ];
    let tasks = TaskTracker::new();
    let people: Vec<_> = (0..50)
        .map(|person| {
            let (app, (name, word)) = (app.clone(), clips[person % clips.len()]);
            tasks.spawn(async move { (word, play(&app, ListeningConfig::default(), &[name]).await) })
        })
        .collect();
    let mut heard = 0;
    for person in people {
        let (word, lines) = person.await.expect("a session that ends");
        match (commands(&lines).as_slice(), refusals(&lines).as_slice()) {
            ([text], []) => {
                assert!(text.contains(word), "{text:?} for {word}");
                heard += 1;
            }
            ([], ["speech_busy"]) => {}
            _ => panic!("{lines:#?}"),
        }
    }
    assert!(heard >= 10, "{heard} of 50 were heard");
}

#[tokio::test]
async fn noise_music_and_silence_make_no_command() {
    let app = app().await;
    let lines = play(&app, ListeningConfig::default(), &["noise", "tones", "silence"]).await;
    assert_eq!(commands(&lines), Vec::<&str>::new(), "{lines:#?}");
}

#[tokio::test]
async fn without_the_wake_phrase_nothing_is_meant_for_hark() {
    let app = app().await;
    let config = || ListeningConfig { wake: WakePhrase::new("add milk"), ..ListeningConfig::default() };
    let lines = play(&app, config(), &["timer"]).await;
    assert_eq!(commands(&lines), Vec::<&str>::new());
    assert!(lines.iter().any(|line| matches!(line, Notice::Unaddressed)), "{lines:#?}");
    assert!(!lines.iter().any(|line| matches!(line, Notice::Partial { .. })), "what others say is not shown");
    let lines = play(&app, config(), &["list-add"]).await;
    assert_eq!(commands(&lines), ["to the shopping list."], "the phrase is taken off");
}

/// Hears a command whose last word it is not sure of.
struct Unsure;

#[async_trait]
impl Transcriber for Unsure {
    async fn transcribe(&self, pcm: Pcm, _: Hints, _: CancellationToken) -> Result<Transcript, SpeechError> {
        let words = [("Do", 0.9), ("good", 0.9), ("Anna", 0.2)];
        Ok(Transcript {
            text: "Do good Anna".to_owned(),
            words: words.map(|(text, confidence)| Word { text: text.to_owned(), confidence }).to_vec(),
            segments: Vec::new(),
            language: None,
            confidence: 0.7,
            model: "unsure".to_owned(),
            audio_ms: u64::try_from(pcm.duration().as_millis()).expect("short"),
            decode_ms: 1.0,
        })
    }

    fn model(&self) -> SpeechModel {
        SpeechModel { name: "unsure".to_owned(), embedded: false, language: None, note: None }
    }
}

#[tokio::test]
async fn a_name_that_was_hardly_heard_is_asked_for_once() {
    let plan = r#"{"selectedTools":[{"service":"shed","tool":"good","params":{"name":"Anna"}}]}"#;
    let setup = Setup {
        answers: vec![plan],
        fault: "wants-name",
        speech: Some(Arc::new(Unsure)),
        ..Setup::default()
    };
    let app = TestApp::with(setup).await;
    let lines = play(&app, ListeningConfig::default(), &["list-add", "list-add"]).await;
    let replies: Vec<&str> = lines
        .iter()
        .filter_map(|line| match line {
            Notice::Progress(event) if event.kind.is_last() => Some(event.message.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        replies.first(),
        Some(&"I am not sure that I heard the name right: “Anna”. What should it be?")
    );
    // Asked about it already, it is believed.
    assert_eq!(replies.get(1), Some(&"done."), "{replies:?}");
}

#[tokio::test]
async fn an_utterance_has_an_end_whatever_is_heard() {
    let app = app().await;
    let endpoints = EndpointConfig { longest: Duration::from_secs(2), ..EndpointConfig::default() };
    let lines = play(&app, ListeningConfig { endpoints, ..ListeningConfig::default() }, &["reminder"]).await;
    let ends = lines.iter().filter(|line| matches!(line, Notice::SpeechEnd { .. })).count();
    assert!(ends >= 1, "{lines:#?}");
}
