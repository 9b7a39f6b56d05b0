//! Rated commands, and the tools that go with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Annotations, Question, Tool, ToolName, ToolSet, Turn, TurnOutcome};

/// A command with what is right to do about it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name in its file.
    pub id: String,
    /// What was said.
    pub utterance: String,
    /// The name of a registry; the row's own tools where absent.
    pub registry: Option<String>,
    /// The row's own tools.
    pub services: Vec<Service>,
    /// What was said and answered before, oldest turn first.
    pub history: Vec<Turn>,
    /// What is right.
    pub gold: Gold,
    /// What is as right.
    pub also: Vec<Gold>,
}

impl Row {
    /// All that counts as right.
    pub fn golds(&self) -> impl Iterator<Item = &Gold> {
        std::iter::once(&self.gold).chain(&self.also)
    }
}

/// What is right to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Gold {
    /// These calls.
    Steps {
        /// The calls.
        steps: Vec<GoldStep>,
        /// They may stand in any order.
        any_order: bool,
    },
    /// A question for an argument that was not said.
    Ask {
        /// The tool that fits.
        tool: ToolName,
        /// The argument.
        missing: String,
    },
    /// Nothing.
    Nothing,
    /// Some call, whichever.
    AnyCall,
}

/// A call, with all values of each argument that count as right; an empty text among them: it may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct GoldStep {
    /// The service.
    pub service: String,
    /// The tool.
    pub tool: String,
    /// The arguments.
    pub params: BTreeMap<String, Vec<Value>>,
}

/// A server's tools as it lists them.
#[derive(Clone, Debug, Deserialize)]
pub struct Service {
    name: String,
    tools: Vec<ListedTool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedTool {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default = "any_object")]
    input_schema: Value,
    #[serde(default)]
    annotations: Hints,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Hints {
    read_only_hint: bool,
}

fn any_object() -> Value {
    serde_json::json!({"type": "object"})
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    /// It cannot be read.
    #[error("{path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of it has not the shape of a row.
    #[error("line {line} of {path} is no rated command: {fault}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// A registry is no list of services.
    #[error("{path} is no registry: {fault}")]
    Registry {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A row names a registry that is not there.
    #[error("row {id} needs the registry {name:?}, and {folder} has no {name}.registry.json")]
    NoRegistry {
        /// The row.
        id: String,
        /// The registry.
        name: String,
        /// Where registries are looked for.
        folder: PathBuf,
    },
    /// A row has neither tools nor a registry.
    #[error(
        "row {0} names no tools: give it `services` or `registry`, name one with --registry, or take your own servers with --connected"
    )]
    NoTools(String),
}

#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(alias = "text")]
    utterance: String,
    registry: Option<String>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    history: Vec<WrittenTurn>,
    gold: WrittenGold,
    #[serde(default)]
    also: Vec<WrittenGold>,
}

/// A turn; what was asked where nothing was answered.
#[derive(Deserialize)]
struct WrittenTurn {
    said: String,
    #[serde(default)]
    answered: String,
    asked: Option<WrittenQuestion>,
}

#[derive(Deserialize)]
struct WrittenQuestion {
    text: String,
    tool: String,
    missing: String,
    #[serde(default)]
    known: Value,
}

#[derive(Deserialize)]
struct WrittenGold {
    steps: Option<Vec<GoldStep>>,
    order: Option<String>,
    ask: Option<WrittenAsk>,
    #[serde(default)]
    none: bool,
    #[serde(default)]
    any_call: bool,
}

#[derive(Deserialize)]
struct WrittenAsk {
    service: String,
    tool: String,
    missing: String,
}

/// The rows of a file of JSON lines.
///
/// # Errors
/// With the first line that is none.
pub fn read(path: &Path) -> Result<Vec<Row>, BadRow> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| BadRow::Unreadable { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let bad = |fault: String| BadRow::Line { path: path.to_owned(), line: number + 1, fault };
            let written: Written = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
            let gold = gold(written.gold).map_err(bad)?;
            let also = written.also.into_iter().map(self::gold).collect::<Result<_, _>>().map_err(bad)?;
            let Written { id, utterance, registry, services, history, .. } = written;
            let history = history.into_iter().map(turn).collect::<Result<_, _>>().map_err(bad)?;
            Ok(Row { id, utterance, registry, services, history, gold, also })
        })
        .collect()
}

