//! What is wrong with a server, for a person at a terminal.

use crate::tools::ServerStatus;

/// Why the server is not there, with the last line of its error output, which often says more.
pub(super) fn fault(server: &ServerStatus) -> Option<String> {
    let error = server.error.as_ref()?;
    Some(match last_words(server) {
        Some(words) => format!("{error}; its last words: {words}"),
        None => error.clone(),
    })
}

/// The last line of a server's error output.
pub(super) fn last_words(server: &ServerStatus) -> Option<&str> {
    server.stderr.as_deref()?.lines().map(str::trim).rfind(|line| !line.is_empty())
}
