//! Words as they are compared: without endings, function words aside.

use std::collections::BTreeSet;

use crate::domain::ToolSet;

/// Words that carry no meaning of their own, so that nothing was said where only they are left.
pub(super) const FUNCTION_WORDS: [&str; 64] = [
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "did", "do", "does",
    "for", "from", "get", "give", "has", "have", "how", "i", "in", "is", "it", "its", "just", "let", "like",
    "many", "me", "much", "my", "now", "of", "on", "one", "or", "our", "please", "show", "some", "tell",
    "that", "the", "their", "there", "these", "this", "to", "us", "want", "was", "we", "what", "when",
    "where", "which", "will", "with", "would", "you", "your",
];

/// Those of `tools` that share a word with `text` in name, description or arguments. A small model
/// picks something whatever it is shown, so it is not shown what has nothing to do with the command.
pub(in crate::planner) fn related(tools: &ToolSet, text: &str) -> ToolSet {
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
pub(in crate::planner) fn stems(text: &str) -> BTreeSet<String> {
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

/// A word in lower case without the marks around it.
pub(super) fn bare(word: &str) -> String {
    word.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::stems;

    #[test]
    fn names_come_apart_and_endings_do_not_count() {
        assert_eq!(stems("list_dirs with createdNotes"), stems("lists the dir, create note"));
    }
}
