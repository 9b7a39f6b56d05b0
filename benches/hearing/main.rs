//! `make bench-hearing`: how well and how soon Hark hears, on sound that anyone can make again.
//!
//! Real parts throughout: the voice detector, the speech model, live sessions; only the planner's model is
//! scripted where its time is not meant. The tables are Markdown; `docs/benchmarks.md` holds one run.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that prints figures, and runs programs that are found on the path"
)]

mod bindings;
mod cuts;
mod endpoints;
#[path = "../figures.rs"]
#[allow(dead_code, reason = "shared with the other bench")]
mod figures;
mod load;
#[path = "../machine.rs"]
#[allow(dead_code, reason = "as above")]
mod machine;
#[path = "../model.rs"]
mod model;
mod nothing;
mod sounds;
mod vocabulary;
mod waiting;
mod whole;
mod words;

use anyhow::Result;
use clap::Parser;

/// Measures Hark's hearing on this machine.
#[derive(Parser)]
struct Arguments {
    /// Only these parts, of: endpoints, cuts, vocabulary, bindings, waiting, load, nothing.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Minutes of each of the twelve kinds of sound on which nothing may be done.
    #[arg(long, default_value_t = 6)]
    minutes: usize,
    /// Bonuses for expected phrases to choose among, in nats; on other words than the table's.
    #[arg(long, value_delimiter = ',')]
    bonuses: Vec<f32>,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |part: &str| arguments.only.is_empty() || arguments.only.iter().any(|one| one == part);
    println!("# Hearing\n\n{}", machine::description());
    if wanted("endpoints") {
        endpoints::measure()?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if wanted("cuts") {
            cuts::measure().await?;
        }
        if wanted("vocabulary") {
            vocabulary::measure(&arguments.bonuses).await?;
        }
        if wanted("bindings") {
            bindings::measure().await?;
        }
        if wanted("waiting") {
            waiting::measure().await?;
        }
        if wanted("load") {
            load::measure().await?;
        }
        if wanted("nothing") {
            nothing::measure(arguments.minutes).await?;
        }
        Ok(())
    })
}
