//! Where log lines go: standard error, readable or as JSON.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::Settings;

/// Starts logging as the settings say.
pub(super) fn start(settings: &Settings) -> anyhow::Result<()> {
    start_at(&settings.log_filter, settings.log_json)
}

/// For one-off commands: their own output tells what matters, so that only trouble is logged.
pub(super) fn start_quiet(settings: &Settings) -> anyhow::Result<()> {
    match settings.log_filter.as_str() {
        "info" => start_at("error", settings.log_json),
        asked_for => start_at(asked_for, settings.log_json),
    }
}

fn start_at(filter: &str, json: bool) -> anyhow::Result<()> {
    // A sound server that goes away is told of as a lost microphone.
    let filter = EnvFilter::try_new(format!("{filter},pulseaudio::client::reactor=off"))
        .map_err(|error| anyhow::anyhow!("log.level: {filter:?} is no log filter: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match json {
        true => builder.json().try_init(),
        false => builder.try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging can't be started: {error}"))
}
