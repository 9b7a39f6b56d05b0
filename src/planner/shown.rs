//! What is shown to the model: the tools that fit the command best, and how likely each was held to be.

use std::sync::Arc;

use serde_json::json;

use super::config::{PlannerConfig, Wording};
use super::ranking::{Ranked, Ranker};
use super::said;
use crate::domain::{Question, ToolSet, Turn};
use crate::llm::Beginning;

/// A sentence of hundreds of clauses is ranked by the first ones.
const TEXTS_AT_MOST: usize = 16;

/// What a person said, and what came before.
pub(super) struct Asked<'a> {
    pub(super) text: &'a str,
    pub(super) turns: &'a [Turn],
    /// The question that waits, if any.
    pub(super) pending: Option<&'a Question>,
}

/// What the model sees of the tools.
pub(super) struct Shown {
    pub(super) tools: ToolSet,
    pub(super) prior: Vec<Beginning>,
}

/// The best-fitting tools; that of a pending question first, whatever the answer's words are.
pub(super) async fn pick(
    ranker: &Ranker,
    config: &PlannerConfig,
    tools: &ToolSet,
    asked: Asked<'_>,
) -> Shown {
    let most = config.max_tools.max(1);
    let texts = ranked_by(&asked);
    let mut ranked = match config.wording {
        // In the registry's own order, so that the model's server remembers them.
        Wording::Free | Wording::Copied if tools.tools().len() <= most => as_listed(tools),
        _ => ranker.rank(tools, &texts).await,
    };
    let awaited = asked.pending.and_then(|question| question.tool.as_ref());
    if let Some(place) = awaited.and_then(|name| ranked.iter().position(|one| one.tool.name == *name)) {
        ranked[..=place].rotate_right(1);
    }
    ranked.truncate(most);
    let best = ToolSet::new(ranked.iter().map(|one| Arc::clone(&one.tool)).collect(), Vec::new());
    match (config.wording, awaited) {
        (Wording::Copied, None) => Shown { tools: said::related(&best, &texts[0]), prior: Vec::new() },
        (_, Some(_)) => Shown { tools: best, prior: Vec::new() },
        (_, None) => Shown { tools: best, prior: prior(&ranked, config.ranking_weight) },
    }
}

fn as_listed(tools: &ToolSet) -> Vec<Ranked> {
    tools.tools().iter().map(|tool| Ranked { tool: Arc::clone(tool), likeness: None }).collect()
}

/// What tools are ranked by: the command; behind the turn that it may go on from; each thing that it asks for.
fn ranked_by(asked: &Asked<'_>) -> Vec<String> {
    let text = asked.text;
    let goes_on = asked.turns.last().map(|turn| format!("{}. {text}", turn.text));
    if asked.pending.is_some() {
        return goes_on.into_iter().chain([text.to_owned()]).collect();
    }
    let clauses = said::clauses(text);
    let clauses = clauses.into_iter().filter(|clause| clause.contains(' ') && clause.as_str() != text);
    std::iter::once(text.to_owned()).chain(goes_on).chain(clauses).take(TEXTS_AT_MOST).collect()
}

/// How an answer begins that calls a tool, by how much the command is about it.
fn prior(ranked: &[Ranked], weight: Option<f32>) -> Vec<Beginning> {
    let Some(weight) = weight else { return Vec::new() };
    let most = ranked.first().and_then(|one| one.likeness).unwrap_or_default();
    let beginning = |one: &Ranked| {
        let name = &one.tool.name;
        let (service, tool) = (json!(&*name.service), json!(&*name.tool));
        let text = format!(r#"{{"selectedTools":[{{"service":{service},"tool":{tool}"#);
        Some(Beginning { text, weight: (weight * (one.likeness? - most)).exp() })
    };
    ranked.iter().filter_map(beginning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TurnOutcome;

    #[test]
    fn each_thing_that_is_asked_for_counts_and_so_does_the_turn_before() {
        let turns = [Turn { text: "lights on".into(), outcome: TurnOutcome::Replied("Done.".into()) }];
        let asked = Asked { text: "add milk, and set a timer", turns: &turns, pending: None };
        assert_eq!(
            ranked_by(&asked),
            ["add milk, and set a timer", "lights on. add milk, and set a timer", "add milk", "set a timer"]
        );
        let many = "add milk and ".repeat(100);
        assert_eq!(ranked_by(&Asked { text: &many, turns: &[], pending: None }).len(), TEXTS_AT_MOST);
    }
}
