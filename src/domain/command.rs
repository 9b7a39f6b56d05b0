//! One spoken or typed request, and the turns of a conversation that came before it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Language, Question};

/// The address of a command: a UUID of version 7, so that ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct CommandId(Uuid);

impl CommandId {
    /// A new id, later than every id made before it on this machine.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CommandId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CommandId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Whose command it is. One person at a desk is `local`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct UserId(pub String);

impl UserId {
    /// The person at this machine, where no authentication tells people apart.
    pub fn local() -> Self {
        Self("local".to_owned())
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The conversation that a command belongs to, named by the client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct SessionId(pub String);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request in words, ready to be planned.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its address.
    pub id: CommandId,
    /// Who asks.
    pub user: UserId,
    /// The conversation that it belongs to.
    pub session: SessionId,
    /// What was typed or heard; never empty.
    pub text: String,
    /// The time zone in which "tomorrow at 3pm" is meant.
    pub timezone: Tz,
    /// The language to answer in.
    pub language: Language,
    /// Plan and show, but call no tool.
    pub dry_run: bool,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
}

/// An earlier command of the same conversation, oldest first in a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// What the person said.
    pub text: String,
    /// What came of it.
    pub outcome: TurnOutcome,
}

/// What Hark answered in an earlier turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TurnOutcome {
    /// It acted, or had nothing to do, and said this.
    Replied(String),
    /// It asked, and the next turn may be the answer.
    Asked(Question),
}
