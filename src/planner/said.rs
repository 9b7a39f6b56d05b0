//! What the person really said, as the values that a copying model may use: contiguous words, numbers,
//! and time zones by the names of their cities.
//!
//! Nothing here knows a tool or a server. The short lists of function words are English; in another
//! language nothing is trimmed, and all spans stay open to the model.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use text2num::{Language, replace_numbers_in_text};

use crate::domain::ToolSet;

/// A span has at most so many words; a longer text can still be meant as a whole.
const MAX_SPAN_WORDS: usize = 24;
/// So many spans are offered at most: a grammar of them stays small.
const MAX_SPANS: usize = 600;

/// Words that no value begins with.
const NEVER_FIRST: [&str; 14] =
    ["a", "an", "the", "and", "or", "of", "to", "that", "for", "with", "from", "called", "named", "saying"];
/// Words that no value ends with.
const NEVER_LAST: [&str; 16] = [
    "a", "an", "the", "and", "or", "of", "to", "that", "for", "with", "from", "in", "on", "at", "called",
    "named",
];
/// Words that carry no meaning of their own, so that nothing was said where only they are left.
const FUNCTION_WORDS: [&str; 64] = [
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "did", "do", "does",
    "for", "from", "get", "give", "has", "have", "how", "i", "in", "is", "it", "its", "just", "let", "like",
    "many", "me", "much", "my", "now", "of", "on", "one", "or", "our", "please", "show", "some", "tell",
    "that", "the", "their", "there", "these", "this", "to", "us", "want", "was", "we", "what", "when",
    "where", "which", "will", "with", "would", "you", "your",
];

/// The words of the command, and of earlier turns where they may matter.
#[derive(Debug)]
pub(super) struct Said {
    spans: Vec<String>,
    /// The stems of the command's words, in order; empty for a function word.
    words: Vec<BTreeSet<String>>,
    /// Which words of the command a span is made of; spans of earlier turns are not in it.
    places: Vec<(Range<usize>, usize)>,
    numbers: Vec<serde_json::Number>,
    stems: BTreeSet<String>,
    /// The person's zone first, then those whose city was said.
    zones: Vec<String>,
    clauses: usize,
}

/// What the first word of a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It says what to do ("add", "read"), so no value begins with it.
    Order,
    /// It may be anything: the command answers a question.
    Answer,
}

impl Said {
    /// Reads the command and the earlier texts.
    pub(super) fn new(command: &str, manner: Manner, earlier: &[&str], zone: chrono_tz::Tz) -> Self {
        let mut spans = Vec::new();
        let mut numbers = Vec::new();
        let mut stems_said = BTreeSet::new();
        let mut zones = vec![zone.name().to_owned()];
        let mut places = Vec::new();
        collect_spans(command, manner, &mut spans, &mut places);
        let words =
            words(command).into_iter().map(|(start, end)| stems(&command[start..end])).collect::<Vec<_>>();
        stems_said.extend(match manner {
            Manner::Answer => stems(command),
            Manner::Order => stems(command.split_once(char::is_whitespace).map_or("", |(_, rest)| rest)),
        });
        for text in earlier {
            collect_spans(text, Manner::Order, &mut spans, &mut Vec::new());
            stems_said.extend(stems(text));
        }
        for text in std::iter::once(&command).chain(earlier) {
            collect_numbers(text, &mut numbers);
            collect_zones(text, &mut zones);
        }
        Self { spans, words, places, numbers, stems: stems_said, zones, clauses: clauses(command) }
    }

    /// The contiguous words that may be a value, the command's first.
    pub(super) fn spans(&self) -> &[String] {
        &self.spans
    }

