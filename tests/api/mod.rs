//! The HTTP door: every route through the router, streams over a real port, and what bad input gets.

mod access;
mod approving;
mod bad_input;
mod commands;
mod health;
mod language;
mod live;
mod page;
mod repeated;
mod spoken;
mod stream;
mod transcriptions;
mod users;
