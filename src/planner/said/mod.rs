//! What the person really said, as the values that a copying model may use: contiguous words, numbers,
//! and time zones by the names of their cities.
//!
//! Nothing here knows a tool or a server. The short lists of function words are English; in another
//! language nothing is trimmed, and all spans stay open to the model.

mod numbers;
mod spans;
mod stems;

use std::collections::BTreeSet;
use std::sync::LazyLock;

pub(super) use stems::{related, stems};

use spans::Spans;
use stems::bare;

/// The words of the command, and of earlier turns where they may matter.
#[derive(Debug)]
pub(super) struct Said {
    /// The command, then the earlier texts.
    texts: Vec<String>,
    spans: Spans,
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
    /// Any words may be a value: the model was trained to know which.
    Any,
}

impl Said {
    /// Reads the command and the earlier texts.
    pub(super) fn new(command: &str, manner: Manner, earlier: &[&str], zone: chrono_tz::Tz) -> Self {
        let mut spans = Spans::of(command, manner);
        let mut numbers = Vec::new();
        let mut zones = vec![zone.name().to_owned()];
        let mut stems_said = match manner {
            Manner::Answer | Manner::Any => stems(command),
            Manner::Order => stems(command.split_once(char::is_whitespace).map_or("", |(_, rest)| rest)),
        };
        for text in earlier {
            spans.add_earlier(text, manner);
            stems_said.extend(stems(text));
        }
        for text in std::iter::once(&command).chain(earlier) {
            let new: Vec<_> = numbers::said(text).into_iter().filter(|one| !numbers.contains(one)).collect();
            numbers.extend(new);
            collect_zones(text, &mut zones);
        }
        let texts = std::iter::once(&command).chain(earlier).map(|text| (*text).to_owned()).collect();
        Self { texts, spans, numbers, stems: stems_said, zones, clauses: clauses(command).len().max(1) }
    }

    /// The contiguous words that may be a value, the command's first.
    pub(super) fn spans(&self) -> &[String] {
        self.spans.texts()
    }

    /// The spans beside the words of an argument's `name`, where that was said; see [`Spans::beside`].
    pub(super) fn spans_beside(&self, name: &BTreeSet<String>) -> Option<Vec<&str>> {
        self.spans.beside(name)
    }

    /// The spans that say more than a tool's own `words`, where that is not all; see [`Spans::beyond`].
    pub(super) fn spans_beyond(&self, words: &BTreeSet<String>) -> Option<Vec<&str>> {
        self.spans.beyond(words)
    }

    /// The numbers said, written as digits or as words.
    pub(super) fn numbers(&self) -> &[serde_json::Number] {
        &self.numbers
    }

    /// Whether a number was said, or follows from how it was said ("half an hour" in minutes).
    pub(super) fn accounts_for(&self, number: f64) -> bool {
        self.texts.iter().any(|text| numbers::accounts_for(text, number))
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

fn collect_zones(text: &str, zones: &mut Vec<String>) {
    let said = format!(" {} ", text.split_whitespace().map(bare).collect::<Vec<_>>().join(" "));
    for (city, name) in CITIES.iter() {
        if said.contains(city.as_str()) && !zones.iter().any(|known| known == name) {
            zones.push((*name).to_owned());
        }
    }
}

/// The city of each zone in lower case with a blank on either side, and the zone.
static CITIES: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let with_city = names.filter_map(|name| Some((name.rsplit_once('/')?.1, name)));
    with_city.map(|(city, name)| (format!(" {} ", city.replace('_', " ").to_lowercase()), name)).collect()
});

/// The parts between joining words and marks. A comma before "and", and the two words of "and then", join once.
pub(super) fn clauses(command: &str) -> Vec<String> {
    let mut parts = vec![Vec::new()];
    for word in command.split_whitespace() {
        let is_join = matches!(bare(word).as_str(), "and" | "then" | "also" | "plus");
        let is_last = is_join || word.ends_with([',', ';']);
        if let (false, Some(part)) = (is_join, parts.last_mut()) {
            part.push(word.trim_end_matches([',', ';']));
        }
        if is_last && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(Vec::new());
        }
    }
    parts.iter().filter(|part| !part.is_empty()).map(|part| part.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str) -> Said {
        Said::new(command, Manner::Order, &[], chrono_tz::Europe::Berlin)
    }

    #[test]
    fn zones_come_from_cities() {
        assert_eq!(said("what time is it in New York?").zones(), ["Europe/Berlin", "America/New_York"]);
    }

    #[test]
    fn function_words_do_not_count() {
        let only_orders = said("please add the list");
        assert!(!only_orders.anything_beside(&stems("add_list")));
        assert!(only_orders.mentions(&stems("lists")));
    }

    #[test]
    fn joined_orders_are_counted() {
        assert_eq!(said("add milk").clauses(), 1);
        assert_eq!(said("add milk, and then set a timer and stop").clauses(), 3);
    }
}
