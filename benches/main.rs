//! `make bench`: how long everything takes on this machine, from a word to a deed, in one run.
//!
//! Real parts throughout: the served program with its embedded models and real MCP servers for the
//! stages; the same program with a scripted model, so that what is left is our own time; the speech
//! model alone in a fitted and in a full window. The tables are Markdown; `docs/bench.md` holds one run.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that prints figures, and starts servers that are found on the path"
)]

mod figures;
mod machine;
#[allow(dead_code, reason = "shared with the other bench")]
mod model;
mod overhead;
mod served;
mod speech;
mod stages;

use anyhow::Result;
use clap::Parser;

/// Measures Hark on this machine.
#[derive(Parser)]
struct Arguments {
    /// How often each spoken and typed command is given.
    #[arg(long, default_value_t = 12)]
    rounds: usize,
    /// Only these parts, of: stages, overhead, speech.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|one| one == part);
    println!("# Measurements\n\n{}", machine::description());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if wanted("stages") {
            stages::measure(arguments.rounds).await?;
        }
        if wanted("overhead") {
            overhead::measure().await?;
        }
        if wanted("speech") {
            speech::measure(arguments.rounds).await?;
        }
        Ok(())
    })
}
