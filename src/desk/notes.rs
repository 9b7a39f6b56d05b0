//! Notes: Markdown files, one a note, the title as their first heading.
//!
//! No path is ever made from what a person says: a new file's name is made of letters and digits
//! only, and an old one is found by listing the folder and comparing titles.

use std::fs;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::{Answer, Visit},
    error::{DeskError, shortened},
    folder::{Folder, fault},
    spoken::{counted, joined},
    words::folded,
};

const DIR: &str = "notes";
const MAX_NOTES: usize = 2000;
const MAX_TITLE_CHARS: usize = 120;
const MAX_NOTE_CHARS: usize = 50_000;

/// One note.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Note {
    /// Title of the note.
    title: String,
    /// Text of the note, Markdown.
    text: String,
    /// File name inside the notes folder.
    file: String,
}

/// Titles of notes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Titles {
    /// The titles in alphabetical order.
    titles: Vec<String>,
}

/// Notes that contain the words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Found {
    /// The notes, at most 20.
    matches: Vec<Excerpt>,
}

/// Part of a note.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Excerpt {
    /// Title of the note.
    title: String,
    /// The first line that contains a word of the query.
    line: String,
}

pub(super) fn add(visit: &mut Visit, title: Option<&str>, text: &str) -> Result<Answer<Note>, DeskError> {
    let text = text.trim();
    if text.is_empty() && title.is_none() {
        return Err(DeskError::Missing { what: "text of the note", example: "the plumber comes on Monday" });
    }
    bounded("note", text, MAX_NOTE_CHARS)?;
    let title = title.map_or_else(|| first_words(text), |title| title.trim().to_owned());
    bounded("title", &title, MAX_TITLE_CHARS)?;
    let notes = all(visit)?;
    if notes.len() >= MAX_NOTES {
        return Err(DeskError::Full { what: "notes", limit: MAX_NOTES });
    }
    let title = unused(&one_line(&title), &notes);
    let mut file = file_name(&title);
    for number in 2.. {
        if !visit.folder.path().join(DIR).join(&file).exists() {
            break;
        }
        file = format!("{}-{number}.md", file_name(&title).trim_end_matches(".md"));
    }
    let note = Note { title, text: text.to_owned(), file };
    write(visit, &note)?;
    Ok(Answer::new(format!("Saved the note \"{}\"", note.title), note))
}

pub(super) fn list(visit: &mut Visit) -> Result<Answer<Titles>, DeskError> {
    let titles: Vec<String> = all(visit)?.into_iter().map(|note| note.title).collect();
    let said = match titles.len() {
        0 => "You have no notes".to_owned(),
        count if count <= 10 => format!("You have {}: {}", counted(count, "note"), joined(&titles)),
        count => format!("You have {}, among them {}", counted(count, "note"), joined(&titles[..10])),
    };
    Ok(Answer::new(said, Titles { titles }))
}

pub(super) fn read(visit: &mut Visit, title: &str) -> Result<Answer<Note>, DeskError> {
    let note = find(visit, title)?;
    let said = if note.text.is_empty() {
        format!("The note \"{}\" is empty", note.title)
    } else {
        format!("{}: {}", note.title, note.text)
    };
    Ok(Answer::new(said, note))
}

pub(super) fn search(visit: &mut Visit, query: &str) -> Result<Answer<Found>, DeskError> {
    let wanted: Vec<String> =
        folded(query).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if wanted.is_empty() {
        return Err(DeskError::Missing { what: "words to look for", example: "plumber" });
    }
    let mut scored: Vec<(usize, Excerpt)> = all(visit)?
        .into_iter()
        .filter_map(|note| {
            let whole = folded(&format!("{} {}", note.title, note.text));
            let hits = wanted.iter().filter(|word| whole.contains(word.as_str())).count();
            let line = note.text.lines().find(|line| {
                let line = folded(line);
                wanted.iter().any(|word| line.contains(word.as_str()))
            });
            let line = shortened(line.unwrap_or_else(|| note.text.lines().next().unwrap_or_default()));
            (hits > 0).then_some((hits, Excerpt { title: note.title, line }))
        })
        .collect();
    scored.sort_by_key(|one| std::cmp::Reverse(one.0));
    scored.truncate(20);
    let matches: Vec<Excerpt> = scored.into_iter().map(|(_, found)| found).collect();
    let titles: Vec<String> = matches.iter().map(|found| found.title.clone()).collect();
    let said = match matches.as_slice() {
        [] => format!("No note mentions {}", shortened(query)),
        [one] => format!("I found it in the note \"{}\": {}", one.title, one.line),
        several => format!("{} mention it: {}", counted(several.len(), "note"), joined(&titles)),
    };
    Ok(Answer::new(said, Found { matches }))
}

