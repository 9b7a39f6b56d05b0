//! The fields of one server in `mcp.json`, and the faults that are found in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Environment, Limits, Transport, http};
use crate::domain::Trust;

#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<String>);

impl Faults {
    pub(super) fn add(&mut self, place: &str, fault: impl std::fmt::Display) {
        self.0.push(format!("{place} {fault}"));
    }

    fn check(&mut self, place: &str, text: &str, environment: &Environment) {
        if let Err(fault) = environment.expand(text) {
            self.add(place, fault);
        }
    }
}

/// The fields of one server, and where its faults go.
pub(super) struct Fields<'a> {
    pub(super) place: String,
    pub(super) entry: &'a Map<String, Value>,
    pub(super) environment: &'a Environment,
    pub(super) faults: &'a mut Faults,
}

impl Fields<'_> {
    fn add(&mut self, field: &str, fault: impl std::fmt::Display) {
        self.faults.add(&format!("{}.{field}", self.place), fault);
    }

    pub(super) fn transport(&mut self) -> Option<Transport> {
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

    /// Values of any kind by the names of arguments; variables in texts must be set.
    pub(super) fn fixed(&mut self) -> Map<String, Value> {
        const FIELD: &str = "fixedArguments";
        let fixed = match self.entry.get(FIELD) {
            None | Some(Value::Null) => return Map::new(),
            Some(Value::Object(fixed)) => fixed,
            Some(_) => {
                self.add(FIELD, "must be an object of arguments and their values");
                return Map::new();
            }
        };
        for (name, value) in fixed {
            if let Value::String(text) = value {
                self.faults.check(&format!("{}.{FIELD}.{name}", self.place), text, self.environment);
            }
        }
        fixed.clone()
    }

    /// One of three levels; what is given by nobody is the middle one.
    pub(super) fn trust(&mut self) -> Trust {
        let given = match self.entry.get("trust") {
            None | Some(Value::Null) => return Trust::default(),
            Some(given) => given,
        };
        given.as_str().and_then(Trust::from_name).unwrap_or_else(|| {
            self.add("trust", "must be \"trusted\", \"known\" (what it is where absent) or \"untrusted\"");
            Trust::default()
        })
    }

    pub(super) fn flag(&mut self, field: &str) -> bool {
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
    pub(super) fn timeout(&mut self) -> Option<Duration> {
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

    /// Each limit must let something through.
    pub(super) fn limits(&mut self) -> Limits {
        let usual = Limits::default();
        Limits {
            result_bytes: self.count("maxResultBytes").unwrap_or(usual.result_bytes),
            calls: self.count("maxCalls").unwrap_or(usual.calls),
            waiting: self.count("maxWaiting").unwrap_or(usual.waiting),
        }
    }

    fn count(&mut self, field: &str) -> Option<usize> {
        let value = self.entry.get(field).filter(|value| !value.is_null())?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        if count.is_none_or(|count| count == 0) {
            self.add(field, "must be a whole number, 1 at least");
        }
        count.filter(|count| *count > 0)
    }
}
