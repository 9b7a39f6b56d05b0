//! The language in which Hark answers.

/// A language by its tag (BCP 47), such as `de`; one that Hark has phrases in, or else it is answered in
/// English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Language(pub &'static str);

impl Language {
    /// What every phrase exists in.
    pub const ENGLISH: Self = Self("en");
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}
