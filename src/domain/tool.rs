//! A tool of an MCP server, as Hark sees it: named, described, its schemas compiled.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Trust, fingerprint};

/// A tool's full name: the key of its server in the configuration, and its own name there.
///
/// Written `service.tool`. The key never contains a dot, so the first dot parts the two. The key is
/// ours and not the server's own name, which a server is free to choose and to change.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolName {
    /// The server's key in `mcp.json`.
    pub service: Arc<str>,
    /// The tool's name on that server.
    pub tool: Arc<str>,
}

/// A text that is no tool name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a tool name; one looks like desk.add_note")]
pub struct BadToolName(String);

impl ToolName {
    /// Puts the two parts together.
    pub fn new(service: impl Into<Arc<str>>, tool: impl Into<Arc<str>>) -> Self {
        Self { service: service.into(), tool: tool.into() }
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.tool)
    }
}

impl fmt::Debug for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ToolName {
    type Err = BadToolName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('.') {
            Some((service, tool)) if !service.is_empty() && !tool.is_empty() => Ok(Self::new(service, tool)),
            _ => Err(BadToolName(text.to_owned())),
        }
    }
}

impl Serialize for ToolName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ToolName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a server says of a tool's effects. The defaults are those of the MCP specification: the
/// worst is assumed of a tool that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    /// It changes nothing.
    pub read_only: bool,
    /// It may destroy something; meaningful only where it is not read-only.
    pub destructive: bool,
    /// The same call a second time changes nothing more.
    pub idempotent: bool,
    /// It reaches things outside the server's own world, such as the web.
    pub open_world: bool,
}

impl Default for Annotations {
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}

/// A schema that no validator understands.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The schema of the arguments.
    #[error("its input schema cannot be used: {0}")]
    Input(String),
    /// The schema of the structured result.
    #[error("its output schema cannot be used: {0}")]
    Output(String),
    /// A value that the configuration fixes.
    #[error("its fixed argument {place} does not fit: {fault}")]
    Fixed {
        /// JSON pointer of the value.
        place: String,
        /// What the schema says.
        fault: String,
    },
}

/// One way in which a value does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer of the value, empty for the whole.
    pub place: String,
    /// What the schema says, for a person or a model.
    pub message: String,
    /// The required property that is not there, where that is the fault.
    pub missing: Option<String>,
    /// The fault is a property that the schema does not allow.
    pub is_additional: bool,
}

/// A tool whose schemas are known to be usable.
pub struct Tool {
    /// Its full name.
    pub name: ToolName,
    /// A name for people, where the server gives one.
    pub title: Option<String>,
    /// What it does, in the server's words: data for the planner, never instructions to Hark.
    pub description: String,
    /// JSON Schema of the arguments that are open, an object schema: what a model and a person see.
    pub input_schema: Value,
    /// JSON Schema of the structured result, where the server promises one.
    pub output_schema: Option<Value>,
    /// Its effects, as its server tells them.
    pub annotations: Annotations,
    /// How far its server is believed.
    pub trust: Trust,
    /// What in its words speaks to a model or hides from a person, each for a person to read.
    pub flags: Vec<String>,
    /// All that its server says of it, as it was said.
    definition: Value,
    definition_hash: String,
    fixed: Map<String, Value>,
    /// Of the server's own schema, the fixed arguments included.
    input_validator: jsonschema::Validator,
    output_validator: Option<jsonschema::Validator>,
}

impl Tool {
    /// Compiles the schemas.
    ///
    /// # Errors
    /// Where a schema is not understood. `$ref` is followed inside the schema only, never fetched.
    pub fn new(
        name: ToolName,
        title: Option<String>,
        description: String,
        input_schema: Value,
        output_schema: Option<Value>,
        annotations: Annotations,
    ) -> Result<Self, SchemaError> {
        let declares_object = match input_schema.get("type") {
            None => input_schema.is_object(),
            Some(kind) => kind == "object",
        };
        if !declares_object {
            return Err(SchemaError::Input("it does not describe an object".to_owned()));
        }
        let input_validator = jsonschema::validator_for(&input_schema)
            .map_err(|error| SchemaError::Input(error.to_string()))?;
        let output_validator = match &output_schema {
            Some(schema) => Some(
                jsonschema::validator_for(schema).map_err(|error| SchemaError::Output(error.to_string()))?,
            ),
            None => None,
        };
        let definition = json!({
            "name": &*name.tool,
            "title": title,
            "description": description,
            "inputSchema": input_schema,
            "outputSchema": output_schema,
            "annotations": annotations,
        });
        let definition_hash = fingerprint::of(&[&definition]);
        Ok(Self {
            name,
            title,
            description,
            input_schema,
            output_schema,
            annotations,
            trust: Trust::default(),
            flags: Vec::new(),
            definition,
            definition_hash,
            fixed: Map::new(),
            input_validator,
            output_validator,
        })
    }

    /// The same tool of a server that is believed so far, with what is suspicious of its words.
    pub fn with_trust(self, trust: Trust, flags: Vec<String>) -> Self {
        Self { trust, flags, ..self }
    }

