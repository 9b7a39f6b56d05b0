//! Settings that are known to be usable, as each room gets them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use toml::Table;

use super::environment::overlay;
use super::hearing::{self, SpeechChoice};
use super::raw::Profile;
use super::{ConfigError, Environment, Places, Raw, approval, fault};
use crate::audio::AudioConfig;
use crate::domain::{Language, Secret, Trust};
use crate::executor::ExecutorConfig;
use crate::listening::ListeningConfig;
use crate::llm::{OpenAiConfig, WorkerConfig};
use crate::models::ADAPTED_MODEL;
use crate::phrases::{self, Choice};
use crate::pipeline::PipelineConfig;
use crate::planner::{Certainty, PlannerConfig};
use crate::progress::ProgressConfig;
use crate::tools::{self, ServerConfig, ToolsConfig, Transport, parse_mcp_json};
use crate::voice::VoiceConfig;

/// The key of Hark's own server in the registry.
const DESK: &str = "desk";
/// Longest command in characters.
const MAX_TEXT_CHARS: usize = 4_000;
/// Below this confidence of a word, an argument that rests on it is asked for.
const LEAST_WORD_CONFIDENCE: f32 = 0.3;

/// Everything that the parts need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that was read, where there is one.
    pub config_file: Option<PathBuf>,
    /// The `mcp.json` that was read, where there is one.
    pub mcp_file: Option<PathBuf>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The person's time zone.
    pub timezone: Tz,
    /// Address of the HTTP door.
    pub bind: SocketAddr,
    /// The token that every request must carry.
    pub token: Option<Secret>,
    /// Further names by which the page may be reached.
    pub allowed_hosts: Vec<String>,
    /// Commands a minute for each user.
    pub commands_per_minute: u32,
    /// For `audio`.
    pub audio: AudioConfig,
    /// For `speech`.
    pub speech: SpeechChoice,
    /// For `llm`.
    pub language_model: LanguageModel,
    /// For `planner`.
    pub planner: PlannerConfig,
    /// For `tools`.
    pub tools: ToolsConfig,
    /// For `executor`.
    pub executor: ExecutorConfig,
    /// For `progress`.
    pub progress: ProgressConfig,
    /// For `pipeline`.
    pub pipeline: PipelineConfig,
    /// For `listening`.
    pub listening: ListeningConfig,
    /// The microphone of this machine; the default one where absent.
    pub microphone: Option<String>,
    /// Replies to what was said into it are said aloud.
    pub speak_replies: bool,
    /// For `voice`.
    pub voice: VoiceConfig,
    /// What to log: a filter of `tracing`.
    pub log_filter: String,
    /// Log as JSON.
    pub log_json: bool,
}

/// Which language model.
#[derive(Clone, Debug)]
pub enum LanguageModel {
    /// An endpoint that speaks OpenAI's protocol.
    Endpoint(OpenAiConfig),
    /// `hark-llm` with a model of the catalogue or a file.
    Embedded {
        /// A name of the catalogue.
        model: String,
        /// A file in its place.
        file: Option<PathBuf>,
        /// A LoRA adapter.
        adapter: AdapterChoice,
        /// The program.
        program: PathBuf,
        /// Threads that write.
        threads: usize,
        /// Threads that read; as many as write where that was set.
        prompt_threads: usize,
        /// Context in tokens.
        context_tokens: u32,
    },
}

/// Which adapter the embedded model has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterChoice {
    /// The one that comes with Hark.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// None.
    Nothing,
}

impl Settings {
    /// Reads all sources. `config_file` is the one named by a flag; `flags` are settings given by flags.
    ///
    /// # Errors
    /// [`ConfigError`], with all faults that can be told at once.
    pub fn load(
        config_file: Option<&Path>,
        flags: Table,
        environment: &Environment,
        places: &Places,
    ) -> Result<Self, ConfigError> {
        let (raw, config_file) = read_sources(config_file, flags, environment, places)?;
        let mcp_file = match &raw.tools.mcp_config {
            Some(path) => Some(absolute(path, places, environment)),
            None => places.find("mcp.json"),
        };
        resolve(raw, config_file, mcp_file, environment, places)
    }

