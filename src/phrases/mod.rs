//! What Hark says of its own accord: replies, questions, progress, refusals. The words stand in `phrases/`,
//! one file a language; the rooms name a phrase and what fills it, and say it in the language of the command.
//!
//! Not here: the words of tools, models and services, which are passed on as they come, and what is told to
//! programs and to whoever runs Hark (codes, the log, the settings, `hark doctor`).

mod catalogue;
mod choice;
mod understood;

use fluent_bundle::{FluentArgs, FluentValue};

use crate::domain::Language;

pub use choice::{Choice, known};
pub use understood::is_understood;

/// A sentence, or a part of one, before it has a language.
#[derive(Debug)]
pub struct Phrase {
    name: &'static str,
    values: FluentArgs<'static>,
}

impl Phrase {
    /// The phrase of that name in the catalogues.
    pub fn new(name: &'static str) -> Self {
        Self { name, values: FluentArgs::new() }
    }

    /// The same with one of its places filled.
    #[must_use]
    pub fn with(mut self, place: &'static str, value: impl Into<FluentValue<'static>>) -> Self {
        self.values.set(place, value);
        self
    }

    /// Its words.
    pub fn say(&self, language: Language) -> String {
        catalogue::say(language, self.name, &self.values)
    }
}

/// The words of a phrase without places.
pub fn say(name: &'static str, language: Language) -> String {
    Phrase::new(name).say(language)
}
