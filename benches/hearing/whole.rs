//! Hark without a door: the real speech model, registry, planner and store; the planner's model scripted
//! or real.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use hark::app::App;
use hark::config::{Environment, Places, Settings};
use hark::llm::{ChatModel, ChatReply, ChatRequest, Finish, ModelError, Usage};
use tempfile::TempDir;

/// Finds that nothing fits, at once.
struct Idle;

#[async_trait]
impl ChatModel for Idle {
    fn name(&self) -> String {
        "idle".to_owned()
    }

    async fn complete(&self, _: ChatRequest) -> Result<ChatReply, ModelError> {
        Ok(ChatReply {
            text: r#"{"selectedTools":[]}"#.to_owned(),
            tokens: Vec::new(),
            usage: Usage::default(),
            model: self.name(),
            elapsed: Duration::ZERO,
            finish: Finish::Stop,
        })
    }
}

/// Hark, with a folder of its own that goes with it.
pub(crate) struct Whole {
    pub(crate) app: App,
    _home: TempDir,
}

impl Whole {
    /// With a scripted planner's model.
    pub(crate) async fn scripted() -> Result<Self> {
        let (settings, home) = settings()?;
        Self::ready(App::build_with_model(settings, Arc::new(Idle))?, home).await
    }

    /// With all that Hark brings.
    pub(crate) async fn real() -> Result<Self> {
        let (settings, home) = settings()?;
        Self::ready(App::build(settings)?, home).await
    }

    async fn ready(app: App, home: TempDir) -> Result<Self> {
        app.registry.settle(Duration::from_secs(60)).await;
        Ok(Self { app, _home: home })
    }
}

fn settings() -> Result<(Settings, TempDir)> {
    let home = tempfile::tempdir()?;
    let data = home.path().join("data");
    std::fs::create_dir_all(&data)?;
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/models");
    std::os::unix::fs::symlink(models, data.join("models"))?;
    let worker = Path::new(env!("CARGO_BIN_EXE_hark")).with_file_name("hark-llm");
    let environment = Environment::of([
        ("PATH", &std::env::var("PATH")?),
        ("HARK_DATA_DIR", &data.display().to_string()),
        ("HARK_LLM__WORKER", &worker.display().to_string()),
        ("HARK_TIMEZONE", "UTC"),
    ]);
    let places = Places::of_this_user(home.path())?;
    Ok((Settings::load(None, toml::Table::new(), &environment, &places)?, home))
}
