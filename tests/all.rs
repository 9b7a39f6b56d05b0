//! The one integration binary: linking the speech engine once is enough. A file a theme.

mod support;

mod api;
mod architecture;
mod audio;
mod cli;
mod desk;
mod executor;
mod flow;
mod llm;
mod models;
mod page;
mod planner;
mod progress;
mod readme;
mod speech;
mod store;
mod tools;
