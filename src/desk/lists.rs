//! Lists: shopping, to do and others, in one JSON file.
//!
//! Names are compared without "the", "my" and "list", so "the shopping list" is "shopping".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Answer, Visit},
    error::{DeskError, shortened},
    spoken::{counted, joined},
    words::folded,
};

const FILE: &str = "lists.json";
const MAX_LISTS: usize = 100;
const MAX_ITEMS: usize = 500;
const MAX_ITEM_CHARS: usize = 200;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Lists {
    lists: Vec<List>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct List {
    /// Name of the list, without the word "list".
    name: String,
    /// Its items, in the order in which they were added.
    items: Vec<Item>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Item {
    /// What it says.
    text: String,
    /// Whether it was checked off.
    done: bool,
}

/// All lists.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Overview {
    /// The lists with their items.
    lists: Vec<List>,
}

/// What changed on a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Change {
    /// Name of the list.
    list: String,
    /// The items that changed.
    items: Vec<String>,
}

pub(super) fn add(visit: &mut Visit, list: &str, items: &[String]) -> Result<Answer<Change>, DeskError> {
    let key = list_key(list);
    if key.is_empty() {
        return Err(DeskError::Missing { what: "name of the list", example: "shopping" });
    }
    bounded(&key)?;
    let items = split(&key, items);
    if items.is_empty() {
        return Err(DeskError::Missing { what: "item", example: "milk" });
    }
    let mut file: Lists = visit.folder.load(FILE)?;
    let at = match file.lists.iter().position(|list| list.name == key) {
        Some(at) => at,
        None if file.lists.len() >= MAX_LISTS => {
            return Err(DeskError::Full { what: "lists", limit: MAX_LISTS });
        }
        None => {
            file.lists.push(List { name: key.clone(), items: Vec::new() });
            file.lists.len() - 1
        }
    };
    let list = &mut file.lists[at];
    let (mut added, mut there) = (Vec::new(), Vec::new());
    for text in items {
        bounded(&text)?;
        match list.items.iter_mut().find(|item| folded(&item.text) == folded(&text)) {
            Some(item) if item.done => {
                item.done = false;
                added.push(text);
            }
            Some(_) => there.push(text),
            None => {
                list.items.push(Item { text: text.clone(), done: false });
                added.push(text);
            }
        }
    }
    if list.items.len() > MAX_ITEMS {
        return Err(DeskError::Full { what: "items on this list", limit: MAX_ITEMS });
    }
    visit.folder.save(FILE, &file)?;
    let said = match (added.as_slice(), there.as_slice()) {
        ([], there) => {
            let verb = if there.len() == 1 { "is" } else { "are" };
            format!("{} {verb} already on your {key} list", joined(there))
        }
        (added, []) => format!("Added {} to your {key} list", joined(added)),
        (added, there) => {
            format!("Added {} to your {key} list; {} was already there", joined(added), joined(there))
        }
    };
    Ok(Answer::new(said, Change { list: key, items: added }))
}

pub(super) fn show(visit: &mut Visit, list: &str) -> Result<Answer<List>, DeskError> {
    let file: Lists = visit.folder.load(FILE)?;
    let list = file.lists[find(&file, list)?].clone();
    let open: Vec<String> =
        list.items.iter().filter(|item| !item.done).map(|item| item.text.clone()).collect();
    let done = list.items.len() - open.len();
    let name = &list.name;
    let said = match (open.len(), done) {
        (0, 0) => format!("Your {name} list is empty"),
        (0, done) => format!("Everything on your {name} list is done, {}", counted(done, "item")),
        (count, _) => format!("{} on your {name} list: {}", counted(count, "item"), joined(&open)),
    };
    Ok(Answer::new(said, list))
}

pub(super) fn show_all(visit: &mut Visit) -> Result<Answer<Overview>, DeskError> {
    let file: Lists = visit.folder.load(FILE)?;
    let names: Vec<String> = file
        .lists
        .iter()
        .map(|list| {
            let open = list.items.iter().filter(|item| !item.done).count();
            format!("{} with {}", list.name, counted(open, "item"))
        })
        .collect();
    let said = match names.len() {
        0 => "You have no lists".to_owned(),
        count => format!("You have {}: {}", counted(count, "list"), joined(&names)),
    };
    Ok(Answer::new(said, Overview { lists: file.lists }))
}

/// The name of each list with what its items say.
pub(super) fn contents(visit: &mut Visit) -> Result<Vec<(String, Vec<String>)>, DeskError> {
    let file: Lists = visit.folder.load(FILE)?;
    let items = |list: List| list.items.into_iter().map(|item| item.text).collect();
    Ok(file.lists.into_iter().map(|list| (list.name.clone(), items(list))).collect())
}

pub(super) fn check_off(
    visit: &mut Visit,
    list: Option<&str>,
    item: &str,
) -> Result<Answer<Change>, DeskError> {
    let mut file: Lists = visit.folder.load(FILE)?;
    let (list, at) = find_item(&file, list, item)?;
    let list = &mut file.lists[list];
    list.items[at].done = true;
    let change = Change { list: list.name.clone(), items: vec![list.items[at].text.clone()] };
    visit.folder.save(FILE, &file)?;
    Ok(Answer::new(format!("Checked off {} on your {} list", change.items[0], change.list), change))
}

