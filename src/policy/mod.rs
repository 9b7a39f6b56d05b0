//! Whether a call is carried out, asked about first, or refused. It is decided here and in no model:
//! from what a tool's server says of it and how far that server is believed, from the person's own
//! rules, from the arguments, and from where their values came.
//!
//! [`Policy::judge`] is a pure function. `docs/policy.md` publishes its table, and a test keeps the two
//! the same.

mod allowed;
mod hints;
mod pattern;
mod reason;
mod rule;
mod taint;

use std::time::Duration;

use crate::domain::{Plan, ToolSet};

pub use allowed::{calls_like, covers};
pub use hints::by_hints;
pub use reason::Reason;
pub use rule::{BadRule, Rule, Then};
pub use taint::{Seen, Sources};

/// How long a shown plan may wait for its yes, where the settings say nothing.
const APPROVAL_LIFETIME: Duration = Duration::from_secs(300);

/// What is to be done about one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Carry it out.
    Go,
    /// Ask the person first, for these reasons, at least one.
    Ask(Vec<Reason>),
    /// Never.
    Forbid(Reason),
}

/// The rules of one person's Hark.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Rules of `hark.toml`, in their order; the first that fits wins.
    pub rules: Vec<Rule>,
    /// How long a shown plan may wait for its yes.
    pub approval_lifetime: Duration,
    is_off: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { rules: Vec::new(), approval_lifetime: APPROVAL_LIFETIME, is_off: false }
    }
}

impl Policy {
    /// A policy of these rules, in their order.
    pub fn new(rules: Vec<Rule>, approval_lifetime: Duration) -> Self {
        Self { rules, approval_lifetime, is_off: false }
    }

    /// Lets everything through: to measure what the policy is worth, and for nothing else. No setting
    /// leads here.
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// What is to be done about each step of `plan`, in order. `tools`: all that are at hand.
    pub fn judge(&self, plan: &Plan, tools: &ToolSet, sources: &Sources) -> Vec<Ruling> {
        if self.is_off {
            return plan.steps().iter().map(|_| Ruling::Go).collect();
        }
        let tainted = taint::of_steps(plan, tools, sources);
        plan.steps()
            .iter()
            .zip(tainted)
            .map(|(step, taint)| {
                let rule = self.rules.iter().enumerate().find(|(_, rule)| rule.fits(step));
                let mut reasons = Vec::new();
                match rule.map(|(index, rule)| (index + 1, rule.then)) {
                    Some((number, Then::Forbid)) => return Ruling::Forbid(Reason::Rule(number)),
                    Some((number, Then::Ask)) => reasons.push(Reason::Rule(number)),
                    // Who wrote the rule had the tool and its arguments in mind, and not where a value
                    // comes from today.
                    Some((_, Then::Go)) => {}
                    None => {
                        let tool = step.tool();
                        reasons.extend(by_hints(tool.annotations, tool.trust));
                        let flags = tool.flags.iter().chain(tools.flags_of(&tool.name));
                        reasons.extend(flags.cloned().map(Reason::Flagged));
                    }
                }
                reasons.extend(taint);
                if reasons.is_empty() { Ruling::Go } else { Ruling::Ask(reasons) }
            })
            .collect()
    }
}