    /// Those of the command's spans that hold a word of `name` or stand beside one: who says "the
    /// shopping list" says with the argument's name where its value is. None where no word of it was
    /// said, or nothing else beside.
    pub(super) fn spans_beside(&self, name: &BTreeSet<String>) -> Option<Vec<&str>> {
        let named: Vec<usize> = (0..self.words.len())
            .filter(|index| self.words[*index].intersection(name).next().is_some())
            .collect();
        let beside: Vec<&str> = self
            .places
            .iter()
            .filter(|(place, _)| {
                let is_more =
                    place.clone().any(|index| !named.contains(&index) && !self.words[index].is_empty());
                let is_near =
                    |index: &usize| place.contains(index) || *index == place.end || index + 1 == place.start;
                is_more && named.iter().any(is_near)
            })
            .map(|(_, span)| self.spans[*span].as_str())
            .collect();
        (!beside.is_empty()).then_some(beside)
    }

    /// Those of the spans that say more than `words`, which name the tool and not what it is to be used
    /// with. None where that leaves all of them.
    pub(super) fn spans_beyond(&self, words: &BTreeSet<String>) -> Option<Vec<&str>> {
        let says_more = |span: &&str| stems(span).difference(words).next().is_some();
        let kept: Vec<&str> = self.spans.iter().map(String::as_str).filter(says_more).collect();
        (kept.len() < self.spans.len()).then_some(kept)
    }

    /// The numbers said, written as digits or as words.
    pub(super) fn numbers(&self) -> &[serde_json::Number] {
        &self.numbers
    }

    /// IANA names: the person's own zone, then those whose city was said.
    pub(super) fn zones(&self) -> &[String] {
        &self.zones
    }

    /// How many things may have been asked for: one, and one more for each joining word or mark.
    pub(super) fn clauses(&self) -> usize {
        self.clauses
    }

    /// Whether one of `words` was said, function words aside.
    pub(super) fn mentions(&self, words: &BTreeSet<String>) -> bool {
        words.intersection(&self.stems).next().is_some()
    }

    /// Whether anything was said beside `words`.
    pub(super) fn anything_beside(&self, words: &BTreeSet<String>) -> bool {
        self.stems.difference(words).next().is_some()
    }
}

/// Those of `tools` that share a word with `text` in name, description or arguments. A small model
/// picks something whatever it is shown, so it is not shown what has nothing to do with the command.
pub(super) fn related(tools: &ToolSet, text: &str) -> ToolSet {
    let said = stems(text);
    let kept = tools.tools().iter().filter(|tool| {
        let mut words = stems(&format!("{} {}", tool.name, tool.description));
        for (name, property) in tool.properties() {
            words.extend(stems(name));
            words.extend(
                property.get("description").and_then(|text| text.as_str()).map(stems).into_iter().flatten(),
            );
            let values = property.get("enum").and_then(|values| values.as_array()).into_iter().flatten();
            words.extend(values.filter_map(|value| value.as_str()).flat_map(stems));
        }
        words.intersection(&said).next().is_some()
    });
    ToolSet::new(kept.cloned().collect(), tools.rejected().to_vec())
}

/// The stems of a text's meaningful words. Names in snake case, kebab case and camel case come apart.
pub(super) fn stems(text: &str) -> BTreeSet<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut last_was_lower = false;
    for character in text.chars() {
        let starts_new = character.is_uppercase() && last_was_lower;
        if (!character.is_alphanumeric() || starts_new) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        last_was_lower = character.is_lowercase();
    }
    words.push(word);
    words
        .into_iter()
        .filter(|word| !word.is_empty() && !FUNCTION_WORDS.contains(&word.as_str()))
        .map(|word| stem(&word))
        .collect()
}

/// Cuts the endings of plurals and of verbs, well enough to compare two words.
fn stem(word: &str) -> String {
    let mut stemmed = word.to_owned();
    for (ending, replacement) in [("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")] {
        if let Some(start) = word.strip_suffix(ending)
            && start.len() >= 3
            && !(ending == "s" && start.ends_with('s'))
        {
            stemmed = format!("{start}{replacement}");
            break;
        }
    }
    // As in "create" and "created".
    if stemmed.len() > 4 && stemmed.ends_with('e') {
        stemmed.pop();
    }
    stemmed
}

