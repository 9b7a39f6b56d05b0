//! The environment and the `.env` file, read once.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;

const PREFIX: &str = "HARK_";

/// Variables of the process and, where it does not set them, of `.env`.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the process's environment and the `.env` file of `folder`, where there is one.
    ///
    /// # Errors
    /// Where `.env` is there and can't be read.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        let path = folder.join(".env");
        if path.is_file() {
            let lines = dotenvy::from_path_iter(&path).map_err(|error| malformed(&path, &error))?;
            for line in lines {
                let (name, value) = line.map_err(|error| malformed(&path, &error))?;
                variables.insert(name, value);
            }
        }
        // A variable that is not Unicode can't be a setting of ours and would make `vars` panic.
        variables.extend(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self { variables })
    }

    /// An environment of the given variables, for tests.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { variables: pairs.collect() }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The settings among the variables as a table: `HARK_SERVER__BIND` is `bind` in `[server]`,
    /// `HARK_DATA_DIR` is `data_dir` at the top. Numbers, truth values and lists are written as in
    /// TOML; all else is text.
    pub fn settings(&self) -> Table {
        let mut table = Table::new();
        for (name, text) in &self.variables {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            let name = name.to_lowercase();
            let (section, key) = match name.split_once("__") {
                Some((section, key)) => (Some(section), key),
                None => (None, name.as_str()),
            };
            let value = value_of(text);
            match section {
                None => {
                    table.insert(key.to_owned(), value);
                }
                Some(section) => {
                    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                    if let Value::Table(section) = entry {
                        section.insert(key.to_owned(), value);
                    }
                }
            }
        }
        table
    }
}

fn value_of(text: &str) -> Value {
    let parsed: Option<Value> =
        toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut table| table.remove("value"));
    match parsed {
        Some(value @ (Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

fn malformed(path: &Path, error: &dotenvy::Error) -> ConfigError {
    // The error's own text would quote the line, which may hold a key.
    let fault = match error {
        dotenvy::Error::LineParse(_, position) => format!("a line is not NAME=value (at byte {position})"),
        _ => "it can't be read".to_owned(),
    };
    ConfigError::Malformed { place: path.display().to_string(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_sections() {
        let environment = Environment::of([
            ("HARK_SERVER__BIND", "0.0.0.0:80"),
            ("HARK_SPEECH__STATES", "2"),
            ("HARK_DATA_DIR", "/srv/hark"),
            ("HOME", "/root"),
        ]);
        let expected: Table =
            toml::from_str("data_dir = '/srv/hark'\n[server]\nbind = '0.0.0.0:80'\n[speech]\nstates = 2")
                .expect("a table");
        assert_eq!(environment.settings(), expected);
    }
}
