//! Hark as a person runs it: the served program in a folder of its own, with the tests' MCP servers.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const START_WITHIN: Duration = Duration::from_secs(60);

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder as a new user has it: models, an `mcp.json`, something in it to ask for.
pub(crate) fn home() -> Result<TempDir> {
    let home = tempfile::tempdir()?;
    let models = project().join(".tools/models");
    if !models.is_dir() {
        bail!("{} is missing: scripts/test-models fetches the language model", models.display());
    }
    std::fs::create_dir_all(home.path().join("data"))?;
    std::os::unix::fs::symlink(models, home.path().join("data/models"))?;
    std::fs::create_dir_all(home.path().join("files"))?;
    std::fs::write(home.path().join("files/todo.txt"), "Call Anna. Water the plants.\n")?;
    std::fs::write(home.path().join("mcp.json"), serde_json::to_string_pretty(&servers(home.path()))?)?;
    Ok(home)
}

/// Four real servers beside Hark's own.
fn servers(home: &Path) -> Value {
    let node = |name: &str| project().join(".tools/node_modules/.bin").join(name);
    let python = |name: &str| project().join(".tools/venv/bin").join(name);
    json!({"mcpServers": {
        "files": {"command": node("mcp-server-filesystem"), "args": [home.join("files")]},
        "memory": {
            "command": node("mcp-server-memory"),
            "env": {"MEMORY_FILE_PATH": home.join("memory.jsonl")},
        },
        "git": {"command": python("mcp-server-git"), "fixedArguments": {"repo_path": project()}},
        "clock": {"command": python("mcp-server-time"), "args": ["--local-timezone", "Europe/Berlin"]},
    }})
}

/// The served program.
pub(crate) struct Served {
    child: Child,
    /// Its address, without a slash at the end.
    pub(crate) address: String,
    /// From its start until it listened.
    pub(crate) listening: Duration,
    /// From its start until every part was ready.
    pub(crate) ready: Duration,
    /// Its folder, kept as long as it runs.
    _home: TempDir,
}

impl Served {
    /// Starts it and waits until it is ready and all servers are there.
    pub(crate) async fn start() -> Result<Self> {
        let home = home()?;
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hark"))
            .args(["serve", "--bind", "127.0.0.1:0"])
            .current_dir(home.path())
            .env("HARK_DATA_DIR", home.path().join("data"))
            .env("HARK_TIMEZONE", "Europe/Berlin")
            .env("HARK_SERVER__COMMANDS_PER_MINUTE", "1000000")
            .env("HARK_LOG__LEVEL", "error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("hark can't be started")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START_WITHIN, lines.next_line()).await??.context("hark ended")?;
        let listening = started.elapsed();
        let address = line.trim_start_matches("Hark is at ").trim_end_matches('/').to_owned();
        let client = reqwest::Client::new();
        let is_ready = async {
            while !client.get(format!("{address}/readyz")).send().await?.status().is_success() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let ready = started.elapsed();
            loop {
                let status: Value = client.get(format!("{address}/api/status")).send().await?.json().await?;
                let servers = status["servers"].as_array().cloned().unwrap_or_default();
                if servers.iter().all(|server| server["state"] == "ready") {
                    return anyhow::Ok(ready);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let ready = tokio::time::timeout(START_WITHIN, is_ready).await.context("not all is ready")??;
        Ok(Self { child, address, listening, ready, _home: home })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }
}

/// A spoken command of the fixtures.
pub(crate) fn recording(name: &str) -> PathBuf {
    project().join("fixtures/audio").join(format!("{name}.wav"))
}
