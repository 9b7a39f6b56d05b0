//! `hark say`: one command from the terminal, its progress shown live.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono_tz::Tz;
use clap::Args;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use toml::Table;

use super::output::Output;
use super::progress_view::ProgressView;
use super::signals::stop_on_signal;
use super::{Sources, logging, recording};
use crate::app::App;
use crate::domain::{SessionId, UserId};
use crate::pipeline::{Input, Submission};

/// How long the first connections may take before a command goes on with the servers that are there.
const CONNECT_AT_MOST: Duration = Duration::from_secs(20);

#[derive(Args)]
#[group(id = "what", required = true, multiple = false)]
pub(super) struct Command {
    /// What is to be done.
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// A recording of what is to be done; `-` reads it from standard input.
    #[arg(long, value_name = "FILE")]
    audio: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Say {
    #[command(flatten)]
    command: Command,
    /// Print each event as a line of JSON.
    #[arg(long)]
    json: bool,
    /// Plan and show, but call no tool.
    #[arg(long)]
    dry_run: bool,
    /// The conversation that the command belongs to.
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// The time zone in which times are meant.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Tz>,
}

impl Say {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Table::new())?;
        logging::start_quiet(&settings)?;
        let input = match &self.command.audio {
            Some(path) => {
                let bytes = recording::read(path, settings.audio.max_bytes).await;
                Input::Audio(bytes.with_context(|| path.display().to_string())?)
            }
            None => Input::Text(self.command.text.join(" ")),
        };
        let app = App::build(settings)?;
        let done = self.carry_out(&app, input, output).await;
        app.shutdown().await;
        done
    }

    async fn carry_out(&self, app: &App, input: Input, output: &Output) -> anyhow::Result<ExitCode> {
        if !self.json
            && matches!(input, Input::Audio(_))
            && let Some(note) = app.speech.model().note
        {
            output.note(format_args!("{note}\n"));
        }
        let stop = CancellationToken::new();
        // Else the watch for signals would keep the program from ending.
        let _done = stop.clone().drop_guard();
        app.tracker.spawn(stop_on_signal(stop.clone())?);
        app.registry.settle(CONNECT_AT_MOST).await;
        let user = UserId::local();
        let submission = Submission {
            user: user.clone(),
            may_approve: true,
            session: self.session.clone().map(SessionId),
            timezone: self.timezone,
            language: None,
            dry_run: self.dry_run,
            input,
        };
        let id = app.pipeline.submit(submission).await?;
        let events = app.progress.watch(id, 0).context("the command left no progress")?;
        let mut events = std::pin::pin!(events);
        let view = ProgressView::new(output);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(event) if self.json => output.json(&*event),
                    Some(event) => view.show(&event),
                    None => break,
                },
                () = stop.cancelled(), if app.pipeline.owner(id).is_some() => {
                    app.pipeline.cancel(&user, id);
                    // The last event follows at once, and ends the loop.
                    while let Some(event) = events.next().await {
                        if self.json { output.json(&*event) } else { view.show(&event) }
                    }
                    break;
                }
            }
        }
        let outcome = app.pipeline.outcome(&user, id).await?.context("the command left no outcome")?;
        if !self.json {
            view.summary(&outcome);
        }
        Ok(if outcome.success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
