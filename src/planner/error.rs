//! What can keep the planner from a decision.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::plan::Problem;
use crate::llm::ModelError;

/// No decision could be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A prompt template cannot be read from the configured folder.
    #[error("the prompt template {} cannot be read: {source}", path.display())]
    TemplateUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A prompt template is faulty.
    #[error(
        "the prompt template {name} is faulty: {source}; mend it, or take it out of the prompts folder to use the built-in one"
    )]
    TemplateFaulty {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        source: minijinja::Error,
    },
    /// The model could not answer.
    #[error("the language model could not plan: {0}")]
    Model(#[from] ModelError),
    /// The answer was no plan in the agreed form, and neither was the repaired one.
    #[error(
        "the language model {model} gave no readable plan: {fault}; say it in other words, or set a larger model"
    )]
    Unreadable {
        /// The model.
        model: String,
        /// What was wrong with its last answer.
        fault: String,
    },
    /// The plan did not stand the check, and neither did the repaired one. Nothing was done.
    #[error("no valid plan was found, so nothing was done: {}; say it in other words, or set a larger model", list(.0))]
    Invalid(Vec<Problem>),
    /// The command was cancelled.
    #[error("planning was cancelled")]
    Cancelled,
    /// Planning took too long.
    #[error("planning took longer than {} s, so nothing was done; try a shorter command, or raise the planner's deadline", .0.as_secs_f32())]
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
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}
