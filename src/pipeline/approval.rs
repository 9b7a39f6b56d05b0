//! The policy's place in the flow: a plan that needs a person's word becomes a question that shows the
//! exact calls, and a plain yes to it carries out that very plan, once, while it is fresh.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Pipeline;
use super::job::{Job, failure, sentence};
use crate::domain::plan::Reference;
use crate::domain::{
    Approval, Command, Decision, EventType, Failure, Language, Plan, Proposal, Question, Step, ToolSet, Turn,
    TurnOutcome, is_invisible,
};
use crate::phrases::{Phrase, is_understood, say};
use crate::policy::{self, Reason, Ruling, Seen, Sources};

/// So many commands of a conversation are searched for where a value comes from.
const COMMANDS_SEARCHED: usize = 50;

impl Pipeline {
    /// What a plain answer to a shown plan comes to; none where there is no such question, or the answer
    /// is another one.
    pub(super) async fn consent(
        &self,
        job: &Job,
        command: &Command,
        tools: &ToolSet,
        history: &[Turn],
    ) -> Result<Option<Decision>, Failure> {
        let (text, language) = (&command.text, job.language);
        let Some((proposal, approval, is_last)) = shown(history, language) else { return Ok(None) };
        if is_last && is_understood("no-words", text, language) {
            return Ok(Some(Decision::Nothing(say("stopped-question", language))));
        }
        let is_always = is_understood("always-words", text, language);
        if !is_always && !is_understood("yes-words", text, language) {
            return Ok(None);
        }
        let void = |name| Err(failure("approval_void", &say(name, language)));
        if !job.may_approve {
            return Err(failure("approval_not_allowed", &say("approval-not-allowed", language)));
        }
        if !is_last {
            return void("approval-spent");
        }
        if command.received_at > approval.expires_at {
            return void("approval-expired");
        }
        let plan = proposal.draft.check(tools, Some(1.0)).ok();
        let Some(plan) = plan.filter(|plan| plan.fingerprint() == approval.plan) else {
            return void("approval-changed");
        };
        let store = &self.inner.parts.store;
        let in_store = |error: crate::store::StoreError| failure(error.code(), &error.to_string());
        if !store.spend(&job.user, approval.id).await.map_err(in_store)? {
            return void("approval-spent");
        }
        if is_always {
            for calls in &approval.remember {
                store.allow(&job.user, calls).await.map_err(in_store)?;
            }
        }
        Ok(Some(Decision::Act(plan)))
    }

    /// The decision, or the question that has to come before it.
    pub(super) async fn weigh(
        &self,
        job: &Job,
        command: &Command,
        tools: &ToolSet,
        decision: Decision,
    ) -> Result<Decision, Failure> {
        let rechecked;
        let plan = match &decision {
            Decision::Act(plan) => plan,
            // One question, not two: whether the plan is right, and whether it may be.
            Decision::Ask(Question { proposal: Some(proposal), .. }) => {
                let Ok(plan) = proposal.draft.check(tools, None) else { return Ok(decision) };
                rechecked = plan;
                &rechecked
            }
            Decision::Ask(_) | Decision::Nothing(_) => return Ok(decision),
        };
        let sources = self.sources(job, command).await?;
        let mut asked: Vec<(&Step, Vec<Reason>)> = Vec::new();
        for (step, ruling) in plan.steps().iter().zip(self.inner.config.policy.judge(plan, tools, &sources)) {
            match ruling {
                Ruling::Go => {}
                Ruling::Forbid(reason) => {
                    let phrase = Phrase::new("policy-forbidden")
                        .with("call", call_in_words(step, job.language))
                        .with("reason", reason.say(job.language));
                    return Err(failure("forbidden", &phrase.say(job.language)));
                }
                Ruling::Ask(reasons) => {
                    if !self.is_allowed(job, step, &reasons).await? {
                        asked.push((step, reasons));
                    }
                }
            }
        }
        if asked.is_empty() {
            return Ok(decision);
        }
        let now = Utc::now();
        Ok(Decision::Ask(question(
            plan,
            &asked,
            now + self.inner.config.policy.approval_lifetime,
            job.language,
        )))
    }

    async fn is_allowed(&self, job: &Job, step: &Step, reasons: &[Reason]) -> Result<bool, Failure> {
        if !reasons.iter().all(Reason::can_be_remembered) {
            return Ok(false);
        }
        let allowed = self.inner.parts.store.allowances(&job.user, Some(&step.tool().name)).await;
        let allowed = allowed.map_err(|error| failure(error.code(), &error.to_string()))?;
        Ok(allowed.iter().any(|allowance| policy::covers(&allowance.calls, step)))
    }

