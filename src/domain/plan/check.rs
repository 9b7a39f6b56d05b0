//! The proof of a plan, before anything runs: the tools exist, the arguments fit their schemas, the
//! references fit. All problems are found at once, since a model has one chance to mend them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::reference::{self, Reference};
use super::{Draft, DraftStep, Plan, Step};
use crate::domain::{Tool, ToolName, ToolSet};

/// More steps than this are no spoken command but a mistake.
pub const MAX_STEPS: usize = 12;

/// Something that keeps a draft from being a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The step at fault, from 1; none where the draft as a whole is.
    pub step: Option<usize>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It has no steps.
    NoSteps,
    /// It has more than [`MAX_STEPS`].
    TooManySteps(usize),
    /// No such tool is connected.
    UnknownTool(ToolName),
    /// A required argument is not there.
    MissingArgument {
        /// The tool.
        tool: ToolName,
        /// The argument.
        name: String,
    },
    /// The tool has no argument of that name.
    UnknownArgument {
        /// The argument.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// An argument does not fit the schema.
    BadArgument {
        /// JSON pointer of the value.
        place: String,
        /// What the schema says.
        fault: String,
    },
    /// A reference names a step that is not an earlier one, or a part that its result will not have.
    BadReference {
        /// JSON pointer of the reference.
        place: String,
        /// Why it cannot be.
        fault: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = self.step {
            write!(f, "step {step}: ")?;
        }
        match &self.kind {
            ProblemKind::NoSteps => f.write_str("no tool was selected"),
            ProblemKind::TooManySteps(count) => {
                write!(f, "{count} steps are too many, at most {MAX_STEPS} are allowed")
            }
            ProblemKind::UnknownTool(name) => write!(f, "there is no tool {name}"),
            ProblemKind::MissingArgument { tool, name } => {
                write!(f, "{tool} needs the argument {name:?}, which is missing")
            }
            ProblemKind::UnknownArgument { name, known } => {
                write!(f, "there is no argument {name:?}; the arguments are: {}", known.join(", "))
            }
            ProblemKind::BadArgument { place, fault } => write!(f, "argument {place}: {fault}"),
            ProblemKind::BadReference { place, fault } => write!(f, "reference at {place}: {fault}"),
        }
    }
}

