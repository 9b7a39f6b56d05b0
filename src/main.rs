//! The `hark` program.

fn main() {}
