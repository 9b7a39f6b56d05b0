//! `hark trigger`: the microphone's key of a running Hark, so that any desktop can bind it to a key.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Sources;
use super::output::Output;
use crate::api::Trigger as Action;

/// A Hark that is there answers sooner.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, ValueEnum)]
enum Verb {
    /// Begin to listen.
    Start,
    /// End, and carry out what was said.
    Stop,
    /// Begin, or end where it listens.
    Toggle,
    /// End, and throw away what was said.
    Cancel,
}

#[derive(Args)]
pub(super) struct Trigger {
    /// What to do with the key.
    action: Verb,
    /// Address and port of the running Hark, where the settings do not say.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
}

impl Trigger {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings_without_servers()?;
        let address = self.bind.unwrap_or_else(|| settings.bind.to_string());
        let action = match self.action {
            Verb::Start => Action::Start,
            Verb::Stop => Action::Stop,
            Verb::Toggle => Action::Toggle,
            Verb::Cancel => Action::Cancel,
        };
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        let mut request =
            client.post(format!("http://{address}/api/microphone")).json(&json!({"action": action}));
        if let Some(token) = &settings.token {
            request = request.bearer_auth(token.expose());
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("no Hark answers at {address}; start it with `hark listen --held`"))?;
        let is_done = answer.status().is_success();
        let body: Value =
            answer.json().await.context("the answer can't be read; is it Hark that answers there?")?;
        if !is_done {
            bail!("{}", body["detail"].as_str().unwrap_or("it was refused without a reason"));
        }
        if let Some(problem) = body["problem"].as_str() {
            output.note(format_args!("Attention: {problem}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