    /// The same without `mcp.json`, for a part of Hark that is itself one of the servers: what the
    /// others need in their environment is not in its own.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_without_servers(
        config_file: Option<&Path>,
        flags: Table,
        environment: &Environment,
        places: &Places,
    ) -> Result<Self, ConfigError> {
        let (raw, config_file) = read_sources(config_file, flags, environment, places)?;
        resolve(raw, config_file, None, environment, places)
    }

    /// The file of history and audit.
    pub fn store_file(&self) -> PathBuf {
        self.data_dir.join("hark.db")
    }

    /// The file of the people who may come in.
    pub fn users_file(&self) -> PathBuf {
        self.data_dir.join("users.json")
    }

    /// The folder of fetched models.
    pub fn models_dir(&self) -> PathBuf {
        self.data_dir.join("models")
    }

    /// The folder of the desk's files.
    pub fn desk_dir(&self) -> PathBuf {
        self.data_dir.join("desk")
    }
}

/// Lays the sources over each other. Each is looked at alone first, so that a fault is told with the
/// place it stands in.
fn read_sources(
    config_file: Option<&Path>,
    flags: Table,
    environment: &Environment,
    places: &Places,
) -> Result<(Raw, Option<PathBuf>), ConfigError> {
    let config_file = config_file
        .map(Path::to_owned)
        .or_else(|| environment.config_file())
        .or_else(|| places.find("hark.toml"));
    let mut table = Table::new();
    if let Some(path) = &config_file {
        let text = read(path)?;
        let malformed = |error: toml::de::Error| fault::in_file(path, &text, &error);
        toml::from_str::<Raw>(&text).map_err(malformed)?;
        table = toml::from_str(&text).map_err(malformed)?;
    }
    overlay(&mut table, environment.settings()?);
    overlay(&mut table, flags);
    let raw = Raw::deserialize_from(table).map_err(|error| ConfigError::Malformed {
        place: "the settings".to_owned(),
        fault: fault::words(&error),
    })?;
    Ok((raw, config_file))
}

