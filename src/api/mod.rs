//! The HTTP door: commands in, events and outcomes out, the tools, the state of things, and the page.
//!
//! Nothing is decided here about commands; this room reads requests within bounds, says whose they are,
//! hands them to the pipeline, and tells what came of them. `docs/http.md` and `docs/events.md` are the
//! contract in short; `/openapi.json` is made from the handlers.

mod accept;
mod access;
mod bind;
mod commands;
mod error;
mod events;
mod failure;
mod form;
mod health;
mod idempotency;
mod language;
mod live;
mod metrics;
mod microphone;
mod page;
mod policy;
mod rate;
mod serve;
mod state;
mod tools;
mod transcriptions;
mod users;

pub use bind::{BindError, check_bind};
pub use error::{ApiError, Problem};
pub use microphone::Trigger;
pub use serve::{router, serve};
pub use state::{ApiConfig, AppState, Parts};
pub use users::{Scope, User, Users, UsersError};
