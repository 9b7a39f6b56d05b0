//! How right a planner is: rated commands go through the real planner, and what it decides is compared
//! with what is right, by the rules of the Berkeley Function Calling Leaderboard.
//!
//! Nothing is carried out. Rows have the shape that `docs/evaluation.md` describes.

mod baseline;
mod curve;
mod judge;
mod noise;
mod row;
mod tally;

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::domain::{Command, CommandId, Decision, Language, Question, SessionId, ToolSet, UserId};
use crate::planner::{Evidence, PlanError, Planned, Planner, Ranker};

pub use baseline::{Baseline, rank};
pub use curve::curve;
pub use judge::{Verdict, judge};
pub use noise::heard;
pub use row::{BadRow, Gold, GoldStep, Registries, Row, read};
pub use tally::{Rate, Tally};

/// What one row came to.
#[derive(Debug)]
pub struct Rated {
    /// How right it was.
    pub verdict: Verdict,
    /// How sure the planner was, 0 to 1; None where it did not say.
    pub confidence: Option<f32>,
    /// What that was made from.
    pub evidence: Option<Evidence>,
    /// How many tools of the ranking have to be shown until all the right ones are among them; None where
    /// no certain tool is right, or nobody asked.
    pub rank: Option<usize>,
    /// The decision in words, for a person who looks at what went wrong.
    pub decided: String,
    /// Tokens read, forced and chosen.
    pub read_tokens: u32,
    /// Those of them that were remembered.
    pub cached_tokens: u32,
    /// Tokens of the answer that the form left no choice about.
    pub forced_tokens: u32,
    /// All tokens of the answer.
    pub answer_tokens: u32,
    /// From command to decision.
    pub time: Duration,
    /// The same a second time, where that was asked for.
    pub time_again: Option<Duration>,
}

/// What decides.
pub enum Subject<'a> {
    /// The planner.
    Planner(&'a Planner),
    /// The ranking alone.
    Baseline(Baseline, &'a Ranker),
}

/// Lets the subject decide about a row and rates what it decides.
pub async fn rate(subject: &Subject<'_>, row: &Row, tools: &ToolSet, timezone: chrono_tz::Tz) -> Rated {
    let command = Command {
        id: CommandId::new(),
        user: UserId::local(),
        session: SessionId("eval".to_owned()),
        text: row.utterance.clone(),
        timezone,
        language: Language::ENGLISH,
        dry_run: true,
        received_at: chrono::Utc::now(),
    };
    let started = Instant::now();
    let planned = match subject {
        Subject::Planner(planner) => {
            planner.decide(&command, tools, &row.history, &CancellationToken::new()).await
        }
        Subject::Baseline(baseline, ranker) => Ok(baseline.decide(&command, tools, ranker).await),
    };
    rated(planned, row, tools, started.elapsed())
}

fn rated(planned: Result<Planned, PlanError>, row: &Row, tools: &ToolSet, time: Duration) -> Rated {
    let (verdict, decided) = match &planned {
        Ok(planned) => {
            let verdicts = row.golds().map(|gold| judge(&planned.decision, gold, tools));
            (verdicts.min().unwrap_or(Verdict::Failed), words(&planned.decision))
        }
        Err(error) => (Verdict::Failed, error.to_string()),
    };
    let usage = planned.as_ref().map(|planned| planned.usage).unwrap_or_default();
    Rated {
        verdict,
        confidence: planned.as_ref().ok().and_then(|planned| planned.confidence),
        evidence: planned.ok().and_then(|planned| planned.evidence),
        decided,
        read_tokens: usage.prompt_tokens,
        cached_tokens: usage.cached_tokens,
        forced_tokens: usage.forced_tokens,
        answer_tokens: usage.completion_tokens,
        time,
        time_again: None,
        rank: None,
    }
}

fn words(decision: &Decision) -> String {
    match decision {
        Decision::Act(plan) => plan.to_json()["selectedTools"].to_string(),
        Decision::Ask(Question { proposal: Some(shown), .. }) => {
            format!("asks whether {}", serde_json::json!(shown.draft.selected_tools))
        }
        Decision::Ask(question) => match (&question.tool, &question.missing) {
            (Some(tool), Some(missing)) => format!("asks for {missing} of {tool}, knows {}", question.known),
            _ => format!("asks: {}", question.text),
        },
        Decision::Nothing(reason) => format!("nothing: {reason}"),
    }
}