fn resolve(
    raw: Raw,
    config_file: Option<PathBuf>,
    mcp_file: Option<PathBuf>,
    environment: &Environment,
    places: &Places,
) -> Result<Settings, ConfigError> {
    let mut faults = Vec::new();
    let data_dir = absolute(raw.data_dir.as_ref().unwrap_or(&places.data_dir), places, environment);

    let timezone = match &raw.timezone {
        Some(name) => name.parse().unwrap_or_else(|_| {
            faults.push(format!("timezone: {name:?} is no time zone; one looks like Europe/Berlin"));
            Tz::UTC
        }),
        None => system_timezone(environment),
    };
    let bind = raw.server.bind.as_deref().unwrap_or("127.0.0.1:7380");
    let bind = bind.parse().unwrap_or_else(|_| {
        faults.push(format!("server.bind: {bind:?} is no address and port, such as 127.0.0.1:7380"));
        SocketAddr::from(([127, 0, 0, 1], 7380))
    });
    let token = raw.server.token.clone().filter(|token| !token.is_empty()).map(Secret::new);
    let cache_seconds = raw.tools.cache_seconds.unwrap_or(300);
    if cache_seconds > 300 {
        faults.push(format!("tools.cache_seconds: {cache_seconds} is more than the 300 allowed"));
    }
    let count = |given: Option<usize>| given.map(|count| count as u64);
    for (name, value) in [
        ("server.commands_per_minute", raw.server.commands_per_minute.map(u64::from)),
        ("server.max_running", count(raw.server.max_running)),
        ("server.command_seconds", raw.server.command_seconds),
        ("audio.max_bytes", count(raw.audio.max_bytes)),
        ("audio.max_seconds", raw.audio.max_seconds),
        ("speech.states", count(raw.speech.states)),
        ("speech.threads", count(raw.speech.threads)),
        ("speech.queue", count(raw.speech.queue)),
        ("speech.seconds", raw.speech.seconds),
        ("listening.longest_seconds", raw.listening.longest_seconds),
        ("llm.threads", count(raw.llm.threads)),
        ("llm.context_tokens", raw.llm.context_tokens.map(u64::from)),
        ("planner.max_tools", count(raw.planner.max_tools)),
        ("planner.seconds", raw.planner.seconds),
        ("planner.max_tokens", raw.planner.max_tokens.map(u64::from)),
        ("tools.connect_seconds", raw.tools.connect_seconds),
        ("tools.call_seconds", raw.tools.call_seconds),
        ("executor.step_seconds", raw.executor.step_seconds),
        ("approval.seconds", raw.approval.seconds),
    ] {
        if value == Some(0) {
            faults.push(format!("{name}: must be at least 1"));
        }
    }

    let audio = AudioConfig {
        max_bytes: raw.audio.max_bytes.unwrap_or(AudioConfig::default().max_bytes),
        max_duration: seconds(raw.audio.max_seconds, AudioConfig::default().max_duration),
        ..AudioConfig::default()
    };
    let speech = hearing::speech(&raw);
    let (language_model, usual_profile) = language_model(&raw, places, environment);
    let mut servers = servers(mcp_file.as_deref(), environment, &mut faults)?;
    if raw.tools.desk.unwrap_or(true) && servers.iter().all(|server| server.key != DESK) {
        servers.insert(0, desk(&data_dir, timezone, config_file.as_deref(), environment));
    }
    let defaults = match raw.planner.profile.unwrap_or(usual_profile) {
        Profile::Trained => PlannerConfig::for_trained_model(),
        Profile::Small => PlannerConfig::default(),
        Profile::Large => PlannerConfig::for_large_model(),
    };
    for (name, value) in [("planner.act", raw.planner.act), ("planner.look", raw.planner.look)] {
        if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
            faults.push(format!("{name}: {value} is not between 0 and 1"));
        }
    }
    let certainty = match (raw.planner.act, raw.planner.look) {
        (None, None) => defaults.certainty,
        (act, look) => {
            let usual = defaults.certainty.unwrap_or(Certainty { to_act: 0.0, to_look: 0.0 });
            Some(Certainty { to_act: act.unwrap_or(usual.to_act), to_look: look.unwrap_or(usual.to_look) })
        }
    };
    let planner = PlannerConfig {
        max_tools: raw.planner.max_tools.unwrap_or(defaults.max_tools),
        deadline: seconds(raw.planner.seconds, defaults.deadline),
        max_tokens: raw.planner.max_tokens.unwrap_or(defaults.max_tokens),
        history_turns: raw.planner.history_turns.unwrap_or(defaults.history_turns),
        certainty,
        ranking_weight: raw.planner.ranking.or(defaults.ranking_weight).filter(|weight| *weight > 0.0),
        prompts_dir: raw.planner.prompts_dir.as_ref().map(|path| absolute(path, places, environment)),
        ..defaults
    };
    let pipeline = PipelineConfig {
        timezone,
        language: answers(&raw, &speech.language, &mut faults),
        max_text_chars: MAX_TEXT_CHARS,
        max_running: raw.server.max_running.unwrap_or(200),
        deadline: seconds(raw.server.command_seconds, Duration::from_secs(120)),
        history_turns: planner.history_turns,
        tools_grace: Duration::from_secs(5),
        words: raw.listening.words.clone(),
        least_word_confidence: LEAST_WORD_CONFIDENCE,
        policy: approval::policy(&raw, config_file.as_deref(), &mut faults),
    };
    let listening = hearing::listening(&raw, &mut faults);
    let tools = ToolsConfig::default();
    let executor = ExecutorConfig::default();
    if !faults.is_empty() {
        return Err(ConfigError::Faulty(faults));
    }
    Ok(Settings {
        config_file,
        mcp_file,
        timezone,
        bind,
        token,
        allowed_hosts: raw.server.allowed_hosts,
        commands_per_minute: raw.server.commands_per_minute.unwrap_or(10),
        audio,
        speech,
        language_model,
        planner,
        tools: ToolsConfig {
            servers,
            cache_ttl: Duration::from_secs(cache_seconds),
            connect_timeout: seconds(raw.tools.connect_seconds, tools.connect_timeout),
            call_timeout: seconds(raw.tools.call_seconds, tools.call_timeout),
            start_grace: tools.start_grace,
            kept_in: Some(data_dir.join("tools")),
        },
        executor: ExecutorConfig {
            step_timeout: seconds(raw.executor.step_seconds, executor.step_timeout),
            retries: raw.executor.retries.unwrap_or(executor.retries),
        },
        progress: ProgressConfig::default(),
        pipeline,
        listening,
        microphone: raw.listening.microphone,
        speak_replies: raw.listening.speak_replies,
        voice: hearing::voice(environment, places),
        log_filter: raw.log.level.unwrap_or_else(|| "info".to_owned()),
        log_json: raw.log.json.unwrap_or(false),
        data_dir,
    })
}

