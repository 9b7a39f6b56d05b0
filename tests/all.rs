//! The one integration binary: linking the speech engine once is enough. A file a theme.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "what cannot be set up fails the test, in helpers too; tests pass the path on and keep no tracker"
)]

mod support;

mod api;
mod architecture;
mod audio;
mod cli;
mod desk;
mod executor;
mod flow;
mod ledger;
mod listening;
mod llm;
mod microphone;
mod models;
mod page;
mod planner;
mod planner_strange;
mod policy;
mod progress;
mod readme;
mod speech;
mod store;
mod tools;
