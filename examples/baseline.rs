//! Runs the commands of `fixtures/` through the real planner and the real worker, and prints how many
//! got the right tool and the right arguments, the plain ranking beside them:
//!
//! `make baseline`, or `cargo run --release --example baseline -- --model MODEL.gguf`
//!
//! A text counts as equal without regard to case, spaces and `,./-_*^`, as in the Berkeley Function
//! Calling Leaderboard. `fixtures/commands.jsonl` is the test set; settings are tuned on
//! `fixtures/commands.tuning.jsonl` only.
#![allow(clippy::print_stdout, reason = "a program that prints figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use hark::domain::{
    Annotations, Command, CommandId, Decision, Language, SessionId, Tool, ToolName, ToolSet, UserId,
};
use hark::llm::{ChatModel, LocalWorker, WorkerConfig};
use hark::planner::{Planned, Planner, PlannerConfig};
use hark::tools::shortlist;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Measures the planner on labelled commands.
#[derive(Parser)]
struct Arguments {
    /// The worker program.
    #[arg(long, default_value = "target/release/hark-llm")]
    worker: PathBuf,
    /// The model, a GGUF file.
    #[arg(long, default_value = ".tools/models/SmolLM2-135M-Instruct.Q4_1.gguf")]
    model: PathBuf,
    /// A LoRA adapter for it.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// The labelled commands.
    #[arg(long, default_value = "fixtures/commands.jsonl")]
    commands: PathBuf,
    /// What the servers list.
    #[arg(long, default_value = "fixtures/registries/desk+four.registry.json")]
    registry: PathBuf,
    /// Show the model at most so many tools.
    #[arg(long)]
    max_tools: Option<usize>,
    /// Templates in place of the built-in ones.
    #[arg(long)]
    prompts: Option<PathBuf>,
    /// Print each command with what came of it.
    #[arg(long)]
    each: bool,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    text: String,
    gold: Gold,
    /// Other answers that are as right.
    #[serde(default)]
    also: Vec<Gold>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Gold {
    #[serde(untagged)]
    Steps { steps: Vec<GoldStep> },
    #[serde(untagged)]
    Ask { ask: GoldQuestion },
    #[serde(untagged)]
    None {
        #[allow(dead_code, reason = "its presence is the label")]
        none: bool,
    },
}

#[derive(Deserialize)]
struct GoldStep {
    service: String,
    tool: String,
    params: Map<String, Value>,
}

#[derive(Deserialize)]
struct GoldQuestion {
    service: String,
    tool: String,
    missing: String,
}

#[derive(Default)]
struct Score {
    calls: usize,
    right_tool: usize,
    right_call: usize,
    ranked_first: usize,
    ranked_shown: usize,
    questions: usize,
    asked: usize,
    asked_rightly: usize,
    needless: usize,
    nones: usize,
    abstained: usize,
    missed: usize,
    errors: usize,
    times: Vec<Duration>,
    usage: [u64; 4],
    attempts: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let tools = registry(&arguments.registry)?;
    let rows = rows(&arguments.commands)?;
    let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
    let worker = LocalWorker::start(worker_config(&arguments), &tracker, shutdown.clone());
    let mut config = PlannerConfig { prompts_dir: arguments.prompts.clone(), ..PlannerConfig::default() };
    config.max_tools = arguments.max_tools.unwrap_or(config.max_tools);
    let shown = config.max_tools;
    let planner = Planner::new(Arc::new(worker) as Arc<dyn ChatModel>, config)?;
    let mut score = Score::default();
    // The first answer waits for the model to load; it is not counted.
    let _ = planner.decide(&command("hello"), &tools, &[], &CancellationToken::new()).await;
    for row in &rows {
        let started = std::time::Instant::now();
        let planned = planner.decide(&command(&row.text), &tools, &[], &CancellationToken::new()).await;
        score.times.push(started.elapsed());
        score.rank(row, &tools, shown);
        let mark = match &planned {
            Ok(planned) => score.add(row, planned),
            Err(_) => {
                score.errors += 1;
                "error"
            }
        };
        if arguments.each {
            println!("{mark:<10} {} {}\n           {}", row.id, row.text, told(&planned));
        }
    }
    score.print(rows.len(), tools.tools().len(), shown);
    shutdown.cancel();
    tracker.close();
    tracker.wait().await;
    Ok(())
}

fn worker_config(arguments: &Arguments) -> WorkerConfig {
    WorkerConfig {
        adapter: arguments.adapter.clone(),
        ..WorkerConfig::new(&arguments.worker, &arguments.model)
    }
}

fn command(text: &str) -> Command {
    Command {
        id: CommandId::new(),
        user: UserId::local(),
        session: SessionId("baseline".to_owned()),
        text: text.to_owned(),
        timezone: chrono_tz::Europe::Berlin,
        language: Language::ENGLISH,
        dry_run: true,
        received_at: chrono::Utc::now(),
    }
}

fn rows(path: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("reading the row {line}")))
        .collect()
}

