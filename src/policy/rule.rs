//! One `[[policy]]` of `hark.toml`: which calls it is about, and what becomes of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::{fits, resolved};
use crate::domain::Step;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is carried out, unless a value in it came from where anybody may write.
    Go,
    /// It is asked about each time.
    Ask,
    /// It is never carried out.
    Forbid,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A pattern of `service.tool`.
    tool: String,
    /// A pattern for each of some arguments.
    when: BTreeMap<String, String>,
    /// What becomes of calls that fit.
    pub then: Then,
}

/// A rule that cannot be kept, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// It names no tool.
    #[error("tool: {0:?} is no pattern of a tool's name; one looks like files.write_* or *")]
    Tool(String),
    /// It says something that is no ruling.
    #[error("then: {0:?} is not known; write go, ask or forbid")]
    Then(String),
    /// An argument without a name or a pattern.
    #[error("when: the argument {0:?} needs a pattern such as \"/home/ada/notes/*\"")]
    When(String),
}

impl Rule {
    /// Reads the three parts of a rule.
    ///
    /// # Errors
    /// The first part that cannot be kept.
    pub fn new(tool: &str, when: BTreeMap<String, String>, then: &str) -> Result<Self, BadRule> {
        let tool = tool.trim();
        if tool.is_empty() || tool.contains(char::is_whitespace) || !tool.contains(['.', '*']) {
            return Err(BadRule::Tool(tool.to_owned()));
        }
        if let Some((name, _)) = when.iter().find(|(name, pattern)| name.is_empty() || pattern.is_empty()) {
            return Err(BadRule::When(name.clone()));
        }
        let then = match then.trim() {
            "go" => Then::Go,
            "ask" => Then::Ask,
            "forbid" => Then::Forbid,
            other => return Err(BadRule::Then(other.to_owned())),
        };
        Ok(Self { tool: tool.to_owned(), when, then })
    }

    /// Whether the rule is about this call.
    ///
    /// A value that is not known yet, since an earlier step makes it, fits where the rule holds something
    /// back and does not where it lets something go. A path is looked at as it is written and as it
    /// leads: both must fit to let go, one is enough to hold back.
    pub(super) fn fits(&self, step: &Step) -> bool {
        let holds_back = self.then != Then::Go;
        if !fits(&self.tool, &step.tool().name.to_string()) {
            return false;
        }
        let is_unknown =
            |name: &str| step.references().iter().any(|(place, _)| place.split('/').nth(1) == Some(name));
        self.when.iter().all(|(name, pattern)| {
            if is_unknown(name) {
                return holds_back;
            }
            let Some(value) = step.arguments().get(name) else { return false };
            let written = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let (as_written, as_it_leads) = (fits(pattern, &written), fits(pattern, &resolved(&written)));
            if holds_back { as_written || as_it_leads } else { as_written && as_it_leads }
        })
    }
}
