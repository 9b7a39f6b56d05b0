//! All tools that one user can reach at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{Tool, ToolName};

/// A tool that a server listed and that cannot be used, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectedTool {
    /// Its full name, `service.tool`.
    #[schema(value_type = String)]
    pub name: ToolName,
    /// Why it is left out, for a person.
    pub reason: String,
}

/// An immutable set of tools with a version: two sets with the same tools have the same version, and
/// a plan names the version that it was checked against.
#[derive(Debug)]
pub struct ToolSet {
    tools: Vec<Arc<Tool>>,
    rejected: Vec<RejectedTool>,
    flags: BTreeMap<ToolName, Vec<String>>,
    version: String,
}

impl ToolSet {
    /// Makes a set; the order of `tools` is kept.
    pub fn new(tools: Vec<Arc<Tool>>, rejected: Vec<RejectedTool>) -> Self {
        let mut hash = Sha256::new();
        for tool in &tools {
            hash.update(tool.name.to_string());
            hash.update([0]);
            hash.update(&tool.description);
            hash.update([0]);
            hash.update(tool.input_schema.to_string());
            hash.update([0]);
        }
        let version = hex::encode(&hash.finalize()[..8]);
        Self { tools, rejected, flags: BTreeMap::new(), version }
    }

    /// The same set, with what is suspicious of some tools beside the others.
    pub fn with_flags(mut self, flags: BTreeMap<ToolName, Vec<String>>) -> Self {
        self.flags = flags;
        self
    }

    /// What is suspicious of that tool beside the others, such as a name that looks like another's.
    pub fn flags_of(&self, name: &ToolName) -> &[String] {
        self.flags.get(name).map_or(&[], Vec::as_slice)
    }

    /// The tools, in a stable order.
    pub fn tools(&self) -> &[Arc<Tool>] {
        &self.tools
    }

    /// What the servers listed and cannot be used.
    pub fn rejected(&self) -> &[RejectedTool] {
        &self.rejected
    }

    /// Hash of names, descriptions and schemas: 16 hexadecimal digits.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The tool of that name.
    pub fn find(&self, name: &ToolName) -> Option<&Arc<Tool>> {
        self.tools.iter().find(|tool| tool.name == *name)
    }

    /// The keys of the services, each once, in order of first appearance.
    pub fn services(&self) -> Vec<&str> {
        let mut services: Vec<&str> = Vec::new();
        for tool in &self.tools {
            if !services.contains(&&*tool.name.service) {
                services.push(&tool.name.service);
            }
        }
        services
    }
}
