//! The page in a real browser. What it must do is written down in `tests/page/`, in the page's own
//! language; here it is run, against the program that was just built.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{CommandWrap, KillOnDrop, ProcessGroup};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// A bound that is never reached unless something hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// One test, since all of them share a browser: on a small machine several would starve each other.
#[tokio::test]
async fn the_page_does_in_a_browser_what_it_promises() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/all.mjs");
    let mut command = Command::new("node");
    command.arg("--test-reporter=spec").arg(&tests).arg(env!("CARGO_BIN_EXE_hark"));
    // The browser and Hark end with node, node ends with this pipe, and all of them with this test.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut node = CommandWrap::from(command);
    let mut node = node
        .wrap(KillOnDrop)
        .wrap(ProcessGroup::leader())
        .spawn()
        .expect("node runs; it comes with scripts/test-setup");
    let mut output = node.stdout().take().expect("its output");
    let mut told = String::new();
    let ended = tokio::time::timeout(PATIENCE, output.read_to_string(&mut told)).await;
    if ended.is_err() {
        node.start_kill().expect("it can be ended");
    }
    let status = node.wait().await.expect("node ends");
    // Should node have died, this ends what it started; there is nothing left of the group otherwise.
    node.start_kill().ok();
    assert!(ended.is_ok(), "the page's tests hang:\n{told}");
    assert!(
        status.success(),
        "node ended with {status}; to repeat: node --test-reporter=spec {} {}\n{told}",
        tests.display(),
        env!("CARGO_BIN_EXE_hark")
    );
}
