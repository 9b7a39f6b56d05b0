//! The prompt of a model that was trained for Hark: a head, one block for each tool, and the rest.
//!
//! No block depends on another one, so that the embedded model reads a tool once and keeps it, whichever
//! others stand beside it (see `hark-llm`). `models/training/planner/recipe/form.py` writes the same text in
//! training, and `fixtures/planner/form.json` holds both to it.

use super::prompt::pending;
use super::signature::{cut, first_sentence, harmless, parameters, signature};
use crate::domain::{Command, Tool, ToolSet, Turn, TurnOutcome};
use crate::llm::{Message, Role};

const HEAD: &str = "Choose the tool calls that carry out the user's command.\n";
/// A description ends after so many characters at the latest, that of an argument after fewer.
const DESCRIPTION_CHARS: usize = 120;
const ARGUMENT_CHARS: usize = 80;

/// The messages, and where in the first one the tools' blocks begin, in bytes.
pub(super) fn opening(command: &Command, tools: &ToolSet, turns: &[Turn]) -> (Vec<Message>, Vec<usize>) {
    let mut system = HEAD.to_owned();
    let mut blocks = Vec::new();
    for tool in tools.tools() {
        blocks.push(system.len());
        system.push_str(&block(tool));
    }
    let messages =
        vec![Message::new(Role::System, system), Message::new(Role::User, rest(&command.text, turns))];
    (messages, blocks)
}

/// A tool's lines.
fn block(tool: &Tool) -> String {
    let mut lines = signature(tool);
    let description = cut(&harmless(first_sentence(&tool.description)), DESCRIPTION_CHARS);
    if !description.is_empty() {
        lines.push_str(" - ");
        lines.push_str(&description);
    }
    for (name, schema, _) in parameters(tool) {
        let text = schema.get("description").and_then(serde_json::Value::as_str).unwrap_or_default();
        if !text.trim().is_empty() {
            lines.push_str(&format!("\n {}: {}", harmless(name), cut(&harmless(text), ARGUMENT_CHARS)));
        }
    }
    lines.push('\n');
    lines
}

/// The conversation, the question that waits, and the command.
fn rest(command: &str, turns: &[Turn]) -> String {
    let mut lines = String::new();
    for turn in turns {
        let answered = match &turn.outcome {
            TurnOutcome::Replied(reply) => harmless(reply),
            TurnOutcome::Asked(question) => harmless(&question.text),
        };
        lines.push_str(&format!("user: {}\nassistant: {answered}\n", harmless(&turn.text)));
    }
    if let Some(question) = pending(turns)
        && let Some(tool) = &question.tool
    {
        let missing = question.missing.as_deref().unwrap_or("what is missing");
        let known = question.known.to_string();
        let (missing, tool, known) = (harmless(missing), harmless(&tool.to_string()), harmless(&known));
        lines.push_str(&format!("asked for {missing} of {tool}, known {known}\n"));
    }
    lines.push_str(&format!("command: {}", harmless(command)));
    lines
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::domain::{Annotations, Question, ToolName};

    /// What `models/training/planner/tests` reads as well.
    #[derive(Deserialize)]
    struct Shared {
        blocks: Vec<SharedBlock>,
        rests: Vec<SharedRest>,
        head: String,
    }

    #[derive(Deserialize)]
    struct SharedBlock {
        tool: Value,
        block: String,
    }

    #[derive(Deserialize)]
    struct SharedRest {
        command: String,
        turns: Vec<(String, String)>,
        pending: Option<(String, String, Value)>,
        rest: String,
    }

    fn shared() -> Shared {
        serde_json::from_str(include_str!("../../fixtures/planner/form.json")).expect("the shared form")
    }

    #[test]
    fn tools_read_as_they_did_in_training() {
        let shared = shared();
        assert!(!shared.blocks.is_empty() && shared.head == HEAD);
        for one in shared.blocks {
            let text = |key: &str| one.tool[key].as_str().unwrap_or_default().to_owned();
            let name = ToolName::new(text("service"), text("name"));
            let schema = one.tool["inputSchema"].clone();
            let tool = Tool::new(name, None, text("description"), schema, None, Annotations::default());
            assert_eq!(block(&tool.expect("a tool")), one.block);
        }
    }

    #[test]
    fn commands_and_conversations_read_as_they_did_in_training() {
        for one in shared().rests {
            let last = one.turns.len().wrapping_sub(1);
            let turns: Vec<Turn> = one
                .turns
                .into_iter()
                .enumerate()
                .map(|(index, (text, answered))| Turn {
                    text,
                    outcome: match &one.pending {
                        Some((tool, missing, known)) if index == last => TurnOutcome::Asked(Question {
                            text: answered,
                            tool: tool.split_once('.').map(|(service, tool)| ToolName::new(service, tool)),
                            known: known.clone(),
                            missing: Some(missing.clone()),
                            proposal: None,
                        }),
                        _ => TurnOutcome::Replied(answered),
                    },
                })
                .collect();
            assert_eq!(rest(&one.command, &turns), one.rest);
        }
    }
}