impl Draft {
    /// Proves the draft against `tools`. `confidence` is the model's, 0 to 1; none where it was not
    /// measured.
    ///
    /// # Errors
    /// All problems, in the order of the steps.
    pub fn check(&self, tools: &ToolSet, confidence: Option<f32>) -> Result<Plan, Vec<Problem>> {
        if self.selected_tools.is_empty() {
            return Err(vec![Problem { step: None, kind: ProblemKind::NoSteps }]);
        }
        if self.selected_tools.len() > MAX_STEPS {
            let kind = ProblemKind::TooManySteps(self.selected_tools.len());
            return Err(vec![Problem { step: None, kind }]);
        }

        let mut steps: Vec<Step> = Vec::new();
        let mut problems = Vec::new();
        // A step with an unknown tool keeps its number, so that references to others stay true.
        let found: Vec<Option<Arc<Tool>>> = self
            .selected_tools
            .iter()
            .map(|step| tools.find(&ToolName::new(&*step.service, &*step.tool)).cloned())
            .collect();
        for (index, draft) in self.selected_tools.iter().enumerate() {
            let number = index + 1;
            let mut add = |kind| problems.push(Problem { step: Some(number), kind });
            let Some(tool) = &found[index] else {
                add(ProblemKind::UnknownTool(ToolName::new(&*draft.service, &*draft.tool)));
                continue;
            };
            let arguments = given_arguments(draft, tool);
            let mut after = order_constraints(tool, number, &found);
            check_arguments(tool, &arguments, &mut add);
            reference::visit(&arguments, &mut String::new(), &mut |place, used| {
                if let Err(fault) = check_reference(tool, place, &used, number, &found) {
                    add(ProblemKind::BadReference { place: place.to_owned(), fault });
                }
                after.insert(used.step);
            });
            steps.push(Step { number, tool: tool.clone(), arguments: tool.complete(&arguments), after });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let summary = match self.execution_plan.trim() {
            "" => summary(&steps),
            given => given.to_owned(),
        };
        Ok(Plan {
            steps,
            summary,
            confidence: confidence.map(|confidence| confidence.clamp(0.0, 1.0)),
            tools_version: tools.version().to_owned(),
        })
    }
}

/// The arguments as an object. A null for an argument that may be left out is how many models leave
/// it out, so it is dropped unless the schema itself allows null.
fn given_arguments(draft: &DraftStep, tool: &Tool) -> Value {
    let Value::Object(params) = &draft.params else {
        return match &draft.params {
            Value::Null => Value::Object(Map::new()),
            other => other.clone(),
        };
    };
    let required: BTreeSet<&str> = tool.required().collect();
    let faulty: BTreeSet<String> =
        tool.argument_faults(&draft.params).into_iter().map(|fault| fault.place).collect();
    let kept = params
        .iter()
        .filter(|(name, value)| {
            !(value.is_null() && !required.contains(name.as_str()) && faulty.contains(&format!("/{name}")))
        })
        .map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(kept.collect())
}

/// Two steps on one server keep their order where one of them changes something.
fn order_constraints(tool: &Tool, number: usize, found: &[Option<Arc<Tool>>]) -> BTreeSet<usize> {
    found[..number - 1]
        .iter()
        .enumerate()
        .filter_map(|(index, earlier)| {
            let earlier = earlier.as_ref()?;
            let same_server = earlier.name.service == tool.name.service;
            let one_writes = !(earlier.annotations.read_only && tool.annotations.read_only);
            (same_server && one_writes).then_some(index + 1)
        })
        .collect()
}

fn check_arguments(tool: &Tool, arguments: &Value, add: &mut impl FnMut(ProblemKind)) {
    let mut references = Vec::new();
    reference::visit(arguments, &mut String::new(), &mut |place, _| references.push(place.to_owned()));
    let is_reference = |place: &str| {
        references.iter().any(|reference| {
            place == reference
                || place.strip_prefix(reference.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let mut unknown = BTreeSet::new();
    if let (Some(given), Some(known)) = (arguments.as_object(), closed_properties(tool)) {
        for name in given.keys().filter(|name| !known.contains(name)) {
            unknown.insert(name.clone());
            add(ProblemKind::UnknownArgument { name: name.clone(), known: known.clone() });
        }
    }
    for fault in tool.argument_faults(arguments) {
        if is_reference(&fault.place) || (fault.is_additional && !unknown.is_empty()) {
            continue;
        }
        match fault.missing {
            Some(name) if fault.place.is_empty() => {
                add(ProblemKind::MissingArgument { tool: tool.name.clone(), name });
            }
            _ => add(ProblemKind::BadArgument { place: fault.place, fault: fault.message }),
        }
    }
}

/// The names of the arguments, unless the schema says that there may be others. Many schemas forget
/// to forbid others; a name that the tool never described is a mistake all the same.
fn closed_properties(tool: &Tool) -> Option<Vec<String>> {
    let schema = tool.input_schema.as_object()?;
    let open = schema.get("additionalProperties").is_some_and(|allowed| *allowed != Value::Bool(false));
    let composed = ["patternProperties", "anyOf", "oneOf", "allOf", "$ref", "if"]
        .iter()
        .any(|keyword| schema.contains_key(*keyword));
    (!open && !composed).then(|| tool.properties().map(|(name, _)| name.clone()).collect())
}

fn check_reference(
    tool: &Tool,
    place: &str,
    used: &Reference,
    number: usize,
    found: &[Option<Arc<Tool>>],
) -> Result<(), String> {
    if used.step == 0 || used.step >= number {
        return Err(format!("step {} does not come before step {number}", used.step));
    }
    let Some(earlier) = &found[used.step - 1] else {
        return Ok(()); // The unknown tool is a problem of its own.
    };
    let Some(path) = &used.path else {
        return Ok(());
    };
    let Some(schema) = &earlier.output_schema else {
        return Err(format!("{} promises no structured result to take {path} from", earlier.name));
    };
    let given =
        type_at(schema, path).map_err(|()| format!("the result of {} has no {path}", earlier.name))?;
    match (given, reference::wanted_type(tool, place)) {
        (Some(given), Some(wanted)) if !fits(given, wanted) => {
            Err(format!("{path} of {} is {given}, but {wanted} is needed", earlier.name))
        }
        _ => Ok(()),
    }
}

/// A text place takes numbers and truth values too, since they are written out.
fn fits(given: &str, wanted: &str) -> bool {
    given == wanted
        || (given == "integer" && wanted == "number")
        || (wanted == "string" && matches!(given, "integer" | "number" | "boolean"))
}

/// The one type at a JSON pointer of a schema; `Ok(None)` where the schema leaves it open.
fn type_at<'a>(schema: &'a Value, path: &str) -> Result<Option<&'a str>, ()> {
    let mut schema = schema;
    for token in path.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        schema = match schema.get("type").and_then(Value::as_str) {
            Some("object") => match schema.get("properties").and_then(|all| all.get(&token)) {
                Some(property) => property,
                None if schema.get("properties").is_none() => return Ok(None),
                None if schema.get("additionalProperties").is_some_and(|allowed| *allowed != false) => {
                    return Ok(None);
                }
                None => return Err(()),
            },
            Some("array") => {
                token.parse::<usize>().map_err(|_| ())?;
                match schema.get("items") {
                    Some(items) => items,
                    None => return Ok(None),
                }
            }
            Some(_) => return Err(()),
            None => return Ok(None),
        };
    }
    Ok(schema.get("type").and_then(Value::as_str))
}

/// One sentence made of the tools' own names, where the model wrote none.
fn summary(steps: &[Step]) -> String {
    let calls: Vec<String> = steps
        .iter()
        .map(|step| {
            let arguments: Vec<String> = step
                .arguments
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| !step.tool.fixed().contains_key(name.as_str()))
                .map(|(name, value)| match value {
                    Value::String(text) => format!("{name} “{text}”"),
                    other => match Reference::read(other) {
                        Some(reference) => format!("{name} from step {}", reference.step),
                        None => format!("{name} {other}"),
                    },
                })
                .collect();
            let title =
                step.tool.title.clone().unwrap_or_else(|| step.tool.name.tool.replace(['_', '-'], " "));
            match arguments.is_empty() {
                true => format!("{title} ({})", step.tool.name.service),
                false => format!("{title} ({}): {}", step.tool.name.service, arguments.join(", ")),
            }
        })
        .collect();
    format!("{}.", calls.join("; then "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Annotations, ToolOutput};

    fn tool(name: &str, input: Value, output: Option<Value>, read_only: bool) -> Arc<Tool> {
        let annotations = Annotations { read_only, ..Annotations::default() };
        let name: ToolName = name.parse().expect("a tool name");
        Arc::new(Tool::new(name, None, String::new(), input, output, annotations).expect("a tool"))
    }

    fn tools() -> ToolSet {
        let note = json!({
            "type": "object",
            "properties": {"text": {"type": "string"}, "pinned": {"type": "boolean"}},
            "required": ["text"],
        });
        let found = json!({
            "type": "object",
            "properties": {"count": {"type": "integer"}, "names": {"type": "array", "items": {"type": "string"}}},
        });
        let query = json!({"type": "object", "properties": {"limit": {"type": "integer", "maximum": 10}}});
        ToolSet::new(
            vec![tool("desk.add_note", note, None, false), tool("desk.find", query, Some(found), true)],
            vec![],
        )
    }

    fn check(steps: Value) -> Result<Plan, Vec<String>> {
        let draft: Draft = serde_json::from_value(json!({"selectedTools": steps})).expect("a draft");
        draft.check(&tools(), Some(0.9)).map_err(|all| all.iter().map(Problem::to_string).collect())
    }

    fn problems(steps: Value) -> Vec<String> {
        check(steps).expect_err("problems")
    }

    #[test]
    fn reports_all_problems_at_once() {
        let found = problems(json!([
            {"service": "desk", "tool": "burn_note", "params": {}},
            {"service": "desk", "tool": "add_note", "params": {"pinned": "yes", "colour": "red"}},
            {"service": "desk", "tool": "find", "params": {"limit": 11}},
        ]));
        assert_eq!(
            found,
            [
                "step 1: there is no tool desk.burn_note",
                "step 2: there is no argument \"colour\"; the arguments are: text, pinned",
                "step 2: desk.add_note needs the argument \"text\", which is missing",
                "step 2: argument /pinned: \"yes\" is not of type \"boolean\"",
                "step 3: argument /limit: 11 is greater than the maximum of 10",
            ]
        );
    }

    #[test]
    fn refuses_a_reference_to_a_later_step_or_to_a_part_that_will_not_be_there() {
        let find = json!({"service": "desk", "tool": "find", "params": {}});
        let note = |text: Value| json!({"service": "desk", "tool": "add_note", "params": {"text": text}});
        assert_eq!(
            problems(json!([note(json!({"$step": 2})), find])),
            ["step 1: reference at /text: step 2 does not come before step 1"]
        );
        assert_eq!(
            problems(json!([find, note(json!({"$step": 1, "path": "/size"}))])),
            ["step 2: reference at /text: the result of desk.find has no /size"]
        );
        assert_eq!(
            problems(json!([find, note(json!({"$step": 1, "path": "/names"}))])),
            ["step 2: reference at /text: /names of desk.find is array, but string is needed"]
        );
    }

    #[test]
    fn fills_references_from_results() {
        let plan = check(json!([
            {"service": "desk", "tool": "find", "params": {"limit": null}},
            {"service": "desk", "tool": "add_note", "params": {"text": {"$step": 1, "path": "/count"}}},
        ]))
        .expect("a plan");
        assert_eq!(*plan.steps()[0].arguments(), json!({}));
        assert_eq!(plan.steps()[1].after().iter().copied().collect::<Vec<_>>(), [1]);
        let output =
            ToolOutput { text: String::new(), structured: Some(json!({"count": 3})), is_error: false };
        let filled = plan.steps()[1].fill(|_| Some(&output)).expect("filled");
        assert_eq!(filled, json!({"text": "3"}));
    }

    #[test]
    fn an_empty_draft_is_no_plan() {
        assert_eq!(problems(json!([])), ["no tool was selected"]);
    }
}
