//! The `hark` program.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve notes, lists, calendar, timers, time and arithmetic over MCP on standard input and output.
    Desk {
        /// Folder of the desk's files.
        #[arg(long)]
        data_dir: PathBuf,
        /// Time zone in which times are meant; the system's when left out.
        #[arg(long)]
        timezone: Option<chrono_tz::Tz>,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Desk { data_dir, timezone } => {
            let timezone = match timezone {
                Some(timezone) => timezone,
                None => iana_time_zone::get_timezone()
                    .context("could not find the system's time zone; name one with --timezone")?
                    .parse()
                    .context("the system's time zone is unknown; name one with --timezone")?,
            };
            hark::desk::serve_stdio(hark::desk::DeskConfig { data_dir, timezone }).await?;
        }
    }
    Ok(())
}
