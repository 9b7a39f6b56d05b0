//! `hark serve`: the page and the HTTP interface, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use toml::{Table, Value};

use super::listen::no_notices;
use super::output::Output;
use super::signals::stop_on_signal;
use super::{Sources, logging};
use crate::api::{self, AppState};
use crate::app::{self, App};
use crate::audio::{Patience, Turns};
use crate::config::Settings;
use crate::domain::{CommandId, SessionId, UserId};
use crate::listening::{Listening, MicrophoneHandle, Notice, WakePhrase};
use crate::pipeline::Speaker;

#[derive(Args)]
pub(super) struct Serve {
    /// Address and port, such as 127.0.0.1:7380; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// Listen to this machine's microphone as well.
    #[arg(long)]
    listen: bool,
    #[command(flatten)]
    flags: ListenFlags,
}

/// How the microphone is listened to.
#[derive(Args)]
pub(super) struct ListenFlags {
    /// The microphone, by its name or address in `hark listen --devices`.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// A key begins and ends what you say, in the terminal or by `hark trigger`.
    #[arg(long)]
    held: bool,
    /// How long a silence ends what you say: 0.3, 0.6 or 1.2 s.
    #[arg(long, value_enum)]
    patience: Option<PatienceFlag>,
    /// Words that you begin with, such as "hey hark"; only such utterances count.
    #[arg(long, value_name = "PHRASE", conflicts_with = "held")]
    wake: Option<String>,
    /// Say replies aloud, through speech-dispatcher.
    #[arg(long)]
    speak: bool,
    /// Plan and show, but call no tool.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum PatienceFlag {
    Quick,
    Normal,
    Patient,
}

impl ListenFlags {
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Opens the microphone as the flags and the settings say.
    pub(super) fn open(
        &self,
        serving: &Serving,
        notices: mpsc::Sender<Notice>,
        stop: CancellationToken,
    ) -> anyhow::Result<MicrophoneHandle> {
        let settings = &serving.app.settings;
        let mut config = settings.listening.clone();
        match self.patience {
            Some(PatienceFlag::Quick) => config.endpoints.patience = Patience::Quick,
            Some(PatienceFlag::Normal) => config.endpoints.patience = Patience::Normal,
            Some(PatienceFlag::Patient) => config.endpoints.patience = Patience::Patient,
            None => {}
        }
        if let Some(phrase) = &self.wake {
            let wake = WakePhrase::new(phrase).context("--wake: there is no word in it")?;
            config.wake = Some(wake);
        }
        if self.held {
            config.wake = None;
        }
        let speaker = Speaker {
            user: UserId::local(),
            may_approve: true,
            session: SessionId(CommandId::new().to_string()),
            timezone: None,
            language: None,
        };
        let turns = if self.held { Turns::Held } else { Turns::HandsFree };
        let listening = Listening { speaker, turns, dry_run: self.dry_run, config };
        let device = self.device.clone().or_else(|| settings.microphone.clone());
        let voice = (self.speak || settings.speak_replies).then(|| settings.voice.clone());
        let microphone = serving.state.listener().hear_microphone(device, listening, voice, notices, stop)?;
        serving.state.set_microphone(microphone.clone());
        Ok(microphone)
    }
}

impl Serve {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Serving::flags(self.bind))?;
        logging::start(&settings)?;
        let serving = Serving::start(settings).await?;
        let speech = serving.app.speech.model();
        if let Some(note) = &speech.note {
            tracing::warn!(model.name = speech.name, "{note}");
        }
        let stop = CancellationToken::new();
        serving.app.tracker.spawn(stop_on_signal(stop.clone())?);
        if self.listen {
            self.flags.open(&serving, no_notices(&serving.app.tracker), stop.clone())?;
        }
        output.line(format_args!("Hark is at http://{}/", serving.address));
        serving.serve(stop).await
    }
}

/// Hark, put together, with its address taken.
pub(super) struct Serving {
    pub(super) app: App,
    pub(super) state: AppState,
    pub(super) address: SocketAddr,
    listener: TcpListener,
}

impl Serving {
    /// Settings given by flags.
    pub(super) fn flags(bind: Option<String>) -> Table {
        let mut flags = Table::new();
        if let Some(bind) = bind {
            let section = Table::from_iter([("bind".to_owned(), Value::String(bind))]);
            flags.insert("server".to_owned(), Value::Table(section));
        }
        flags
    }

    pub(super) async fn start(settings: Settings) -> anyhow::Result<Self> {
        app::make_data_folder(&settings)?;
        let has_users = !api::Users::at(settings.users_file()).all()?.is_empty();
        api::check_bind(settings.bind, settings.token.as_ref(), has_users)?;
        let bind = settings.bind;
        let listener = TcpListener::bind(bind).await.with_context(|| {
            format!("{bind} can't be listened on; choose another with --bind, such as --bind 127.0.0.1:0")
        })?;
        let address = listener.local_addr().context("the address can't be told")?;
        let app = App::build(settings)?;
        if app.worker.is_some() {
            app.pipeline.warm_up(true);
        }
        Ok(Self { state: AppState::of(&app), app, address, listener })
    }

    /// Serves until `stop`, and then ends all parts.
    pub(super) async fn serve(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let served = api::serve(self.listener, self.state, stop.clone()).await;
        // Where the listener failed nobody has asked to stop, and the watch for signals still runs.
        stop.cancel();
        self.app.shutdown().await;
        served.context("the HTTP interface failed")?;
        Ok(ExitCode::SUCCESS)
    }
}
