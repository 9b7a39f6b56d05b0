//! Tools whose names look like those of another server. A person who reads the one may mean the other,
//! and so may a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use strsim::damerau_levenshtein;
use unicode_security::confusable_detection::skeleton;

use crate::domain::{Tool, ToolName, Trust};

/// Shorter names are alike by chance.
const SHORTEST: usize = 6;

/// What is suspicious of each such tool. Of two that are alike, it is the less trusted one, and of two
/// that are trusted alike the later one: the other was there before it. Two trusted servers may call
/// their tools what they like.
pub(super) fn flags(tools: &[Arc<Tool>]) -> BTreeMap<ToolName, Vec<String>> {
    let looks: Vec<String> = tools.iter().map(|tool| look(&tool.name.tool)).collect();
    let mut found: BTreeMap<ToolName, Vec<String>> = BTreeMap::new();
    for (index, later) in tools.iter().enumerate() {
        for (other, earlier) in tools[..index].iter().enumerate() {
            let both_trusted = earlier.trust == Trust::Trusted && later.trust == Trust::Trusted;
            if earlier.name.service == later.name.service || both_trusted {
                continue;
            }
            if !is_alike(&looks[other], &looks[index]) {
                continue;
            }
            let (suspect, original) =
                if level(earlier) > level(later) { (earlier, later) } else { (later, earlier) };
            if suspect.believed().read_only {
                continue;
            }
            found
                .entry(suspect.name.clone())
                .or_default()
                .push(format!("its name looks like that of {}", original.name));
        }
    }
    found
}

/// The higher, the less trusted.
fn level(tool: &Tool) -> usize {
    Trust::ALL.iter().position(|trust| *trust == tool.trust).unwrap_or(Trust::ALL.len())
}

fn is_alike(one: &str, other: &str) -> bool {
    let least = one.chars().count().min(other.chars().count());
    one == other || (least >= SHORTEST && damerau_levenshtein(one, other) <= 1)
}

/// What a name looks like at a glance, whatever letters it is made of.
fn look(name: &str) -> String {
    let letters: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    // Twice, since what looks alike may differ in its capitals.
    skeleton(&skeleton(&letters).collect::<String>().to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Annotations;

    fn tool(name: &str, trust: Trust) -> Arc<Tool> {
        let name = name.parse().expect("a name");
        let made =
            Tool::new(name, None, String::new(), json!({"type": "object"}), None, Annotations::default());
        Arc::new(made.expect("a tool").with_trust(trust, Vec::new()))
    }

    #[test]
    fn the_less_trusted_or_the_later_one_is_suspicious() {
        let desk = || tool("desk.add_note", Trust::Trusted);
        for name in ["add_note", "addNote", "add_n0te", "аdd_note", "add-note", "add_notes", "add_ntoe"] {
            let other = tool(&format!("pad.{name}"), Trust::Known);
            let found = flags(&[other.clone(), desk()]);
            assert_eq!(found.keys().collect::<Vec<_>>(), [&other.name], "{name}");
        }
        let (one, two) = (tool("a.read_file", Trust::Known), tool("b.read_file", Trust::Known));
        assert_eq!(flags(&[one.clone(), two.clone()]).keys().collect::<Vec<_>>(), [&two.name]);
        for name in ["add_node_to_graph", "show_note", "note"] {
            assert!(flags(&[desk(), tool(&format!("pad.{name}"), Trust::Known)]).is_empty(), "{name}");
        }
        assert!(flags(&[desk(), tool("pad.add_note", Trust::Trusted)]).is_empty());
    }
}
