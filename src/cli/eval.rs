//! `hark eval`: how right the planner is on rated commands.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::output::Output;
use super::{Sources, logging};
use crate::app;
use crate::eval::{Baseline, Rated, Registries, Row, Subject, Tally, Verdict, heard, rate, read};
use crate::planner::Planner;

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
    /// Rate a ranking without a model.
    #[arg(long)]
    baseline: bool,
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
        let settings = sources.settings_without_servers()?;
        logging::start_quiet(&settings)?;
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let (model, _) = app::language_model(&settings, &tracker, stop.clone())?;
        let planner = Planner::new(model, settings.planner.clone())?;
        if !self.baseline {
            planner.warm_up(stop.clone()).await;
        }
        let subject = if self.baseline { Subject::Baseline(Baseline) } else { Subject::Planner(&planner) };
        let mut each = self.rows.as_ref().map(File::create).transpose()?.map(BufWriter::new);
        let mut registries = Registries::new(self.registries.clone());
        for file in &self.files {
            let rows = read(file)?;
            let every = self.limit.map_or(1, |limit| rows.len().div_ceil(limit.max(1)).max(1));
            let mut tally = Tally::default();
            let mut shown = 0;
            for mut row in rows.into_iter().step_by(every) {
                let tools =
                    registries.tools_of(&row, self.registry.as_deref(), self.tools, &self.distractors)?;
                if self.heard {
                    row.utterance = heard(&row.utterance);
                }
                let rated = rate(&subject, &row, &tools, settings.pipeline.timezone).await;
                if rated.verdict != Verdict::Right && shown < self.show {
                    shown += 1;
                    output.line(format!(
                        "{} {:?}: {}\n    {}",
                        row.id, rated.verdict, row.utterance, rated.decided
                    ));
                }
                if let Some(file) = &mut each {
                    writeln!(file, "{}", as_row(&row, &rated))?;
                }
                tally.add(&row.gold, rated);
            }
            if tally.is_empty() {
                bail!("{} has no rows", file.display());
            }
            let name = file.file_name().context("a file has a name")?.to_string_lossy();
            let table = if self.json { as_json(&name, &tally).to_string() } else { as_table(&name, &tally) };
            output.line(table);
        }
        stop.cancel();
        tracker.close();
        tracker.wait().await;
        Ok(ExitCode::SUCCESS)
    }
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
    let ms = |quantile| tally.time(quantile).as_secs_f64() * 1e3;
    lines.push(format!("  {:<42} {:.0} ms p50, {:.0} ms p95", "time of a decision", ms(0.5), ms(0.95)));
    lines.join("\n")
}

fn as_json(name: &str, tally: &Tally) -> Value {
    let rates: serde_json::Map<String, Value> =
        tally.rates().into_iter().map(|(what, rate)| (what.to_owned(), json!(rate))).collect();
    let coverage: Vec<Value> = COVERAGES
        .iter()
        .map(|coverage| json!({"coverage": coverage, "right": tally.at_coverage(*coverage)}))
        .collect();
    let [read, cached, forced, chosen] = tally.tokens();
    json!({
        "file": name,
        "rows": tally.len(),
        "rates": rates,
        "coverage": coverage,
        "calibrationError": tally.calibration_error(),
        "tokens": {"read": read, "remembered": cached, "forced": forced, "chosen": chosen},
        "milliseconds": {"p50": tally.time(0.5).as_secs_f64() * 1e3, "p95": tally.time(0.95).as_secs_f64() * 1e3},
        "riskCurve": tally.risk_curve(),
    })
}
