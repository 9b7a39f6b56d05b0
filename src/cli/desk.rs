//! `hark desk`: our own MCP server on standard input and output.

use std::process::ExitCode;

use super::{Sources, logging};
use crate::desk::{DeskConfig, serve_stdio};

pub(super) async fn run(sources: &Sources) -> anyhow::Result<ExitCode> {
    let settings = sources.settings_without_servers()?;
    logging::start_quiet(&settings)?;
    serve_stdio(DeskConfig { data_dir: settings.desk_dir(), timezone: settings.timezone }).await?;
    Ok(ExitCode::SUCCESS)
}
