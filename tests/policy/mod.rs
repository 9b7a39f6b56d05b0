//! The policy: its table, its questions, and what it is worth against a model that believes everything.

mod approvals;
mod attacks;
mod house;
mod spoiled;
mod table;

/// What `docs/policy.md` says now.
fn page() -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md");
    std::fs::read_to_string(file).expect("the page")
}
