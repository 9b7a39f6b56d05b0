//! The tools by name: descriptions, parameters, annotations and output schemas.
//!
//! The words here are read by a small model that sees nothing else, and the schemas are what a grammar
//! is made of, so both are kept as plain as they can be.

mod alarms;
mod calendar;
mod clock;
mod lists;
mod notes;

use std::sync::Arc;

use rmcp::{handler::server::router::tool::ToolRouter, model::JsonObject};
use serde_json::{Value, json};

use super::Desk;

/// All tools of the desk.
pub(super) fn router() -> ToolRouter<Desk> {
    let mut router = Desk::notes_router()
        + Desk::lists_router()
        + Desk::calendar_router()
        + Desk::alarms_router()
        + Desk::clock_router();
    for route in router.map.values_mut() {
        let mut schema = JsonObject::clone(&route.attr.input_schema);
        simplify(&mut schema);
        route.attr.input_schema = Arc::new(schema);
    }
    router
}

/// Takes out what says nothing to a model: `null` beside the type of an optional argument, which may
/// simply be left out, defaults of `null`, and the names of our types.
fn simplify(schema: &mut JsonObject) {
    schema.remove("$schema");
    schema.remove("title");
    schema.remove("description");
    schema.insert("additionalProperties".to_owned(), json!(false));
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for property in properties.values_mut().filter_map(Value::as_object_mut) {
        property.remove("default");
        if let Some(Value::Array(types)) = property.get("type")
            && let Some(one) = types.iter().find(|name| name.as_str() != Some("null")).cloned()
        {
            property.insert("type".to_owned(), one);
        }
    }
}
