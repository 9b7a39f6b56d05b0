//! Why a call is asked about or refused, in words for a person.

use crate::domain::{Language, ToolName};
use crate::phrases::{Phrase, say};

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It may delete or overwrite something, or does not say that it doesn't.
    Destroys,
    /// It reaches out: sends, publishes, orders.
    ReachesOut,
    /// Nothing that its server says of it is believed.
    Unbelieved,
    /// Something in the tool's own words or name is suspicious.
    Flagged(String),
    /// A value that nobody said comes from there, a place that anybody may write to.
    Tainted(ToolName),
    /// A value from there, which is private, would leave the house.
    CarriesOut(ToolName),
    /// A rule of `hark.toml`, counted from 1.
    Rule(usize),
}

impl Reason {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Destroys => "destroys",
            Self::ReachesOut => "reaches_out",
            Self::Unbelieved => "untrusted",
            Self::Flagged(_) => "flagged",
            Self::Tainted(_) => "tainted",
            Self::CarriesOut(_) => "carries_out",
            Self::Rule(_) => "rule",
        }
    }

    /// Whether "always allow this" may answer it. What is suspicious today is asked about each time.
    pub fn can_be_remembered(&self) -> bool {
        matches!(self, Self::Destroys | Self::ReachesOut)
    }

    /// The reason in words, a whole sentence.
    pub fn say(&self, language: Language) -> String {
        match self {
            Self::Destroys => say("reason-destroys", language),
            Self::ReachesOut => say("reason-reaches-out", language),
            Self::Unbelieved => say("reason-untrusted", language),
            Self::Flagged(flag) => Phrase::new("reason-flagged").with("flag", flag.clone()).say(language),
            Self::Tainted(from) => Phrase::new("reason-tainted").with("tool", from.to_string()).say(language),
            Self::CarriesOut(from) => {
                Phrase::new("reason-carries-out").with("tool", from.to_string()).say(language)
            }
            Self::Rule(number) => Phrase::new("reason-rule").with("number", *number).say(language),
        }
    }
}
