//! The command line: every form of it with the real program, each in a home of its own.

mod bad_settings;
mod desk;
mod doctor;
mod endpoint;
mod eval;
mod example;
pub(crate) mod home;
mod killed;
mod models;
mod people;
mod say;
mod say_refused;
mod serve;
mod tools;
mod transcribe;
