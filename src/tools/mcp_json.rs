//! `mcp.json`: the `mcpServers` map as other hosts write it.
//!
//! Keys of other hosts that mean nothing here are let pass, so that one file serves them all. All
//! faults are named at once.

use serde_json::Value;

use super::fields::{Faults, Fields};
use super::{Environment, ServerConfig};

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

/// Reads the servers out of `mcp.json`, in their order.
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
    let limits = fields.limits();
    let fixed = fields.fixed();
    let trust = fields.trust();
    let transport = fields.transport()?;
    let environment = environment.clone();
    Some(ServerConfig {
        key: key.to_owned(),
        transport,
        timeout,
        limits,
        disabled,
        fixed,
        trust,
        environment,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::domain::Trust;
    use crate::tools::Transport;

    fn parse(text: &str) -> Result<Vec<ServerConfig>, ToolsError> {
        parse_mcp_json(text, |name| (name == "HOME").then(|| "/home/ada".to_owned()))
    }

    #[test]
    fn the_forms_of_other_hosts_are_read_in_their_order() {
        let servers = parse(
            r#"{"mcpServers": {
                "zoo": {"command": "npx", "args": ["-y", "server", "${HOME}/zoo"], "env": {"KEY": "${KEY:-none}"}, "cwd": "${HOME}"},
                "api": {"type": "http", "url": "https://example.org/mcp", "headers": {"Authorization": "Bearer x"}, "timeout": 2500, "fixedArguments": {"repo": "${HOME}/src", "depth": 3}},
                "old": {"transport": "stdio", "command": "old", "disabled": true, "alwaysAllow": ["x"], "trust": "untrusted"}
            }, "theirs": 1}"#,
        )
        .unwrap();
        let keys: Vec<_> = servers.iter().map(|server| server.key.as_str()).collect();
        assert_eq!(keys, ["zoo", "api", "old"]);
        assert_eq!(servers[1].timeout, Some(Duration::from_millis(2_500)));
        assert!(servers[2].disabled && !servers[0].disabled);
        assert_eq!((servers[0].trust, servers[2].trust), (Trust::Known, Trust::Untrusted));
        let fixed = servers[1].fixed_arguments().unwrap();
        assert_eq!(fixed, *serde_json::json!({"repo": "/home/ada/src", "depth": 3}).as_object().unwrap());
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
                "fixed": {"command": "x", "fixedArguments": {"a": "${NO}"}},
                "fixed2": {"command": "x", "fixedArguments": ["a"]},
                "trust": {"command": "x", "trust": "full"},
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
