//! `hark doctor`: each thing that Hark needs, whether it is there, and the command that mends it.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use toml::Table;

use super::output::Output;
use super::{CONNECT_MARGIN, Sources, logging, server_view};
use crate::app;
use crate::audio::microphones;
use crate::config::{LanguageModel, Settings};
use crate::llm::{ChatRequest, Message, Role};
use crate::store::Store;
use crate::tools::{Registry, ServerState};

const MODEL_AT_MOST: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct Doctor {
    /// A line of JSON for each finding.
    #[arg(long)]
    json: bool,
}

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    /// As it should be.
    Good,
    /// It works, and could be better.
    Fair,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    what: String,
    health: Health,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), health: Health::Good, detail: detail.into(), mend: None }
    }

    fn fair(what: impl Into<String>, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), health: Health::Fair, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn bad(what: impl Into<String>, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), health: Health::Bad, detail: detail.into(), mend: Some(mend.into()) }
    }
}

impl Doctor {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Table::new())?;
        logging::start_quiet(&settings)?;
        let mut worst = ExitCode::SUCCESS;
        let mut tell = |finding: Finding| {
            if finding.health == Health::Bad {
                worst = ExitCode::FAILURE;
            }
            self.tell(&finding, output);
        };
        tell(settings_files(&settings));
        tell(data_folder(&settings));
        tell(address(&settings).await);
        tell(speech_model(&settings));
        tell(language_model(&settings).await);
        tell(microphone(&settings).await);
        if settings.speak_replies {
            tell(voice(&settings).await);
        }
        for finding in servers(&settings).await {
            tell(finding);
        }
        Ok(worst)
    }

    fn tell(&self, finding: &Finding, output: &Output) {
        if self.json {
            output.json(finding);
            return;
        }
        let mark = match finding.health {
            Health::Good => "ok  ",
            Health::Fair => "note",
            Health::Bad => "BAD ",
        };
        output.line(format_args!("{mark}  {:<22} {}", finding.what, finding.detail));
        if let Some(mend) = &finding.mend {
            output.line(format_args!("      {:<22} → {mend}", ""));
        }
    }
}

/// Whoever does without one, or has one in a browser, lacks nothing.
async fn microphone(settings: &Settings) -> Finding {
    let found = tokio::task::spawn_blocking(microphones).await;
    let found = match found
        .map_err(|error| error.to_string())
        .map(|found| found.map_err(|error| error.to_string()))
    {
        Ok(Ok(found)) => found,
        Ok(Err(reason)) | Err(reason) => {
            return Finding::fair(
                "microphone",
                reason,
                "see whether the sound system runs; the page has the browser's",
            );
        }
    };
    let wanted = settings.microphone.as_deref();
    let chosen = found.iter().find(|device| match wanted {
        Some(wanted) => device.name.eq_ignore_ascii_case(wanted) || device.id == wanted,
        None => device.is_default,
    });
    match (chosen, wanted) {
        (Some(device), _) => {
            Finding::good("microphone", format!("{} ({} Hz), for `hark listen`", device.name, device.rate_hz))
        }
        (None, Some(wanted)) => Finding::bad(
            "microphone",
            format!("there is none that is called {wanted:?}"),
            "hark listen --devices, and its name in listening.microphone",
        ),
        (None, None) => Finding::fair(
            "microphone",
            "there is none",
            "connect one to use `hark listen`; the page has the browser's",
        ),
    }
}

async fn voice(settings: &Settings) -> Finding {
    let config = settings.voice.clone();
    let socket = config.socket.display().to_string();
    match tokio::task::spawn_blocking(move || crate::voice::check(&config)).await {
        Ok(Ok(())) => Finding::good("voice", format!("speech-dispatcher at {socket}")),
        Ok(Err(reason)) => Finding::bad("voice", reason, "or speak_replies = false in [listening]"),
        Err(error) => Finding::bad("voice", error.to_string(), "tell the makers of Hark"),
    }
}

fn settings_files(settings: &Settings) -> Finding {
    let named = |file: &Option<std::path::PathBuf>, without: &str| match file {
        Some(path) => path.display().to_string(),
        None => without.to_owned(),
    };
    let detail = format!(
        "{}; {}",
        named(&settings.config_file, "no hark.toml, so the defaults hold"),
        named(&settings.mcp_file, "no mcp.json, so the desk is the only server")
    );
    match settings.mcp_file {
        Some(_) => Finding::good("settings", detail),
        None => {
            Finding::fair("settings", detail, "cp mcp.example.json mcp.json, and name your MCP servers in it")
        }
    }
}