/// The language model, and how the planner works with it unless the settings say otherwise.
fn language_model(raw: &Raw, places: &Places, environment: &Environment) -> (LanguageModel, Profile) {
    let llm = &raw.llm;
    let file = |path: &Option<PathBuf>| path.as_ref().map(|path| absolute(path, places, environment));
    if let Some(base_url) = &llm.base_url {
        let model = llm.model.as_deref().unwrap_or("default");
        let api_key = llm.api_key.clone().filter(|key| !key.is_empty()).map(Secret::new);
        let config = OpenAiConfig { api_key, ..OpenAiConfig::new(base_url, model) };
        return (LanguageModel::Endpoint(config), Profile::Large);
    }
    let model = llm.model.clone().unwrap_or_else(|| ADAPTED_MODEL.to_owned());
    let is_its_base = llm.model_file.is_none() && model == ADAPTED_MODEL;
    let wants_it = raw.planner.profile == Some(Profile::Trained);
    let (adapter, profile) = match file(&llm.adapter_file) {
        Some(own) => (AdapterChoice::File(own), Profile::Trained),
        None if is_its_base && wants_it => (AdapterChoice::BuiltIn, Profile::Trained),
        None => (AdapterChoice::Nothing, Profile::Small),
    };
    let embedded = LanguageModel::Embedded {
        model,
        file: file(&llm.model_file),
        adapter,
        program: file(&llm.worker).unwrap_or_else(|| beside_this_program("hark-llm")),
        threads: llm.threads.unwrap_or_else(WorkerConfig::usual_threads),
        prompt_threads: llm.threads.unwrap_or_else(WorkerConfig::usual_prompt_threads),
        context_tokens: llm.context_tokens.unwrap_or(4096),
    };
    (embedded, profile)
}

fn servers(
    mcp_file: Option<&Path>,
    environment: &Environment,
    faults: &mut Vec<String>,
) -> Result<Vec<ServerConfig>, ConfigError> {
    let Some(path) = mcp_file else { return Ok(Vec::new()) };
    let text = read(path)?;
    let variables = environment.clone();
    match parse_mcp_json(&text, move |name| variables.get(name).map(str::to_owned)) {
        Ok(servers) => Ok(servers),
        Err(error) => {
            faults.extend(error.faults().iter().map(|fault| format!("{}: {fault}", path.display())));
            Ok(Vec::new())
        }
    }
}

/// Hark's own server, told what these settings came to: it runs with an environment of its own.
fn desk(
    data_dir: &Path,
    timezone: Tz,
    config_file: Option<&Path>,
    environment: &Environment,
) -> ServerConfig {
    let mut desk = ServerConfig::stdio(DESK, beside_this_program("hark").display().to_string(), [DESK]);
    if let Transport::Stdio { env, .. } = &mut desk.transport {
        env.insert("HARK_DATA_DIR".to_owned(), data_dir.display().to_string());
        env.insert("HARK_TIMEZONE".to_owned(), timezone.name().to_owned());
        if let Some(path) = config_file {
            env.insert("HARK_CONFIG".to_owned(), path.display().to_string());
        }
    }
    desk.trust = Trust::Trusted;
    let variables = environment.clone();
    desk.environment = tools::Environment::new(move |name| variables.get(name).map(str::to_owned));
    desk
}

/// The language to answer in: the one that was set, or else the one that is spoken.
fn answers(raw: &Raw, spoken: &str, faults: &mut Vec<String>) -> Language {
    let Some(tag) = &raw.language else { return Choice::read(spoken).best().unwrap_or_default() };
    Choice::read(tag).best().unwrap_or_else(|| {
        let known: Vec<&str> = phrases::known().into_iter().map(|language| language.0).collect();
        faults.push(format!("language: Hark has no phrases in {tag:?}; it answers in {}", known.join(", ")));
        Language::ENGLISH
    })
}

/// A program in the folder of the running one; tests run from a folder below it.
fn beside_this_program(name: &str) -> PathBuf {
    let Ok(this) = std::env::current_exe() else { return PathBuf::from(name) };
    this.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(name))
}

fn system_timezone(environment: &Environment) -> Tz {
    environment
        .get("TZ")
        .and_then(|name| name.trim_start_matches(':').parse().ok())
        .or_else(|| iana_time_zone::get_timezone().ok()?.parse().ok())
        .unwrap_or(Tz::UTC)
}

/// A time that was set, or the usual one.
pub(super) fn seconds(given: Option<u64>, otherwise: Duration) -> Duration {
    given.map_or(otherwise, Duration::from_secs)
}

/// A path as the person means it: `~/` is the home folder, and what is relative starts here.
fn absolute(path: &Path, places: &Places, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), environment.get("HOME")) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest),
        _ => places.working_dir.join(path),
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}
