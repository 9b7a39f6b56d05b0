//! The words for the model, from the templates in `prompts/`.
//!
//! The system message holds the rules and the tools and depends on nothing else: for the same tools it
//! is the same to the byte, so a model's cache of it stays good. History, time and command follow in
//! the user's message. Everything that tools and people wrote enters as a value, never as a template.

use std::path::Path;

use chrono_tz::Tz;
use minijinja::{Environment, UndefinedBehavior, context};

use super::config::{PlannerConfig, Wording};
use super::error::PlanError;
use super::signature::{describe, harmless};
use crate::domain::{Command, Question, ToolSet, Turn, TurnOutcome};
use crate::llm::{Message, Role};

const BUILT_IN: [(&str, &str); 3] = [
    ("system.md", include_str!("../../prompts/system.md")),
    ("user.md", include_str!("../../prompts/user.md")),
    ("repair.md", include_str!("../../prompts/repair.md")),
];

/// An answer as it should be, to tools that no server has.
struct Example {
    tools: &'static str,
    command: &'static str,
    answer: &'static str,
}

const EXAMPLES: [Example; 3] = [
    Example {
        tools: "lamp.switch(room: string, state: \"on\"|\"off\"), post.send_letter(recipient: string, body: string)",
        command: "turn off the lamp in the guest room",
        answer: r#"{"selectedTools":[{"service":"lamp","tool":"switch","params":{"room":"guest room","state":"off"}}]}"#,
    },
    Example {
        tools: "post.send_letter(recipient: string, body: string), post.count_letters()",
        command: "send a letter to Aunt May saying the roses are in bloom",
        answer: r#"{"selectedTools":[{"service":"post","tool":"send_letter","params":{"recipient":"Aunt May","body":"the roses are in bloom"}}]}"#,
    },
    Example {
        tools: "lamp.switch(room: string, state: \"on\"|\"off\"), post.count_letters()",
        command: "who won the race",
        answer: r#"{"selectedTools":[]}"#,
    },
];

/// The templates, compiled.
#[derive(Debug)]
pub(super) struct Prompts {
    templates: Environment<'static>,
}

impl Prompts {
    /// The built-in templates, those in `folder` in place of them.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, PlanError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, built_in) in BUILT_IN {
            let source = match folder.map(|folder| folder.join(name)) {
                Some(path) => match std::fs::read_to_string(&path) {
                    Ok(own) => own,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => built_in.to_owned(),
                    Err(source) => return Err(PlanError::TemplateUnreadable { path, source }),
                },
                None => built_in.to_owned(),
            };
            templates
                .add_template_owned(name, source)
                .map_err(|source| PlanError::TemplateFaulty { name, source })?;
        }
        Ok(Self { templates })
    }

    /// Rules and tools, then history, time and command.
    pub(super) fn opening(
        &self,
        command: &Command,
        tools: &ToolSet,
        turns: &[Turn],
        config: &PlannerConfig,
    ) -> Result<Vec<Message>, PlanError> {
        let lines: Vec<String> = tools.tools().iter().map(|tool| describe(tool, config.detail)).collect();
        let examples: Vec<minijinja::Value> = EXAMPLES
            .iter()
            .map(|one| context! { tools => one.tools, command => one.command, answer => one.answer })
            .collect();
        let system = self.render(
            "system.md",
            context! { free => config.wording == Wording::Free, examples => examples, tools => lines },
        )?;
        let earlier: Vec<minijinja::Value> = turns
            .iter()
            .map(|turn| {
                let answered = match &turn.outcome {
                    TurnOutcome::Replied(reply) => harmless(reply),
                    TurnOutcome::Asked(question) => harmless(&question.text),
                };
                context! { said => harmless(&turn.text), answered => answered }
            })
            .collect();
        let user = self.render(
            "user.md",
            context! {
                turns => earlier,
                pending => pending(turns).and_then(pending_context),
                services => tools.services().iter().map(|service| harmless(service)).collect::<Vec<_>>().join(", "),
                now => now(command, command.timezone),
                command => harmless(&command.text),
            },
        )?;
        Ok(vec![Message { role: Role::System, content: system }, Message { role: Role::User, content: user }])
    }

    /// What to say to an answer that cannot be used.
    pub(super) fn repair(&self, problems: &[String]) -> Result<Message, PlanError> {
        let problems: Vec<String> = problems.iter().map(|problem| harmless(problem)).collect();
        let content = self.render("repair.md", context! { problems })?;
        Ok(Message { role: Role::User, content })
    }

    fn render(&self, name: &'static str, values: minijinja::Value) -> Result<String, PlanError> {
        let rendered = self.templates.get_template(name).and_then(|template| template.render(values));
        match rendered {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(source) => Err(PlanError::TemplateFaulty { name, source }),
        }
    }
}

/// The question that was asked last.
pub(super) fn asked(turns: &[Turn]) -> Option<&Question> {
    match &turns.last()?.outcome {
        TurnOutcome::Asked(question) => Some(question),
        TurnOutcome::Replied(_) => None,
    }
}

/// The question for what is missing that the next command may answer. Whether a plan is right is no such
/// question: who does not say yes or no to it corrects the plan or wants something else.
pub(super) fn pending(turns: &[Turn]) -> Option<&Question> {
    asked(turns).filter(|question| question.proposal.is_none())
}

fn pending_context(question: &Question) -> Option<minijinja::Value> {
    let tool = question.tool.as_ref()?;
    Some(context! {
        tool => harmless(&tool.to_string()),
        missing => harmless(question.missing.as_deref().unwrap_or("what is missing")),
        known => harmless(&question.known.to_string()),
    })
}

fn now(command: &Command, zone: Tz) -> String {
    let local = command.received_at.with_timezone(&zone);
    format!("{} ({})", local.format("%A %Y-%m-%d %H:%M"), zone.name())
}
