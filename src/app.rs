//! Builds every part from the settings and puts the parts together: the one place that knows them all.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audio::{AudioError, Decoder};
use crate::config::{AdapterChoice, LanguageModel, RemoteUse, Settings};
use crate::domain;
use crate::executor::Executor;
use crate::llm::{ChatModel, LocalWorker, ModelError, OpenAiChat, TextEncoder, WorkerConfig};
use crate::models::{
    Catalogue, CatalogueError, EMBEDDED_ADAPTER, EMBEDDED_RANKER, EMBEDDED_SPEECH, Enclosed, Kind, Library,
};
use crate::phrases::Phrase;
use crate::pipeline::{self, Parts, Pipeline};
use crate::planner::{PlanError, Planner, PlannerConfig, Ranker};
use crate::progress::Progress;
use crate::speech::{
    Fallback, RemoteTranscriber, SpeechConfig, SpeechError, SpeechModelConfig, Transcriber, Weights, Whisper,
};
use crate::store::{Store, StoreConfig, StoreError};
use crate::tools::Registry;

/// Why Hark can't start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder can't be made.
    #[error("the data folder {path} can't be made: {source}; choose another: HARK_DATA_DIR=/some/folder")]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What the language model's process reads can't be written.
    #[error(
        "{file}, which the language model needs, can't be written to {folder}: {cause}; choose another data folder: HARK_DATA_DIR=/some/folder"
    )]
    Unwritable {
        /// The file.
        file: &'static str,
        /// The folder.
        folder: std::path::PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A model that the settings name is not in the catalogue.
    #[error("there is no {kind} model {name:?}; `hark models list` names all")]
    UnknownModel {
        /// `speech` or `language`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Audio.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// Speech.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The language model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The prompts.
    #[error(transparent)]
    Planner(#[from] PlanError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The one command that fetches a full speech model.
pub const FETCH_SPEECH: &str = "hark models fetch base.en-q8_0";

/// Hark, put together and running.
pub struct App {
    /// What it was built from.
    pub settings: Arc<Settings>,
    /// The flow.
    pub pipeline: Pipeline,
    /// The event streams.
    pub progress: Progress,
    /// History and audit.
    pub store: Store,
    /// The tools.
    pub registry: Registry,
    /// Uploaded bytes to sound.
    pub decoder: Decoder,
    /// The speech model.
    pub speech: Arc<dyn Transcriber>,
    /// The planner's model.
    pub model: Arc<dyn ChatModel>,
    /// The embedded language model's process, where that is used.
    pub worker: Option<Arc<LocalWorker>>,
    /// Every task of Hark.
    pub tracker: TaskTracker,
    /// Ends every task.
    pub shutdown: CancellationToken,
}

impl App {
    /// Starts every part. Nothing that takes time is waited for: models load and servers connect in
    /// the background. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`AppError`], for what can't be mended by waiting.
    pub fn build(settings: Settings) -> Result<Self, AppError> {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let (model, worker) = language_model(&settings, &tracker, shutdown.clone())?;
        Self::assemble(settings, model, worker, tracker, shutdown)
    }

    /// The same with a given language model, for tests and benches.
    ///
    /// # Errors
    /// As [`App::build`].
    pub fn build_with_model(settings: Settings, model: Arc<dyn ChatModel>) -> Result<Self, AppError> {
        Self::assemble(settings, model, None, TaskTracker::new(), CancellationToken::new())
    }

    fn assemble(
        settings: Settings,
        model: Arc<dyn ChatModel>,
        worker: Option<Arc<LocalWorker>>,
        tracker: TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, AppError> {
        make_data_folder(&settings)?;
        let language = settings.pipeline.language;
        let (store, interrupted) =
            Store::open_settled(Some(&settings.store_file()), StoreConfig::default(), &|command| {
                Some(pipeline::outcome_of(command, language))
            })?;
        for id in interrupted {
            tracing::warn!(command.id = %id, "Hark was cut off in the middle of a command; the history says what is known");
        }
        let progress = Progress::new(settings.progress.clone());
        let registry = Registry::start(settings.tools.clone(), &tracker, shutdown.clone());
        let speech = speech(&settings)?;
        let decoder = Decoder::new(settings.audio.clone())?;
        let parts = Parts {
            decoder: decoder.clone(),
            speech: speech.clone(),
            registry: registry.clone(),
            planner: planner(model.clone(), worker.as_ref(), settings.planner.clone())?,
            executor: Executor::new(registry.clone(), store.clone(), settings.executor),
            progress: progress.clone(),
            store: store.clone(),
        };
        let pipeline = Pipeline::new(parts, settings.pipeline.clone(), tracker.clone(), shutdown.clone());
        if worker.is_some() {
            pipeline.warm_up(false);
        }
        Ok(Self {
            settings: Arc::new(settings),
            pipeline,
            progress,
            store,
            registry,
            decoder,
            speech,
            model,
            worker,
            tracker,
            shutdown,
        })
    }

    /// Stops commands, servers and models, and waits until they have ended.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.registry.close().await;
        self.tracker.close();
        self.tracker.wait().await;
        self.store.close().await;
    }
}

/// Who hears: the local model, a service, or both.
///
/// # Errors
/// Where the settings name a model that is not there, or an address that is none.
pub fn speech(settings: &Settings) -> Result<Arc<dyn Transcriber>, AppError> {
    let Some((config, when)) = settings.speech.remote.clone() else { return local_speech(settings) };
    let remote = Arc::new(RemoteTranscriber::new(config)?);
    Ok(match when {
        RemoteUse::Only => remote,
        RemoteUse::First => Arc::new(Fallback::new(remote, local_speech(settings)?)),
        RemoteUse::Fallback => Arc::new(Fallback::new(local_speech(settings)?, remote)),
    })
}

/// What must be known of the embedded speech model, and how to get another one.
pub fn embedded_speech_note(language: domain::Language) -> String {
    Phrase::new("note-embedded-speech").with("command", FETCH_SPEECH).say(language)
}

/// The speech model of the settings; else the best one on disk; else the embedded one.
fn local_speech(settings: &Settings) -> Result<Arc<dyn Transcriber>, AppError> {
    let catalogue = Catalogue::built_in()?;
    let library = Library::new(settings.models_dir());
    let choice = &settings.speech;
    // The catalogue is in order of preference, the embedded model last.
    let mut speech_models = catalogue.entries().iter().filter(|entry| entry.kind == Kind::Speech);
    let entry = match &choice.model {
        Some(name) => speech_models.find(|entry| entry.name == *name),
        None => speech_models.find(|entry| library.is_present(entry)),
    };
    let unknown =
        || AppError::UnknownModel { kind: "speech", name: choice.model.clone().unwrap_or_default() };
    let entry = entry.ok_or_else(unknown)?;
    let model = SpeechModelConfig {
        name: entry.name.clone(),
        weights: match entry.embedded {
            true => Weights::Embedded(EMBEDDED_SPEECH),
            false => Weights::File(library.path_of(entry)),
        },
        note: entry.embedded.then(|| embedded_speech_note(domain::Language::ENGLISH)),
        language: entry.language.clone(),
        decoding: entry.decoding.clone().ok_or_else(unknown)?,
    };
    Ok(Arc::new(Whisper::load(SpeechConfig {
        model,
        states: choice.states,
        threads_per_state: choice.threads_per_state,
        queue: choice.queue,
        deadline: choice.deadline,
        language: choice.language.clone(),
    })?))
}

/// A language model, and its process where it is the embedded one.
pub type Language = (Arc<dyn ChatModel>, Option<Arc<LocalWorker>>);

/// The language model of the settings.
///
/// # Errors
/// Where the settings name a model that the catalogue does not know, or an address that is none.
pub fn language_model(
    settings: &Settings,
    tracker: &TaskTracker,
    shutdown: CancellationToken,
) -> Result<Language, AppError> {
    match settings.language_model.clone() {
        LanguageModel::Endpoint(config) => Ok((Arc::new(OpenAiChat::new(config)?), None)),
        LanguageModel::Embedded {
            model,
            file,
            adapter,
            program,
            threads,
            prompt_threads,
            context_tokens,
        } => {
            let remedy = match &file {
                Some(path) => format!("look at llm.model_file: {}", path.display()),
                None => format!("fetch it: hark models fetch {model}"),
            };
            let path = match file {
                Some(path) => path,
                None => {
                    let catalogue = Catalogue::built_in()?;
                    let entry = catalogue
                        .find(&model)
                        .filter(|entry| entry.kind == Kind::Language)
                        .ok_or(AppError::UnknownModel { kind: "language", name: model })?;
                    Library::new(settings.models_dir()).path_of(entry)
                }
            };
            let adapter = match adapter {
                AdapterChoice::Nothing => None,
                AdapterChoice::File(path) => Some(path),
                AdapterChoice::BuiltIn => Some(unpacked(EMBEDDED_ADAPTER, settings)?),
            };
            let encoder = Some(unpacked(EMBEDDED_RANKER, settings)?);
            let usual = WorkerConfig::new(program, path);
            let config =
                WorkerConfig { adapter, encoder, threads, prompt_threads, context_tokens, remedy, ..usual };
            let worker = Arc::new(LocalWorker::start(config, tracker, shutdown));
            Ok((worker.clone(), Some(worker)))
        }
    }
}

/// Makes the data folder where it is not there yet.
///
/// # Errors
/// [`AppError::DataDir`].
pub fn make_data_folder(settings: &Settings) -> Result<(), AppError> {
    std::fs::create_dir_all(&settings.data_dir)
        .map_err(|source| AppError::DataDir { path: settings.data_dir.clone(), source })
}

/// A file from inside the program, on disk.
fn unpacked(enclosed: Enclosed, settings: &Settings) -> Result<std::path::PathBuf, AppError> {
    let library = Library::new(settings.models_dir());
    let unwritable =
        |cause| AppError::Unwritable { file: enclosed.file, folder: library.dir().to_owned(), cause };
    enclosed.unpack(&library).map_err(unwritable)
}

/// A planner with that model; where it is the embedded one, its process also ranks the tools.
///
/// # Errors
/// Where the prompts can't be read.
pub fn planner(
    model: Arc<dyn ChatModel>,
    worker: Option<&Arc<LocalWorker>>,
    config: PlannerConfig,
) -> Result<Planner, PlanError> {
    let encoder = worker.map(|worker| Arc::clone(worker) as Arc<dyn TextEncoder>);
    Ok(Planner::new(model, config)?.with_ranker(Ranker::new(encoder)))
}
