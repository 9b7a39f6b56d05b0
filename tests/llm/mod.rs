//! The embedded model as it is, and the client against servers that misbehave.

mod client;
mod model;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hark::llm::{ChatRequest, Message, Role};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The worker's program, which `cargo test` builds beside ours for the worker's own tests.
fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_hark")).with_file_name("hark-llm");
    assert!(program.exists(), "{} is missing: run `cargo build --workspace` first", program.display());
    program
}

/// The model that `scripts/test-setup` installs.
fn model() -> PathBuf {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert!(model.exists(), "{} is missing: run scripts/test-setup first", model.display());
    model
}

/// A request of one sentence.
fn ask(text: &str, schema: Option<Value>) -> ChatRequest {
    ChatRequest {
        blocks: Vec::new(),
        prior: Vec::new(),
        messages: vec![Message::new(Role::User, text)],
        schema,
        max_tokens: 64,
        temperature: 0.0,
        cancel: CancellationToken::new(),
        deadline: Duration::from_secs(120),
    }
}
