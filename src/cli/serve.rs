//! `hark serve`: the page and the HTTP interface, until it is told to stop.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use toml::{Table, Value};

use super::output::Output;
use super::signals::stop_on_signal;
use super::{Sources, logging};
use crate::api;
use crate::app::App;

#[derive(Args)]
pub(super) struct Serve {
    /// Address and port, such as 127.0.0.1:7380; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
}

impl Serve {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let mut flags = Table::new();
        if let Some(bind) = self.bind {
            let section = Table::from_iter([("bind".to_owned(), Value::String(bind))]);
            flags.insert("server".to_owned(), Value::Table(section));
        }
        let settings = sources.settings(flags)?;
        logging::start(&settings)?;
        api::check_bind(settings.bind, settings.token.as_ref())?;
        let bind = settings.bind;
        let listener = TcpListener::bind(bind).await.with_context(|| {
            format!("{bind} can't be listened on; choose another with --bind, such as --bind 127.0.0.1:0")
        })?;
        let address = listener.local_addr().context("the address can't be told")?;
        let app = App::build(settings)?;
        let speech = app.speech.model();
        if let Some(note) = &speech.note {
            tracing::warn!(model.name = speech.name, "{note}");
        }
        let stop = CancellationToken::new();
        app.tracker.spawn(stop_on_signal(stop.clone())?);
        output.line(format_args!("Hark is at http://{address}/"));
        let served = api::serve(listener, api::AppState::of(&app), stop.clone()).await;
        // Where the listener failed nobody has asked to stop, and the watch for signals still runs.
        stop.cancel();
        app.shutdown().await;
        served.context("the HTTP interface failed")?;
        Ok(ExitCode::SUCCESS)
    }
}
