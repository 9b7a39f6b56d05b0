//! The rules of the house that a compiler does not keep: which room may use which, and tidiness.

use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms that it may use. Arrows go down this list, or to `domain`.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("phrases", &["domain"]),
    ("audio", &["domain", "phrases"]),
    ("speech", &["domain", "phrases", "audio"]),
    ("voice", &[]),
    ("models", &["domain"]),
    ("llm", &["domain"]),
    ("tools", &["domain", "phrases"]),
    ("desk", &["domain"]),
    ("planner", &["domain", "phrases", "tools", "llm"]),
    ("policy", &["domain", "phrases"]),
    ("eval", &["domain", "llm", "tools", "planner"]),
    ("progress", &["domain"]),
    ("store", &["domain"]),
    ("executor", &["domain", "phrases", "tools", "store", "progress"]),
    (
        "pipeline",
        &[
            "domain", "phrases", "audio", "speech", "tools", "planner", "policy", "executor", "progress",
            "store",
        ],
    ),
    ("listening", &["domain", "phrases", "audio", "speech", "voice", "progress", "pipeline"]),
    (
        "config",
        &[
            "domain",
            "phrases",
            "audio",
            "speech",
            "voice",
            "models",
            "llm",
            "tools",
            "desk",
            "planner",
            "policy",
            "executor",
            "progress",
            "store",
            "pipeline",
            "listening",
        ],
    ),
    (
        "app",
        &[
            "domain", "phrases", "audio", "speech", "models", "llm", "tools", "planner", "executor",
            "progress", "store", "pipeline", "config",
        ],
    ),
    (
        "api",
        &[
            "domain",
            "phrases",
            "audio",
            "speech",
            "llm",
            "tools",
            "progress",
            "store",
            "pipeline",
            "listening",
            "app",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "audio",
            "speech",
            "voice",
            "models",
            "llm",
            "tools",
            "desk",
            "planner",
            "eval",
            "progress",
            "store",
            "pipeline",
            "listening",
            "config",
            "app",
            "api",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without comments, so that a doc link is no arrow.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn rooms_used(code: &str) -> Vec<String> {
    let name_at = |rest: &str| -> String {
        rest.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect()
    };
    code.match_indices("crate::")
        .map(|(at, _)| &code[at + "crate::".len()..])
        .flat_map(|rest| match rest.strip_prefix('{') {
            // `use crate::{audio::X, speech::Y}`
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .map(|item| name_at(item.trim()))
                .collect::<Vec<_>>(),
            None => vec![name_at(rest)],
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn arrows_go_down_the_table_only() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let room = room_of(&file);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{} is in a room that the table does not know", file.display()));
            continue;
        };
        for used in rooms_used(&code_of(&file)) {
            if used != room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that go up:\n{}", wrong.join("\n"));
}

#[test]
fn only_config_reads_the_environment() {
    let readers = ["env::var", "env::vars", "env::set_var", "env::remove_var"];
    let wrong: Vec<_> = rust_files(&root().join("src"))
        .into_iter()
        .filter(|file| room_of(file) != "config")
        .filter(|file| readers.iter().any(|call| code_of(file).contains(call)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} read the environment");
}

#[test]
fn every_file_says_what_it_is_for_and_none_grows_past_bounds() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "llm-worker"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("a source file");
            if !text.starts_with("//!") {
                wrong.push(format!("{} has no prologue", file.display()));
            }
            let lines = text.lines().count();
            if lines > 600 {
                wrong.push(format!("{} has {lines} lines; part it by nouns", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_test_is_left_out() {
    let marks = [
        concat!("#[ig", "nore"),
        concat!("#[should", "_panic"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
    ];
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "llm-worker"] {
        for file in rust_files(&root().join(folder)) {
            let code = code_of(&file);
            for mark in marks {
                if code.contains(mark) {
                    wrong.push(format!("{} has {mark}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
