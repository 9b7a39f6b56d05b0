//! Lines to the terminal. A reader that goes away (`hark tools | head`) is no error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// Standard output and standard error.
pub(super) struct Output {
    colour: bool,
}

impl Output {
    pub(super) fn standard() -> Self {
        Self { colour: io::stdout().is_terminal() && io::stderr().is_terminal() }
    }

    /// A line of the result.
    pub(super) fn line(&self, text: impl Display) {
        let _ = writeln!(io::stdout().lock(), "{text}");
    }

    /// A value as one line of JSON.
    pub(super) fn json(&self, value: &impl Serialize) {
        let mut out = io::stdout().lock();
        if serde_json::to_writer(&mut out, value).is_ok() {
            let _ = writeln!(out);
        }
    }

    /// A line about the result, not part of it.
    pub(super) fn note(&self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Why something was not done.
    pub(super) fn problem(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "hark: {text}");
    }

    /// Text in bold on a terminal.
    pub(super) fn bold(&self, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[1m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}
