//! `hark.example.toml` and `mcp.example.json` say what is true.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::fs;
use std::path::Path;

use hark::config::{AdapterChoice, Environment, LanguageModel, Places, Raw, Settings};
use hark::tools::{Transport, parse_mcp_json};
use toml::{Table, Value};

use super::home::project;

/// Keys that stand behind a `#` since they have no value that holds for everybody; all others hold as
/// they stand in the file.
const EXAMPLES: &[&str] = &[
    "timezone",
    "language",
    "speech.threads",
    "planner.act",
    "planner.look",
    "planner.ranking",
    "speech_service.base_url",
    "listening.wake",
    "listening.microphone",
    "llm.base_url",
    "llm.model",
    "llm.threads",
    "llm.model_file",
    "llm.adapter_file",
    "llm.worker",
    "planner.prompts_dir",
    "tools.mcp_config",
];

fn example() -> String {
    fs::read_to_string(project().join("hark.example.toml")).unwrap()
}

/// The file with each commented key switched on: `# key = value` and not the prose around it.
fn switched_on() -> String {
    let is_key = |line: &str| {
        let name = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    let lines = example().lines().map(str::to_owned).collect::<Vec<_>>();
    let on = lines.iter().map(|line| match line.strip_prefix("# ") {
        Some(key) if is_key(key) => key.to_owned(),
        _ => line.clone(),
    });
    on.collect::<Vec<_>>().join("\n")
}

/// All keys of a table by their full names.
fn keys(table: &Table) -> Vec<String> {
    let names = table.iter().flat_map(|(name, value)| match value {
        Value::Table(section) => section.keys().map(|key| format!("{name}.{key}")).collect(),
        _ => vec![name.clone()],
    });
    names.collect()
}

fn without(mut table: Table, names: &[&str]) -> Table {
    for name in names {
        let removed = match name.split_once('.') {
            Some((section, key)) => table.get_mut(section).and_then(Value::as_table_mut).unwrap().remove(key),
            None => table.remove(*name),
        };
        assert!(removed.is_some(), "{name} is not in the example");
    }
    table
}

/// What these settings come to on a certain machine, in words; there is no file of settings on it.
fn settings(flags: Table) -> Settings {
    let home = Path::new("/home/ada");
    let places = Places {
        working_dir: home.to_owned(),
        config_dir: home.join(".config/hark"),
        data_dir: home.join(".local/share/hark"),
    };
    let environment = Environment::of([("HOME", "/home/ada"), ("TZ", "Asia/Tokyo")]);
    Settings::load(None, flags, &environment, &places).unwrap()
}

#[test]
fn what_the_example_sets_is_what_holds_without_it() {
    let defaults = format!("{:#?}", settings(Table::new()));
    let as_it_stands: Table = toml::from_str(&example()).unwrap();
    assert_eq!(format!("{:#?}", settings(as_it_stands)), defaults);

    let all: Table = toml::from_str(&switched_on()).unwrap();
    assert_eq!(format!("{:#?}", settings(without(all, EXAMPLES))), defaults);
}

#[test]
fn every_example_in_it_can_be_switched_on() {
    let mut all: Table = toml::from_str(&switched_on()).unwrap();
    // The one that names a file that has to be there.
    all = without(all, &["tools.mcp_config"]);
    let LanguageModel::Endpoint(endpoint) = settings(all.clone()).language_model else { panic!("{all}") };
    assert_eq!(endpoint.model, "qwen3:1.7b");
    let LanguageModel::Embedded { file, adapter, program, .. } =
        settings(without(all, &["llm.base_url"])).language_model
    else {
        panic!("no endpoint is set")
    };
    assert_eq!(file.unwrap(), Path::new("/home/ada/model.gguf"));
    assert_eq!(adapter, AdapterChoice::File("/home/ada/adapter.gguf".into()));
    assert_eq!(program, Path::new("/home/ada/target/release/hark-llm"));
}

#[test]
fn figures_that_hang_on_the_model_are_told_right() {
    let told = example();
    let large = settings(toml::from_str("[planner]\nprofile = 'large'").unwrap()).planner;
    for (key, value) in [
        ("max_tools", large.max_tools.to_string()),
        ("max_tokens", large.max_tokens.to_string()),
        ("history_turns", large.history_turns.to_string()),
    ] {
        let line = told.lines().find(|line| line.starts_with(&format!("# {key} = "))).unwrap();
        assert!(line.ends_with(&format!("; {value} with \"large\"")), "{line}");
    }
}

#[test]
fn every_setting_is_in_the_example() {
    let all: Table = toml::from_str(&switched_on()).unwrap();
    // What a section knows is told when it is asked for something that it does not know.
    let known_in = |text: &str| -> Vec<String> {
        let error = toml::from_str::<Raw>(text).unwrap_err();
        let (_, known) = error.message().split_once(", expected ").expect("the known keys");
        known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut known = Vec::new();
    for name in known_in("x = 1") {
        match all.get(&name) {
            Some(Value::Table(_)) => known
                .extend(known_in(&format!("[{name}]\nx = 1")).into_iter().map(|key| format!("{name}.{key}"))),
            _ => known.push(name),
        }
    }
    let mut told = keys(&all);
    known.sort();
    told.sort();
    assert_eq!(told, known);
}

#[test]
fn the_example_of_servers_is_one() {
    let text = fs::read_to_string(project().join("mcp.example.json")).unwrap();
    let servers = parse_mcp_json(&text, |name| (name == "HOME").then(|| "/home/ada".to_owned())).unwrap();
    let is = |kind: &str| servers.iter().filter(|server| server.transport.name() == kind).count();
    assert!(is("stdio") > 0 && is("http") > 0, "both ways are shown: {servers:?}");
    assert!(
        servers
            .iter()
            .any(|server| matches!(&server.transport, Transport::Stdio { env, .. } if !env.is_empty()))
    );
}
