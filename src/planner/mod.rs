//! Command, tools and history become a decision: a plan that was proved, a question, or nothing to do.
//!
//! The best-fitting tools are picked, a prompt is made of them, and the model's answer is held to a
//! schema made from exactly those tools (see `form`). The answer is believed in nothing: it is a draft
//! until [`Draft::check`](crate::domain::plan::Draft::check) makes a plan of it. All problems go back to the model once; then a missing
//! argument becomes a question, and anything else an error that names the problems.
//!
//! # The form that a small model is trained on
//! With [`Wording::Copied`](crate::planner::Wording::Copied) an answer is compact JSON without spaces, keys in this order:
//! `{"selectedTools":[{"service":S,"tool":T,"params":{required…,optional…}}]}`, `{"selectedTools":[]}`
//! where nothing fits, and `{"selectedTools":[{…}],"needsClarification":true}` where a required argument
//! was not said. Text values are words of the command in their original spelling, numbers are digits.
//!
//! The planner maps no word to a tool: what it knows of tools is what their servers tell.

mod answer;
mod assent;
mod confidence;
mod config;
mod error;
mod form;
mod grounding;
mod places;
mod prompt;
mod question;
mod ranking;
mod said;
mod shown;
mod signature;
mod spelled;
mod trained;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::domain::plan::{Draft, MAX_STEPS, Plan, Problem};
use crate::domain::{
    Command, CommandId, Decision, Language, Question, SessionId, ToolSet, Turn, TurnOutcome, UserId,
};
use crate::llm::{ChatModel, ChatReply, ChatRequest, Message, Role, Usage};
use crate::phrases::say;
use confidence::Answered;
use form::Form;
use prompt::Prompts;
use said::{Manner, Said};
use shown::Shown;

pub use confidence::{Calibration, Evidence};
pub use config::{Certainty, Detail, PlannerConfig, Wording};
pub use error::PlanError;
pub use ranking::Ranker;

/// So many tools are read ahead at most, and so many at once.
const WARMED_TOOLS: usize = 40;
const WARMED_AT_ONCE: usize = 4;
/// A first answer and a repaired one.
const MAX_ATTEMPTS: u8 = 2;

/// Makes decisions with one model.
pub struct Planner {
    model: Arc<dyn ChatModel>,
    config: PlannerConfig,
    prompts: Prompts,
    ranker: Ranker,
}

/// A decision, and what it took.
#[derive(Debug)]
pub struct Planned {
    /// What to do.
    pub decision: Decision,
    /// So many tools were shown to the model.
    pub shortlisted: usize,
    /// Picking them.
    pub shortlist_time: Duration,
    /// Waiting for the model, all attempts together.
    pub model_time: Duration,
    /// The number of answers that the model was asked for; 0 where there was no tool to ask about.
    pub attempts: u8,
    /// Tokens of all attempts together.
    pub usage: Usage,
    /// The model that answered last, empty where none was asked.
    pub model: String,
    /// How sure the model was of its last answer, 0 to 1, from its token probabilities; the probability
    /// that it is right where the planner is calibrated. None where the model reported none.
    pub confidence: Option<f32>,
    /// What that was made from.
    pub evidence: Option<Evidence>,
}

/// What one answer came to.
enum Verdict {
    Decided(Decision),
    Drafted(Plan, Draft),
    Refused { fault: Fault, question: Option<Question> },
}

enum Fault {
    Unreadable(String),
    Invalid(Vec<Problem>),
}

impl Planner {
    /// A planner that asks `model` about the tools that a ranking by words finds.
    ///
    /// # Errors
    /// Where a template cannot be read or is faulty.
    pub fn new(model: Arc<dyn ChatModel>, config: PlannerConfig) -> Result<Self, PlanError> {
        let prompts = Prompts::load(config.prompts_dir.as_deref())?;
        Ok(Self { model, config, prompts, ranker: Ranker::new(None) })
    }

    /// What finds the tools that it shows.
    pub fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    /// The same with a ranker of its own.
    #[must_use]
    pub fn with_ranker(self, ranker: Ranker) -> Self {
        Self { ranker, ..self }
    }

    /// Has the model read what every prompt begins with, and `tools`, so that the first commands need not
    /// wait for it. Of use only where the model keeps it, as the embedded one does. The tools are read a few
    /// at a time: a command that comes meanwhile waits for no more than those.
    pub async fn warm_up(&self, tools: &ToolSet, cancel: &CancellationToken) {
        self.read_ahead(ToolSet::new(Vec::new(), Vec::new()), cancel).await;
        self.ranker.read(tools, cancel).await;
        if self.config.wording != Wording::Trained {
            return;
        }
        for some in tools.tools().chunks(WARMED_AT_ONCE).take(WARMED_TOOLS / WARMED_AT_ONCE) {
            if cancel.is_cancelled() {
                return;
            }
            self.read_ahead(ToolSet::new(some.to_vec(), Vec::new()), cancel).await;
        }
    }

