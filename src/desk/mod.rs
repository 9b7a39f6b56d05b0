//! `hark desk`: an MCP server of our own that is useful at once.
//!
//! Notes, lists, a calendar, timers and reminders, the time, and arithmetic, kept as plain files in
//! one folder. It talks MCP on any transport and knows nothing of the rest of Hark; the command line
//! runs it over stdio. Tool names, descriptions and parameter names are written for a small model
//! that sees nothing else, so they use the words that people say.

mod alarms;
mod answer;
mod arithmetic;
mod audience;
mod calendar;
mod clock;
mod day;
mod error;
mod folder;
mod ics;
mod lists;
mod notes;
mod places;
mod resources;
mod server;
mod span;
mod spoken;
mod time_of_day;
mod tools;
mod when;
mod window;
mod words;

use std::path::PathBuf;

use rmcp::ServiceExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use error::DeskError;
pub use server::{Clock, DUE_RESOURCE, Desk};

/// Where the desk keeps its files, and where its person is.
#[derive(Debug, Clone)]
pub struct DeskConfig {
    /// The folder of all files; made when it is missing.
    pub data_dir: PathBuf,
    /// The zone in which the person's times are meant.
    pub timezone: chrono_tz::Tz,
}

/// Serves the desk on standard input and output until the client leaves.
///
/// # Errors
/// [`DeskError::Serve`] when the handshake fails or the connection breaks, and [`DeskError::File`]
/// when the data folder cannot be made.
pub async fn serve_stdio(config: DeskConfig) -> Result<(), DeskError> {
    let desk = Desk::open(config)?;
    let closed = CancellationToken::new();
    let tracker = TaskTracker::new();
    let running = desk
        .clone()
        .serve(rmcp::transport::stdio())
        .await
        .map_err(|fault| DeskError::Serve(fault.to_string()))?;
    tracker.spawn(desk.watch_alarms(closed.clone()));
    let ended = running.waiting().await;
    closed.cancel();
    tracker.close();
    tracker.wait().await;
    ended.map(drop).map_err(|fault| DeskError::Serve(fault.to_string()))
}