fn registry(path: &Path) -> Result<ToolSet> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let listed: Value = serde_json::from_str(&text)?;
    let mut tools = Vec::new();
    for service in listed["services"].as_array().into_iter().flatten() {
        for tool in service["tools"].as_array().into_iter().flatten() {
            let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let read_only = tool["annotations"]["readOnlyHint"] == true;
            tools.push(Arc::new(Tool::new(
                ToolName::new(name(&service["name"]), name(&tool["name"])),
                tool["title"].as_str().or(tool["annotations"]["title"].as_str()).map(str::to_owned),
                name(&tool["description"]),
                tool["inputSchema"].clone(),
                tool.get("outputSchema").cloned(),
                Annotations { read_only, ..Annotations::default() },
            )?));
        }
    }
    Ok(ToolSet::new(tools, Vec::new()))
}

impl Score {
    fn rank(&mut self, row: &Row, tools: &ToolSet, shown: usize) {
        let ranked = shortlist(tools, &row.text, shown);
        let wanted: Vec<ToolName> = row
            .golds()
            .filter_map(|gold| match gold {
                Gold::Steps { steps } => steps.first().map(|step| ToolName::new(&*step.service, &*step.tool)),
                Gold::Ask { .. } | Gold::None { .. } => None,
            })
            .collect();
        let place = ranked.tools().iter().position(|tool| wanted.contains(&tool.name));
        self.ranked_first += usize::from(place == Some(0));
        self.ranked_shown += usize::from(place.is_some());
    }

