//! `hark listen`: commands spoken into this machine's microphone, their progress shown live; the page and
//! the HTTP interface are served beside it.

use std::io::{IsTerminal, stdin};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::keys::{self, Key};
use super::listening_view::ListeningView;
use super::output::Output;
use super::serve::{ListenFlags, Serving};
use super::signals::stop_on_signal;
use super::{Sources, logging};
use crate::audio::microphones;
use crate::listening::{MicrophoneHandle, Notice};

/// Notices that may wait to be shown.
const WAITING_NOTICES: usize = 256;

#[derive(Args)]
pub(super) struct Listen {
    #[command(flatten)]
    flags: ListenFlags,
    /// List the microphones of this machine, and end.
    #[arg(long)]
    devices: bool,
    /// Address and port of the page, such as 127.0.0.1:7380; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// Print each event as a line of JSON.
    #[arg(long)]
    json: bool,
}

impl Listen {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        if self.devices {
            return list_devices(output).await;
        }
        let settings = sources.settings(Serving::flags(self.bind))?;
        logging::start_quiet(&settings)?;
        let serving = Serving::start(settings).await?;
        if !self.json {
            output.note(format_args!("The page is at http://{}/", serving.address));
            if let Some(note) = serving.app.speech.model().note {
                output.note(format_args!("{note}"));
            }
        }
        let stop = CancellationToken::new();
        serving.app.tracker.spawn(stop_on_signal(stop.clone())?);
        let (notices, mut told) = mpsc::channel(WAITING_NOTICES);
        let microphone = self.flags.open(&serving, notices, stop.clone())?;
        let has_keys = self.flags.is_held() && stdin().is_terminal() && !self.json;
        let view = ListeningView::new(output, has_keys);
        let json = self.json;
        let showing = async {
            while let Some(notice) = told.recv().await {
                if json { output.json(&notice) } else { view.show(&notice) }
            }
        };
        let pressing = async {
            match has_keys {
                true => press_keys(&microphone, &view, &stop).await,
                false => std::future::pending().await,
            }
        };
        let mut served = std::pin::pin!(serving.serve(stop.clone()));
        tokio::select! {
            served = &mut served => return served,
            () = showing => {}
            pressed = pressing => pressed?,
        }
        stop.cancel();
        served.await
    }
}

async fn list_devices(output: &Output) -> anyhow::Result<ExitCode> {
    // The sound system answers when it likes.
    let found =
        tokio::task::spawn_blocking(microphones).await.context("the microphones can't be listed")??;
    for device in &found {
        let mark = if device.is_default { "*" } else { " " };
        let channels = if device.channels == 1 { "channel" } else { "channels" };
        output.line(format_args!(
            "{mark} {}  ({} Hz, {} {channels}, {})",
            device.name, device.rate_hz, device.channels, device.id
        ));
    }
    if found.is_empty() {
        output.note("No microphone was found. Connect one, or see whether the sound system runs.");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Space or Enter is the key, Escape throws away, q and Ctrl+C end.
async fn press_keys(
    microphone: &MicrophoneHandle,
    view: &ListeningView<'_>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut keys = keys::watch(stop.clone()).context("the terminal's keys can't be read")?;
    while let Some(key) = keys.recv().await {
        match key {
            Key::Release => microphone.release().await,
            Key::Toggle => microphone.toggle().await,
            Key::Discard => microphone.discard().await,
            Key::Quit => break,
        }
        view.show_key(&microphone.state());
    }
    Ok(())
}

/// Shared with `hark serve --listen`, which shows nothing.
pub(super) fn no_notices(tracker: &TaskTracker) -> mpsc::Sender<Notice> {
    let (notices, mut told) = mpsc::channel(WAITING_NOTICES);
    tracker.spawn(async move { while told.recv().await.is_some() {} });
    notices
}
