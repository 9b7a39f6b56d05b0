//! Plain types that all rooms share: what was said, which tools there are, what is to be done,
//! what was done, and the events that tell of it.
//!
//! Nothing here knows a model, a server, a socket or a file. What is serialisable here is the wire
//! contract of Hark (field names in camelCase), pinned by snapshots.

mod approval;
mod command;
mod decoding;
mod event;
mod fingerprint;
mod invisible;
mod language;
mod outcome;
mod pcm;
pub mod plan;
mod receipt;
mod secret;
mod tool;
mod tool_set;
mod transcript;
mod trust;

pub use approval::{Allowance, AllowedCalls, Approval, Proposal};
pub use command::{Command, CommandId, SessionId, Turn, TurnOutcome, UserId};
pub use decoding::Decoding;
pub use event::{Event, EventType};
pub use invisible::is_invisible;
pub use language::Language;
pub use outcome::{Failure, Outcome, Stages};
pub use pcm::{Pcm, SAMPLE_RATE_HZ};
pub use plan::{Decision, Plan, Question, Step};
pub use receipt::{Receipt, StepStatus, ToolOutput};
pub use secret::Secret;
pub use tool::{Annotations, BadToolName, Fault, SchemaError, Tool, ToolName};
pub use tool_set::{RejectedTool, ToolSet};
pub use transcript::{Segment, Transcript, Word};
pub use trust::Trust;
