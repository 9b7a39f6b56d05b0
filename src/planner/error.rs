//! What can keep the planner from a decision.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Language;
use crate::domain::plan::Problem;
use crate::llm::ModelError;
use crate::phrases::Phrase;

/// No decision could be made.
#[derive(Debug)]
pub enum PlanError {
    /// A prompt template cannot be read from the configured folder.
    TemplateUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A prompt template is faulty.
    TemplateFaulty {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        source: minijinja::Error,
    },
    /// The model could not answer.
    Model(ModelError),
    /// The answer was no plan in the agreed form, and neither was the repaired one.
    Unreadable {
        /// The model.
        model: String,
        /// What was wrong with its last answer.
        fault: String,
    },
    /// The plan did not stand the check, and neither did the repaired one. Nothing was done.
    Invalid(Vec<Problem>),
    /// The command was cancelled.
    Cancelled,
    /// Planning took too long.
    Timeout(Duration),
}

impl PlanError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TemplateUnreadable { .. } | Self::TemplateFaulty { .. } => "plan_prompt",
            Self::Model(error) => error.code(),
            Self::Unreadable { .. } => "plan_unreadable",
            Self::Invalid(_) => "plan_invalid",
            Self::Cancelled => "plan_cancelled",
            Self::Timeout(_) => "plan_timeout",
        }
    }

    /// What happened and the way out, for a person. What only whoever runs Hark can mend is told in English,
    /// and so are the reasons of services and models.
    pub fn say(&self, language: Language) -> String {
        let phrase = match self {
            Self::TemplateUnreadable { path, source } => {
                return format!("the prompt template {} cannot be read: {source}", path.display());
            }
            Self::TemplateFaulty { name, source } => {
                return format!(
                    "the prompt template {name} is faulty: {source}; mend it, or take it out of the prompts \
                     folder to use the built-in one"
                );
            }
            Self::Model(error) => Phrase::new("plan-failed").with("reason", error.to_string()),
            Self::Unreadable { model, fault } => {
                Phrase::new("plan-unreadable").with("model", model.clone()).with("fault", fault.clone())
            }
            Self::Invalid(problems) => Phrase::new("plan-invalid").with("problems", list(problems)),
            Self::Cancelled => Phrase::new("plan-cancelled"),
            Self::Timeout(limit) => Phrase::new("plan-timeout").with("seconds", limit.as_secs_f64()),
        };
        phrase.say(language)
    }
}

/// As the log and programs are told it.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::ENGLISH))
    }
}

impl Error for PlanError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TemplateUnreadable { source, .. } => Some(source),
            Self::TemplateFaulty { source, .. } => Some(source),
            Self::Model(error) => Some(error),
            Self::Unreadable { .. } | Self::Invalid(_) | Self::Cancelled | Self::Timeout(_) => None,
        }
    }
}

impl From<ModelError> for PlanError {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}
