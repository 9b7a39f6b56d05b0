//! The real embedded model on real recordings, on what is no speech, and under load.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hark::audio::{AudioConfig, Decoder};
use hark::domain::{Pcm, Transcript};
use hark::models::{Catalogue, EMBEDDED_SPEECH};
use hark::speech::{Hints, SpeechConfig, SpeechError, SpeechModelConfig, Transcriber, Weights, Whisper};
use strsim::generic_levenshtein;
use tokio_util::sync::CancellationToken;

/// The model that most tests share, since it keeps nothing of one recording for the next.
pub(crate) static SHARED: LazyLock<Arc<Whisper>> =
    LazyLock::new(|| Arc::new(Whisper::load(config()).unwrap()));

pub(crate) fn config() -> SpeechConfig {
    let catalogue = Catalogue::built_in().unwrap();
    let entry = catalogue.embedded().unwrap();
    SpeechConfig {
        model: SpeechModelConfig {
            name: entry.name.clone(),
            weights: Weights::Embedded(EMBEDDED_SPEECH),
            note: Some(entry.note.clone()),
            language: entry.language.clone(),
            decoding: entry.decoding.clone().unwrap(),
        },
        states: 1,
        // The engine's threads wait for each other in a loop, which costs more than it gains beside
        // other tests.
        threads_per_state: 1,
        queue: 32,
        deadline: Duration::from_secs(120),
        language: "en".to_owned(),
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio")
}

async fn recording(name: &str) -> Pcm {
    let bytes = std::fs::read(fixtures().join(format!("{name}.wav"))).unwrap();
    Decoder::new(AudioConfig::default()).unwrap().decode(bytes.into()).await.unwrap()
}

async fn hear(whisper: &Whisper, pcm: Pcm) -> Result<Transcript, SpeechError> {
    whisper.transcribe(pcm, Hints::default(), CancellationToken::new()).await
}

/// The fixtures' names and texts.
fn commands() -> Vec<(String, String)> {
    let table = std::fs::read_to_string(fixtures().join("commands.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|row| {
        let columns: Vec<_> = row.split('\t').collect();
        (columns[0].to_owned(), columns[3].to_owned())
    })
    .collect()
}

/// Words as they are said: how a number is written is no error.
fn said(text: &str) -> Vec<String> {
    const NUMBERS: [(&str, &str); 6] = [
        ("3", "three"),
        ("4", "four"),
        ("10", "ten"),
        ("17", "seventeen"),
        ("3pm", "three pm"),
        ("10am", "ten am"),
    ];
    let text = text.to_lowercase().replace(" p m", " pm").replace(" a m", " am");
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let spelt =
        words.map(|word| NUMBERS.iter().find(|(digits, _)| *digits == word).map_or(word, |(_, word)| word));
    spelt.flat_map(|words| words.split(' ')).map(str::to_owned).collect()
}

/// Sound that is none of a person's, in seconds and a function of the time.
fn sound(seconds: f32, wave: impl Fn(f32) -> f32) -> Pcm {
    Pcm::new((0..(seconds * 16_000.0) as usize).map(|n| wave(n as f32 / 16_000.0)).collect())
}

fn joined(parts: &[Pcm], pause_ms: usize) -> Pcm {
    let pause = vec![0.0; pause_ms * 16];
    Pcm::new(parts.iter().flat_map(|part| [part.samples(), &pause].concat()).collect())
}

#[tokio::test]
async fn spoken_commands_come_through() {
    let (mut wrong, mut all) = (0, 0);
    for (name, text) in commands() {
        let pcm = recording(&name).await;
        let length_ms = pcm.duration().as_millis();
        let heard = hear(&SHARED, pcm).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        wrong += generic_levenshtein(&said(&text), &said(&heard.text));
        all += said(&text).len();
        assert_eq!(heard.model, "hark-mini-en");
        assert_eq!(u128::from(heard.audio_ms), length_ms);
        assert!(heard.decode_ms > 0.0 && heard.confidence > 0.4 && heard.confidence <= 1.0, "{heard:?}");
        let words: Vec<_> = heard.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(words.join(" "), heard.text);
        assert!(heard.words.iter().all(|word| word.confidence > 0.0 && word.confidence <= 1.0), "{heard:?}");
    }
    assert!(wrong * 20 <= all, "{wrong} of {all} words are wrong");
}

#[tokio::test]
async fn what_is_no_speech_is_refused_by_name() {
    let hum = sound(2.0, |t| 0.3 * (t * 314.0).sin());
    let click = sound(1.0, |t| if t < 0.04 { 0.5 * (t * 9_000.0).sin() } else { 0.0 });
    let cases = [
        ("silence", recording("silence").await, vec!["silence"]),
        ("nothing", Pcm::new(Vec::new()), vec!["silence"]),
        ("noise", recording("noise").await, vec!["no_speech"]),
        (
            "tones",
            recording("tones").await,
            vec!["no_speech", "speech_unintelligible", "speech_low_confidence"],
        ),
        ("hum", hum, vec!["no_speech"]),
        ("click", click, vec!["speech_too_short"]),
        (
            "backwards",
            {
                let mut samples = recording("reminder").await.samples().to_vec();
                samples.reverse();
                Pcm::new(samples)
            },
            vec!["speech_unintelligible", "speech_low_confidence"],
        ),
    ];
    for (name, pcm, codes) in cases {
        let error = hear(&SHARED, pcm).await.expect_err(name);
        assert!(codes.contains(&error.code()), "{name}: {} {error}", error.code());
    }
}

#[tokio::test]
async fn a_minute_is_heard_piece_by_piece() {
    let parts = [recording("list-add").await, recording("timer").await, recording("calendar-read").await];
    let minute: Vec<Pcm> = parts.iter().cycle().take(21).cloned().collect();
    let minute = joined(&minute, 400);
    assert!(minute.duration() > Duration::from_secs(55));
    let heard = hear(&SHARED, minute).await.unwrap();
    let wanted = "add milk to the shopping list set a timer for ten minutes what is on my calendar tomorrow "
        .repeat(7);
    let (wanted, got) = (said(&wanted), said(&heard.text));
    assert!(generic_levenshtein(&wanted, &got) * 10 <= wanted.len(), "{}", heard.text);
}

#[tokio::test]
async fn a_word_shorter_than_a_second_is_padded() {
    let whole = recording("timer").await;
    let start = Pcm::new(whole.samples()[..12_000].to_vec());
    // Half a word may be understood or not, but it must be neither an error nor a hang.
    if let Err(error) = hear(&SHARED, start).await {
        assert!(
            matches!(error.code(), "speech_unintelligible" | "speech_low_confidence" | "no_speech"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nothing_of_one_recording_reaches_the_next() {
    let (list, timer) = (recording("list-add").await, recording("timer").await);
    let first = hear(&SHARED, list.clone()).await.unwrap();
    hear(&SHARED, timer).await.unwrap();
    hear(&SHARED, recording("silence").await).await.unwrap_err();
    let again = hear(&SHARED, list).await.unwrap();
    assert_eq!((first.text, first.words), (again.text, again.words));
}

#[tokio::test]
async fn two_are_heard_at_once() {
    let whisper = Whisper::load(SpeechConfig { states: 2, ..config() }).unwrap();
    let (list, timer) = (recording("list-add").await, recording("timer").await);
    let (list, timer) = tokio::join!(hear(&whisper, list), hear(&whisper, timer));
    assert_eq!(list.unwrap().text, "Add milk to the shopping list.");
    assert_eq!(timer.unwrap().text, "Set a timer for 10 minutes.");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let whisper = Whisper::load(SpeechConfig { queue: 1, ..config() }).unwrap();
    let pcm = recording("timer").await;
    // All six ask before the first is done: one waits, one may be under way.
    let answers = futures::future::join_all((0..6).map(|_| hear(&whisper, pcm.clone()))).await;
    let (heard, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!((1..=2).contains(&heard.len()), "{} were heard", heard.len());
    for answer in refused {
        let error = answer.unwrap_err();
        assert_eq!(error.code(), "speech_busy");
        assert!(error.to_string().contains("try again"), "{error}");
    }
    hear(&whisper, pcm).await.unwrap();
}

#[tokio::test]
async fn whoever_cancels_or_goes_away_frees_the_thread() {
    let whisper = Whisper::load(config()).unwrap();
    let short = recording("timer").await;
    let long = joined(&vec![short.clone(); 20], 200);
    hear(&whisper, short.clone()).await.unwrap();
    let cancel = CancellationToken::new();
    let hearing = whisper.transcribe(long.clone(), Hints::default(), cancel.clone());
    let (answer, ()) = tokio::join!(hearing, async {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert_eq!(answer.unwrap_err().code(), "speech_cancelled");
    // The second one waits for nothing and is dropped.
    let mut hearing = Box::pin(hear(&whisper, long));
    assert!(futures::poll!(&mut hearing).is_pending());
    drop(hearing);
    assert_eq!(hear(&whisper, short).await.unwrap().text, "Set a timer for 10 minutes.");
}

#[tokio::test]
async fn a_deadline_ends_the_wait() {
    let whisper = Whisper::load(SpeechConfig { deadline: Duration::from_millis(1), ..config() }).unwrap();
    let error = hear(&whisper, recording("timer").await).await.unwrap_err();
    assert!(matches!(error.code(), "speech_loading" | "speech_timeout"), "{error}");
}

#[tokio::test]
async fn a_model_that_is_missing_or_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let of = |path: PathBuf| {
        let mut config = config();
        config.model.name = "base.en-q8_0".into();
        config.model.weights = Weights::File(path);
        config
    };
    let Err(error) = Whisper::load(of(folder.path().join("none.bin"))) else { panic!("there is no file") };
    assert_eq!(error.code(), "speech_model_missing");
    assert!(error.to_string().contains("hark models fetch base.en-q8_0"), "{error}");

    let damaged = folder.path().join("damaged.bin");
    std::fs::write(&damaged, &EMBEDDED_SPEECH[..1_000_000]).unwrap();
    let error = hear(&Whisper::load(of(damaged)).unwrap(), recording("timer").await).await.unwrap_err();
    assert_eq!(error.code(), "speech_model_broken");
    assert!(error.to_string().contains("hark models fetch base.en-q8_0"), "{error}");
}

#[tokio::test]
async fn a_prompt_of_any_length_is_taken() {
    let mut config = config();
    config.model.decoding.prompt = true;
    let whisper = Whisper::load(config).unwrap();
    for prompt in ["shopping list".to_owned(), "calendar kitchen Anna ".repeat(300), "a\0b".to_owned()] {
        let hints = Hints { prompt: Some(prompt), ..Hints::default() };
        let answer = whisper.transcribe(recording("timer").await, hints, CancellationToken::new()).await;
        // This model was not trained with prompts, so that what it hears with one is not looked at.
        assert!(
            matches!(answer, Ok(_) | Err(SpeechError::NoSpeech | SpeechError::Unintelligible)),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_word_of_the_registry_is_heard_that_was_not_heard_without_it() {
    let pcm = recording("vocabulary/conservatory").await;
    let alone = hear(&SHARED, pcm.clone()).await;
    assert!(matches!(alone, Err(SpeechError::LowConfidence)), "{alone:?}");
    let phrases = ["living room", "conservatory", "add to list", "set timer", "movie night", "Anna"];
    let vocabulary = Some(phrases.map(str::to_owned).into());
    let hints = Hints { vocabulary, ..Hints::default() };
    let heard = SHARED.transcribe(pcm.clone(), hints, CancellationToken::new()).await.unwrap();
    assert_eq!(heard.text, "Add conservatory to the list.");
    // The next person's words are not heard with these in mind.
    assert!(matches!(hear(&SHARED, pcm).await, Err(SpeechError::LowConfidence)));
}

#[tokio::test]
async fn the_fall_back_says_what_it_is() {
    let model = SHARED.model();
    assert!(model.embedded);
    assert!(model.note.unwrap().contains("hark models fetch base.en-q8_0"));
}
