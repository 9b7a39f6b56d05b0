//! `hark eval`: how right the planner is on rated commands.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use toml::Table;

use super::output::Output;
use super::{Sources, logging};
use crate::app;
use crate::config::{LanguageModel, Settings};
use crate::domain::{ToolSet, UserId};
use crate::eval::{
    Baseline, Rated, Registries, Row, Subject, Tally, Verdict, curve, heard, rank, rate, read,
};
use crate::models::EMBEDDED_RANKER;
use crate::planner::Ranker;
use crate::tools::Registry;

/// So many tools that the ranking is judged by.
const SHOWN: [usize; 4] = [3, 5, 10, 12];
/// The name of the registry that is made of the connected servers.
const CONNECTED: &str = "connected";
/// Coverages at which the share of right decisions is told.
const COVERAGES: [f64; 4] = [0.5, 0.7, 0.9, 1.0];

#[derive(Args)]
pub(super) struct Eval {
    /// Files of rated commands, one JSON object a line.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The folder with the registries that the rows name, as NAME.registry.json.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    registries: PathBuf,
    /// The registry of rows that name none.
    #[arg(long, value_name = "NAME")]
    registry: Option<String>,
    /// Rows that name no tools are meant for the servers that are connected here.
    #[arg(long, conflicts_with = "registry")]
    connected: bool,
    /// Rate so many rows of each file, spread over it.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Put further tools beside those of a row until there are so many.
    #[arg(long, value_name = "N", default_value_t = 0)]
    tools: usize,
    /// The registry that further tools come from.
    #[arg(long, value_name = "NAME", default_value = "livemcp")]
    distractors: String,
    /// As a speech recogniser writes: lower case, no punctuation.
    #[arg(long)]
    heard: bool,
    /// Rate the ranking without the language model.
    #[arg(long)]
    baseline: bool,
    /// Rank by words alone.
    #[arg(long)]
    words: bool,
    /// Let each row be decided twice, to time it where the planner remembers its tools.
    #[arg(long)]
    twice: bool,
    /// Draw the risk curve of each file into this SVG.
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
    /// Show so many rows of each file that went wrong.
    #[arg(long, value_name = "N", default_value_t = 0)]
    show: usize,
    /// Write what each row came to here, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
    /// Print one JSON object a file.
    #[arg(long)]
    json: bool,
}

impl Eval {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = match self.connected {
            true => sources.settings(Table::new())?,
            false => sources.settings_without_servers()?,
        };
        logging::start_quiet(&settings)?;
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let mut registries = Registries::new(self.registries.clone());
        if self.connected {
            let tools = connected(&settings, &tracker).await;
            registries.insert(CONNECTED, &tools);
        }
        let (model, worker) = app::language_model(&settings, &tracker, stop.clone())?;
        let encoding = worker.as_ref().filter(|_| !self.words);
        let planner = app::planner(model, encoding, settings.planner.clone())?;
        let subject = match self.baseline {
            true => Subject::Baseline(Baseline, planner.ranker()),
            false => Subject::Planner(&planner),
        };
        let decider = match (&subject, &worker, &settings.language_model) {
            (Subject::Baseline(_, ranker), ..) if ranker.is_by_meaning().await => {
                EMBEDDED_RANKER.file.to_owned()
            }
            (Subject::Baseline(..), ..) => "ranking by words, no model".to_owned(),
            (_, Some(worker), _) => files(worker.files()).await?,
            (_, None, LanguageModel::Endpoint(endpoint)) => endpoint.model.clone(),
            (_, None, LanguageModel::Embedded { model, .. }) => model.clone(),
        };
        if !self.json {
            output.line(format!("{decider}; temperature 0, so no seed matters"));
        }
        if !self.baseline {
            planner.warm_up(&ToolSet::new(Vec::new(), Vec::new()), &stop).await;
        }
        let each = self.rows.as_ref().map(File::create).transpose()?.map(BufWriter::new);
        let mut run =
            Run { subject, registries, ranker: planner.ranker(), timezone: settings.pipeline.timezone, each };
        let mut curves = Vec::new();
        for file in &self.files {
            let tally = self.rate_file(file, &mut run, output).await?;
            let name = file.file_name().context("a file has a name")?.to_string_lossy();
            let table = match self.json {
                true => as_json(&name, &decider, &tally).to_string(),
                false => as_table(&name, &tally),
            };
            output.line(table);
            curves.push((name.into_owned(), tally.risk_curve()));
        }
        if let Some(path) = &self.curve {
            std::fs::write(path, curve(&curves))
                .with_context(|| format!("{} can't be written", path.display()))?;
        }
        stop.cancel();
        tracker.close();
        tracker.wait().await;
        Ok(ExitCode::SUCCESS)
    }

    async fn rate_file(&self, file: &Path, run: &mut Run<'_>, output: &Output) -> anyhow::Result<Tally> {
        let rows = read(file)?;
        let every = self.limit.map_or(1, |limit| rows.len().div_ceil(limit.max(1)).max(1));
        let usual = if self.connected { Some(CONNECTED) } else { self.registry.as_deref() };
        let mut tally = Tally::default();
        let mut shown = 0;
        for mut row in rows.into_iter().step_by(every) {
            let tools = run.registries.tools_of(&row, usual, self.tools, &self.distractors)?;
            if self.heard {
                row.utterance = heard(&row.utterance);
            }
            run.ranker.read(&tools, &CancellationToken::new()).await;
            let mut rated = rate(&run.subject, &row, &tools, run.timezone).await;
            if self.twice {
                rated.time_again = Some(rate(&run.subject, &row, &tools, run.timezone).await.time);
            }
            rated.rank = rank(&row, &tools, run.ranker).await;
            if rated.verdict != Verdict::Right && shown < self.show {
                shown += 1;
                let Rated { verdict, decided, .. } = &rated;
                output.line(format!("{} {verdict:?}: {}\n    {decided}", row.id, row.utterance));
            }
            if let Some(file) = &mut run.each {
                writeln!(file, "{}", as_row(&row, &rated))?;
            }
            tally.add(&row.gold, rated);
        }
        if tally.is_empty() {
            bail!("{} has no rows", file.display());
        }
        Ok(tally)
    }
}

