//! `hark serve`: the page and the HTTP interface, until it is told to stop.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use toml::{Table, Value};

use super::output::Output;
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
        api::serve(listener, api::AppState::of(&app), stop).await?;
        app.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Cancels `stop` on the first of Ctrl+C and SIGTERM.
pub(super) fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals can't be watched")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals can't be watched")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
    })
}
