//! What a tool hands back: a sentence fit to be spoken, and the same as data.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rmcp::{
    handler::server::tool::schema_for_output,
    model::{CallToolResult, ContentBlock, JsonObject},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

use super::{error::DeskError, folder::Folder};

/// One call at work: the files, held for it alone, and the time at which it began.
#[derive(Debug)]
pub(super) struct Visit {
    pub folder: Folder,
    pub now: DateTime<Tz>,
}

impl Visit {
    pub(super) fn utc(&self) -> DateTime<Utc> {
        self.now.with_timezone(&Utc)
    }
}

/// A good result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer<T> {
    /// For the person.
    pub said: String,
    /// For the program; fits the tool's output schema.
    pub data: T,
}

impl<T> Answer<T> {
    pub(super) fn new(said: impl AsRef<str>, data: T) -> Self {
        Self { said: super::spoken::sentence(said.as_ref()), data }
    }
}

/// The MCP form of an answer or a fault; `notices` tell of damaged files that were set aside.
pub(super) fn result<T: Serialize>(
    answer: Result<Answer<T>, DeskError>,
    notices: &[String],
) -> CallToolResult {
    let told = |said: String| {
        let mut parts = vec![said];
        parts.extend_from_slice(notices);
        ContentBlock::text(parts.join(" "))
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(fault) => return CallToolResult::error(vec![told(fault.sentence())]),
    };
    match serde_json::to_value(&answer.data) {
        Ok(data) => {
            let mut result = CallToolResult::structured(data);
            result.content = vec![told(answer.said)];
            result
        }
        Err(fault) => {
            tracing::error!(%fault, "a tool's data could not be written as JSON");
            CallToolResult::error(vec![told(DeskError::Interrupted.sentence())])
        }
    }
}

/// The output schema of `T`.
pub(super) fn shape<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_output::<T>()
}
