//! `hark models`: the list, and fetching.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::home::Home;

/// An address at which nobody listens, so that whoever goes through it reaches nothing.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn the_list_tells_what_is_built_in_what_is_here_and_what_is_not() {
    let home = Home::new();
    let listed = home.run(["models", "list"]).await.good();
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(line("hark-mini-en ").contains("built in"), "{listed}");
    assert!(line("smollm2-135m-instruct ").contains("  here "), "{listed}");
    assert!(!line("base.en-q8_0 ").is_empty() && !line("base.en-q8_0 ").contains("  here "), "{listed}");

    let models = home.run(["models", "list", "--json"]).await.good_json();
    assert_eq!(models.len(), listed.lines().count());
    let model = |name: &str| models.iter().find(|model| model["name"] == name).unwrap();
    assert_eq!(model("smollm2-135m-instruct")["here"], true);
    assert_eq!(model("smollm2-135m-instruct")["kind"], "language");
    assert_eq!(model("base.en-q8_0")["here"], false);
    assert_eq!(model("base.en-q8_0")["bytes"], 81_781_811);
    assert_eq!(model("hark-mini-en")["embedded"], true);
}

#[tokio::test]
async fn what_is_here_is_not_fetched_again() {
    let home = Home::new().with("HTTPS_PROXY", nobody());
    let told = home.run(["models", "fetch", "smollm2-135m-instruct"]).await.good();
    assert!(told.contains("smollm2-135m-instruct is at ") && told.contains(".gguf"), "{told}");
    let told = home.run(["models", "fetch", "smollm2-135m-instruct", "--if-missing"]).await;
    assert_eq!(told.err, "");
    assert_eq!(told.good(), "");
    assert!(home.run(["models", "fetch", "hark-mini-en"]).await.good().contains("inside the program"));
}

#[tokio::test]
async fn a_name_that_is_none_is_told_with_the_list() {
    Home::new().run(["models", "fetch", "huge"]).await.refused(&["huge", "hark models list"]);
}

#[tokio::test]
async fn a_source_that_is_out_of_reach_is_told_soon_and_with_the_way_out() {
    let home = Home::without_model().with("HTTPS_PROXY", nobody());
    let started = Instant::now();
    let ran = home.run(["models", "fetch", "base.en-q8_0", "--if-missing"]).await;
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let words =
        ["could not fetch base.en-q8_0", "huggingface.co", "could not be reached", "or put the file at"];
    ran.refused(&words);
    assert!(ran.err.contains("hark models fetch base.en-q8_0"), "{ran:#?}");
    assert_eq!(ran.err.lines().filter(|line| line.starts_with("hark: ")).count(), 1, "{ran:#?}");
}

#[tokio::test]
async fn a_reader_that_has_read_enough_is_no_fault() {
    let home = Home::without_model();
    let mut shell = home.program("sh");
    // The first line is all that is wanted, and the pipe is closed before the second comes.
    shell.args(["-c", "{ hark models list; echo \"code $?\" >&2; } | { read -r line; echo \"$line\"; }"]);
    let ran = home.end(shell.spawn().unwrap()).await;
    assert_eq!(ran.err.trim(), "code 0");
    assert!(ran.good().starts_with("hark-mini-en "));
}
