//! A key or password that cannot be printed by mistake.

use std::fmt;

use serde::Deserialize;

/// Text that shows as dots wherever it is printed; only [`Secret::expose`] gives it away.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••••")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_dots_wherever_it_is_printed() {
        let secret = Secret::new("sk-very-private");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "•••••• •••••• Some(••••••)");
        assert_eq!(secret.expose(), "sk-very-private");
    }
}
