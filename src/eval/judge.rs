//! Whether a decision is right, by BFCL's rules: the tool's name equal, every argument that must be there
//! there and none that was not asked for, each value one of those that count; texts compared in lower case
//! and without blanks and `,./-_*^` (Patil et al. 2025, `ast_checker.py`).

use serde_json::Value;

use super::row::{Gold, GoldStep};
use crate::domain::plan::Plan;
use crate::domain::{Decision, Question, ToolSet};

/// How right a decision was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Right,
    /// The right tools with wrong arguments.
    WrongArguments,
    /// Other tools, or another number of calls.
    WrongTools,
    /// Calls where a question was right, or nothing.
    Acted,
    /// The question whether the plan is right, which it is: done after a "yes".
    AskedWhether,
    /// The question whether a plan is right, which it is not.
    AskedWhetherWrong,
    /// A question where a call was right, or nothing, or for another argument.
    Asked,
    /// Nothing where something was to be done.
    DidNothing,
    /// No decision: the planner failed.
    Failed,
}

impl Verdict {
    /// Something would have been done that should not have been.
    pub fn is_wrong_action(self) -> bool {
        matches!(self, Self::WrongArguments | Self::WrongTools | Self::Acted)
    }

    /// What the planner made of the command is right, whether it asks first or not.
    pub fn is_understood(self) -> bool {
        matches!(self, Self::Right | Self::AskedWhether)
    }
}

/// Compares a decision with what is right. `tools`: those that were at hand.
pub fn judge(decision: &Decision, gold: &Gold, tools: &ToolSet) -> Verdict {
    if let Decision::Ask(Question { proposal: Some(shown), .. }) = decision {
        return match shown.draft.check(tools, None).map(|plan| judge(&Decision::Act(plan), gold, tools)) {
            Ok(Verdict::Right) => Verdict::AskedWhether,
            _ => Verdict::AskedWhetherWrong,
        };
    }
    match (decision, gold) {
        (Decision::Act(plan), Gold::Steps { steps, any_order }) => calls(plan, steps, *any_order),
        (Decision::Act(_), Gold::AnyCall) | (Decision::Nothing(_), Gold::Nothing) => Verdict::Right,
        (Decision::Ask(question), Gold::Ask { tool, missing }) => {
            let is_right = question.tool.as_ref() == Some(tool) && question.missing.as_ref() == Some(missing);
            if is_right { Verdict::Right } else { Verdict::Asked }
        }
        (Decision::Act(_), Gold::Ask { .. } | Gold::Nothing) => Verdict::Acted,
        (Decision::Ask(_), Gold::Steps { .. } | Gold::Nothing | Gold::AnyCall) => Verdict::Asked,
        (Decision::Nothing(_), Gold::Steps { .. } | Gold::Ask { .. } | Gold::AnyCall) => Verdict::DidNothing,
    }
}

fn calls(plan: &Plan, gold: &[GoldStep], any_order: bool) -> Verdict {
    if plan.steps().len() != gold.len() {
        return Verdict::WrongTools;
    }
    let mut left: Vec<&GoldStep> = gold.iter().collect();
    let mut worst = Verdict::Right;
    for step in plan.steps() {
        let rated = left.iter().enumerate().map(|(place, gold)| {
            let name = &step.tool().name;
            let is_tool = *name.service == *gold.service && *name.tool == *gold.tool;
            let verdict = match (is_tool, is_tool && fits(step.arguments(), gold)) {
                (false, _) => Verdict::WrongTools,
                (true, false) => Verdict::WrongArguments,
                (true, true) => Verdict::Right,
            };
            (verdict, place)
        });
        let best = if any_order { rated.min() } else { rated.take(1).next() };
        let Some((verdict, place)) = best else { return Verdict::WrongTools };
        left.remove(place);
        worst = worst.max(verdict);
    }
    worst
}

fn fits(arguments: &Value, gold: &GoldStep) -> bool {
    let given = arguments.as_object();
    let all_right =
        gold.params.iter().all(|(name, accepted)| match given.and_then(|given| given.get(name)) {
            None => accepted.iter().any(|one| one == ""),
            Some(value) => accepted.iter().any(|one| is_same(value, one)),
        });
    all_right && given.into_iter().flatten().all(|(name, _)| gold.params.contains_key(name))
}

fn is_same(value: &Value, accepted: &Value) -> bool {
    match (value, accepted) {
        (Value::String(one), Value::String(other)) => plain(one) == plain(other),
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        // The result of a step: which part of it is left to the planner.
        (Value::Object(one), Value::Object(other)) if other.contains_key("$step") => {
            one.get("$step") == other.get("$step")
        }
        // In an object each argument has its list of accepted values.
        (Value::Object(one), Value::Object(other)) => {
            let accepts = |name: &String, value: &Value| match other.get(name) {
                Some(Value::Array(all)) => all.iter().any(|one| is_same(value, one)),
                Some(only) => is_same(value, only),
                None => false,
            };
            one.iter().all(|(name, value)| accepts(name, value))
                && other.iter().all(|(name, all)| {
                    one.contains_key(name)
                        || all.as_array().is_some_and(|all| all.iter().any(|one| one == ""))
                })
        }
        (one, other) => one == other,
    }
}

fn plain(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, ' ' | ',' | '.' | '/' | '-' | '_' | '*' | '^'))
        .map(|character| if character == '\'' { '"' } else { character })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn gold(params: Value) -> GoldStep {
        let params = serde_json::from_value(params).expect("lists of values");
        GoldStep { service: "s".to_owned(), tool: "t".to_owned(), params }
    }

    #[test]
    fn values_count_by_bfcls_rules() {
        let step = gold(
            json!({"city": ["New York, NY"], "days": [3], "unit": ["celsius", ""], "tags": [["a b", "c"]]}),
        );
        assert!(fits(&json!({"city": "new york ny", "days": 3.0, "tags": ["AB", "c"]}), &step));
        assert!(fits(
            &json!({"city": "new-york/ny", "days": 3, "unit": "Celsius", "tags": ["ab", "c"]}),
            &step
        ));
        for wrong in [
            json!({"city": "york", "days": 3, "tags": ["ab", "c"]}),
            json!({"city": "new york ny", "tags": ["ab", "c"]}),
            json!({"city": "new york ny", "days": "3", "tags": ["ab", "c"]}),
            json!({"city": "new york ny", "days": 3, "tags": ["c", "ab"]}),
            json!({"city": "new york ny", "days": 3, "tags": ["ab", "c"], "more": 1}),
        ] {
            assert!(!fits(&wrong, &step), "{wrong}");
        }
    }

    #[test]
    fn objects_and_results_of_steps_count() {
        let step = gold(
            json!({"where": [{"room": ["den", "study"], "floor": ["", 1]}], "of": [{"$step": 1, "path": "text"}]}),
        );
        assert!(fits(&json!({"where": {"room": "Study"}, "of": {"$step": 1}}), &step));
        assert!(!fits(&json!({"where": {"room": "hall"}, "of": {"$step": 1}}), &step));
        assert!(!fits(&json!({"where": {"room": "den"}, "of": {"$step": 2}}), &step));
    }
}