    async fn read_ahead(&self, tools: ToolSet, cancel: &CancellationToken) {
        let nothing = Command {
            id: CommandId::new(),
            user: UserId::local(),
            session: SessionId(String::new()),
            text: String::new(),
            timezone: chrono_tz::UTC,
            language: Language::ENGLISH,
            dry_run: true,
            received_at: chrono::Utc::now(),
        };
        let Ok((messages, blocks)) = self.opening(&nothing, &tools, &[]) else { return };
        let request = ChatRequest {
            messages,
            blocks,
            schema: None,
            prior: Vec::new(),
            max_tokens: 1,
            temperature: 0.0,
            cancel: cancel.clone(),
            deadline: self.config.deadline,
        };
        if let Err(error) = self.model.complete(request).await {
            tracing::debug!(%error, "the model could not be warmed up");
        }
    }

    /// Decides what is to be done about `command`. `history` is the conversation, oldest turn first;
    /// where its last turn is a question, the command may be the answer.
    ///
    /// # Errors
    /// Where the model fails or twice gives no valid plan, on cancellation, and after the deadline.
    /// Nothing was done then.
    pub async fn decide(
        &self,
        command: &Command,
        tools: &ToolSet,
        history: &[Turn],
        cancel: &CancellationToken,
    ) -> Result<Planned, PlanError> {
        let deadline = self.config.deadline;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(PlanError::Cancelled),
            planned = tokio::time::timeout(deadline, self.plan(command, tools, history, cancel)) => {
                planned.unwrap_or(Err(PlanError::Timeout(deadline)))
            }
        }
    }

    async fn plan(
        &self,
        command: &Command,
        tools: &ToolSet,
        history: &[Turn],
        cancel: &CancellationToken,
    ) -> Result<Planned, PlanError> {
        let started = Instant::now();
        let command = &Command { text: spelled::joined(&command.text), ..command.clone() };
        let turns = &history[history.len().saturating_sub(self.config.history_turns)..];
        if let Some(decision) = assent::answered(&command.text, prompt::asked(turns), tools, command.language)
        {
            return Ok(Planned::without_model(decision, started.elapsed()));
        }
        let pending = prompt::pending(turns);
        let asked = shown::Asked { text: &command.text, turns, pending };
        let Shown { tools: shown, prior } = shown::pick(&self.ranker, &self.config, tools, asked).await;
        let nothing = Decision::Nothing(match tools.tools().is_empty() {
            true => say("nothing-connected", command.language),
            false => say("nothing-fits", command.language),
        });
        let mut planned = Planned {
            shortlisted: shown.tools().len(),
            ..Planned::without_model(nothing, started.elapsed())
        };
        if shown.tools().is_empty() {
            return Ok(planned);
        }
        let said = self.said(command, turns, pending);
        let schema = self.schema(&said, &shown, pending);
        let (mut messages, blocks) = self.opening(command, &shown, turns)?;
        loop {
            let remaining = self.config.deadline.saturating_sub(started.elapsed());
            let asked = Instant::now();
            let reply = self
                .model
                .complete(ChatRequest {
                    messages: messages.clone(),
                    blocks: blocks.clone(),
                    schema: Some(schema.clone()),
                    prior: prior.clone(),
                    max_tokens: self.config.max_tokens,
                    temperature: 0.0,
                    cancel: cancel.clone(),
                    deadline: remaining,
                })
                .await?;
            planned.count(&reply, asked.elapsed());
            let draft = answer::read(&reply).map(|mut draft| {
                if self.config.wording == Wording::Trained {
                    grounding::remove_unfounded(&mut draft, &reply, &said, tools);
                }
                let calibration = self.config.calibration.as_ref();
                planned.confidence =
                    planned.evidence.map(|evidence| evidence.confidence(answered(&draft), calibration));
                draft
            });
            let (fault, question) = match judge(draft, tools, pending, planned.confidence, command.language) {
                Verdict::Decided(decision) => {
                    planned.decision = decision;
                    return Ok(planned);
                }
                Verdict::Drafted(plan, draft) => {
                    // Whoever was asked already is believed.
                    let needed = self.config.certainty.as_ref().filter(|_| prompt::asked(turns).is_none());
                    planned.decision = assent::decision(plan, draft, needed, command.language);
                    return Ok(planned);
                }
                Verdict::Refused { fault, question } => (fault, question),
            };
            // A copying model was offered everything that was said, so asking it again is idle.
            let is_last = planned.attempts >= MAX_ATTEMPTS
                || (question.is_some() && self.config.wording != Wording::Free);
            match (is_last, question, fault) {
                (true, Some(question), _) => {
                    planned.decision = Decision::Ask(question);
                    return Ok(planned);
                }
                (true, None, Fault::Unreadable(fault)) => {
                    return Err(PlanError::Unreadable { model: reply.model, fault });
                }
                (true, None, Fault::Invalid(problems)) => return Err(PlanError::Invalid(problems)),
                (false, _, fault) => {
                    let problems = match fault {
                        Fault::Unreadable(fault) => vec![fault],
                        Fault::Invalid(problems) => problems.iter().map(Problem::to_string).collect(),
                    };
                    tracing::debug!(model.name = %reply.model, problems = problems.len(), "the plan goes back for repair");
                    messages.push(Message { role: Role::Assistant, content: reply.text });
                    messages.push(self.prompts.repair(&problems)?);
                }
            }
        }
    }

    /// What the model reads first, and where the blocks in it begin.
    fn opening(
        &self,
        command: &Command,
        shown: &ToolSet,
        turns: &[Turn],
    ) -> Result<(Vec<Message>, Vec<usize>), PlanError> {
        match self.config.wording {
            Wording::Trained => Ok(trained::opening(command, shown, turns)),
            _ => Ok((self.prompts.opening(command, shown, turns, &self.config)?, Vec::new())),
        }
    }

    /// What the person has said, as values that a plan may use.
    fn said(&self, command: &Command, turns: &[Turn], pending: Option<&Question>) -> Said {
        let earlier: Vec<&str> = turns
            .iter()
            .rev()
            .flat_map(|turn| match &turn.outcome {
                TurnOutcome::Replied(reply) => [turn.text.as_str(), reply.as_str()],
                TurnOutcome::Asked(_) => [turn.text.as_str(), ""],
            })
            .collect();
        let manner = match (self.config.wording, pending) {
            (Wording::Trained, _) => Manner::Any,
            (_, Some(_)) => Manner::Answer,
            (_, None) => Manner::Order,
        };
        Said::new(&command.text, manner, &earlier, command.timezone)
    }

    fn schema(&self, said: &Said, shown: &ToolSet, pending: Option<&Question>) -> serde_json::Value {
        let most = self.config.max_steps.clamp(1, MAX_STEPS);
        let max_steps = match self.config.wording {
            Wording::Copied => most.min(said.clauses()),
            Wording::Trained => most.min(said.clauses() + 1),
            Wording::Free => most,
        };
        Form { tools: shown, wording: self.config.wording, max_steps, said, pending }.schema()
    }
}

