//! `hark policy`: what is always allowed, listed and withdrawn.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::json;
use toml::Table;

use super::Sources;
use super::output::Output;
use crate::domain::UserId;
use crate::store::Store;

#[derive(Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// List what is always allowed (as `hark policy` does).
    List,
    /// Ask about such calls again.
    Withdraw {
        /// Its number in the list.
        id: i64,
    },
}

impl Policy {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Table::new())?;
        let store = Store::open(Some(&settings.store_file()))?;
        let done = self.on(&store, output).await;
        store.close().await;
        done
    }

    async fn on(&self, store: &Store, output: &Output) -> anyhow::Result<ExitCode> {
        let user = UserId::local();
        if let Some(Verb::Withdraw { id }) = self.verb {
            if !store.withdraw(&user, id).await? {
                bail!("nothing is allowed under the number {id}; `hark policy list` shows what is");
            }
            output.line(format_args!("{id} is asked about again"));
            return Ok(ExitCode::SUCCESS);
        }
        let allowed = store.allowances(&user, None).await?;
        if self.json {
            output.json(&json!({"allowances": allowed}));
            return Ok(ExitCode::SUCCESS);
        }
        if allowed.is_empty() {
            output.line("nothing is always allowed");
        }
        for allowance in allowed {
            let calls = &allowance.calls;
            let same = calls.same.iter().map(|(name, value)| format!("{name}: {value}"));
            let any = calls.any.iter().map(|name| format!("{name}: any text"));
            let arguments: Vec<String> = same.chain(any).collect();
            output.line(format_args!(
                "{:>4}  {} ({}), since {}",
                allowance.id,
                calls.tool,
                arguments.join(", "),
                allowance.since.format("%Y-%m-%d"),
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
