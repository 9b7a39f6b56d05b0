//! Hark: sound or text comes in, a plan is made with the tools that are really there, the plan is
//! proved, carried out and told.
//!
//! The rooms, in the order in which a command walks through them; `ARCHITECTURE.md` has the map.

/// Plain types that all rooms share.
pub mod domain;
/// What Hark says of its own accord, in the languages that it speaks.
pub mod phrases;

/// Uploaded bytes become 16 kHz mono sound.
pub mod audio;
/// Sound becomes a transcript.
pub mod speech;
/// Replies become sound.
pub mod voice;
/// The catalogue of models, and their files on disk.
pub mod models;
/// Language models behind one face.
pub mod llm;
/// The tools of the person's MCP servers.
pub mod tools;
/// Command, tools and history become a decision.
pub mod planner;
/// Whether a call is carried out, asked about or refused.
pub mod policy;
pub mod eval;
/// A checked plan becomes receipts.
pub mod executor;
/// The numbered event stream of each command.
pub mod progress;
/// History and audit on disk.
pub mod store;
/// The flow, in one function.
pub mod pipeline;
/// Live sound becomes commands.
pub mod listening;
/// What the user wrote becomes what the rooms get.
pub mod config;
/// Builds every part from the settings.
pub mod app;
/// The HTTP door, and the page.
pub mod api;
/// `hark desk`: notes, lists, calendar, timers, time and arithmetic as an MCP server.
pub mod desk;
/// The command line.
pub mod cli;
