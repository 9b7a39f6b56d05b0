//! The `hark` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hark::cli::run()
}
