//! What Hark itself takes: everything that is neither a model nor a tool, with a scripted model in place
//! of the language model, over HTTP, with a real MCP server (`desk`) and a store on disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use futures::future::{join_all, try_join_all};
use hark::api::{self, AppState};
use hark::app::App;
use hark::config::{Environment, Places, Settings};
use hark::llm::{ChatModel, ChatReply, ChatRequest, Finish, ModelError, Usage};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::figures::{Samples, ms};

const READING: &str = "show the shopping list";
const WRITING: &str = "add milk to the shopping list";
/// Commands one after the other.
const ALONE: usize = 300;
/// Commands at once.
const AT_ONCE: usize = 100;
/// How often so many are given.
const ROUNDS: usize = 10;
/// How long the model takes where commands are to be under way at once without arriving at once.
const THINKING: Duration = Duration::from_millis(300);

/// Writes the right plan after a set time.
struct Scripted {
    thinks: Duration,
}

#[async_trait]
impl ChatModel for Scripted {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        tokio::time::sleep(self.thinks).await;
        let asked = request.messages.last().map(|message| message.content.as_str()).unwrap_or_default();
        let (tool, params) = match asked.contains(WRITING) {
            true => ("add_to_list", json!({"list": "shopping", "item": "milk"})),
            false => ("show_list", json!({"list": "shopping"})),
        };
        let plan = json!({"selectedTools": [{"service": "desk", "tool": tool, "params": params}]});
        Ok(ChatReply {
            text: plan.to_string(),
            tokens: Vec::new(),
            usage: Usage::default(),
            model: self.name(),
            elapsed: self.thinks,
            finish: Finish::Stop,
        })
    }
}

/// Prints the table.
pub(crate) async fn measure() -> Result<()> {
    println!("## Hark's own time\n");
    println!(
        "From sending a command over HTTP until its result is there, less the scripted model's time and \
         the calls'. A command that changes something waits until its audit entry is on the disk \
         (`fsync`), one that only reads does not.\n"
    );
    println!("| commands | what they do | p50 | p95 | p99 | n | total p50 |\n|---|---|---|---|---|---|---|");
    for (text, does) in [(READING, "read"), (WRITING, "write")] {
        let instant = Door::open(Duration::ZERO).await?;
        let mut alone = Own::default();
        instant.give(WRITING).await?;
        for _ in 0..ALONE {
            alone.add(instant.give(text).await?);
        }
        alone.print("one at a time", does);
        let mut burst = Own::default();
        for _ in 0..ROUNDS {
            try_join_all((0..AT_ONCE).map(|_| instant.give(text)))
                .await?
                .into_iter()
                .for_each(|one| burst.add(one));
        }
        burst.print(&format!("{AT_ONCE} in the same instant"), does);
        instant.close().await;

        let thoughtful = Door::open(THINKING).await?;
        thoughtful.give(WRITING).await?;
        let mut steady = Own::default();
        let each = async || {
            let mut own = Vec::new();
            for _ in 0..ROUNDS {
                own.push(thoughtful.give(text).await?);
            }
            anyhow::Ok(own)
        };
        // Spread over one thought, so that they are under way together and do not march in step.
        let spread = (0..AT_ONCE).map(|number| async move {
            tokio::time::sleep(THINKING * u32::try_from(number).unwrap_or_default() / AT_ONCE as u32).await;
            each().await
        });
        for own in join_all(spread).await {
            own?.into_iter().for_each(|one| steady.add(one));
        }
        steady.print(&format!("{AT_ONCE} under way, each thinking {} ms", THINKING.as_millis()), does);
        thoughtful.close().await;
    }
    println!();
    Ok(())
}

#[derive(Default)]
struct Own {
    own: Samples,
    total: Samples,
}

impl Own {
    fn add(&mut self, (own, total): (f64, f64)) {
        self.own.add(own);
        self.total.add(total);
    }

    fn print(&self, commands: &str, does: &str) {
        println!(
            "| {commands} | {does} | {} | {} | {} | {} | {} |",
            ms(self.own.at(0.5)),
            ms(self.own.at(0.95)),
            ms(self.own.at(0.99)),
            self.own.len(),
            ms(self.total.at(0.5))
        );
    }
}

/// Hark in this process, behind its HTTP door.
struct Door {
    app: App,
    thinks: Duration,
    client: reqwest::Client,
    address: String,
    closed: CancellationToken,
    _home: tempfile::TempDir,
}

impl Door {
    async fn open(thinks: Duration) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let places = Places {
            working_dir: home.path().to_owned(),
            config_dir: home.path().join("config"),
            data_dir: home.path().join("data"),
        };
        let path = std::env::var("PATH").context("no PATH")?;
        let environment = Environment::of([
            ("PATH", &path),
            ("HARK_TIMEZONE", "UTC"),
            ("HARK_SERVER__COMMANDS_PER_MINUTE", "1000000"),
        ]);
        let settings = Settings::load(None, toml::Table::new(), &environment, &places)?;
        let app = App::build_with_model(settings, Arc::new(Scripted { thinks }))?;
        app.registry.settle(Duration::from_secs(20)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/api/voice/command", listener.local_addr()?);
        let closed = CancellationToken::new();
        app.tracker.spawn(api::serve(listener, AppState::of(&app), closed.clone()));
        Ok(Self { app, thinks, client: reqwest::Client::new(), address, closed, _home: home })
    }

    /// Our own time and the whole, in milliseconds.
    async fn give(&self, text: &str) -> Result<(f64, f64)> {
        let started = Instant::now();
        let answer = self.client.post(&self.address).json(&json!({"text": text})).send().await?;
        let bytes = answer.error_for_status()?.bytes().await?;
        let total = started.elapsed().as_secs_f64() * 1e3;
        let outcome: Value = serde_json::from_slice(&bytes)?;
        let calls: f64 = outcome["results"]
            .as_array()
            .context("no results")?
            .iter()
            .filter_map(|receipt| receipt["elapsedMs"].as_f64())
            .sum();
        Ok((total - calls - self.thinks.as_secs_f64() * 1e3, total))
    }

    async fn close(self) {
        self.closed.cancel();
        self.app.shutdown().await;
    }
}
