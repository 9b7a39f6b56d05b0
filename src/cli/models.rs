//! `hark models`: what there is, what is here, and fetching.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::json;
use toml::Table;

use super::output::Output;
use super::{Sources, logging};
use crate::models::{Catalogue, Entry, FetchProgress, FetchStage, Kind, Library, fetch};

#[derive(Args)]
pub(super) struct Models {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List all models and what is on disk.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model: resumed where it was cut off, and verified.
    Fetch {
        /// Its name in the list.
        name: String,
        /// Say nothing where it is here already.
        #[arg(long)]
        if_missing: bool,
    },
}

impl Models {
    pub(super) async fn run(self, sources: &Sources, output: &Output) -> anyhow::Result<ExitCode> {
        let settings = sources.settings(Table::new())?;
        logging::start_quiet(&settings)?;
        let catalogue = Catalogue::built_in()?;
        let library = Library::new(settings.models_dir());
        match self.verb {
            Verb::List { json } => list(&catalogue, &library, json, output),
            Verb::Fetch { name, if_missing } => {
                let Some(entry) = catalogue.find(&name) else {
                    bail!("there is no model {name:?}; `hark models list` names all");
                };
                if entry.embedded {
                    output.line(format_args!("{name} is inside the program; nothing has to be fetched"));
                    return Ok(ExitCode::SUCCESS);
                }
                if if_missing && library.is_present(entry) {
                    return Ok(ExitCode::SUCCESS);
                }
                fetch_one(entry, &library, output).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(catalogue: &Catalogue, library: &Library, as_json: bool, output: &Output) {
    for entry in catalogue.entries() {
        let kind = match entry.kind {
            Kind::Speech => "speech",
            Kind::Language => "language",
        };
        let here = library.is_present(entry);
        if as_json {
            output.json(&json!({
                "name": entry.name, "kind": kind, "here": here, "embedded": entry.embedded,
                "file": entry.file, "bytes": entry.size, "sha256": entry.sha256,
                "licence": entry.licence, "note": entry.note,
            }));
            continue;
        }
        let state = match (entry.embedded, here) {
            (true, _) => "built in",
            (false, true) => "here",
            (false, false) => "",
        };
        output.line(format_args!(
            "{:<26} {kind:<9} {:>10}  {state:<9} {}",
            entry.name,
            HumanBytes(entry.size).to_string(),
            entry.note
        ));
    }
}

async fn fetch_one(entry: &Entry, library: &Library, output: &Output) -> anyhow::Result<()> {
    let bar = ProgressBar::new(entry.size);
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar.set_message(entry.name.clone());
    let path = fetch(entry, library, |progress| show(&bar, output, &progress)).await;
    bar.finish_and_clear();
    output.line(format_args!("{} is at {}", entry.name, path?.display()));
    Ok(())
}

fn show(bar: &ProgressBar, output: &Output, progress: &FetchProgress) {
    bar.set_position(progress.done_bytes);
    let tell = |text: String| match bar.is_hidden() {
        // Without a terminal there is no bar, and still somebody may wait.
        true => output.note(text),
        false => bar.println(text),
    };
    match progress.stage {
        FetchStage::Waiting => tell("another fetch of it is under way; waiting for that".to_owned()),
        FetchStage::Asking => tell(format!("asking {}", progress.source)),
        FetchStage::Receiving | FetchStage::Done => {}
    }
}