impl Planned {
    /// A decision that no model was asked for.
    fn without_model(decision: Decision, shortlist_time: Duration) -> Self {
        Self {
            decision,
            shortlisted: 0,
            shortlist_time,
            model_time: Duration::ZERO,
            attempts: 0,
            usage: Usage::default(),
            model: String::new(),
            confidence: None,
            evidence: None,
        }
    }

    fn count(&mut self, reply: &ChatReply, waited: Duration) {
        self.attempts += 1;
        self.model_time += waited;
        self.model.clone_from(&reply.model);
        self.usage.prompt_tokens += reply.usage.prompt_tokens;
        self.usage.cached_tokens += reply.usage.cached_tokens;
        self.usage.completion_tokens += reply.usage.completion_tokens;
        self.usage.forced_tokens += reply.usage.forced_tokens;
        self.evidence = Evidence::of(&reply.text, &reply.tokens);
    }
}

fn answered(draft: &Draft) -> Answered {
    match draft.selected_tools.len() {
        _ if draft.needs_clarification => Answered::Question,
        0 => Answered::Nothing,
        steps => Answered::Steps(steps),
    }
}

fn judge(
    draft: Result<Draft, String>,
    tools: &ToolSet,
    pending: Option<&Question>,
    confidence: Option<f32>,
    language: Language,
) -> Verdict {
    let mut draft = match draft {
        Ok(draft) => draft,
        Err(fault) => return Verdict::Refused { fault: Fault::Unreadable(fault), question: None },
    };
    if let Some(pending) = pending {
        fill_known(&mut draft, pending);
    }
    if draft.needs_clarification {
        return Verdict::Decided(Decision::Ask(question::of_model(&draft, tools, language)));
    }
    if draft.selected_tools.is_empty() {
        let sentence = match draft.execution_plan.trim() {
            "" => say("nothing-fits", language),
            said => said.to_owned(),
        };
        return Verdict::Decided(Decision::Nothing(sentence));
    }
    match draft.check(tools, confidence) {
        Ok(plan) => Verdict::Drafted(plan, draft),
        Err(problems) => {
            let question = question::for_missing(&draft, &problems, tools, language);
            Verdict::Refused { fault: Fault::Invalid(problems), question }
        }
    }
}

/// What was said before the question still holds: it fills whatever the answer's plan leaves out.
fn fill_known(draft: &mut Draft, pending: &Question) {
    let (Some(name), Some(known)) = (&pending.tool, pending.known.as_object()) else { return };
    for step in &mut draft.selected_tools {
        if *step.service == *name.service
            && *step.tool == *name.tool
            && let Some(params) = step.params.as_object_mut()
        {
            for (argument, value) in known {
                params.entry(argument.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}
