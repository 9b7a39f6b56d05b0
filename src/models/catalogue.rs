//! What is written in `models/catalogue.toml`, compiled in and checked when it is read.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::Decoding;

const BUILT_IN: &str = include_str!("../../models/catalogue.toml");

/// All models that Hark knows by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name on the command line and in the settings.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// It is inside the binary, and nothing has to be fetched.
    pub embedded: bool,
    /// The one that Hark fetches when nothing else was asked for.
    pub recommended: bool,
    /// Its file name in the library.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
    /// The SPDX name of its licence.
    pub licence: String,
    /// What to expect of it, in a sentence.
    pub note: String,
    /// Where it comes from, in the order in which they are tried.
    pub sources: Vec<Source>,
    /// The only language that a speech model hears, of two letters; none where it hears many.
    pub language: Option<String>,
    /// How a speech model wants to be run.
    pub decoding: Option<Decoding>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Sound to text.
    Speech,
    /// Text to text.
    Language,
}

/// A place that has the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Source {
    /// The file itself over HTTP.
    Url {
        /// Its address.
        url: String,
    },
    /// A file inside a Python wheel, which any machine with a package index has.
    Wheel {
        /// The package's name.
        package: String,
        /// Its exact version.
        version: String,
        /// The path of the file inside the wheel.
        member: String,
        /// SHA-256 of the wheel.
        sha256: String,
    },
}

/// Why a catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not TOML of the right shape.
    #[error("the catalogue of models is not well formed: {0}")]
    Malformed(#[from] toml::de::Error),
    /// It contradicts itself.
    #[error("the catalogue of models contradicts itself at {name}: {fault}")]
    Contradiction {
        /// The entry.
        name: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl Catalogue {
    /// The catalogue inside the binary.
    pub fn built_in() -> Result<Self, CatalogueError> {
        Self::parse(BUILT_IN)
    }

    /// Reads a catalogue from TOML.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let written: Written = toml::from_str(text)?;
        let entries: Vec<Entry> = written
            .model
            .into_iter()
            .map(|model| model.resolve(&written.decoding))
            .collect::<Result<_, _>>()?;
        for (index, entry) in entries.iter().enumerate() {
            if entries[..index].iter().any(|other| other.name == entry.name || other.file == entry.file) {
                return Err(contradiction(&entry.name, "its name or file is there twice"));
            }
        }
        Ok(Self { entries })
    }

    /// The model of that name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// All models, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model of that kind that Hark fetches when nothing else was asked for.
    pub fn recommended(&self, kind: Kind) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind == kind && entry.recommended)
    }

    /// The speech model inside the binary.
    pub fn embedded(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.embedded)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    decoding: BTreeMap<String, Decoding>,
    model: Vec<WrittenModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    name: String,
    kind: Kind,
    #[serde(default)]
    embedded: bool,
    #[serde(default)]
    recommended: bool,
    file: String,
    size: u64,
    sha256: String,
    licence: String,
    note: String,
    #[serde(default)]
    sources: Vec<Source>,
    language: Option<String>,
    decoding: Option<String>,
}

impl WrittenModel {
    fn resolve(self, profiles: &BTreeMap<String, Decoding>) -> Result<Entry, CatalogueError> {
        let fault = |text: &str| contradiction(&self.name, text);
        let decoding = match (&self.decoding, self.kind) {
            (Some(profile), Kind::Speech) => Some(
                profiles.get(profile).ok_or_else(|| fault("its decoding settings do not exist"))?.clone(),
            ),
            (None, Kind::Language) => None,
            (None, Kind::Speech) => return Err(fault("a speech model needs decoding settings")),
            (Some(_), Kind::Language) => return Err(fault("a language model has no decoding settings")),
        };
        if self.embedded != self.sources.is_empty() {
            return Err(fault("it must either be embedded or have a source"));
        }
        if self.file.contains(['/', '\\']) || self.file.starts_with('.') {
            return Err(fault("its file name may not lead out of the library"));
        }
        let digits =
            |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !digits(&self.sha256) {
            return Err(fault("its SHA-256 is not 64 lower-case hexadecimal digits"));
        }
        Ok(Entry {
            name: self.name,
            kind: self.kind,
            embedded: self.embedded,
            recommended: self.recommended,
            file: self.file,
            size: self.size,
            sha256: self.sha256,
            licence: self.licence,
            note: self.note,
            sources: self.sources,
            language: self.language,
            decoding,
        })
    }
}

fn contradiction(name: &str, fault: &str) -> CatalogueError {
    CatalogueError::Contradiction { name: name.to_owned(), fault: fault.to_owned() }
}
