//! Questions to the person, in words made from the tool's own schema.

use serde_json::{Map, Value};

use super::signature::{cut, first_sentence};
use crate::domain::plan::{Draft, Plan, Problem, ProblemKind, Step};
use crate::domain::{Language, Question, Tool, ToolName, ToolSet};
use crate::phrases::{Phrase, say};

/// A description longer than this, in characters, is no part of a spoken question.
const MAX_DESCRIPTION_CHARS: usize = 90;
/// The values of one step are read out up to so many characters.
const MAX_VALUES_CHARS: usize = 120;
/// So many values of an enumeration are read out.
const MAX_CHOICES: usize = 6;

/// The question for the first argument that is missing, where missing arguments are all that is wrong.
pub(super) fn for_missing(
    draft: &Draft,
    problems: &[Problem],
    tools: &ToolSet,
    language: Language,
) -> Option<Question> {
    let only_missing =
        problems.iter().all(|problem| matches!(problem.kind, ProblemKind::MissingArgument { .. }));
    let first = problems.first().filter(|_| only_missing)?;
    let ProblemKind::MissingArgument { tool, name } = &first.kind else { return None };
    let step = draft.selected_tools.get(first.step?.checked_sub(1)?)?;
    let tool = tools.find(tool)?;
    Some(about(tool, &step.params, Some(name), None, language))
}

/// The question that the model wants to ask.
pub(super) fn of_model(draft: &Draft, tools: &ToolSet, language: Language) -> Question {
    let words = draft.clarification_question.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let meant = draft.selected_tools.iter().find_map(|step| {
        let name = ToolName::new(&*step.service, &*step.tool);
        Some((tools.find(&name)?, step))
    });
    match meant {
        Some((tool, step)) => {
            let missing = tool.required().find(|name| step.params.get(*name).is_none());
            about(tool, &step.params, missing, words, language)
        }
        None => Question {
            text: words.map_or_else(|| say("ask-what", language), str::to_owned),
            tool: None,
            known: Value::Object(Map::new()),
            missing: None,
            proposal: None,
        },
    }
}

fn about(
    tool: &Tool,
    params: &Value,
    missing: Option<&str>,
    words: Option<&str>,
    language: Language,
) -> Question {
    let text = match (words, missing) {
        (Some(words), _) => words.to_owned(),
        (None, Some(missing)) => ask_for(tool, missing, language),
        (None, None) => Phrase::new("ask-deed").with("deed", deed(tool)).say(language),
    };
    Question {
        text,
        tool: Some(tool.name.clone()),
        known: known(tool, params),
        missing: missing.map(str::to_owned),
        proposal: None,
    }
}

/// Whether this is what is wanted.
pub(super) fn whether(plan: &Plan, draft: Draft, language: Language) -> Question {
    let told = |step: &Step| {
        let mut values = Vec::new();
        leaves(step.arguments(), &mut values);
        match values.is_empty() {
            true => deed(step.tool()),
            false => Phrase::new("ask-whether-with")
                .with("deed", deed(step.tool()))
                .with("values", cut(&values.join(", "), MAX_VALUES_CHARS))
                .say(language),
        }
    };
    let steps: Vec<String> = plan.steps().iter().map(told).collect();
    let told = match steps.split_last() {
        Some((last, others)) if !others.is_empty() => {
            Phrase::new("listed").with("others", others.join(", ")).with("last", last.clone()).say(language)
        }
        _ => steps.concat(),
    };
    Question {
        text: Phrase::new("ask-whether").with("plan", told).say(language),
        tool: None,
        known: Value::Object(Map::new()),
        missing: None,
        proposal: Some(Box::new(draft.into())),
    }
}

/// The values inside a value, in order.
fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::String(text) => found.push(text.clone()),
        other => found.push(other.to_string()),
    }
}

/// The arguments that fit the schema and are no use of another step's result.
fn known(tool: &Tool, params: &Value) -> Value {
    let faulty: Vec<String> = tool.argument_faults(params).into_iter().map(|fault| fault.place).collect();
    let fits = |name: &str| {
        let place = format!("/{name}");
        !faulty.iter().any(|fault| *fault == place || fault.starts_with(&format!("{place}/")))
    };
    let described = |name: &str| tool.properties().any(|(known, _)| known == name);
    let kept = params
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| described(name) && fits(name) && value.get("$step").is_none())
        .map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(kept.collect())
}

fn ask_for(tool: &Tool, missing: &str, language: Language) -> String {
    let schema = tool.properties().find(|(name, _)| *name == missing).map(|(_, schema)| schema);
    let description = schema
        .and_then(|schema| schema.get("description"))
        .and_then(Value::as_str)
        .map(first_sentence)
        .filter(|text| !text.is_empty() && text.chars().count() <= MAX_DESCRIPTION_CHARS);
    let name = missing.replace(['_', '-'], " ");
    let wanted = match description {
        Some(description) => {
            Phrase::new("ask-wanted-described").with("description", lower_first(description))
        }
        None => Phrase::new("ask-wanted"),
    };
    let wanted = wanted.with("name", name).say(language);
    let choices: Vec<&str> = schema
        .and_then(|schema| schema.get("enum"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .take(MAX_CHOICES)
        .collect();
    let question = match choices.split_last() {
        Some((last, others)) if !others.is_empty() => {
            Phrase::new("ask-choice").with("others", others.join(", ")).with("last", (*last).to_owned())
        }
        _ => Phrase::new("ask-missing"),
    };
    question.with("deed", deed(tool)).with("wanted", wanted).say(language)
}

/// What the tool does, as an order: "add note".
fn deed(tool: &Tool) -> String {
    match &tool.title {
        Some(title) if !title.trim().is_empty() => lower_first(title.trim()),
        _ => tool.name.tool.replace(['_', '-'], " "),
    }
}

/// Lower case for a word that only begins a sentence; an abbreviation or a name in capitals stays.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Annotations;

    #[test]
    fn asks_in_the_words_of_the_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "repo_path": {"type": "string", "description": "Path of the repository. Absolute."},
                "colour": {"enum": ["red", "green", "blue"]},
            },
            "required": ["repo_path", "colour"],
        });
        let name = ToolName::new("git", "git_status");
        let tool =
            Tool::new(name, None, String::new(), schema, None, Annotations::default()).expect("a tool");
        assert_eq!(
            ask_for(&tool, "repo_path", Language::ENGLISH),
            "To git status, I need the repo path (path of the repository). What should it be?"
        );
        assert_eq!(
            ask_for(&tool, "colour", Language::ENGLISH),
            "To git status, I need the colour. Should it be red, green or blue?"
        );
        assert_eq!(
            ask_for(&tool, "colour", Language("de")),
            "Für „git status“ brauche ich noch die Angabe „colour“. Soll es red, green oder blue sein?"
        );
    }
}