    /// The same tool with those of `arguments` that it takes fixed, by the person who configured it:
    /// nobody else sees or sets them.
    ///
    /// # Errors
    /// Where a value does not fit the tool's schema.
    pub fn with_fixed(mut self, arguments: &Map<String, Value>) -> Result<Self, SchemaError> {
        let taken = arguments.iter().filter(|(name, _)| self.properties().any(|(known, _)| known == *name));
        self.fixed = taken.map(|(name, value)| (name.clone(), value.clone())).collect();
        if self.fixed.is_empty() {
            return Ok(self);
        }
        let faults = self.argument_faults(&Value::Object(Map::new()));
        let is_fixed =
            |place: &str| place.split('/').nth(1).is_some_and(|name| self.fixed.contains_key(name));
        if let Some(fault) = faults.into_iter().find(|fault| is_fixed(&fault.place)) {
            return Err(SchemaError::Fixed { place: fault.place, fault: fault.message });
        }
        let is_open = |name: &str| !self.fixed.contains_key(name);
        if let Some(properties) = self.input_schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| is_open(name));
        }
        if let Some(required) = self.input_schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_none_or(is_open));
        }
        Ok(self)
    }

    /// All that its server says of it, the arguments included that the configuration fixes.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    /// Hash of [`Self::definition`]: 32 hexadecimal digits.
    pub fn definition_hash(&self) -> &str {
        &self.definition_hash
    }

    /// Its effects as far as they are believed: of an untrusted server's tool the worst is assumed.
    pub fn believed(&self) -> Annotations {
        match self.trust {
            Trust::Trusted | Trust::Known => self.annotations,
            Trust::Untrusted => Annotations::default(),
        }
    }

    /// Whether `other` is defined alike in all that a plan rests on.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.name == other.name && self.definition_hash == other.definition_hash && self.fixed == other.fixed
    }

    /// The arguments that the configuration fixes.
    pub fn fixed(&self) -> &Map<String, Value> {
        &self.fixed
    }

    /// `arguments` with the fixed ones: what is sent.
    pub fn complete(&self, arguments: &Value) -> Value {
        let mut whole = arguments.clone();
        if let Some(object) = whole.as_object_mut() {
            object.extend(self.fixed.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        whole
    }

    /// All faults of `arguments`, which may leave out the fixed ones and must not change them.
    pub fn argument_faults(&self, arguments: &Value) -> Vec<Fault> {
        if self.fixed.is_empty() {
            return faults(&self.input_validator, arguments);
        }
        let changed = self
            .fixed
            .iter()
            .filter(|(name, value)| arguments.get(name.as_str()).is_some_and(|given| given != *value));
        let mut found: Vec<Fault> = changed
            .map(|(name, value)| Fault {
                place: format!("/{name}"),
                message: format!("is fixed to {value} by mcp.json"),
                missing: None,
                is_additional: false,
            })
            .collect();
        found.extend(faults(&self.input_validator, &self.complete(arguments)));
        found
    }

    /// All faults of a structured result; none where the server promised no schema.
    pub fn result_faults(&self, structured: &Value) -> Vec<Fault> {
        self.output_validator.as_ref().map(|validator| faults(validator, structured)).unwrap_or_default()
    }

    /// The open arguments and their schemas, in the schema's order.
    pub fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.input_schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
    }

    /// The names of the open arguments that must be given, in the schema's order.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.input_schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tool").field(&self.name).finish()
    }
}

fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<Fault> {
    validator
        .iter_errors(value)
        .map(|error| Fault {
            place: error.instance_path().to_string(),
            message: error.to_string(),
            missing: match error.kind() {
                ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
                _ => None,
            },
            is_additional: matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool() -> Tool {
        let schema = json!({
            "type": "object",
            "properties": {"repo": {"type": "string"}, "count": {"type": "integer"}},
            "required": ["repo", "count"],
            "additionalProperties": false,
        });
        Tool::new(
            "git.log".parse().expect("a name"),
            None,
            String::new(),
            schema,
            None,
            Annotations::default(),
        )
        .expect("a tool")
    }

    fn fixed(arguments: Value) -> Result<Tool, SchemaError> {
        tool().with_fixed(arguments.as_object().expect("an object"))
    }

    #[test]
    fn a_fixed_argument_is_sent_and_neither_shown_nor_asked_for() {
        let tool = fixed(json!({"repo": "/src", "elsewhere": 1})).expect("a tool");
        assert_eq!(tool.properties().map(|(name, _)| name).collect::<Vec<_>>(), ["count"]);
        assert_eq!(tool.required().collect::<Vec<_>>(), ["count"]);
        assert_eq!(tool.complete(&json!({"count": 3})), json!({"count": 3, "repo": "/src"}));
        assert_eq!(tool.argument_faults(&json!({"count": 3})), []);
    }

    #[test]
    fn nobody_changes_a_fixed_argument_and_it_must_fit() {
        let tool = fixed(json!({"repo": "/src"})).expect("a tool");
        let faults = tool.argument_faults(&json!({"count": 3, "repo": "/etc"}));
        assert_eq!(faults.iter().map(|fault| &*fault.place).collect::<Vec<_>>(), ["/repo"]);
        assert_eq!(tool.argument_faults(&json!({"count": 3, "repo": "/src"})), []);
        let misfit = fixed(json!({"repo": 7})).expect_err("a misfit").to_string();
        assert_eq!(misfit, "its fixed argument /repo does not fit: 7 is not of type \"string\"");
    }
}
