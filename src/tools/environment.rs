//! The variables that a server's configuration may name, looked up anew at each start of the server.
//!
//! This room never reads the process environment itself: whoever builds the configuration says how a
//! name is looked up.

use std::fmt;
use std::sync::Arc;

/// Variables that every server process gets where they are set, and the only ones that it gets
/// without being named in its configuration: a server has no business with the keys of others.
pub(super) const INHERITED: [&str; 23] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "HTTP_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
];

/// How a variable is looked up. The default knows none, and leaves `${...}` as it is written.
#[derive(Clone, Default)]
pub struct Environment(Option<Arc<Lookup>>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// Looks names up with `lookup`, at each start of a server again.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// The value of a variable, where it is set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0.as_ref().and_then(|lookup| lookup(name))
    }

    /// Puts values in the place of `${NAME}` and `${NAME:-default}`.
    ///
    /// # Errors
    /// The names that are not set and have no default, and a `${` that is not closed.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        if self.0.is_none() {
            return Ok(text.to_owned());
        }
        let mut expanded = String::with_capacity(text.len());
        let mut unset = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            expanded.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                return Err("has a ${ without its }".to_owned());
            };
            let inside = &rest[start + 2..start + length];
            let (name, default) = match inside.split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (inside, None),
            };
            // As in a shell, `:-` also stands in for a variable that is set to nothing.
            let value = self.get(name).filter(|value| default.is_none() || !value.is_empty());
            match value.or_else(|| default.map(str::to_owned)) {
                Some(value) => expanded.push_str(&value),
                None => unset.push(format!("${{{name}}}")),
            }
            rest = &rest[start + length + 1..];
        }
        expanded.push_str(rest);
        match unset.len() {
            0 => Ok(expanded),
            1 => Err(format!(
                "names {}, which is not set; set it, or write a default as in ${{NAME:-default}}",
                unset[0]
            )),
            _ => Err(format!(
                "names {}, which are not set; set them, or write defaults as in ${{NAME:-default}}",
                unset.join(", ")
            )),
        }
    }
}

/// Values may be secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Environment(known)" } else { "Environment(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_defaults_are_put_in_place() {
        let environment = Environment::new(|name| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        });
        for (text, expanded) in [
            ("plain", "plain"),
            ("$A stays, ${A} goes", "$A stays, 1 goes"),
            ("${B:-two}/${A:-x}", "two/1"),
            ("${EMPTY}|${EMPTY:-full}|${B:-}", "|full|"),
        ] {
            assert_eq!(environment.expand(text).unwrap(), expanded);
        }
        assert!(environment.expand("${X} ${Y}").unwrap_err().contains("${X}, ${Y}"));
        assert!(environment.expand("${A").unwrap_err().contains("without its }"));
        assert_eq!(Environment::default().expand("${A}").unwrap(), "${A}");
    }
}
