//! `hark users`: who may come in, and what each may do.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::output::Output;
use super::{Sources, logging};
use crate::api::{Scope, Users};

#[derive(Args)]
pub(super) struct UsersVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Let a user in, and print the token: once, since it is kept nowhere.
    Add {
        /// The name, which owns sessions and history.
        name: String,
        /// What the user may do: speak, approve, administer.
        #[arg(long, value_delimiter = ',', default_value = "speak,approve")]
        scopes: Vec<Scope>,
        /// Commands a minute, where that differs from server.commands_per_minute.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        commands_per_minute: Option<u32>,
    },
    /// List the users.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shut a user out, at once. The history stays.
    Remove {
        /// The name.
        name: String,
    },
}

impl UsersVerb {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings_without_servers()?;
        logging::start_quiet(&settings)?;
        let users = Users::at(settings.users_file());
        match self.verb {
            Verb::Add { name, scopes, commands_per_minute } => {
                let scopes = BTreeSet::from_iter(scopes);
                output.line(users.add(&name, scopes, commands_per_minute)?.expose());
            }
            Verb::List { json: as_json } => {
                for user in users.all()?.iter() {
                    let scopes: Vec<_> = user.scopes.iter().map(|scope| scope.name()).collect();
                    if as_json {
                        let limit = user.commands_per_minute;
                        output
                            .json(&json!({"name": user.name, "scopes": scopes, "commandsPerMinute": limit}));
                    } else {
                        output.line(format_args!("{} ({})", output.bold(&user.name), scopes.join(", ")));
                    }
                }
            }
            Verb::Remove { name } => {
                users.remove(&name)?;
                output.line(format_args!("{name} is shut out"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
