//! The environment and the `.env` file, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{ConfigError, Raw, fault};

const PREFIX: &str = "HARK_";
/// Names the settings file, and is no setting itself.
const CONFIG_FILE: &str = "HARK_CONFIG";

/// Variables of the process and, where it does not set them, of `.env`. One that is empty is as if it
/// were not set, also where `.env` sets it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Variable>,
}

#[derive(Clone, Debug)]
struct Variable {
    value: String,
    /// The `.env` file that sets it; the process's environment where absent.
    file: Option<PathBuf>,
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
                variables.insert(name, Variable { value, file: Some(path.clone()) });
            }
        }
        // A variable that is not Unicode can't be a setting of ours and would make `vars` panic.
        variables.extend(std::env::vars_os().filter_map(|(name, value)| {
            let value = value.into_string().ok()?;
            Some((name.into_string().ok()?, Variable { value, file: None }))
        }));
        Ok(Self { variables })
    }

    /// An environment of the given variables, for tests.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let pairs = variables.into_iter();
        let pairs =
            pairs.map(|(name, value)| (name.to_owned(), Variable { value: value.to_owned(), file: None }));
        Self { variables: pairs.collect() }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str())
    }

    /// The settings file that a variable names.
    pub fn config_file(&self) -> Option<PathBuf> {
        self.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The settings among the variables as a table: `HARK_SERVER__BIND` is `bind` in `[server]`,
    /// `HARK_DATA_DIR` is `data_dir` at the top. Numbers, truth values and lists are written as in
    /// TOML; all else is text.
    ///
    /// # Errors
    /// Each variable that is no setting, or has a value that its setting can't have.
    pub fn settings(&self) -> Result<Table, ConfigError> {
        let mut settings = Table::new();
        let mut faults = Vec::new();
        for (name, variable) in &self.variables {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            if variable.value.is_empty() || name == CONFIG_FILE {
                continue;
            }
            let key = key.to_lowercase();
            let as_text = || table_of(&key, Value::String(variable.value.clone()));
            let typed = table_of(&key, value_of(&variable.value));
            let checked = match Raw::deserialize_from(typed.clone()) {
                Ok(_) => Ok(typed),
                // A token of digits alone is text all the same.
                Err(error) => Raw::deserialize_from(as_text()).map(|_| as_text()).map_err(|_| error),
            };
            match checked {
                Ok(table) => overlay(&mut settings, table),
                Err(error) => {
                    let file = variable.file.as_ref().map(|path| format!(" in {}", path.display()));
                    faults.push(format!("{name}{}: {}", file.unwrap_or_default(), fault::words(&error)));
                }
            }
        }
        if faults.is_empty() { Ok(settings) } else { Err(ConfigError::Faulty(faults)) }
    }
}

/// Lays a table over another: what `above` says holds.
pub(super) fn overlay(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(section)), Value::Table(above)) => overlay(section, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// `server__bind` and a value as `[server] bind = value`.
fn table_of(key: &str, value: Value) -> Table {
    match key.split_once("__") {
        Some((section, key)) => {
            let section_table = Table::from_iter([(key.to_owned(), value)]);
            Table::from_iter([(section.to_owned(), Value::Table(section_table))])
        }
        None => Table::from_iter([(key.to_owned(), value)]),
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
        dotenvy::Error::LineParse(line, _) => {
            let lines = std::fs::read_to_string(path).unwrap_or_default();
            match lines.lines().position(|candidate| candidate.trim() == line.trim()) {
                Some(index) => format!("line {} is not NAME=value; put quotes around the value", index + 1),
                None => "a line is not NAME=value; put quotes around the value".to_owned(),
            }
        }
        _ => "it can't be read; check its rights, and that it is text".to_owned(),
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
        assert_eq!(environment.settings().expect("settings"), expected);
    }

    #[test]
    fn text_that_looks_like_a_number_is_text_where_text_is_wanted() {
        let environment = Environment::of([("HARK_SERVER__TOKEN", "1234567890123456")]);
        let expected: Table = toml::from_str("[server]\ntoken = '1234567890123456'").expect("a table");
        assert_eq!(environment.settings().expect("settings"), expected);
    }

    #[test]
    fn an_empty_variable_is_as_if_it_were_not_set() {
        let environment = Environment::of([("HARK_LLM__BASE_URL", ""), ("HARK_SERVER__MAX_RUNNING", "")]);
        assert_eq!(environment.settings().expect("settings"), Table::new());
    }

    #[test]
    fn every_faulty_variable_is_named_and_no_value_is_shown() {
        let environment = Environment::of([
            ("HARK_SERVER__BNID", "sk-1"),
            ("HARK_SERVER__MAX_RUNNING", "sk-2"),
            ("HARK_TOKEN", "sk-3"),
            ("HARK_LLM", "sk-4"),
        ]);
        let error = environment.settings().expect_err("faults").to_string();
        for name in ["HARK_SERVER__BNID", "HARK_SERVER__MAX_RUNNING", "HARK_TOKEN", "HARK_LLM"] {
            assert!(error.contains(&format!("{name}: ")), "{error}");
        }
        assert!(!error.contains("sk-"), "{error}");
        assert!(error.contains("a whole number"), "{error}");
    }
}