    fn add(&mut self, row: &Row, planned: &Planned) -> &'static str {
        let usage = planned.usage;
        let counts = [usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, usage.forced_tokens];
        for (sum, count) in self.usage.iter_mut().zip(counts) {
            *sum += u64::from(count);
        }
        self.attempts += usize::from(planned.attempts);
        match (&row.gold, &planned.decision) {
            (Gold::Steps { .. }, decision) => {
                self.calls += 1;
                match decision {
                    Decision::Act(_) => {}
                    Decision::Ask(_) => self.needless += 1,
                    Decision::Nothing(_) => self.missed += 1,
                }
                let tool = row.golds().any(|gold| has_tools(gold, decision));
                let call = row.golds().any(|gold| has_calls(gold, decision));
                self.right_tool += usize::from(tool);
                self.right_call += usize::from(call);
                if call {
                    "right"
                } else if tool {
                    "arguments"
                } else {
                    "wrong"
                }
            }
            (Gold::Ask { ask }, decision) => {
                self.questions += 1;
                let Decision::Ask(question) = decision else { return "wrong" };
                self.asked += 1;
                let tool = ToolName::new(&*ask.service, &*ask.tool);
                let right = question.tool.as_ref() == Some(&tool)
                    && question.missing.as_deref() == Some(&*ask.missing);
                self.asked_rightly += usize::from(right);
                if right { "right" } else { "arguments" }
            }
            (Gold::None { .. }, decision) => {
                self.nones += 1;
                let right = matches!(decision, Decision::Nothing(_));
                self.abstained += usize::from(right);
                if right { "right" } else { "wrong" }
            }
        }
    }

    fn print(&mut self, rows: usize, tools: usize, shown: usize) {
        let of = |part: usize, whole: usize| {
            format!("{part} of {whole} ({:.1} %)", 100.0 * part as f64 / whole.max(1) as f64)
        };
        self.times.sort();
        let at = |share: f64| {
            let last = self.times.len().saturating_sub(1);
            self.times.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
        };
        println!("{rows} commands, {tools} tools, at most {shown} shown");
        println!("ranking alone, best tool right   {}", of(self.ranked_first, self.calls));
        println!("ranking, right tool among shown  {}", of(self.ranked_shown, self.calls));
        println!("right tools                      {}", of(self.right_tool, self.calls));
        println!("right tools and arguments        {}", of(self.right_call, self.calls));
        println!("asked although all was said      {}", of(self.needless, self.calls));
        println!("did nothing although a tool fits {}", of(self.missed, self.calls));
        println!("asked where something is missing {}", of(self.asked, self.questions));
        println!("asked for the right argument     {}", of(self.asked_rightly, self.questions));
        println!("abstained where nothing fits     {}", of(self.abstained, self.nones));
        println!("errors                           {}", of(self.errors, rows));
        println!("planning time p50 {:.0?}, p95 {:.0?}", at(0.5), at(0.95));
        let [prompt, cached, written, forced] = self.usage.map(|sum| sum as f64 / rows.max(1) as f64);
        println!(
            "tokens a command: {prompt:.0} in, of which {cached:.0} cached; {written:.0} out, of which \
             {forced:.0} forced and {:.0} sampled; {:.2} attempts",
            written - forced,
            self.attempts as f64 / rows.max(1) as f64
        );
    }
}

impl Row {
    fn golds(&self) -> impl Iterator<Item = &Gold> {
        std::iter::once(&self.gold).chain(&self.also)
    }
}

fn has_tools(gold: &Gold, decision: &Decision) -> bool {
    let (Gold::Steps { steps }, Decision::Act(plan)) = (gold, decision) else { return false };
    steps.len() == plan.steps().len()
        && steps.iter().zip(plan.steps()).all(|(gold, step)| {
            *step.tool().name.service == *gold.service && *step.tool().name.tool == *gold.tool
        })
}

fn has_calls(gold: &Gold, decision: &Decision) -> bool {
    let (Gold::Steps { steps }, Decision::Act(plan)) = (gold, decision) else { return false };
    has_tools(gold, decision)
        && steps.iter().zip(plan.steps()).all(|(gold, step)| {
            let given = step.arguments().as_object();
            let known = given.into_iter().flatten().all(|(name, _)| gold.params.contains_key(name));
            known
                && gold.params.iter().all(|(name, accepted)| {
                    let value = given.and_then(|given| given.get(name));
                    let accepted = accepted.as_array().map(Vec::as_slice).unwrap_or_default();
                    match value {
                        None => accepted.iter().any(|one| one == ""),
                        Some(value) => accepted.iter().any(|one| plain(one) == plain(value)),
                    }
                })
        })
}

/// A value as it is compared: texts without case, spaces and marks.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let kept = text.chars().filter(|c| !c.is_whitespace() && !",./-_*^".contains(*c));
            Value::String(kept.flat_map(char::to_lowercase).collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), plain(member))).collect::<Map<_, _>>().into()
        }
        Value::Number(number) => number.as_f64().map_or_else(|| value.clone(), Value::from),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

fn told(planned: &Result<Planned, hark::planner::PlanError>) -> String {
    match planned {
        Err(error) => error.to_string(),
        Ok(planned) => {
            let confidence = planned.confidence.unwrap_or_default();
            match &planned.decision {
                Decision::Act(plan) => format!("{confidence:.2} {}", plan.to_json()["selectedTools"]),
                Decision::Ask(question) => format!("{confidence:.2} asks: {}", question.text),
                Decision::Nothing(sentence) => format!("{confidence:.2} nothing: {sentence}"),
            }
        }
    }
}
