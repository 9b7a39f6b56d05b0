//! `hark transcribe`: text and JSON, good recordings and bad ones.

use serde_json::Value;

use super::home::{Home, recording};

#[tokio::test]
async fn a_recording_becomes_its_words() {
    let ran = Home::without_model().run(["transcribe", &recording("list-add.wav")]).await;
    // Which model listens is no part of the result, so that it can be piped on.
    assert!(ran.err.contains("hark models fetch base.en-q8_0"), "{ran:#?}");
    assert_eq!(ran.good().trim().to_lowercase().trim_end_matches('.'), "add milk to the shopping list");
}

#[tokio::test]
async fn standard_input_is_a_recording_too() {
    let bytes = std::fs::read(recording("formats/opus.ogg")).unwrap();
    let heard = Home::without_model().run_with(&bytes, ["transcribe", "-"]).await.good();
    assert!(!heard.trim().is_empty(), "{heard}");
}

#[tokio::test]
async fn json_has_words_confidence_and_times() {
    let path = recording("time-tokyo.wav");
    let ran = Home::without_model().run(["transcribe", "--json", &path]).await;
    assert_eq!(ran.err, "");
    let [told] = &ran.good_json()[..] else { panic!("one line for one file") };
    let transcript = &told["transcript"];
    assert_eq!(told["file"], path);
    assert!(transcript["text"].as_str().unwrap().to_lowercase().contains("tokyo"), "{told}");
    assert!(transcript["confidence"].as_f64().is_some_and(|sure| sure > 0.0 && sure <= 1.0), "{told}");
    let words = transcript["words"].as_array().unwrap();
    assert_eq!(words.len(), 6, "{told}");
    assert!(words.iter().all(|word| word["text"].is_string() && word["confidence"].is_f64()), "{told}");
    assert!(transcript["audioMs"].as_u64().unwrap() > 1_000, "{told}");
    assert!(transcript["decodeMs"].as_f64().unwrap() > 0.0, "{told}");
    assert!(told["totalMs"].as_f64().unwrap() >= transcript["decodeMs"].as_f64().unwrap(), "{told}");
}

/// All recordings in one call, since loading the model takes longer than hearing.
#[tokio::test]
async fn each_bad_recording_is_told_by_its_fault_and_the_good_ones_are_heard() {
    let home =
        Home::without_model().with("HARK_AUDIO__MAX_SECONDS", "3").with("HARK_AUDIO__MAX_BYTES", "200000");
    let flac = std::fs::read(recording("formats/16k.flac")).unwrap();
    let good = recording("list-add.wav");
    let bad = [
        (home.write("empty.wav", ""), "holds no sound"),
        (home.write("text.wav", "add milk to the shopping list"), "can't be read as sound"),
        (home.write("picture.mp3", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "can't be read as sound"),
        (home.write("head.flac", &flac[..60]), "damaged, cut off or mislabelled"),
        (recording("silence.wav"), "nothing was said"),
        (recording("noise.wav"), "say it again"),
        (recording("tones.wav"), "say it again"),
        (recording("calendar-add.wav"), "longer than the 3 seconds"),
        ("/dev/zero".to_owned(), "at most 200000 are accepted"),
        ("missing.wav".to_owned(), "can't be opened"),
        (home.work().display().to_string(), "it is a folder"),
    ];
    // A wrong name does not matter where the content is sound.
    let named_wrong = home.write("milk.mp3", std::fs::read(&good).unwrap());
    let files: Vec<_> = bad.iter().map(|(path, _)| path.clone()).collect();

    let ran = home
        .run(
            ["transcribe"]
                .into_iter()
                .map(str::to_owned)
                .chain([good.clone()])
                .chain(files.clone())
                .chain([named_wrong.clone()]),
        )
        .await;
    let told: Vec<_> = ran.err.lines().filter(|line| line.starts_with("hark: ")).collect();
    assert_eq!((ran.code, told.len()), (Some(1), bad.len()), "{ran:#?}");
    for ((path, fault), line) in bad.iter().zip(told) {
        assert!(line.starts_with(&format!("hark: {path}: ")) && line.contains(fault), "{fault:?}: {line}");
    }
    let heard: Vec<_> = ran.out.lines().collect();
    assert_eq!(heard.len(), 2, "{ran:#?}");
    assert!(heard[0].starts_with(&format!("{good}: ")) && heard[1].starts_with(&format!("{named_wrong}: ")));

    let arguments =
        ["transcribe".to_owned(), "--json".to_owned(), files[0].clone(), good.clone(), files[9].clone()];
    let told = home.run(arguments).await;
    assert_eq!((told.code, told.err.as_str()), (Some(1), ""), "{told:#?}");
    let lines = told.json();
    assert_eq!(lines.len(), 3, "{told:#?}");
    assert!(lines[0]["error"].as_str().unwrap().contains("holds no sound"), "{told:#?}");
    assert!(lines[1]["transcript"]["text"].is_string() && lines[1]["error"] == Value::Null, "{told:#?}");
}

#[tokio::test]
async fn a_model_that_is_not_here_is_told_with_the_command_that_fetches_it() {
    let home = Home::without_model();
    let path = recording("list-add.wav");
    home.run(["transcribe", "--model", "base.en-q8_0", &path])
        .await
        .refused(&["base.en-q8_0", "hark models fetch base.en-q8_0"]);
    home.run(["transcribe", "--model", "huge", &path]).await.refused(&["huge", "hark models list"]);
    home.run(["transcribe", "--model", "hark-mini-en", &path]).await.good();
}