fn gold(written: WrittenGold) -> Result<Gold, String> {
    match written {
        WrittenGold { steps: Some(steps), order, .. } => {
            Ok(Gold::Steps { steps, any_order: order.as_deref() == Some("any") })
        }
        WrittenGold { ask: Some(ask), .. } => {
            Ok(Gold::Ask { tool: ToolName::new(ask.service, ask.tool), missing: ask.missing })
        }
        WrittenGold { none: true, .. } => Ok(Gold::Nothing),
        WrittenGold { any_call: true, .. } => Ok(Gold::AnyCall),
        _ => Err("`gold` has none of steps, ask, none, any_call".to_owned()),
    }
}

fn turn(written: WrittenTurn) -> Result<Turn, String> {
    let outcome = match written.asked {
        None => TurnOutcome::Replied(written.answered),
        Some(asked) => TurnOutcome::Asked(Question {
            text: asked.text,
            tool: Some(asked.tool.parse().map_err(|_| format!("{:?} names no tool", asked.tool))?),
            known: asked.known,
            missing: Some(asked.missing),
            proposal: None,
        }),
    };
    Ok(Turn { text: written.said, outcome })
}

/// The registries of a folder, each read once.
#[derive(Debug)]
pub struct Registries {
    folder: PathBuf,
    read: BTreeMap<String, Arc<Vec<Arc<Tool>>>>,
}

impl Registries {
    /// The files `NAME.registry.json` of `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, read: BTreeMap::new() }
    }

    /// Adds tools as a registry of that name.
    pub fn insert(&mut self, name: &str, tools: &ToolSet) {
        self.read.insert(name.to_owned(), Arc::new(tools.tools().to_vec()));
    }

    /// The tools of a registry; those that are unusable, as Hark would find them, are left out.
    ///
    /// # Errors
    /// Where there is none, or it is none.
    pub fn tools(&mut self, name: &str, id: &str) -> Result<Arc<Vec<Arc<Tool>>>, BadRow> {
        if let Some(tools) = self.read.get(name) {
            return Ok(Arc::clone(tools));
        }
        #[derive(Deserialize)]
        struct Registry {
            services: Vec<Service>,
        }
        let path = self.folder.join(format!("{name}.registry.json"));
        let text = std::fs::read(&path).map_err(|_| BadRow::NoRegistry {
            id: id.to_owned(),
            name: name.to_owned(),
            folder: self.folder.clone(),
        })?;
        let registry: Registry = serde_json::from_slice(&text)
            .map_err(|error| BadRow::Registry { path, fault: error.to_string() })?;
        let tools = Arc::new(usable(&registry.services));
        self.read.insert(name.to_owned(), Arc::clone(&tools));
        Ok(tools)
    }

    /// The tools of a row, filled up to `at_least` with those of `distractors`.
    ///
    /// # Errors
    /// Where the row names no tools, or a registry that is not there.
    pub fn tools_of(
        &mut self,
        row: &Row,
        usual: Option<&str>,
        at_least: usize,
        distractors: &str,
    ) -> Result<ToolSet, BadRow> {
        let mut tools = match (row.services.is_empty(), row.registry.as_deref().or(usual)) {
            (false, _) => usable(&row.services),
            (true, Some(name)) => self.tools(name, &row.id)?.to_vec(),
            (true, None) => return Err(BadRow::NoTools(row.id.clone())),
        };
        if tools.len() < at_least {
            let others = self.tools(distractors, &row.id)?;
            // The same ones for the same row, others for another one.
            let seed = row.id.bytes().fold(5_381_usize, |sum, byte| sum.wrapping_mul(33) ^ usize::from(byte));
            let start = seed % others.len().max(1);
            for other in others.iter().cycle().skip(start).take(others.len()) {
                if tools.len() >= at_least {
                    break;
                }
                if tools.iter().all(|tool| tool.name != other.name) {
                    tools.push(Arc::clone(other));
                }
            }
        }
        Ok(ToolSet::new(tools, Vec::new()))
    }
}

fn usable(services: &[Service]) -> Vec<Arc<Tool>> {
    let mut tools = Vec::new();
    for service in services {
        for tool in &service.tools {
            let name = ToolName::new(service.name.as_str(), tool.name.as_str());
            let description = tool.description.clone().unwrap_or_default();
            let annotations =
                Annotations { read_only: tool.annotations.read_only_hint, ..Annotations::default() };
            let made = Tool::new(name, None, description, tool.input_schema.clone(), None, annotations);
            match made {
                Ok(tool) => tools.push(Arc::new(tool)),
                Err(error) => tracing::warn!(%error, "a tool of the registry can't be used"),
            }
        }
    }
    tools
}
