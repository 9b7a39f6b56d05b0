//! A planner without a language model: the tool that the ranking puts first, called with nothing.

use std::time::Duration;

use serde_json::json;

use super::row::{Gold, Row};
use crate::domain::plan::{Draft, DraftStep};
use crate::domain::{Command, Decision, Question, ToolName, ToolSet};
use crate::llm::Usage;
use crate::planner::{Planned, Ranker};

/// The ranking alone. It tells what a model is worth.
#[derive(Clone, Copy, Debug)]
pub struct Baseline;

impl Baseline {
    /// Calls the best-ranked tool; asks for its first required argument where it has one.
    pub async fn decide(&self, command: &Command, tools: &ToolSet, ranker: &Ranker) -> Planned {
        let ranked = ranker.rank(tools, std::slice::from_ref(&command.text)).await;
        let decision = match ranked.first().map(|ranked| &ranked.tool) {
            None => Decision::Nothing(String::new()),
            Some(tool) => match tool.required().next() {
                Some(missing) => Decision::Ask(Question {
                    text: String::new(),
                    tool: Some(tool.name.clone()),
                    known: json!({}),
                    missing: Some(missing.to_owned()),
                    proposal: None,
                }),
                None => {
                    let draft = Draft {
                        selected_tools: vec![DraftStep {
                            service: tool.name.service.to_string(),
                            tool: tool.name.tool.to_string(),
                            params: json!({}),
                        }],
                        ..Draft::default()
                    };
                    draft.check(tools, None).map_or_else(|_| Decision::Nothing(String::new()), Decision::Act)
                }
            },
        };
        Planned {
            decision,
            shortlisted: 1,
            shortlist_time: Duration::ZERO,
            model_time: Duration::ZERO,
            attempts: 0,
            usage: Usage::default(),
            model: "ranking".to_owned(),
            evidence: None,
            confidence: None,
        }
    }
}

/// How many tools of the ranking have to be shown until all the right ones are among them; None where no
/// certain tool is right.
pub async fn rank(row: &Row, tools: &ToolSet, ranker: &Ranker) -> Option<usize> {
    let ranked = ranker.rank(tools, std::slice::from_ref(&row.utterance)).await;
    let place = |name: &ToolName| {
        let place = ranked.iter().position(|ranked| ranked.tool.name == *name);
        place.map_or(tools.tools().len(), |place| place + 1)
    };
    row.golds()
        .filter_map(|gold| match gold {
            Gold::Steps { steps, .. } => steps
                .iter()
                .map(|step| place(&ToolName::new(step.service.as_str(), step.tool.as_str())))
                .max(),
            Gold::Ask { tool, .. } => Some(place(tool)),
            Gold::Nothing | Gold::AnyCall => None,
        })
        .min()
}