    /// What was said and seen in this conversation.
    async fn sources(&self, job: &Job, command: &Command) -> Result<Sources, Failure> {
        let mut sources = Sources { said: vec![command.text.clone()], seen: Vec::new() };
        if job.is_first_turn {
            return Ok(sources);
        }
        let found = self.inner.parts.store.receipts(&job.user, &job.session, COMMANDS_SEARCHED).await;
        for (said, receipts) in found.map_err(|error| failure(error.code(), &error.to_string()))? {
            sources.said.push(said);
            sources.seen.extend(receipts.into_iter().map(|receipt| {
                let structured = receipt.structured.as_ref().map(Value::to_string).unwrap_or_default();
                let error = receipt.error.unwrap_or_default();
                Seen { tool: receipt.tool, text: format!("{} {structured} {error}", receipt.text) }
            }));
        }
        Ok(sources)
    }
}

/// The event that tells of a question, and its details.
pub(super) fn event(question: &Question) -> (EventType, Value) {
    let mut detail = json!({"question": question.text, "tool": question.tool, "missing": question.missing});
    let Some(proposal) = &question.proposal else { return (EventType::Clarifying, detail) };
    detail["canAgree"] = json!(true);
    let Some(approval) = &proposal.approval else { return (EventType::Clarifying, detail) };
    detail["calls"] = json!(proposal.draft.selected_tools);
    detail["expiresAt"] = json!(approval.expires_at);
    detail["canAllowAlways"] = json!(!approval.remember.is_empty());
    (EventType::Confirming, detail)
}

/// The plan that was shown last, and whether nothing but agreement was said since: then it was used.
fn shown(history: &[Turn], language: Language) -> Option<(&Proposal, &Approval, bool)> {
    for (age, turn) in history.iter().rev().enumerate() {
        if let TurnOutcome::Asked(question) = &turn.outcome {
            let proposal = question.proposal.as_deref()?;
            return Some((proposal, proposal.approval.as_ref()?, age == 0));
        }
        let agrees = |name| is_understood(name, &turn.text, language);
        if !agrees("yes-words") && !agrees("always-words") {
            return None;
        }
    }
    None
}

fn question(
    plan: &Plan,
    asked: &[(&Step, Vec<Reason>)],
    expires_at: DateTime<Utc>,
    language: Language,
) -> Question {
    let calls: Vec<String> = plan.steps().iter().map(|step| call_in_words(step, language)).collect();
    let mut why: Vec<String> = Vec::new();
    for reason in asked.iter().flat_map(|(_, reasons)| reasons) {
        let reason = sentence(&reason.say(language));
        if !why.contains(&reason) {
            why.push(reason);
        }
    }
    let can_remember = asked.iter().all(|(_, reasons)| reasons.iter().all(Reason::can_be_remembered));
    let remember: Option<Vec<_>> =
        can_remember.then(|| asked.iter().map(|(step, _)| policy::calls_like(step)).collect()).flatten();
    let approval = Approval {
        id: Uuid::now_v7(),
        plan: plan.fingerprint(),
        expires_at,
        remember: remember.unwrap_or_default(),
    };
    Question {
        text: Phrase::new("ask-approval")
            .with("calls", calls.join("; "))
            .with("reasons", why.join(" "))
            .say(language),
        tool: None,
        known: Value::Object(Map::new()),
        missing: None,
        proposal: Some(Box::new(Proposal { draft: plan.to_draft(), approval: Some(approval) })),
    }
}

/// The call as it would be sent: the tool and every argument, nothing cut and nothing hidden.
fn call_in_words(step: &Step, language: Language) -> String {
    let arguments: Vec<String> = step
        .arguments()
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{}: {}", visible(name), value_in_words(value, language)))
        .collect();
    let tool = step.tool().name.to_string();
    match arguments.is_empty() {
        true => visible(&tool),
        false => format!("{} ({})", visible(&tool), arguments.join(", ")),
    }
}

fn value_in_words(value: &Value, language: Language) -> String {
    if let Some(reference) = Reference::read(value) {
        return Phrase::new("approval-result-of").with("number", reference.step).say(language);
    }
    match value {
        Value::String(text) => format!("“{}”", visible(text)),
        other => visible(&other.to_string()),
    }
}

/// The text with all that a person could not see written out.
fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        match letter {
            '\n' => shown.push('⏎'),
            letter if letter.is_control() || is_invisible(letter) => {
                shown.push_str(&format!("[U+{:04X}]", u32::from(letter)));
            }
            letter => shown.push(letter),
        }
        shown
    })
}
