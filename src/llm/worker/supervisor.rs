//! Keeps one worker alive: back-off between starts, patience where a person must act.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::process::{Fault, Process};
use super::{Situation, WorkerConfig, WorkerState};
use crate::llm::{ModelError, OpenAiChat, OpenAiConfig};

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A worker that lived this long was sound, so the next start need not wait long.
const SOUND_AFTER: Duration = Duration::from_secs(60);
/// How often a missing model is looked for, which costs one look at a file's name.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// No answer takes longer; each request has its own deadline.
const LONGEST_ANSWER: Duration = Duration::from_mins(10);

/// Runs until `shutdown`.
pub(super) async fn supervise(
    config: WorkerConfig,
    situation: watch::Sender<Situation>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
) {
    let mut delays = patience();
    loop {
        let started = Instant::now();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            () = all_files(&config, &situation) => {}
        }
        let Some(fault) = live(&config, &situation, &tracker, &shutdown).await else {
            return;
        };
        if started.elapsed() > SOUND_AFTER {
            delays = patience();
        }
        let (state, reason) = match fault {
            Fault::Died(reason) => (WorkerState::Restarting, reason),
            Fault::Hopeless(reason) => (WorkerState::Failed, reason),
        };
        let delay = delays.next().unwrap_or(LONGEST_DELAY);
        tracing::warn!(reason, delay_ms = delay.as_millis(), "the embedded model is down");
        situation.send_modify(|now| {
            now.client = None;
            now.status.pid = None;
            now.status.state = state;
            now.status.reason = Some(reason);
            now.status.restarts += 1;
        });
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(delay) => {}
        }
    }
}

fn patience() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_max_delay(LONGEST_DELAY)
        .with_jitter()
        .without_max_times()
        .build()
}

/// Waits, as failed, until all files are there; no process is started in vain.
async fn all_files(config: &WorkerConfig, situation: &watch::Sender<Situation>) {
    let files =
        [Some(&config.program), Some(&config.model), config.adapter.as_ref(), config.encoder.as_ref()];
    let mut told = false;
    for file in files.into_iter().flatten() {
        while !tokio::fs::try_exists(file).await.unwrap_or(false) {
            if !told {
                let reason = format!("{} is not there; {}", file.display(), config.remedy);
                tracing::warn!(reason, "the embedded model cannot be used");
                situation.send_modify(|now| {
                    now.status.state = WorkerState::Failed;
                    now.status.reason = Some(reason);
                });
                told = true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    if told {
        situation.send_modify(|now| {
            now.status.state = WorkerState::Starting;
            now.status.reason = None;
        });
    }
}

/// One life; `None` when it was ended by the shutdown.
async fn live(
    config: &WorkerConfig,
    situation: &watch::Sender<Situation>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> Option<Fault> {
    let mut process = tokio::select! {
        biased;
        () = shutdown.cancelled() => return None,
        process = Process::start(config, tracker) => match process {
            Ok(process) => process,
            Err(fault) => return Some(fault),
        },
    };
    situation.send_modify(|now| now.status.pid = process.pid());
    let fault = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        fault = serve(config, situation, &mut process) => Some(fault),
    };
    process.end().await;
    fault
}

async fn serve(config: &WorkerConfig, situation: &watch::Sender<Situation>, process: &mut Process) -> Fault {
    let started = Instant::now();
    if let Err(fault) = process.ready().await {
        return fault;
    }
    let client = match client(config, process) {
        Ok(client) => client,
        Err(error) => return Fault::Died(error.to_string()),
    };
    tracing::info!(
        model = config.name(),
        duration_ms = started.elapsed().as_millis(),
        "the embedded model is ready"
    );
    situation.send_modify(|now| {
        now.client = Some(Arc::new(client));
        now.status.state = WorkerState::Ready;
        now.status.reason = None;
    });
    process.ended().await
}

fn client(config: &WorkerConfig, process: &Process) -> Result<OpenAiChat, ModelError> {
    OpenAiChat::new(OpenAiConfig {
        api_key: Some(process.token.clone()),
        timeout: LONGEST_ANSWER,
        ..OpenAiConfig::new(format!("http://{}/v1", process.address), config.name())
    })
}
