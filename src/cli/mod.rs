//! The command line: one file a subcommand. The only room that prints.
//!
//! Exit codes: 0 done, 1 not done (the reason is printed), 2 a wrong call, 78 the wrong processor.

mod desk;
mod doctor;
mod eval;
mod keys;
mod listen;
mod listening_view;
mod logging;
mod models;
mod output;
mod policy;
mod processor;
mod progress_view;
mod recording;
mod say;
mod serve;
mod server_view;
mod signals;
mod tools;
mod transcribe;
mod trigger;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use toml::{Table, Value};

use crate::config::{Environment, Places, Settings};

use output::Output;

/// What is waited beyond the longest time for connecting to a server, so that its end is seen.
const CONNECT_MARGIN: Duration = Duration::from_secs(1);

/// Hark listens, plans with the tools of your MCP servers, does it, and shows what it did.
#[derive(Parser)]
#[command(name = "hark", version, about, max_term_width = 100)]
struct Cli {
    /// The settings file; hark.toml here or in ~/.config/hark where absent.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where history, models and the desk's files are kept.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the page and the HTTP interface.
    Serve(serve::Serve),
    /// Listen to this machine's microphone, and serve the page.
    Listen(listen::Listen),
    /// Press the microphone's key of a running Hark, so that any desktop can bind it to a key.
    Trigger(trigger::Trigger),
    /// Carry out one command, typed or spoken, and show what is done.
    Say(say::Say),
    /// Write down what is said in recordings.
    Transcribe(transcribe::Transcribe),
    /// List the tools of the connected servers, or call one.
    Tools(tools::Tools),
    /// List what is always allowed without a question, or withdraw it.
    Policy(policy::Policy),
    /// List and fetch speech and language models.
    Models(models::Models),
    /// Tell how right the planner is on rated commands.
    Eval(eval::Eval),
    /// Look for what is missing, and name the command that mends it.
    Doctor(doctor::Doctor),
    /// Say who may come in from elsewhere, and what each may do.
    Users(users::UsersVerb),
    /// Hark's own MCP server on standard input and output: notes, lists, calendar, timers, time, sums.
    Desk,
}

/// Where the settings come from on this call.
struct Sources {
    config: Option<PathBuf>,
    data_dir: Option<PathBuf>,
}

impl Sources {
    /// Reads the settings; `flags` are further ones given by flags.
    fn settings(&self, flags: Table) -> anyhow::Result<Settings> {
        let (flags, environment, places) = self.surroundings(flags)?;
        Ok(Settings::load(self.config.as_deref(), flags, &environment, &places)?)
    }

    /// The same without `mcp.json`.
    fn settings_without_servers(&self) -> anyhow::Result<Settings> {
        let (flags, environment, places) = self.surroundings(Table::new())?;
        Ok(Settings::load_without_servers(self.config.as_deref(), flags, &environment, &places)?)
    }

    fn surroundings(&self, mut flags: Table) -> anyhow::Result<(Table, Environment, Places)> {
        if let Some(folder) = &self.data_dir {
            let folder = std::path::absolute(folder).context("--data-dir")?;
            flags.insert("data_dir".to_owned(), Value::String(folder.display().to_string()));
        }
        let here = std::env::current_dir().context("the current folder can't be told")?;
        Ok((flags, Environment::read(&here)?, Places::of_this_user(&here)?))
    }
}

/// Runs the program.
pub fn run() -> ExitCode {
    let output = Output::standard();
    if let Err(missing) = processor::check() {
        output.problem(&missing);
        return ExitCode::from(78);
    }
    let cli = Cli::parse();
    let sources = Sources { config: cli.config, data_dir: cli.data_dir };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.problem(&format!("Hark can't start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.verb {
            Verb::Serve(verb) => verb.run(&sources, &output).await,
            Verb::Listen(verb) => verb.run(&sources, &output).await,
            Verb::Trigger(verb) => verb.run(&sources, &output).await,
            Verb::Say(verb) => verb.run(&sources, &output).await,
            Verb::Transcribe(verb) => verb.run(&sources, &output).await,
            Verb::Tools(verb) => verb.run(&sources, &output).await,
            Verb::Policy(verb) => verb.run(&sources, &output).await,
            Verb::Models(verb) => verb.run(&sources, &output).await,
            Verb::Eval(verb) => verb.run(&sources, &output).await,
            Verb::Doctor(verb) => verb.run(&sources, &output).await,
            Verb::Users(verb) => verb.run(&sources, &output).await,
            Verb::Desk => desk::run(&sources).await,
        }
    });
    // A thread that waits for standard input can't be ended, so it is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(error) => {
            output.problem(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