fn data_folder(settings: &Settings) -> Finding {
    let folder = settings.data_dir.display();
    let opened = std::fs::create_dir_all(&settings.data_dir)
        .map_err(|error| error.to_string())
        .and_then(|()| Store::open(Some(&settings.store_file())).map_err(|error| error.to_string()));
    match opened {
        Ok(_) => Finding::good("data", folder.to_string()),
        Err(error) => Finding::bad(
            "data",
            format!("{folder} can't be used: {error}"),
            "HARK_DATA_DIR=/some/folder hark doctor",
        ),
    }
}

async fn address(settings: &Settings) -> Finding {
    match TcpListener::bind(settings.bind).await {
        Ok(_) => Finding::good("address", format!("{} is free", settings.bind)),
        Err(error) => Finding::fair(
            "address",
            format!("{} can't be listened on ({error}); is Hark running already?", settings.bind),
            "hark serve --bind 127.0.0.1:0",
        ),
    }
}

fn speech_model(settings: &Settings) -> Finding {
    match app::speech(settings) {
        Ok(speech) => {
            let model = speech.model();
            match model.note {
                None => Finding::good("speech model", model.name),
                Some(note) => {
                    // The command that mends it follows on a line of its own.
                    let fault = note.split(". ").next().unwrap_or_default();
                    Finding::fair("speech model", format!("{}: {fault}", model.name), app::FETCH_SPEECH)
                }
            }
        }
        Err(error) => Finding::bad("speech model", error.to_string(), app::FETCH_SPEECH),
    }
}

async fn language_model(settings: &Settings) -> Finding {
    const WHAT: &str = "language model";
    let tracker = TaskTracker::new();
    let shutdown = CancellationToken::new();
    let mend = match &settings.language_model {
        LanguageModel::Embedded { model, file: None, .. } => format!("hark models fetch {model}"),
        LanguageModel::Embedded { file: Some(path), .. } => {
            format!("look at llm.model_file: {}", path.display())
        }
        LanguageModel::Endpoint(config) => format!("start what should answer at {}", config.base_url),
    };
    let finding = match app::language_model(settings, &tracker, shutdown.clone()) {
        Err(error) => Finding::bad(WHAT, error.to_string(), mend),
        Ok((model, _worker)) => {
            let request = ChatRequest {
                blocks: Vec::new(),
                prior: Vec::new(),
                messages: vec![Message { role: Role::User, content: "Say yes.".to_owned() }],
                schema: None,
                max_tokens: 4,
                temperature: 0.0,
                cancel: CancellationToken::new(),
                deadline: MODEL_AT_MOST,
            };
            match model.complete(request).await {
                Ok(reply) => {
                    Finding::good(WHAT, format!("{} answered in {:.0?}", reply.model, reply.elapsed))
                }
                Err(error) => Finding::bad(WHAT, error.to_string(), mend),
            }
        }
    };
    shutdown.cancel();
    tracker.close();
    tracker.wait().await;
    finding
}

async fn servers(settings: &Settings) -> Vec<Finding> {
    let tracker = TaskTracker::new();
    let shutdown = CancellationToken::new();
    let registry = Registry::start(settings.tools.clone(), &tracker, shutdown.clone());
    registry.settle(settings.tools.connect_timeout + CONNECT_MARGIN).await;
    let tools = registry.snapshot(&crate::domain::UserId::local()).await;
    let file =
        settings.mcp_file.as_ref().map_or_else(|| "mcp.json".to_owned(), |path| path.display().to_string());
    let mut findings = Vec::new();
    for server in registry.servers() {
        let what = format!("server {}", server.key);
        let mend = match server.key.as_str() {
            "desk" => "run `hark desk` by hand: it says what it lacks".to_owned(),
            key => format!("mend {key:?} in {file}, then: hark doctor"),
        };
        findings.push(match (server.state, server_view::fault(&server)) {
            (ServerState::Degraded, Some(error)) => Finding::fair(what, error, mend),
            (_, Some(error)) => Finding::bad(what, error, mend),
            (ServerState::Ready | ServerState::Degraded, None) => {
                Finding::good(what, format!("ready, {} tools", server.tools))
            }
            (ServerState::Off, None) => Finding::good(what, format!("disabled in {file}")),
            (state @ (ServerState::Starting | ServerState::Failed | ServerState::Quarantined), None) => {
                Finding::bad(what, state.name(), mend)
            }
        });
    }
    for tool in tools.rejected() {
        findings.push(Finding::fair(
            format!("tool {}", tool.name),
            tool.reason.clone(),
            "tell the server's authors; its other tools work",
        ));
    }
    shutdown.cancel();
    registry.close().await;
    tracker.close();
    tracker.wait().await;
    findings
}
