//! The tools of the person's MCP servers: one supervised session a server, a registry of what they
//! list right now, calls with limits, and the search for the tools that fit a command.
//!
//! Nothing here plans and nothing here decides whether a call is wise. A dead server costs itself and
//! no other; a tool with an unusable schema costs itself and not its server.

mod back_off;
mod cache;
mod call;
mod call_error;
mod client;
mod config;
mod connect;
mod environment;
mod admission;
mod fields;
mod gate;
mod http;
mod kept;
mod listing;
mod lookalike;
mod mcp_json;
mod notice_limit;
mod process;
mod registry;
mod resources;
mod server;
mod shortlist;
mod status;
mod supervisor;
mod suspicion;

pub use call_error::CallError;
pub use config::{Limits, ServerConfig, ToolsConfig, Transport};
pub use environment::Environment;
pub use mcp_json::{ToolsError, parse_mcp_json};
pub use registry::Registry;
pub use shortlist::{Shortlister, parted};
pub use status::{ServerState, ServerStatus};
