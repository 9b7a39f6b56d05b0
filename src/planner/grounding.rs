//! Arguments that came from nowhere are no part of a plan.
//!
//! The form lets a trained model copy texts from what was said; where it would rather have written
//! something else, the copy is a mere makeshift, which shows in how little of the model's probability
//! the form allowed: an argument that may be left out is. A number may be written freely, and must follow
//! from what was said.

use serde_json::Value;

use super::places::{PlaceKind, deciding};
use super::said::Said;
use crate::domain::ToolName;
use crate::domain::ToolSet;
use crate::domain::plan::Draft;
use crate::llm::ChatReply;

/// Below this share of the probability, what the form allowed is not what the model meant.
const LEAST_MASS: f32 = 0.2;

/// Takes such arguments out of the draft: where one was required it is missing then, and asked for.
pub(super) fn remove_unfounded(draft: &mut Draft, reply: &ChatReply, said: &Said, tools: &ToolSet) {
    for (step, name) in unfounded(draft, reply, said, tools) {
        if let Some(params) = draft.selected_tools.get_mut(step).and_then(|step| step.params.as_object_mut())
        {
            params.remove(&name);
        }
    }
}

fn unfounded(draft: &Draft, reply: &ChatReply, said: &Said, tools: &ToolSet) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for place in deciding(&reply.text) {
        let PlaceKind::Argument { step, name } = place.kind else { continue };
        let Some(drafted) = draft.selected_tools.get(step) else { continue };
        if drafted.params[&name].get("$step").is_some() || found.contains(&(step, name.clone())) {
            continue;
        }
        let number = reply.text.get(place.bytes.clone()).and_then(|text| text.parse::<f64>().ok());
        let is_stray_number = number.is_some_and(|number| {
            !said.accounts_for(number)
                && !is_named(drafted.service.as_ref(), drafted.tool.as_ref(), &name, number, tools)
        });
        // What must be given is left to the confidence, which is low then: the person sees it and is asked.
        let is_makeshift = || {
            let tool = tools.find(&ToolName::new(&*drafted.service, &*drafted.tool));
            let is_required = tool.is_some_and(|tool| tool.required().any(|required| required == name));
            !is_required && least_mass(reply, &place.bytes) < LEAST_MASS
        };
        if is_stray_number || is_makeshift() {
            found.push((step, name));
        }
    }
    found
}

/// The tool's own schema names the number, as one of a few or as the only one.
fn is_named(service: &str, tool: &str, argument: &str, number: f64, tools: &ToolSet) -> bool {
    let Some(tool) = tools.find(&ToolName::new(service, tool)) else { return false };
    let Some((_, schema)) = tool.properties().find(|(name, _)| *name == argument) else { return false };
    let values = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
    values.filter_map(Value::as_f64).any(|value| value == number)
}

/// The least mass of the tokens that a place was written with; 1 where none is told.
fn least_mass(reply: &ChatReply, bytes: &std::ops::Range<usize>) -> f32 {
    let (mut start, mut least) = (0, 1.0_f32);
    for token in &reply.tokens {
        let end = start + token.text.len();
        if bytes.start < end && start < bytes.end && !token.forced {
            least = least.min(token.legal_mass.unwrap_or(1.0));
        }
        start = end;
    }
    // Where the tokens are not the text's, their places say nothing.
    if start == reply.text.len() { least } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::said::Manner;
    use super::*;
    use crate::domain::plan::DraftStep;
    use crate::domain::{Annotations, Tool};
    use crate::llm::{Finish, TokenLogprob, Usage};

    /// What is left of the arguments that an answer gave a timer, its tokens and their masses told.
    fn left(said: &str, params: Value, tokens: &[(&str, f32)]) -> Value {
        let schema = json!({"type": "object", "properties": {
            "minutes": {"type": "integer"}, "name": {"type": "string"}, "rings": {"enum": [1, 2, 5]},
        }});
        let timer = Tool::new(
            ToolName::new("desk", "timer"),
            None,
            String::new(),
            schema,
            None,
            Annotations::default(),
        );
        let tools = ToolSet::new(vec![Arc::new(timer.expect("a tool"))], Vec::new());
        let step = DraftStep { service: "desk".into(), tool: "timer".into(), params };
        let mut draft = Draft { selected_tools: vec![step], ..Draft::default() };
        let token = |(text, mass): &(&str, f32)| TokenLogprob {
            text: (*text).to_owned(),
            logprob: -0.1,
            legal_mass: Some(*mass),
            forced: false,
        };
        let reply = ChatReply {
            text: tokens.iter().map(|(text, _)| *text).collect(),
            finish: Finish::Stop,
            tokens: tokens.iter().map(token).collect(),
            usage: Usage::default(),
            model: String::new(),
            elapsed: std::time::Duration::ZERO,
        };
        let said = Said::new(said, Manner::Any, &[], chrono_tz::UTC);
        remove_unfounded(&mut draft, &reply, &said, &tools);
        draft.selected_tools.remove(0).params
    }

    fn written(
        minutes: &'static str,
        rings: &'static str,
        name: (&'static str, f32),
    ) -> Vec<(&'static str, f32)> {
        vec![
            (r#"{"selectedTools":[{"service":"desk","tool":"timer","params":{"minutes":"#, 0.1),
            (minutes, 1.0),
            (r#","rings":"#, 0.1),
            (rings, 1.0),
            (r#","name":""#, 0.1),
            name,
            ("\"}}]}", 1.0),
        ]
    }

    #[test]
    fn what_was_said_or_follows_from_it_stays() {
        let params = json!({"minutes": 30, "rings": 2, "name": "tea"});
        let tokens = written("30", "2", ("tea", 0.9));
        assert_eq!(left("half an hour for tea", params.clone(), &tokens), params);
    }

    #[test]
    fn a_stray_number_and_a_makeshift_text_go() {
        let params = json!({"minutes": 10, "rings": 2, "name": "for"});
        let tokens = written("10", "2", ("for", 0.01));
        assert_eq!(left("a timer for tea", params, &tokens), json!({"rings": 2}));
    }
}
