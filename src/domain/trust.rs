//! How far a person believes what a server says of its own tools.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The trust that a person gives to a server, in `mcp.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// One's own, or as good: its hints are believed, and its tools may change with its updates.
    Trusted,
    /// A server that somebody chose to connect: its hints count, what destroys or reaches out asks.
    #[default]
    Known,
    /// Its hints count for nothing: the worst is assumed of each of its tools.
    Untrusted,
}

impl Trust {
    /// All levels, the highest first.
    pub const ALL: [Self; 3] = [Self::Trusted, Self::Known, Self::Untrusted];

    /// The name in files and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Known => "known",
            Self::Untrusted => "untrusted",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trust| trust.name() == name)
    }
}
