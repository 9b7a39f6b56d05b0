//! What this room is told: which servers there are, how they are reached, and the limits.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Environment;
use crate::domain::Trust;

/// The servers and the limits of the room.
#[derive(Clone, Debug)]
pub struct ToolsConfig {
    /// The servers, in the order in which their tools are listed.
    pub servers: Vec<ServerConfig>,
    /// How long a list of tools may be used before it is asked for again; never over 5 minutes.
    pub cache_ttl: Duration,
    /// How long a server may take from its start to its first list of tools. Generous, since `npx`
    /// and `uvx` may have to install it first, and nobody waits for it.
    pub connect_timeout: Duration,
    /// How long a call may take where the server's own configuration says nothing.
    pub call_timeout: Duration,
    /// How long a call waits for a server that still starts, where its plan was made from the tools that
    /// the server had when Hark ran last.
    pub start_grace: Duration,
    /// Where the tools of the last run are kept; nowhere where absent.
    pub kept_in: Option<PathBuf>,
}

impl Default for ToolsConfig {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            cache_ttl: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(30),
            start_grace: Duration::from_secs(20),
            kept_in: None,
        }
    }
}

/// What one server may cost the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What a result may weigh. As a rule more than a model or a page can use, and less than what hurts.
    pub result_bytes: usize,
    /// Calls under way at once.
    pub calls: usize,
    /// Calls that may wait for one of those to end; more are refused.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { result_bytes: 1024 * 1024, calls: 16, waiting: 64 }
    }
}

/// One MCP server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Its name here, and the first part of its tools' names: letters, digits, `_` and `-`.
    pub key: String,
    /// How it is reached, as written: `${NAME}` is expanded at each start.
    pub transport: Transport,
    /// How long a call may take, where that differs from the room's limit.
    pub timeout: Option<Duration>,
    /// How large its results may be, and how many calls of it there may be at once.
    pub limits: Limits,
    /// It is listed and not started.
    pub disabled: bool,
    /// Arguments that a person has fixed, as written: each tool of the server that takes one of them
    /// gets that value, and neither a model nor a question sees or sets it.
    pub fixed: Map<String, Value>,
    /// How far what it says of its tools is believed.
    pub trust: Trust,
    /// Where its variables are looked up.
    pub environment: Environment,
}

impl ServerConfig {
    /// A server that is a program of this machine.
    pub fn stdio(
        key: impl Into<String>,
        command: impl Into<String>,
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let transport = Transport::Stdio {
            command: command.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            cwd: None,
        };
        Self {
            key: key.into(),
            transport,
            timeout: None,
            limits: Limits::default(),
            disabled: false,
            fixed: Map::new(),
            trust: Trust::default(),
            environment: Environment::default(),
        }
    }

    /// A server at an address.
    pub fn http(key: impl Into<String>, url: impl Into<String>) -> Self {
        let transport = Transport::Http { url: url.into(), headers: BTreeMap::new() };
        Self {
            key: key.into(),
            transport,
            timeout: None,
            limits: Limits::default(),
            disabled: false,
            fixed: Map::new(),
            trust: Trust::default(),
            environment: Environment::default(),
        }
    }

    /// The fixed arguments with their variables put in.
    ///
    /// # Errors
    /// Which variable is not set.
    pub(super) fn fixed_arguments(&self) -> Result<Map<String, Value>, String> {
        let expanded = self.fixed.iter().map(|(name, value)| match value {
            Value::String(text) => match self.environment.expand(text) {
                Ok(text) => Ok((name.clone(), Value::String(text))),
                Err(fault) => Err(format!("its fixed argument {name} {fault}")),
            },
            other => Ok((name.clone(), other.clone())),
        });
        expanded.collect()
    }
}

/// How a server is reached.
#[derive(Clone)]
pub enum Transport {
    /// A program that speaks on its standard input and output.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables that it gets beside the few that every server gets.
        env: BTreeMap<String, String>,
        /// Its working folder.
        cwd: Option<PathBuf>,
    },
    /// Streamable HTTP.
    Http {
        /// The address.
        url: String,
        /// Headers sent with each request.
        headers: BTreeMap<String, String>,
    },
}

impl Transport {
    /// The name of the kind: `stdio` or `http`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stdio { .. } => "stdio",
            Self::Http { .. } => "http",
        }
    }
}

/// Arguments, variables and headers carry keys, so only their names and number are shown.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdio { command, args, env, cwd } => f
                .debug_struct("Stdio")
                .field("command", command)
                .field("args", &args.len())
                .field("env", &env.keys())
                .field("cwd", cwd)
                .finish(),
            Self::Http { url, headers } => {
                f.debug_struct("Http").field("url", url).field("headers", &headers.keys()).finish()
            }
        }
    }
}
