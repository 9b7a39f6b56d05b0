//! When to ask before acting: the person's rules, and how long a shown plan waits for its yes.

use std::path::Path;

use super::fault;
use super::raw::Raw;
use super::settings::seconds;
use crate::policy::{Policy, Rule};

/// The person's rules. A fault names the rule by its line in the file, where it stands in one.
pub(super) fn policy(raw: &Raw, file: Option<&Path>, faults: &mut Vec<String>) -> Policy {
    let usual = Policy::default();
    let lines = file
        .and_then(|path| std::fs::read_to_string(path).ok())
        .map(|text| fault::lines_of(&text, "[[policy]]"));
    let mut rules = Vec::new();
    for (index, rule) in raw.policy.iter().enumerate() {
        match Rule::new(&rule.tool, rule.when.clone(), &rule.then) {
            Ok(rule) => rules.push(rule),
            Err(error) => {
                let line = lines.as_ref().and_then(|lines| lines.get(index));
                let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
                faults.push(format!("policy rule {}{place}: {error}", index + 1));
            }
        }
    }
    let approval_lifetime = seconds(raw.approval.seconds, usual.approval_lifetime);
    Policy::new(rules, approval_lifetime)
}
