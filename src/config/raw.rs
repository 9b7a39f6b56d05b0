//! The settings as they are written: every key, all optional, unknown ones refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::audio::Patience;

/// `hark.toml`. `hark.example.toml` explains each key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raw {
    /// Where history, models and the desk's files are kept.
    pub data_dir: Option<PathBuf>,
    /// The person's time zone, such as `Europe/Berlin`.
    pub timezone: Option<String>,
    /// The language that Hark answers in, such as `de`; the one that is spoken where absent.
    pub language: Option<String>,
    /// `[server]`
    pub server: Server,
    /// `[audio]`
    pub audio: Audio,
    /// `[speech]`
    pub speech: Speech,
    /// `[speech_service]`
    pub speech_service: SpeechService,
    /// `[listening]`
    pub listening: Listening,
    /// `[llm]`
    pub llm: Llm,
    /// `[planner]`
    pub planner: Planner,
    /// `[tools]`
    pub tools: Tools,
    /// `[executor]`
    pub executor: Executor,
    /// `[log]`
    pub log: Log,
    /// `[approval]`
    pub approval: Approval,
    /// `[[policy]]`, in order.
    pub policy: Vec<PolicyRule>,
}

/// Questions before a deed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Seconds for which a shown plan may wait for its yes.
    pub seconds: Option<u64>,
}

/// One rule of what is carried out, asked about or refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    /// A pattern of tools, such as `files.write_*`.
    pub tool: String,
    /// A pattern for each of some arguments.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// `go`, `ask` or `forbid`.
    pub then: String,
}

/// The HTTP door.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    pub bind: Option<String>,
    /// The token that every request must carry.
    pub token: Option<String>,
    /// Names by which the page may be reached, beside loopback ones.
    pub allowed_hosts: Vec<String>,
    /// Commands a minute for each user.
    pub commands_per_minute: Option<u32>,
    /// Commands under way at once.
    pub max_running: Option<usize>,
    /// Seconds for one command.
    pub command_seconds: Option<u64>,
}

/// Recordings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audio {
    /// Largest upload in bytes.
    pub max_bytes: Option<usize>,
    /// Longest recording in seconds.
    pub max_seconds: Option<u64>,
}

/// Speech recognition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Speech {
    /// A name of the catalogue, or `auto`: the best one that is on disk.
    pub model: Option<String>,
    /// Utterances decoded at once.
    pub states: Option<usize>,
    /// Processor threads for each.
    pub threads: Option<usize>,
    /// Utterances that may wait.
    pub queue: Option<usize>,
    /// Seconds for one utterance, waiting included.
    pub seconds: Option<u64>,
    /// The language that is spoken, such as `en`, or `auto`; for models of many languages.
    pub language: Option<String>,
}

/// A service that hears.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpeechService {
    /// Its address, ending in `/v1`; none is asked where absent.
    pub base_url: Option<String>,
    /// The model's name there.
    pub model: Option<String>,
    /// Its key. Better kept in the environment (`HARK_SPEECH_SERVICE__API_KEY`) than in a file.
    pub api_key: Option<String>,
    /// The language that is spoken, such as `en`.
    pub language: Option<String>,
    /// Seconds for one utterance.
    pub seconds: Option<u64>,
    /// `first` (then the local model), `fallback` (after the local model), or `only`; `first` where absent.
    pub r#use: Option<RemoteUse>,
}

/// When a service is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RemoteUse {
    /// Before the local model, which hears where the service can't.
    #[default]
    First,
    /// Where the local model can't.
    Fallback,
    /// And no local model at all.
    Only,
}

/// Live sound.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listening {
    /// `quick`, `normal` or `patient`: how long a silence ends an utterance.
    pub patience: Option<Patience>,
    /// Words that an utterance must begin with in hands-free mode, such as `hey hark`.
    pub wake: Option<String>,
    /// Names and other words of one's own that are likely to be said.
    pub words: Vec<String>,
    /// The microphone of `hark listen`, by name or address; the default one where absent.
    pub microphone: Option<String>,
    /// Longest utterance in seconds.
    pub longest_seconds: Option<u64>,
    /// Say the replies to what was spoken into this machine's microphone.
    pub speak_replies: bool,
}

/// The language model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Llm {
    /// Address of an OpenAI-style endpoint (ending in `/v1`) in place of the embedded model.
    pub base_url: Option<String>,
    /// The model's name there, or a name of the catalogue for the embedded one.
    pub model: Option<String>,
    /// The endpoint's key. Better kept in the environment (`HARK_LLM__API_KEY`) than in a file.
    pub api_key: Option<String>,
    /// Threads of the embedded model.
    pub threads: Option<usize>,
    /// Context of the embedded model in tokens.
    pub context_tokens: Option<u32>,
    /// A GGUF file in place of one of the catalogue.
    pub model_file: Option<PathBuf>,
    /// A LoRA adapter (GGUF) for the embedded model, in place of the one that comes with Hark.
    pub adapter_file: Option<PathBuf>,
    /// The `hark-llm` program; beside `hark` where absent.
    pub worker: Option<PathBuf>,
}

/// How the planner works with its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The model has the adapter that was trained for Hark: some tools are shown, in the form of its training.
    Trained,
    /// For an untrained small model: the best-fitting tool alone is shown, and arguments are copied from what was said.
    Small,
    /// Many tools are shown, and arguments are worded by the model.
    Large,
}

/// Planning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Planner {
    /// `trained`, `small` or `large`. Where absent: `small` for the embedded model, `trained` where
    /// it has an adapter of your own, `large` for an endpoint.
    pub profile: Option<Profile>,
    /// Tools shown to the model at most.
    pub max_tools: Option<usize>,
    /// Seconds for one plan.
    pub seconds: Option<u64>,
    /// Longest answer of the model in tokens.
    pub max_tokens: Option<u32>,
    /// Earlier turns that it sees.
    pub history_turns: Option<usize>,
    /// How much the ranking of the tools counts when the model chooses one; 0: only to pick what is shown.
    pub ranking: Option<f32>,
    /// How sure it has to be, 0 to 1, to do what changes something without asking first.
    pub act: Option<f32>,
    /// The same for what only looks something up.
    pub look: Option<f32>,
    /// A folder with templates in place of the built-in ones.
    pub prompts_dir: Option<PathBuf>,
}

/// MCP servers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tools {
    /// The file with `mcpServers`.
    pub mcp_config: Option<PathBuf>,
    /// Whether Hark's own server (`hark desk`) is connected.
    pub desk: Option<bool>,
    /// Seconds that a tool list is kept, 300 at most.
    pub cache_seconds: Option<u64>,
    /// Seconds for connecting to a server.
    pub connect_seconds: Option<u64>,
    /// Seconds for one call.
    pub call_seconds: Option<u64>,
}

/// Carrying out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Executor {
    /// Seconds for one step, retries included.
    pub step_seconds: Option<u64>,
    /// Further tries after a connection fault, only for tools that may be called twice.
    pub retries: Option<u32>,
}

/// Logging.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `hark=debug,info`.
    pub level: Option<String>,
    /// One JSON object a line.
    pub json: Option<bool>,
}

impl Raw {
    /// Reads a table.
    ///
    /// # Errors
    /// Where a key is not known or a value is of the wrong type.
    pub(super) fn deserialize_from(table: toml::Table) -> Result<Self, toml::de::Error> {
        Self::deserialize(table)
    }
}
