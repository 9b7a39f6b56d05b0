//! The bearer token that the parent gave us: read once, compared in constant time, never shown.

use anyhow::Context;
use axum::http::{HeaderMap, header::AUTHORIZATION};
use subtle::ConstantTimeEq;

const VARIABLE: &str = "HARK_LLM_TOKEN";

/// The secret that every request but `/health` must carry.
pub(crate) struct Token(String);

impl Token {
    /// Reads the token and takes it out of the environment, so that nothing can read it later.
    /// Must be called while the process has one thread.
    pub(crate) fn take_from_environment() -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the worker's one setting that no argument may show")]
        let token = std::env::var(VARIABLE).ok().filter(|token| token.len() >= 16).with_context(|| {
            format!("{VARIABLE} must hold a secret of at least 16 characters; hark sets it")
        })?;
        // SAFETY: `main` calls this before it starts any thread.
        unsafe { std::env::remove_var(VARIABLE) };
        Ok(Self(token))
    }

    /// Whether the request carries the token as its bearer.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| bool::from(given.as_bytes().ct_eq(self.0.as_bytes())))
    }
}