fn bare(word: &str) -> String {
    word.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase()
}

/// The words of a text as places in it, without the marks around them; marks that open a path stay.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        // `split_whitespace` gives parts of `text`, so the distance of the addresses is the place.
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let kept = word.trim_start_matches(['"', '\'', '(', '[', '{', '“', '‘', ',', ';', ':', '!', '?']);
        let start = start + word.len() - kept.len();
        let kept = kept.trim_end_matches(['"', '\'', ')', ']', '}', '”', '’', ',', ';', ':', '!', '?', '.']);
        if !kept.is_empty() {
            found.push((start, start + kept.len()));
        }
    }
    found
}

/// Collects the spans of a text, and in `places` the words that each is made of.
fn collect_spans(
    text: &str,
    manner: Manner,
    spans: &mut Vec<String>,
    places: &mut Vec<(Range<usize>, usize)>,
) {
    let words = words(text);
    let quoted = quoted(text);
    let mut seen: BTreeSet<String> = spans.iter().cloned().collect();
    let mut add = |span: &str, spans: &mut Vec<String>| {
        let is_new = spans.len() < MAX_SPANS && seen.insert(span.to_owned());
        if is_new {
            spans.push(span.to_owned());
        }
        is_new
    };
    for span in quoted {
        add(span, spans);
    }
    for length in 1..=words.len().min(MAX_SPAN_WORDS) {
        for (index, window) in words.windows(length).enumerate() {
            let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
            let first_word = bare(&text[first.0..first.1]);
            let is_order = manner == Manner::Order && first.0 == words[0].0 && words.len() > 1;
            let ends_badly = NEVER_LAST.contains(&bare(&text[last.0..last.1]).as_str());
            let next = words.get(index + length).map(|next| &text[next.0..next.1]);
            let is_torn = next.is_some_and(|next| is_torn(&text[last.0..last.1], next));
            let may_be = !is_order && !ends_badly && !is_torn && !NEVER_FIRST.contains(&first_word.as_str());
            if may_be && add(&text[first.0..last.1], spans) {
                places.push((index..index + length, spans.len() - 1));
            }
        }
    }
    // A dictated text may be longer than any span: from each early word to the end.
    if let Some(last) = words.last() {
        for first in words.iter().skip(usize::from(manner == Manner::Order)).take(12) {
            if !NEVER_FIRST.contains(&bare(&text[first.0..first.1]).as_str()) {
                add(&text[first.0..last.1], spans);
            }
        }
    }
}

/// A number belongs to the word that it counts or measures: "10 minutes" is one value, "10" is none.
/// As an argument that is a number it is offered all the same, by itself.
fn is_torn(last: &str, next: &str) -> bool {
    let is_number = last.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','));
    let next = bare(next);
    is_number && !FUNCTION_WORDS.contains(&next.as_str()) && next.chars().all(char::is_alphabetic)
}

/// What stands between quotation marks is meant word for word.
fn quoted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (open, close) in [('"', '"'), ('“', '”')] {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once(open) {
            let Some((inner, behind)) = after.split_once(close) else { break };
            if !inner.trim().is_empty() {
                found.push(inner.trim());
            }
            rest = behind;
        }
    }
    found
}

