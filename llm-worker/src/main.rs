//! The `hark-llm` program: serves one GGUF model with llama.cpp as an OpenAI-style endpoint on a
//! loopback port that it chooses and prints.
//!
//! It is started by `hark`, guarded by a token that its parent gave it, and ends when its standard
//! input closes, which is what happens when the parent is gone. It is a process of its own because
//! whisper.cpp and llama.cpp cannot live in one binary, and so that a crash of one engine is no
//! crash of the other.

mod engine;
mod processor;
mod server;
mod token;
mod wire;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::engine::{Engine, EngineConfig};
use crate::token::Token;

/// The processor lacks what this binary was built for (`EX_CONFIG` of sysexits).
const EXIT_WRONG_PROCESSOR: u8 = 78;
/// The inference thread ended by a fault of its own (`EX_SOFTWARE`).
const EXIT_ENGINE_GONE: u8 = 70;

/// Serves one GGUF model to its parent process.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The model, a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// A LoRA adapter for that model, a GGUF file.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// A second model, a GGUF file, that makes vectors of texts.
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// Threads that compute. With as many as there are cores, any other busy program slows answers
    /// much more than its share, since these threads wait for each other by spinning.
    #[arg(long, default_value_t = 2)]
    threads: u16,
    /// Threads that read the prompt, which is done in large pieces and so suffers less from others; as
    /// many as `--threads` where absent.
    #[arg(long)]
    prompt_threads: Option<u16>,
    /// The most tokens of one request, prompt and answer together.
    #[arg(long, default_value_t = 4096)]
    context: u32,
    /// Requests that may wait; more are refused.
    #[arg(long, default_value_t = 8)]
    queue: u16,
}

fn main() -> ExitCode {
    if let Some(fault) = processor::missing_features() {
        let _ = writeln!(std::io::stderr(), "{fault}");
        return ExitCode::from(EXIT_WRONG_PROCESSOR);
    }
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,llama=warn")),
        )
        .init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("hark-llm cannot go on: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Before any thread is started, as taking a variable out of the environment asks for.
    let token = Token::take_from_environment()?;
    end_with_parent()?;
    let (engine, gone) = Engine::start(EngineConfig {
        model: arguments.model,
        adapter: arguments.adapter,
        encoder: arguments.encoder,
        threads: i32::from(arguments.threads.max(1)),
        prompt_threads: i32::from(arguments.prompt_threads.unwrap_or(arguments.threads).max(1)),
        context_tokens: arguments.context,
        queue: usize::from(arguments.queue.max(1)),
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("no runtime could be started")?;
    runtime.block_on(async {
        let listener =
            tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.context("no loopback port could be had")?;
        let line = serde_json::json!({ "address": listener.local_addr()?.to_string() });
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{line}")
            .and_then(|()| stdout.flush())
            .context("the parent does not read our address")?;
        tokio::select! {
            served = axum::serve(listener, server::router(engine, token)) => {
                served.context("the listening socket failed")?;
                Ok(ExitCode::SUCCESS)
            }
            _ = gone => {
                tracing::error!("the inference thread has ended");
                Ok(ExitCode::from(EXIT_ENGINE_GONE))
            }
        }
    })
}

/// Ends this process as soon as standard input closes. The kernel closes the pipe however the
/// parent ended; a death signal would also strike when merely the parent's thread that started us
/// ends, which an asynchronous runtime does at will.
fn end_with_parent() -> anyhow::Result<()> {
    std::thread::Builder::new()
        .name("parent".into())
        .spawn(|| {
            let mut stdin = std::io::stdin().lock();
            let mut buffer = [0_u8; 64];
            while matches!(stdin.read(&mut buffer), Ok(1..)) {}
            tracing::debug!("standard input closed: the parent is gone");
            // Not `exit`: its clean-up runs C++ destructors under a thread that still computes.
            // SAFETY: `_exit` takes any status and does not return.
            unsafe { libc::_exit(0) }
        })
        .context("the thread that watches the parent cannot be started")?;
    Ok(())
}
