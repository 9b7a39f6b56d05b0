//! One life of the worker's process, from its start to its end.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::task::TaskTracker;

use super::WorkerConfig;
use crate::llm::Secret;

/// The worker's exit status where the processor is not the one that it was built for.
const EXIT_WRONG_PROCESSOR: i32 = 78;
/// The worker listens before it loads its model, so this is generous.
const ADDRESS_WITHIN: Duration = Duration::from_secs(20);
/// A worker that is told to end has nothing to save.
const END_WITHIN: Duration = Duration::from_secs(2);
const HEALTH_EVERY: Duration = Duration::from_millis(50);
const LINES_KEPT: usize = 12;

/// Why a life ended before it was useful, or at all.
#[derive(Debug)]
pub(super) enum Fault {
    /// Trying again may help.
    Died(String),
    /// Trying again will not help until a person acts.
    Hopeless(String),
}

/// A running worker.
pub(super) struct Process {
    child: Child,
    /// Held open: the worker ends when it closes.
    stdin: Option<ChildStdin>,
    said: Arc<Mutex<VecDeque<String>>>,
    pub(super) address: SocketAddr,
    pub(super) token: Secret,
}

#[derive(Deserialize)]
struct AddressLine {
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Process {
    /// Starts the program and waits until it listens.
    pub(super) async fn start(config: &WorkerConfig, tracker: &TaskTracker) -> Result<Self, Fault> {
        let token = random_token()?;
        let mut child = command(config, &token).spawn().map_err(|error| {
            Fault::Hopeless(format!("{} cannot be started: {error}", config.program.display()))
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let said = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stderr) = stderr {
            tracker.spawn(keep_lines(stderr, Arc::clone(&said)));
        }
        let mut line = String::new();
        let read = async {
            match stdout {
                Some(stdout) => BufReader::new(stdout).read_line(&mut line).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let in_time = tokio::time::timeout(ADDRESS_WITHIN, read).await.is_ok();
        let address = serde_json::from_str::<AddressLine>(&line)
            .ok()
            .map(|line| line.address)
            .filter(|address| address.ip().is_loopback());
        match address {
            Some(address) => Ok(Self { child, stdin, said, address, token }),
            None if !in_time => Err(Fault::Died(format!(
                "hark-llm did not listen within {} seconds",
                ADDRESS_WITHIN.as_secs()
            ))),
            None => Err(end_of(&mut child, &said).await),
        }
    }

    /// The process's number.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the model is loaded.
    pub(super) async fn ready(&mut self) -> Result<(), Fault> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| Fault::Died(error.to_string()))?;
        let address = format!("http://{}/health", self.address);
        loop {
            let asked = async {
                tokio::time::sleep(HEALTH_EVERY).await;
                client.get(&address).send().await?.json::<Health>().await
            };
            let health = tokio::select! {
                biased;
                _ = self.child.wait() => return Err(end_of(&mut self.child, &self.said).await),
                health = asked => health,
            };
            match health {
                Ok(health) if health.status == "ok" => return Ok(()),
                Ok(health) if health.status == "failed" => {
                    return Err(Fault::Hopeless(health.reason.unwrap_or_default()));
                }
                // Loading, or too busy loading to answer.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Waits until the process has ended by itself.
    pub(super) async fn ended(&mut self) -> Fault {
        end_of(&mut self.child, &self.said).await
    }

    /// Ends the process: asks first, then kills.
    pub(super) async fn end(mut self) {
        drop(self.stdin.take());
        if tokio::time::timeout(END_WITHIN, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

fn command(config: &WorkerConfig, token: &Secret) -> Command {
    let mut command = Command::new(&config.program);
    command
        .arg("--model")
        .arg(&config.model)
        .args(["--threads", &config.threads.to_string()])
        .args(["--prompt-threads", &config.prompt_threads.max(config.threads).to_string()])
        .args(["--context", &config.context_tokens.to_string()])
        .args(["--queue", &config.queue.to_string()])
        // The worker needs none of our keys.
        .env_clear()
        .env("HARK_LLM_TOKEN", token.expose())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(adapter) = &config.adapter {
        command.arg("--adapter").arg(adapter);
    }
    if let Some(encoder) = &config.encoder {
        command.arg("--encoder").arg(encoder);
    }
    // Out of our process group: Ctrl-C is for us, and we end the worker when we are done with it.
    #[cfg(unix)]
    command.process_group(0);
    command
}

fn random_token() -> Result<Secret, Fault> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::Died(format!("the system gives no random numbers: {error}")))?;
    Ok(Secret::new(hex::encode(bytes)))
}

async fn end_of(child: &mut Child, said: &Mutex<VecDeque<String>>) -> Fault {
    let status = child.wait().await;
    // What it said last arrives on another task; its pipe is closed now.
    tokio::task::yield_now().await;
    let last = said.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect::<Vec<_>>();
    match status {
        Ok(status) => verdict(status, &last),
        Err(error) => Fault::Died(format!("hark-llm cannot be watched: {error}")),
    }
}

fn verdict(status: ExitStatus, last: &[String]) -> Fault {
    if status.code() == Some(EXIT_WRONG_PROCESSOR) {
        return Fault::Hopeless(
            last.last().cloned().unwrap_or_else(|| "it was built for another processor".into()),
        );
    }
    let said = if last.is_empty() {
        "it said nothing".to_owned()
    } else {
        format!("it said last: {}", last.join(" / "))
    };
    Fault::Died(format!("hark-llm ended ({status}); {said}"))
}

async fn keep_lines(stderr: impl AsyncRead + Unpin, said: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!(target: "hark_llm", "{line}");
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() == LINES_KEPT {
            said.pop_front();
        }
        said.push_back(line);
    }
}