pub(super) fn append(visit: &mut Visit, title: &str, text: &str) -> Result<Answer<Note>, DeskError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DeskError::Missing { what: "text to add", example: "call back on Friday" });
    }
    let mut note = find(visit, title)?;
    if !note.text.is_empty() {
        note.text.push('\n');
    }
    note.text.push_str(text);
    bounded("note", &note.text, MAX_NOTE_CHARS)?;
    write(visit, &note)?;
    Ok(Answer::new(format!("Added that to the note \"{}\"", note.title), note))
}

pub(super) fn delete(visit: &mut Visit, title: &str) -> Result<Answer<Note>, DeskError> {
    let note = find(visit, title)?;
    visit.folder.remove(&format!("{DIR}/{}", note.file))?;
    Ok(Answer::new(format!("Deleted the note \"{}\"", note.title), note))
}

fn write(visit: &Visit, note: &Note) -> Result<(), DeskError> {
    Folder::create(&visit.folder.path().join(DIR))?;
    visit.folder.write(&format!("{DIR}/{}", note.file), &format!("# {}\n\n{}\n", note.title, note.text))
}

/// All notes by title; links and other things in the folder are no notes.
fn all(visit: &Visit) -> Result<Vec<Note>, DeskError> {
    let dir = visit.folder.path().join(DIR);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(reason) if reason.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(fault("list", &dir)(source)),
    };
    let mut notes = Vec::new();
    for entry in entries.take(2 * MAX_NOTES) {
        let entry = entry.map_err(fault("list", &dir))?;
        let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        let Ok(file) = entry.file_name().into_string() else { continue };
        if !plain || !file.ends_with(".md") || file.starts_with('.') {
            continue;
        }
        let Some(bytes) = visit.folder.read(&format!("{DIR}/{file}"))? else { continue };
        notes.push(parsed(file, &String::from_utf8_lossy(&bytes)));
    }
    notes.sort_by_key(|note| note.title.to_lowercase());
    Ok(notes)
}

/// A person's own Markdown file without a heading is called after its file.
fn parsed(file: String, text: &str) -> Note {
    let (title, text) = match text.trim_start().strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').unwrap_or((rest, "")),
        None => (file.trim_end_matches(".md"), text),
    };
    Note { title: title.trim().to_owned(), text: text.trim().to_owned(), file }
}

fn find(visit: &Visit, said: &str) -> Result<Note, DeskError> {
    let wanted = folded(said);
    let wanted = wanted.trim_start_matches("note about ").trim_end_matches(" note");
    if wanted.is_empty() {
        return Err(DeskError::Missing { what: "title of the note", example: "plumber" });
    }
    let notes = all(visit)?;
    let exact = notes.iter().find(|note| folded(&note.title) == wanted);
    let close: Vec<&Note> = notes
        .iter()
        .filter(|note| wanted.split(' ').all(|word| folded(&note.title).contains(word)))
        .collect();
    match (exact, close.as_slice()) {
        (Some(note), _) => Ok(note.clone()),
        (None, [note]) => Ok((*note).clone()),
        (None, []) => {
            let titles: Vec<String> = notes.iter().take(10).map(|note| note.title.clone()).collect();
            let known = if titles.is_empty() {
                "there are no notes yet".to_owned()
            } else {
                format!("the notes are {}", joined(&titles))
            };
            Err(DeskError::NotFound { what: "note", said: shortened(said), known })
        }
        (None, several) => {
            let titles: Vec<String> = several.iter().take(10).map(|note| note.title.clone()).collect();
            Err(DeskError::Ambiguous { what: "note", said: shortened(said), choices: joined(&titles) })
        }
    }
}

fn unused(title: &str, notes: &[Note]) -> String {
    let taken = |title: &str| notes.iter().any(|note| folded(&note.title) == folded(title));
    if !taken(title) {
        return title.to_owned();
    }
    (2..).map(|number| format!("{title} {number}")).find(|title| !taken(title)).unwrap_or_default()
}

/// Letters and digits of the title in lower case, hyphens between, at most 60 characters.
fn file_name(title: &str) -> String {
    let plain: String =
        title.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let name: String = plain.split_whitespace().collect::<Vec<_>>().join("-").chars().take(60).collect();
    let name = name.trim_end_matches('-');
    format!("{}.md", if name.is_empty() { "note" } else { name })
}

fn first_words(text: &str) -> String {
    one_line(&text.split_whitespace().take(6).collect::<Vec<_>>().join(" "))
        .chars()
        .take(MAX_TITLE_CHARS)
        .collect()
}

fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches(['#', ' ']).to_owned()
}

fn bounded(what: &'static str, text: &str, limit: usize) -> Result<(), DeskError> {
    let found = text.chars().count();
    if found > limit { Err(DeskError::TooLong { what, found, limit, unit: "characters" }) } else { Ok(()) }
}
