//! The contiguous words of a command that may be a value, and which of them fit an argument.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Manner;
use super::stems::{FUNCTION_WORDS, bare, stems};

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

/// Words that a phrase for one thing begins with.
const DETERMINERS: [&str; 12] =
    ["a", "an", "the", "my", "your", "our", "his", "her", "their", "this", "that", "its"];
/// Words that a phrase follows.
const PREPOSITIONS: [&str; 10] = ["to", "on", "in", "from", "of", "for", "with", "at", "into", "onto"];
/// A phrase for one thing has at most so many words.
const MAX_PHRASE_WORDS: usize = 6;

/// The spans of a command, and after them those of earlier turns.
#[derive(Debug)]
pub(super) struct Spans {
    texts: Vec<String>,
    seen: BTreeSet<String>,
    command: String,
    /// Where its words stand in it.
    words: Vec<Range<usize>>,
    /// Nothing in the command tells which span is meant: it answers a question and is itself the value,
    /// or the person has put the value between quotation marks.
    is_plain: bool,
}

impl Spans {
    pub(super) fn of(command: &str, manner: Manner) -> Self {
        let mut spans = Self {
            texts: Vec::new(),
            seen: BTreeSet::new(),
            command: command.to_owned(),
            words: words(command).into_iter().map(|(start, end)| start..end).collect(),
            is_plain: manner != Manner::Order || !quoted(command).is_empty(),
        };
        spans.collect(command, manner);
        spans
    }

    /// Adds what was said in an earlier turn.
    pub(super) fn add_earlier(&mut self, text: &str, manner: Manner) {
        self.collect(text, if manner == Manner::Any { Manner::Any } else { Manner::Order });
    }

    /// All of them, the command's first.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// What stands before a word of `name`, without and with that word, back to where its phrase begins:
    /// who says "to the shopping list" says with the argument's name where its value is. None where no
    /// word of it was said, or nothing stands before it.
    pub(super) fn beside(&self, name: &BTreeSet<String>) -> Option<Vec<&str>> {
        if self.is_plain {
            return None;
        }
        let is_named = |index: &usize| stems(self.word(*index)).intersection(name).next().is_some();
        let phrases = (0..self.words.len()).filter(is_named).filter_map(|named| {
            let first = self.phrase_start(named).filter(|first| *first < named)?;
            let start = self.words[first].start;
            Some([named - 1, named].map(|last| &self.command[start..self.words[last].end]))
        });
        let beside: Vec<&str> = phrases.flatten().collect();
        (!beside.is_empty()).then_some(beside)
    }

    /// Where the phrase begins that the word at `end` is part of: behind the last word like "the" or "my"
    /// before it, else behind the last one like "to" or "on".
    fn phrase_start(&self, end: usize) -> Option<usize> {
        let last_of = |kinds: &[&str]| {
            (0..end)
                .rev()
                .take(MAX_PHRASE_WORDS)
                .find(|index| kinds.contains(&bare(self.word(*index)).as_str()))
        };
        last_of(&DETERMINERS).or_else(|| last_of(&PREPOSITIONS)).map(|boundary| boundary + 1)
    }

    fn word(&self, index: usize) -> &str {
        &self.command[self.words[index].clone()]
    }

    /// Those that say more than `words`, which name the tool and not what it is to be used with. None
    /// where that leaves all of them.
    pub(super) fn beyond(&self, words: &BTreeSet<String>) -> Option<Vec<&str>> {
        if self.is_plain {
            return None;
        }
        let says_more = |span: &&str| stems(span).difference(words).next().is_some();
        let kept: Vec<&str> = self.texts.iter().map(String::as_str).filter(says_more).collect();
        (kept.len() < self.texts.len()).then_some(kept)
    }

    /// Adds the spans of a text.
    fn collect(&mut self, text: &str, manner: Manner) {
        let words = words(text);
        for span in quoted(text) {
            self.add(span);
        }
        for length in 1..=words.len().min(MAX_SPAN_WORDS) {
            for (index, window) in words.windows(length).enumerate() {
                let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
                let first_word = bare(&text[first.0..first.1]);
                let is_order = manner == Manner::Order && index == 0 && words.len() > 1;
                let ends_badly = NEVER_LAST.contains(&bare(&text[last.0..last.1]).as_str());
                let next = words.get(index + length).map(|next| &text[next.0..next.1]);
                let is_torn = next.is_some_and(|next| is_torn(&text[last.0..last.1], next));
                let may_be =
                    !is_order && !ends_badly && !is_torn && !NEVER_FIRST.contains(&first_word.as_str());
                if may_be || manner == Manner::Any {
                    self.add(&text[first.0..last.1]);
                }
            }
        }
        // A dictated text may be longer than any span: from each early word to the end.
        if let Some(last) = words.last() {
            for first in words.iter().skip(usize::from(manner == Manner::Order)).take(12) {
                let first_word = bare(&text[first.0..first.1]);
                if manner == Manner::Any || !NEVER_FIRST.contains(&first_word.as_str()) {
                    self.add(&text[first.0..last.1]);
                }
            }
        }
    }

    fn add(&mut self, span: &str) {
        if self.texts.len() < MAX_SPANS && self.seen.insert(span.to_owned()) {
            self.texts.push(span.to_owned());
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(command: &str) -> Spans {
        Spans::of(command, Manner::Order)
    }

    #[test]
    fn spans_are_contiguous_words_without_edges_that_no_value_has() {
        assert_eq!(
            spans("Add oat milk to the list.").texts(),
            ["oat", "milk", "list", "oat milk", "milk to the list", "oat milk to the list"]
        );
        assert_eq!(Spans::of("Oat milk", Manner::Answer).texts(), ["Oat", "milk", "Oat milk"]);
        assert!(spans("read ./notes/todo.txt, please").texts().contains(&"./notes/todo.txt".to_owned()));
        assert_eq!(spans("wait 10 minutes").texts(), ["minutes", "10 minutes"]);
        assert!(spans("turn it to 10 please").texts().contains(&"10".to_owned()));
        assert!(spans("write \"to be, or not\" down").texts().contains(&"to be, or not".to_owned()));
    }

    #[test]
    fn a_value_stands_beside_the_name_of_its_argument() {
        let said = spans("add milk to the shopping list");
        assert_eq!(said.beside(&stems("list")), Some(vec!["shopping", "shopping list"]));
        assert_eq!(said.beside(&stems("item")), None);
        let said = spans("add sharpen the knives to my to do list, please");
        assert_eq!(said.beside(&stems("list")), Some(vec!["to do", "to do list"]));
        let said = spans("put bread on list");
        assert_eq!(said.beside(&stems("list")), None, "nothing stands between");
    }

    #[test]
    fn words_that_name_the_tool_are_no_values() {
        let said = spans("what time is it in Tokyo");
        let kept = said.beyond(&stems("current_time")).expect("fewer");
        assert!(kept.contains(&"Tokyo") && !kept.contains(&"time"), "{kept:?}");
    }

    #[test]
    fn an_answer_and_quoted_words_may_be_anything() {
        let answer = Spans::of("time list", Manner::Answer);
        assert_eq!((answer.beside(&stems("list")), answer.beyond(&stems("time list"))), (None, None));
        let quoted = spans("put milk on the \"to do\" list");
        assert_eq!(quoted.beside(&stems("list")), None);
        assert_eq!(quoted.texts()[0], "to do");
    }

    #[test]
    fn long_texts_stay_bounded() {
        let long = "word ".repeat(800).replace("word", "w0rd x");
        assert!(spans(&long).texts().len() <= MAX_SPANS);
    }
}