fn collect_numbers(text: &str, numbers: &mut Vec<serde_json::Number>) {
    let digits = replace_numbers_in_text(text, &*ENGLISH, 0.0);
    for source in [text, digits.as_str()] {
        for word in
            source.split(|character: char| !(character.is_ascii_digit() || matches!(character, '.' | '-')))
        {
            let word = word.trim_matches('.');
            let number = match word.parse::<i64>() {
                Ok(whole) => Some(serde_json::Number::from(whole)),
                Err(_) => word.parse::<f64>().ok().and_then(serde_json::Number::from_f64),
            };
            if let Some(number) = number
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
    }
}

fn collect_zones(text: &str, zones: &mut Vec<String>) {
    let said = format!(" {} ", text.split_whitespace().map(bare).collect::<Vec<_>>().join(" "));
    for (city, name) in CITIES.iter() {
        if said.contains(city.as_str()) && !zones.iter().any(|known| known == name) {
            zones.push((*name).to_owned());
        }
    }
}

static ENGLISH: LazyLock<Language> = LazyLock::new(Language::english);

/// The city of each zone in lower case with a blank on either side, and the zone.
static CITIES: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let with_city = names.filter_map(|name| Some((name.rsplit_once('/')?.1, name)));
    with_city.map(|(city, name)| (format!(" {} ", city.replace('_', " ").to_lowercase()), name)).collect()
});

fn clauses(command: &str) -> usize {
    let mut joins = 0;
    let mut was_join = true;
    for word in command.split_whitespace() {
        let is_word = matches!(bare(word).as_str(), "and" | "then" | "also" | "plus");
        // A comma before "and", and the two words of "and then", join once.
        joins += usize::from(is_word && !was_join);
        was_join = is_word || word.ends_with([',', ';']);
        joins += usize::from(was_join && !is_word);
    }
    1 + joins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str) -> Said {
        Said::new(command, Manner::Order, &[], chrono_tz::Europe::Berlin)
    }

    #[test]
    fn spans_are_contiguous_words_without_edges_that_no_value_has() {
        assert_eq!(
            said("Add oat milk to the list.").spans(),
            ["oat", "milk", "list", "oat milk", "milk to the list", "oat milk to the list"]
        );
        let answer = Said::new("Oat milk", Manner::Answer, &[], chrono_tz::UTC);
        assert_eq!(answer.spans(), ["Oat", "milk", "Oat milk"]);
        assert!(said("read ./notes/todo.txt, please").spans().contains(&"./notes/todo.txt".to_owned()));
        assert_eq!(said("wait 10 minutes").spans(), ["minutes", "10 minutes"]);
        assert!(said("turn it to 10 please").spans().contains(&"10".to_owned()));
        assert!(said("write \"to be, or not\" down").spans().contains(&"to be, or not".to_owned()));
    }

    #[test]
    fn a_value_stands_beside_the_name_of_its_argument() {
        let said = said("add milk to the shopping list");
        let list = said.spans_beside(&stems("list")).expect("spans");
        assert_eq!(list, ["shopping", "shopping list", "milk to the shopping", "milk to the shopping list"]);
        assert_eq!(said.spans_beside(&stems("item")), None);
    }

    #[test]
    fn numbers_are_read_from_digits_and_words() {
        let numbers = |text| said(text).numbers().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(numbers("a timer for twenty five minutes"), ["25"]);
        assert_eq!(numbers("add 3.5 and -2 or seven"), ["3.5", "-2", "7"]);
        assert_eq!(numbers("no number here"), Vec::<String>::new());
    }

    #[test]
    fn zones_come_from_cities() {
        assert_eq!(said("what time is it in New York?").zones(), ["Europe/Berlin", "America/New_York"]);
    }

    #[test]
    fn words_are_compared_by_stem_and_function_words_do_not_count() {
        assert_eq!(stems("list_dirs with createdNotes"), stems("lists the dir, create note"));
        let only_orders = said("please add the list");
        assert!(!only_orders.anything_beside(&stems("add_list")));
        assert!(only_orders.mentions(&stems("lists")));
    }

    #[test]
    fn long_texts_stay_bounded() {
        let long = "word ".repeat(800).replace("word", "w0rd x");
        assert!(said(&long).spans().len() <= MAX_SPANS);
    }

    #[test]
    fn joined_orders_are_counted() {
        assert_eq!(said("add milk").clauses(), 1);
        assert_eq!(said("add milk, and then set a timer and stop").clauses(), 3);
    }
}