pub(super) fn remove(visit: &mut Visit, list: Option<&str>, item: &str) -> Result<Answer<Change>, DeskError> {
    let mut file: Lists = visit.folder.load(FILE)?;
    let (list, at) = find_item(&file, list, item)?;
    let list = &mut file.lists[list];
    let gone = list.items.remove(at);
    let change = Change { list: list.name.clone(), items: vec![gone.text] };
    visit.folder.save(FILE, &file)?;
    Ok(Answer::new(format!("Removed {} from your {} list", change.items[0], change.list), change))
}

pub(super) fn clear(visit: &mut Visit, list: &str) -> Result<Answer<Change>, DeskError> {
    let mut file: Lists = visit.folder.load(FILE)?;
    let at = find(&file, list)?;
    let items: Vec<String> = file.lists[at].items.drain(..).map(|item| item.text).collect();
    let name = file.lists[at].name.clone();
    visit.folder.save(FILE, &file)?;
    let said = format!("Cleared your {name} list, which had {}", counted(items.len(), "item"));
    Ok(Answer::new(said, Change { list: name, items }))
}

/// "The Shopping List" is "shopping", "to-do" and "todos" are "to do".
fn list_key(said: &str) -> String {
    let name = folded(said);
    let name = name.trim_end_matches(" list").trim_start_matches("list of ");
    match name {
        "todo" | "todos" | "to dos" | "task" | "tasks" | "to do" => "to do".to_owned(),
        "list" => String::new(),
        "shop" => "shopping".to_owned(),
        name => name.to_owned(),
    }
}

/// "milk, eggs and bread" are three items. Without a comma "and" parts items on a shopping list only:
/// elsewhere it belongs to the item, as in "call mum and dad".
fn split(list: &str, items: &[String]) -> Vec<String> {
    let shopping = list.contains("shopping") || list.contains("grocer");
    let mut found = Vec::new();
    for said in items {
        let pieces: Vec<&str> = said.split([',', '\n', ';']).map(str::trim).collect();
        let several = pieces.len() > 1;
        let last = pieces.len() - 1;
        for (at, piece) in pieces.into_iter().enumerate() {
            let piece = piece.strip_prefix("and ").unwrap_or(piece);
            if shopping || (several && at == last) {
                found.extend(piece.split(" and ").map(str::to_owned));
            } else {
                found.push(piece.to_owned());
            }
        }
    }
    found
        .iter()
        .map(|item| item.trim().trim_end_matches('.').to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

fn find(file: &Lists, said: &str) -> Result<usize, DeskError> {
    let key = list_key(said);
    if key.is_empty() && file.lists.len() == 1 {
        return Ok(0);
    }
    let exact = file.lists.iter().position(|list| list.name == key);
    let mut close = file
        .lists
        .iter()
        .enumerate()
        .filter(|(_, list)| !key.is_empty() && (list.name.contains(&key) || key.contains(&list.name)));
    if let Some(at) = exact {
        return Ok(at);
    }
    if let (Some((at, _)), None) = (close.next(), close.next()) {
        return Ok(at);
    }
    let names: Vec<String> = file.lists.iter().map(|list| list.name.clone()).collect();
    let known = if names.is_empty() {
        "there are no lists yet; add something to one first".to_owned()
    } else {
        format!("the lists are {}", joined(&names))
    };
    Err(DeskError::NotFound { what: "list", said: shortened(said), known })
}

/// Where the item is: on the list that was named, or on any when none was.
fn find_item(file: &Lists, list: Option<&str>, said: &str) -> Result<(usize, usize), DeskError> {
    let wanted = folded(said);
    if wanted.is_empty() {
        return Err(DeskError::Missing { what: "item", example: "milk" });
    }
    let places: Vec<usize> = match list {
        Some(list) => vec![find(file, list)?],
        None => (0..file.lists.len()).collect(),
    };
    let all: Vec<(usize, usize, &Item)> = places
        .iter()
        .flat_map(|&list| file.lists[list].items.iter().enumerate().map(move |(at, item)| (list, at, item)))
        .collect();
    let exact: Vec<_> = all.iter().filter(|(.., item)| folded(&item.text) == wanted).collect();
    let close: Vec<_> = all.iter().filter(|(.., item)| folded(&item.text).contains(&wanted)).collect();
    match (exact.as_slice(), close.as_slice()) {
        ([(list, at, _), ..], _) | ([], [(list, at, _)]) => Ok((*list, *at)),
        ([], []) => {
            let open: Vec<String> = all.iter().take(10).map(|(.., item)| item.text.clone()).collect();
            let known = if open.is_empty() {
                "there is nothing on the list".to_owned()
            } else {
                format!("I see {}", joined(&open))
            };
            Err(DeskError::NotFound { what: "item", said: shortened(said), known })
        }
        ([], several) => {
            let texts: Vec<String> = several.iter().take(10).map(|(.., item)| item.text.clone()).collect();
            Err(DeskError::Ambiguous { what: "item", said: shortened(said), choices: joined(&texts) })
        }
    }
}

fn bounded(text: &str) -> Result<(), DeskError> {
    let found = text.chars().count();
    if found > MAX_ITEM_CHARS {
        return Err(DeskError::TooLong { what: "item", found, limit: MAX_ITEM_CHARS, unit: "characters" });
    }
    Ok(())
}
