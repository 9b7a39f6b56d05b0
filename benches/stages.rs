//! Typed and spoken commands through the served program: the time of each stage, of each call, until
//! the first byte of the answer, and until all is done; and what memory that takes.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::figures::{Samples, ms};
use crate::machine::{children, resident_mib};
use crate::served::{Served, recording};

/// The fixtures that are given both ways; each ends well with the embedded models.
const COMMANDS: [&str; 8] = [
    "list-add",
    "timer",
    "arithmetic",
    "list-read",
    "memory-read",
    "memory-search",
    "git-status",
    "file-read",
];
const STAGES: [(&str, &str); 6] = [
    ("decodeMs", "decode"),
    ("speechMs", "speech"),
    ("discoverMs", "tools at hand"),
    ("shortlistMs", "shortlist"),
    ("planMs", "plan, shortlist and model included"),
    ("modelMs", "of it, the language model"),
];

#[derive(Default)]
struct Times {
    stages: BTreeMap<&'static str, Samples>,
    calls: BTreeMap<String, Samples>,
    first_byte: Samples,
    total: Samples,
    ours: Samples,
    given: usize,
    done: usize,
}

/// Prints the tables.
pub(crate) async fn measure(rounds: usize) -> Result<()> {
    let texts = texts()?;
    let served = Served::start().await?;
    println!("## From a command to a deed\n");
    println!(
        "`hark serve` with its embedded models, `desk` and four other MCP servers. It listened after {}, \
         was ready after {}.\n",
        ms(served.listening.as_secs_f64() * 1e3),
        ms(served.ready.as_secs_f64() * 1e3)
    );
    let idle = memory(&served);
    let client = reqwest::Client::new();
    let mut first = Times::default();
    give(&client, &served, &Form::Typed(texts[COMMANDS[0]].clone()), &mut first).await?;
    println!("The first command after the start, nothing cached: {}.\n", ms(first.total.at(0.5)));
    let (mut typed, mut spoken) = (Times::default(), Times::default());
    // Typed and spoken by turns, so that whatever else the machine does meets both.
    for _ in 0..rounds {
        for name in COMMANDS {
            give(&client, &served, &Form::Typed(texts[name].clone()), &mut typed).await?;
            let sound = tokio::fs::read(recording(name)).await?;
            give(&client, &served, &Form::Spoken(sound), &mut spoken).await?;
        }
    }
    print(&typed, &spoken);
    println!(
        "### Memory\n\n| process | ready | after {} commands |\n|---|---|---|",
        typed.given + spoken.given
    );
    for ((name, before), (_, after)) in idle.iter().zip(memory(&served)) {
        println!("| {name} | {before:.0} MiB | {after:.0} MiB |");
    }
    println!();
    Ok(())
}

enum Form {
    Typed(String),
    Spoken(Vec<u8>),
}

async fn give(client: &reqwest::Client, served: &Served, form: &Form, times: &mut Times) -> Result<()> {
    let request =
        client.post(format!("{}/api/voice/command", served.address)).header("accept", "text/event-stream");
    let request = match form {
        Form::Typed(text) => request.json(&json!({"text": text})),
        Form::Spoken(sound) => request.header("content-type", "audio/wav").body(sound.clone()),
    };
    let started = Instant::now();
    let mut body = request.send().await?.error_for_status()?.bytes_stream();
    let mut received = Vec::new();
    while let Some(bytes) = body.next().await {
        if received.is_empty() {
            times.first_byte.add(started.elapsed().as_secs_f64() * 1e3);
        }
        received.extend_from_slice(&bytes?);
    }
    let total = started.elapsed().as_secs_f64() * 1e3;
    let received = String::from_utf8(received)?;
    let last = received.lines().rfind(|line| line.starts_with("data:")).context("no event came")?;
    let event: Value = serde_json::from_str(last.trim_start_matches("data:").trim())?;
    times.add(&event["data"], total);
    Ok(())
}

impl Times {
    fn add(&mut self, outcome: &Value, total: f64) {
        self.given += 1;
        self.done += usize::from(outcome["success"] == true);
        self.total.add(total);
        let mut others = 0.0;
        for (key, _) in STAGES {
            if let Some(took) = outcome["stages"][key].as_f64() {
                self.stages.entry(key).or_default().add(took);
                others += if matches!(key, "decodeMs" | "speechMs" | "modelMs") { took } else { 0.0 };
            }
        }
        for receipt in outcome["results"].as_array().into_iter().flatten() {
            let (tool, took) = (receipt["tool"].as_str(), receipt["elapsedMs"].as_f64());
            if let (Some(tool), Some(took)) = (tool, took) {
                self.calls.entry(tool.to_owned()).or_default().add(took);
                others += took;
            }
        }
        self.ours.add(total - others);
    }
}

fn print(typed: &Times, spoken: &Times) {
    println!("| stage | typed p50 | p95 | n | spoken p50 | p95 | n |\n|---|---|---|---|---|---|---|");
    let none = Samples::default();
    for (key, name) in STAGES {
        let cells = |times: &Times| times.stages.get(key).unwrap_or(&none).cells();
        println!("| {name} | {} | {} |", cells(typed), cells(spoken));
    }
    println!(
        "| until the first streamed byte | {} | {} |",
        typed.first_byte.cells(),
        spoken.first_byte.cells()
    );
    println!("| **all, as the client sees it** | {} | {} |", typed.total.cells(), spoken.total.cells());
    println!("| of it, no decoder, model or call | {} | {} |", typed.ours.cells(), spoken.ours.cells());
    println!(
        "\nAll steps done: {} of {} typed, {} of {} spoken.\n",
        typed.done, typed.given, spoken.done, spoken.given
    );
    println!("| call | p50 | p95 | n |\n|---|---|---|---|");
    let mut calls: BTreeMap<&String, Samples> = BTreeMap::new();
    for (tool, samples) in typed.calls.iter().chain(&spoken.calls) {
        calls.entry(tool).or_default().extend(samples);
    }
    for (tool, samples) in calls {
        println!("| {tool} | {} |", samples.cells());
    }
    println!();
}

/// Hark and what it started that is its own.
fn memory(served: &Served) -> Vec<(String, f64)> {
    let own = std::iter::once((served.pid(), "hark serve".to_owned()));
    let others = children(served.pid()).into_iter().filter_map(|(pid, name)| match name.as_str() {
        "hark" => Some((pid, "hark desk".to_owned())),
        "hark-llm" => Some((pid, name)),
        _ => None,
    });
    own.chain(others).filter_map(|(pid, name)| Some((name, resident_mib(pid)?))).collect()
}

/// The words of the spoken fixtures.
fn texts() -> Result<BTreeMap<String, String>> {
    let table = std::fs::read_to_string(recording("x").with_file_name("commands.tsv"))?;
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    Ok(rows
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?.to_owned(), cells.next_back()?.to_owned()))
        })
        .collect())
}
