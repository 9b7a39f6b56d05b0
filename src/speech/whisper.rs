//! whisper.cpp through whisper-rs: one context, a state for each thread of the pool.
//!
//! Three safe calls of whisper-rs 0.16 do harm and are not used: its VAD switch does nothing, its
//! grammar setter crashes, its safe abort callback is unsound. `set_language` leaks on each call, and
//! English is whisper.cpp's default; parameters are made once for each thread and cloned.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use whisper_rs::{WhisperContext, WhisperContextParameters};

use super::engine_log;
use super::listener::Listener;
use super::pool::{Exit, Job, Pool};
use super::{Hints, SpeechConfig, SpeechError, SpeechModel, Transcriber, Weights};
use crate::domain::{Pcm, Transcript};

/// The language that is none but found out.
pub(super) const AUTO: &str = "auto";

/// A whisper model and the threads that run it.
pub struct Whisper {
    pool: Pool,
    model: SpeechModel,
    deadline: Duration,
    /// Set when the weights are there, or can't be.
    loaded: Arc<OnceLock<Result<(), SpeechError>>>,
}

impl Whisper {
    /// Starts the threads. The weights are loaded by the first of them, so that a start is instant;
    /// utterances wait for it.
    ///
    /// # Errors
    /// Where the model's file is not there, or threads can't be started.
    pub fn load(config: SpeechConfig) -> Result<Self, SpeechError> {
        engine_log::lead_to_tracing();
        if let Weights::File(path) = &config.model.weights
            && !path.is_file()
        {
            return Err(SpeechError::ModelMissing { name: config.model.name, path: path.clone() });
        }
        if config.language != AUTO && whisper_rs::get_lang_id(&config.language).is_none() {
            return Err(SpeechError::LanguageUnknown(config.language));
        }
        let model = SpeechModel {
            name: config.model.name.clone(),
            embedded: matches!(config.model.weights, Weights::Embedded(_)),
            language: config.model.language.clone(),
            note: config.model.note.clone(),
        };
        let (pool, exit) = Pool::new(config.queue.max(1));
        let loaded = Arc::new(OnceLock::new());
        let deadline = config.deadline;
        let told = loaded.clone();
        spawn("speech-0", move || load_and_serve(&config, &exit, &told))?;
        Ok(Self { pool, model, deadline, loaded })
    }
}

#[async_trait]
impl Transcriber for Whisper {
    async fn transcribe(
        &self,
        pcm: Pcm,
        hints: Hints,
        cancel: CancellationToken,
    ) -> Result<Transcript, SpeechError> {
        if let Some(Err(error)) = self.loaded.get() {
            return Err(error.clone());
        }
        let stop = Arc::new(AtomicBool::new(false));
        // Whatever ends this future early also ends the decoding.
        let _stop_on_drop = StopOnDrop(stop.clone());
        let (answer, answered) = oneshot::channel();
        let until = Instant::now() + self.deadline;
        self.pool.submit(Job { pcm, hints, stop, until, given: self.deadline, answer })?;
        tokio::select! {
            () = cancel.cancelled() => Err(SpeechError::Cancelled),
            () = tokio::time::sleep(self.deadline) => Err(match self.loaded.get() {
                None => SpeechError::Loading,
                Some(Err(error)) => error.clone(),
                Some(Ok(())) => SpeechError::Timeout(self.deadline),
            }),
            answer = answered => answer.unwrap_or_else(|_| {
                Err(SpeechError::Failed("its thread ended".to_owned()))
            }),
        }
    }

    fn model(&self) -> SpeechModel {
        self.model.clone()
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SpeechError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| SpeechError::Failed(format!("a thread can't be started: {error}")))
}

/// Loads the weights, starts the other threads, and becomes the first worker.
fn load_and_serve(config: &SpeechConfig, exit: &Exit, loaded: &OnceLock<Result<(), SpeechError>>) {
    let started = Instant::now();
    let give_up = |error: SpeechError| {
        tracing::error!(%error, "the speech model can't be used");
        let _ = loaded.set(Err(error.clone()));
        while let Some(job) = exit.next() {
            let _ = job.answer.send(Err(error.clone()));
        }
    };
    let context = match load(config) {
        Ok(context) => context,
        Err(error) => return give_up(error),
    };
    tracing::info!(
        model.name = config.model.name,
        duration_ms = started.elapsed().as_millis(),
        "speech model loaded"
    );
    for number in 1..config.states {
        let (context, config, exit) = (context.clone(), config.clone(), exit.clone());
        let started = spawn(&format!("speech-{number}"), move || {
            if let Err(error) = serve(&context, &config, &exit) {
                tracing::error!(%error, "a speech thread can't work");
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "a speech thread is missing");
        }
    }
    if let Err(error) = serve(&context, config, exit) {
        give_up(error);
    }
}

fn load(config: &SpeechConfig) -> Result<Arc<WhisperContext>, SpeechError> {
    let parameters = WhisperContextParameters::default();
    let loaded = match &config.model.weights {
        Weights::File(path) => WhisperContext::new_with_params(path, parameters),
        Weights::Embedded(bytes) => WhisperContext::new_from_buffer_with_params(bytes, parameters),
    };
    loaded.map(Arc::new).map_err(|error| SpeechError::ModelBroken {
        name: config.model.name.clone(),
        reason: error.to_string(),
    })
}

/// Decodes jobs on one state until the pool is gone.
fn serve(context: &Arc<WhisperContext>, config: &SpeechConfig, exit: &Exit) -> Result<(), SpeechError> {
    let failed = |error: whisper_rs::WhisperError| SpeechError::Failed(error.to_string());
    let mut listener = Listener::new(context, config).map_err(failed)?;
    while let Some(job) = exit.next() {
        // A fault on one recording must not cost the thread. What a pass left in the state is replaced
        // by the next one before anything is read, so nothing of one recording reaches another.
        let heard = panic::catch_unwind(AssertUnwindSafe(|| listener.listen(&job)));
        let heard = heard.unwrap_or_else(|_| Err(SpeechError::Failed("it panicked".to_owned())));
        let lost = matches!(heard, Err(SpeechError::Failed(_)));
        let _ = job.answer.send(heard);
        if lost {
            listener.renew().map_err(failed)?;
        }
    }
    Ok(())
}