/// What one run goes through all files with.
struct Run<'a> {
    subject: Subject<'a>,
    registries: Registries,
    ranker: &'a Ranker,
    timezone: chrono_tz::Tz,
    each: Option<BufWriter<File>>,
}

/// The tools of the servers of the settings.
async fn connected(settings: &Settings, tracker: &TaskTracker) -> Arc<ToolSet> {
    let registry = Registry::start(settings.tools.clone(), tracker, CancellationToken::new());
    registry.settle(settings.tools.connect_timeout).await;
    let tools = registry.snapshot(&UserId::local()).await;
    registry.close().await;
    tools
}

/// The files' names, each with the beginning of its SHA-256.
async fn files(paths: &[PathBuf]) -> anyhow::Result<String> {
    let paths = paths.to_vec();
    let named = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<String>> {
        let named = paths.iter().map(|path| {
            let bytes = std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(format!("{name} (SHA-256 {}…)", &hex::encode(Sha256::digest(bytes))[..12]))
        });
        named.collect()
    });
    Ok(named.await??.join(" with "))
}

fn as_row(row: &Row, rated: &Rated) -> Value {
    json!({
        "id": row.id,
        "utterance": row.utterance,
        "verdict": format!("{:?}", rated.verdict),
        "decided": rated.decided,
        "confidence": rated.confidence,
        "evidence": rated.evidence,
        "milliseconds": rated.time.as_secs_f64() * 1e3,
    })
}

fn as_table(name: &str, tally: &Tally) -> String {
    let mut lines = vec![format!("{name}: {} rows", tally.len())];
    for (what, rate) in tally.rates() {
        lines.push(format!("  {what:<42} {rate}"));
    }
    for shown in SHOWN {
        if let Some(rate) = tally.recall(shown) {
            lines.push(format!("  {:<42} {rate}", format!("right tools among the {shown} best-ranked")));
        }
    }
    if let Some(balance) = tally.balance() {
        lines.push(format!("  {:<42} {balance:.1} %", "called and left alone, harmonic mean"));
    }
    for coverage in COVERAGES {
        if let Some(rate) = tally.at_coverage(coverage) {
            lines.push(format!(
                "  {:<42} {rate}",
                format!("right among the surest {:.0} %", coverage * 100.0)
            ));
        }
    }
    if let Some(error) = tally.calibration_error() {
        lines.push(format!("  {:<42} {error:.3}", "calibration error"));
    }
    let [read, cached, forced, chosen] = tally.tokens();
    lines.push(format!(
        "  {:<42} {read:.0} read ({cached:.0} remembered), {forced:.0} forced, {chosen:.0} chosen",
        "tokens of a row"
    ));
    for (what, again) in [("time of a decision", false), ("the same, its tools remembered", true)] {
        let ms = |quantile| tally.time(quantile, again).as_secs_f64() * 1e3;
        if ms(0.5) > 0.0 {
            lines.push(format!("  {what:<42} {:.0} ms p50, {:.0} ms p95", ms(0.5), ms(0.95)));
        }
    }
    lines.join("\n")
}

fn as_json(name: &str, decider: &str, tally: &Tally) -> Value {
    let rates: serde_json::Map<String, Value> =
        tally.rates().into_iter().map(|(what, rate)| (what.to_owned(), json!(rate))).collect();
    let coverage: Vec<Value> = COVERAGES
        .iter()
        .map(|coverage| json!({"coverage": coverage, "right": tally.at_coverage(*coverage)}))
        .collect();
    let [read, cached, forced, chosen] = tally.tokens();
    let ms = |quantile, again| tally.time(quantile, again).as_secs_f64() * 1e3;
    json!({
        "file": name,
        "decider": decider,
        "rows": tally.len(),
        "rates": rates,
        "coverage": coverage,
        "recall": SHOWN.map(|shown| json!({"shown": shown, "right": tally.recall(shown)})),
        "calibrationError": tally.calibration_error(),
        "tokens": {"read": read, "remembered": cached, "forced": forced, "chosen": chosen},
        "harmonicMean": tally.balance(),
        "milliseconds": {"p50": ms(0.5, false), "p95": ms(0.95, false)},
        "millisecondsAgain": {"p50": ms(0.5, true), "p95": ms(0.95, true)},
        "riskCurve": tally.risk_curve(),
    })
}
