//! A tool of an MCP server, as Hark sees it: named, described, its schemas compiled.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

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
    /// JSON Schema of the arguments, an object schema.
    pub input_schema: Value,
    /// JSON Schema of the structured result, where the server promises one.
    pub output_schema: Option<Value>,
    /// Its effects.
    pub annotations: Annotations,
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
        Ok(Self {
            name,
            title,
            description,
            input_schema,
            output_schema,
            annotations,
            input_validator,
            output_validator,
        })
    }

    /// All faults of `arguments`.
    pub fn argument_faults(&self, arguments: &Value) -> Vec<Fault> {
        faults(&self.input_validator, arguments)
    }

    /// All faults of a structured result; none where the server promised no schema.
    pub fn result_faults(&self, structured: &Value) -> Vec<Fault> {
        self.output_validator.as_ref().map(|validator| faults(validator, structured)).unwrap_or_default()
    }

    /// The schema's properties, in its order.
    pub fn properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.input_schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
    }

    /// The names of the arguments that must be given, in the schema's order.
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
