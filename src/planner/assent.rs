//! Where the planner is not sure enough to act, it says what it would do and asks; a plain "yes" is then
//! carried out as it stands, without asking the model again.

use crate::domain::plan::{Draft, Plan};
use crate::domain::{Decision, Language, Question, ToolSet};
use crate::phrases::{is_understood, say};

use super::config::Certainty;
use super::question;

/// The plan as it is, or the question whether it is right where its confidence is too low.
pub(super) fn decision(plan: Plan, draft: Draft, needed: Option<&Certainty>, language: Language) -> Decision {
    let only_reads = plan.steps().iter().all(|step| step.tool().annotations.read_only);
    let is_sure = match (needed, plan.confidence()) {
        (Some(needed), Some(confidence)) => {
            confidence >= if only_reads { needed.to_look } else { needed.to_act }
        }
        _ => true,
    };
    if is_sure { Decision::Act(plan) } else { Decision::Ask(question::whether(&plan, draft, language)) }
}

/// What a plain "yes" or "no" to such a question means; None where the answer is anything else, or the
/// tools have changed so that the plan no longer holds.
pub(super) fn answered(
    text: &str,
    pending: Option<&Question>,
    tools: &ToolSet,
    language: Language,
) -> Option<Decision> {
    let draft = &pending?.proposal.as_ref()?.draft;
    if is_understood("no-words", text, language) {
        return Some(Decision::Nothing(say("stopped-question", language)));
    }
    if !is_understood("yes-words", text, language) {
        return None;
    }
    draft.check(tools, Some(1.0)).ok().map(Decision::Act)
}
