//! Builds every part from the settings and puts the parts together: the one place that knows them all.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audio::{AudioError, Decoder};
use crate::config::{LanguageModel, Settings};
use crate::executor::Executor;
use crate::llm::{ChatModel, LocalWorker, ModelError, OpenAiChat, WorkerConfig};
use crate::models::{Catalogue, CatalogueError, Kind, Library};
use crate::pipeline::{Parts, Pipeline};
use crate::planner::{PlanError, Planner};
use crate::progress::Progress;
use crate::speech::{SpeechConfig, SpeechError, SpeechModelConfig, Transcriber, Whisper};
use crate::store::{Store, StoreError};
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
        let language_model = settings.language_model.clone();
        Self::build_with(settings, |tracker, shutdown, library, catalogue| match language_model {
            LanguageModel::Endpoint(config) => {
                Ok((Arc::new(OpenAiChat::new(config)?) as Arc<dyn ChatModel>, None))
            }
            LanguageModel::Embedded { model, file, adapter, program, threads, context_tokens } => {
                let path = match file {
                    Some(path) => path,
                    None => {
                        let entry = catalogue
                            .find(&model)
                            .filter(|entry| entry.kind == Kind::Language)
                            .ok_or(AppError::UnknownModel { kind: "language", name: model })?;
                        library.path_of(entry)
                    }
                };
                let config = WorkerConfig {
                    program,
                    model: path,
                    adapter,
                    threads,
                    context_tokens,
                    ..WorkerConfig::default()
                };
                let worker = Arc::new(LocalWorker::start(config, tracker, shutdown));
                Ok((worker.clone() as Arc<dyn ChatModel>, Some(worker)))
            }
        })
    }

    /// The same with a given language model, for tests and benches.
    ///
    /// # Errors
    /// As [`App::build`].
    pub fn build_with_model(settings: Settings, model: Arc<dyn ChatModel>) -> Result<Self, AppError> {
        Self::build_with(settings, |_, _, _, _| Ok((model, None)))
    }

    fn build_with(
        settings: Settings,
        model: impl FnOnce(
            &TaskTracker,
            CancellationToken,
            &Library,
            &Catalogue,
        ) -> Result<(Arc<dyn ChatModel>, Option<Arc<LocalWorker>>), AppError>,
    ) -> Result<Self, AppError> {
        std::fs::create_dir_all(&settings.data_dir)
            .map_err(|source| AppError::DataDir { path: settings.data_dir.clone(), source })?;
        let tracker = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let catalogue = Catalogue::built_in()?;
        let library = Library::new(settings.models_dir());

        let store = Store::open(Some(&settings.store_file()))?;
        let progress = Progress::new(settings.progress.clone());
        let registry = Registry::start(settings.tools.clone(), &tracker, shutdown.clone());
        let speech: Arc<dyn Transcriber> =
            Arc::new(Whisper::load(speech_config(&settings, &catalogue, &library)?)?);
        let (model, worker) = model(&tracker, shutdown.clone(), &library, &catalogue)?;
        let parts = Parts {
            decoder: Decoder::new(settings.audio.clone())?,
            speech: speech.clone(),
            registry: registry.clone(),
            planner: Planner::new(model.clone(), settings.planner.clone())?,
            executor: Executor::new(registry.clone(), store.clone(), settings.executor.clone()),
            progress: progress.clone(),
            store: store.clone(),
        };
        let pipeline =
            Pipeline::new(parts, settings.pipeline.clone(), tracker.clone(), shutdown.clone());
        Ok(Self {
            settings: Arc::new(settings),
            pipeline,
            progress,
            store,
            registry,
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
    }
}

/// The speech model of the settings; else the first of the catalogue that is on disk, which is in
/// order of preference; else the embedded one.
fn speech_config(
    settings: &Settings,
    catalogue: &Catalogue,
    library: &Library,
) -> Result<SpeechConfig, AppError> {
    let choice = &settings.speech;
    let mut speech_models = catalogue.entries().iter().filter(|entry| entry.kind == Kind::Speech);
    let entry = match &choice.model {
        Some(name) => speech_models.find(|entry| entry.name == *name),
        None => speech_models.find(|entry| entry.embedded || library.is_present(entry)),
    };
    let entry = entry.ok_or_else(|| AppError::UnknownModel {
        kind: "speech",
        name: choice.model.clone().unwrap_or_default(),
    })?;
    let model = SpeechModelConfig {
        name: entry.name.clone(),
        path: library.path_of(entry),
        embedded: entry.embedded,
        decoding: entry.decoding.clone(),
    };
    Ok(SpeechConfig {
        model,
        states: choice.states,
        threads_per_state: choice.threads_per_state,
        queue: choice.queue,
        deadline: choice.deadline,
    })
}
