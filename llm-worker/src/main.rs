//! The `hark-llm` program.

fn main() {}
