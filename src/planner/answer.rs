//! A model's reply, read as a draft, or the sentence that says why it is none.

use crate::domain::plan::Draft;
use crate::llm::{ChatReply, Finish};

/// Reads the reply. A model that was not held to the schema may wrap its JSON in prose or in a code
/// fence, so what counts is the text from the first brace to the last.
pub(super) fn read(reply: &ChatReply) -> Result<Draft, String> {
    let text = reply.text.trim();
    if reply.finish == Finish::Length {
        return Err("it was cut off because it was too long; answer with fewer words".to_owned());
    }
    if text.is_empty() {
        return Err("it was empty".to_owned());
    }
    let (Some(start), Some(end)) = (text.find('{'), text.rfind('}')) else {
        return Err("it held no JSON object".to_owned());
    };
    if end < start {
        return Err("it held no JSON object".to_owned());
    }
    let value: serde_json::Value =
        serde_json::from_str(&text[start..=end]).map_err(|error| format!("it was not JSON: {error}"))?;
    if value.get("selectedTools").is_none() {
        return Err("it had no selectedTools".to_owned());
    }
    serde_json::from_value(value).map_err(|error| format!("it did not have the agreed form: {error}"))
}
