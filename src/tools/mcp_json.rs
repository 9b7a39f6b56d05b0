//! `mcp.json`: the `mcpServers` map as other hosts write it.
//!
//! Keys of other hosts that mean nothing here are let pass, so that one file serves them all. All
//! faults are named at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Environment, ServerConfig, Transport, http};

/// A configuration of servers that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// The text is no JSON.
    #[error("mcp.json is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, with these faults.
    #[error("mcp.json cannot be used: {}", .0.join("; "))]
    Faults(Vec<String>),
}

impl ToolsError {
    /// Each fault by itself.
    pub fn faults(&self) -> Vec<String> {
        match self {
            Self::NotJson(_) => vec![self.to_string()],
            Self::Faults(faults) => faults.clone(),
        }
    }
}

/// Reads the servers out of `mcp.json`, sorted by nothing: their order in the file is kept.
///
/// `lookup` answers `${NAME}` and `${NAME:-default}`, here to find what is not set, and at each start
/// of a server again.
///
/// # Errors
/// All faults at once, each with the place where it is.
pub fn parse_mcp_json(
    text: &str,
    lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Result<Vec<ServerConfig>, ToolsError> {
    let json: Value = serde_json::from_str(text).map_err(ToolsError::NotJson)?;
    let environment = Environment::new(lookup);
    let mut faults = Faults::default();
    let mut servers = Vec::new();
    match json.get("mcpServers") {
        Some(Value::Object(map)) => {
            for (key, entry) in map {
                servers.extend(server(key, entry, &environment, &mut faults));
            }
        }
        Some(_) => faults.add("mcpServers", "must be an object that maps names to servers"),
        None => faults.add("mcpServers", "is missing; an empty one is {\"mcpServers\": {}}"),
    }
    if faults.0.is_empty() { Ok(servers) } else { Err(ToolsError::Faults(faults.0)) }
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, place: &str, fault: impl std::fmt::Display) {
        self.0.push(format!("{place} {fault}"));
    }

    fn check(&mut self, place: &str, text: &str, environment: &Environment) {
        if let Err(fault) = environment.expand(text) {
            self.add(place, fault);
        }
    }
}

fn server(key: &str, entry: &Value, environment: &Environment, faults: &mut Faults) -> Option<ServerConfig> {
    let place = format!("mcpServers.{key}");
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        faults.add(
            &place,
            "has a name that cannot be part of a tool's name: use letters, digits, _ and - only",
        );
    }
    let Some(entry) = entry.as_object() else {
        faults.add(&place, "must be an object with a command or a url");
        return None;
    };
    let mut fields = Fields { place, entry, environment, faults };
    let disabled = fields.flag("disabled");
    let timeout = fields.timeout();
    let transport = fields.transport()?;
    Some(ServerConfig { key: key.to_owned(), transport, timeout, disabled, environment: environment.clone() })
}

/// The fields of one server, and where its faults go.
struct Fields<'a> {
    place: String,
    entry: &'a Map<String, Value>,
    environment: &'a Environment,
    faults: &'a mut Faults,
}

impl Fields<'_> {
    fn add(&mut self, field: &str, fault: impl std::fmt::Display) {
        self.faults.add(&format!("{}.{field}", self.place), fault);
    }

    fn transport(&mut self) -> Option<Transport> {
        let kind = self.text("type").or_else(|| self.text("transport"));
        let command = self.text("command");
        let url = self.text("url");
        match (kind.as_deref(), command, url) {
            (Some("sse"), _, _) => {
                self.add("type", "is sse, the older transport, which is not supported; use the server's streamable HTTP address and type http");
                None
            }
            (None | Some("stdio"), Some(command), None) => {
                let args = self.list("args");
                let env = self.map("env");
                let cwd = self.text("cwd").map(PathBuf::from);
                Some(Transport::Stdio { command, args, env, cwd })
            }
            (
                None | Some("http" | "streamable-http" | "streamableHttp" | "streamable_http"),
                None,
                Some(url),
            ) => {
                let headers = self.map("headers");
                if let Ok(address) = self.environment.expand(&url)
                    && let Err(fault) = http::address(&address)
                {
                    self.add("url", fault);
                }
                Some(Transport::Http { url, headers })
            }
            (Some("stdio"), None, _) => {
                self.add("command", "is missing");
                None
            }
            (Some("http" | "streamable-http" | "streamableHttp" | "streamable_http"), _, None) => {
                self.add("url", "is missing");
                None
            }
            (
                Some(kind @ ("stdio" | "http" | "streamable-http" | "streamableHttp" | "streamable_http")),
                Some(_),
                Some(_),
            ) => {
                let unfit = if kind == "stdio" { "url" } else { "command" };
                self.add(unfit, format_args!("does not belong to a server of type {kind}"));
                None
            }
            (None, Some(_), Some(_)) => {
                self.faults.add(&self.place, "has both a command and a url; keep one");
                None
            }
            (None, None, None) => {
                self.faults.add(&self.place, "needs a command (a program of this machine) or a url");
                None
            }
            (Some(kind), _, _) => {
                self.add("type", format_args!("is {kind:?}; known are stdio and http"));
                None
            }
        }
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.entry.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => {
                self.add(field, "is empty");
                None
            }
            Some(Value::String(text)) => {
                self.faults.check(&format!("{}.{field}", self.place), text, self.environment);
                Some(text.clone())
            }
            Some(_) => {
                self.add(field, "must be a text");
                None
            }
        }
    }

    fn list(&mut self, field: &str) -> Vec<String> {
        let items = match self.entry.get(field) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.add(field, "must be a list of texts");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => {
                    self.faults.check(&format!("{}.{field}[{index}]", self.place), text, self.environment);
                    texts.push(text.to_owned());
                }
                None => self.add(&format!("{field}[{index}]"), "must be a text"),
            }
        }
        texts
    }

    fn map(&mut self, field: &str) -> BTreeMap<String, String> {
        let items = match self.entry.get(field) {
            None | Some(Value::Null) => return BTreeMap::new(),
            Some(Value::Object(items)) => items,
            Some(_) => {
                self.add(field, "must be an object of texts");
                return BTreeMap::new();
            }
        };
        let mut texts = BTreeMap::new();
        for (name, item) in items {
            match item.as_str() {
                Some(text) => {
                    self.faults.check(&format!("{}.{field}.{name}", self.place), text, self.environment);
                    texts.insert(name.clone(), text.to_owned());
                }
                None => self.add(&format!("{field}.{name}"), "must be a text"),
            }
        }
        texts
    }

    fn flag(&mut self, field: &str) -> bool {
        match self.entry.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.add(field, "must be true or false");
                false
            }
        }
    }

    /// Hosts count in milliseconds. A figure under a second is far more likely meant as seconds, and
    /// would let every call fail, so it is refused.
    fn timeout(&mut self) -> Option<Duration> {
        let value = self.entry.get("timeout").filter(|value| !value.is_null())?;
        match value.as_u64() {
            Some(milliseconds) if milliseconds >= 1_000 => Some(Duration::from_millis(milliseconds)),
            Some(small) => {
                self.add(
                    "timeout",
                    format_args!("is {small}, and counted in milliseconds; for {small} s write {small}000"),
                );
                None
            }
            None => {
                self.add("timeout", "must be a whole number of milliseconds");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<ServerConfig>, ToolsError> {
        parse_mcp_json(text, |name| (name == "HOME").then(|| "/home/ada".to_owned()))
    }

    #[test]
    fn the_forms_of_other_hosts_are_read_in_their_order() {
        let servers = parse(
            r#"{"mcpServers": {
                "zoo": {"command": "npx", "args": ["-y", "server", "${HOME}/zoo"], "env": {"KEY": "${KEY:-none}"}, "cwd": "${HOME}"},
                "api": {"type": "http", "url": "https://example.org/mcp", "headers": {"Authorization": "Bearer x"}, "timeout": 2500},
                "old": {"transport": "stdio", "command": "old", "disabled": true, "alwaysAllow": ["x"]}
            }, "theirs": 1}"#,
        )
        .unwrap();
        let keys: Vec<_> = servers.iter().map(|server| server.key.as_str()).collect();
        assert_eq!(keys, ["zoo", "api", "old"]);
        assert_eq!(servers[1].timeout, Some(Duration::from_millis(2_500)));
        assert!(servers[2].disabled && !servers[0].disabled);
        let Transport::Stdio { args, env, cwd, .. } = &servers[0].transport else { panic!("{servers:?}") };
        assert_eq!(args[2], "${HOME}/zoo", "expanded when it is started, not before");
        assert_eq!(servers[0].environment.expand(&args[2]).unwrap(), "/home/ada/zoo");
        assert_eq!((env["KEY"].as_str(), cwd.clone()), ("${KEY:-none}", Some(PathBuf::from("${HOME}"))));
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let error = parse(
            r#"{"mcpServers": {
                "a b": {"command": "x"},
                "both": {"command": "x", "url": "http://x"},
                "none": {},
                "sse": {"type": "sse", "url": "http://x"},
                "odd": {"type": "pigeon", "command": "x"},
                "unset": {"command": "${NO}", "args": [1, "${NEITHER}"], "env": {"K": 5}, "timeout": 30},
                "url": {"url": "ftp://x", "headers": []},
                "flat": "x"
            }}"#,
        )
        .unwrap_err();
        insta::assert_snapshot!(error.faults().join("\n"));
        assert_eq!(parse("{").unwrap_err().faults().len(), 1);
        assert!(parse("{}").unwrap_err().to_string().contains("mcpServers is missing"));
        assert_eq!(parse(r#"{"mcpServers": {}}"#).unwrap().len(), 0);
    }
}
