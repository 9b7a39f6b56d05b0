//! The catalogues, compiled in and read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

use crate::domain::Language;

#[derive(RustEmbed)]
#[folder = "phrases/"]
struct Files;

type Catalogue = FluentBundle<FluentResource>;

static CATALOGUES: LazyLock<BTreeMap<&'static str, Catalogue>> = LazyLock::new(|| {
    let tags = Files::iter().filter_map(|path| path.strip_suffix(".ftl").map(str::to_owned));
    // As many as there are files, and for as long as the program runs.
    tags.filter_map(|tag| Some((&*tag.clone().leak(), read(&tag)?))).collect()
});

/// The languages that there are catalogues of.
pub(super) fn languages() -> impl Iterator<Item = Language> {
    CATALOGUES.keys().map(|tag| Language(tag))
}

/// The words of a phrase; those of English where the language lacks it, which a test rules out.
pub(super) fn say(language: Language, name: &str, values: &FluentArgs<'_>) -> String {
    let said = [language, Language::ENGLISH].into_iter().find_map(|language| {
        let catalogue = CATALOGUES.get(language.0)?;
        let pattern = catalogue.get_message(name)?.value()?;
        let mut faults = Vec::new();
        let words = catalogue.format_pattern(pattern, Some(values), &mut faults).into_owned();
        if !faults.is_empty() {
            tracing::error!(
                phrase = name,
                language = language.0,
                ?faults,
                "a phrase is not filled as it should"
            );
        }
        Some(words)
    });
    said.unwrap_or_else(|| name.to_owned())
}

fn read(tag: &str) -> Option<Catalogue> {
    let id: LanguageIdentifier = tag.parse().ok()?;
    let file = Files::get(&format!("{tag}.ftl"))?;
    let text = String::from_utf8_lossy(&file.data).into_owned();
    let resource = FluentResource::try_new(text).unwrap_or_else(|(readable, faults)| {
        tracing::error!(language = tag, ?faults, "a catalogue of phrases is broken");
        readable
    });
    let mut catalogue = FluentBundle::new_concurrent(vec![id]);
    // What fills a phrase is of the same script as the phrase, or is quoted; the marks that would keep
    // directions apart are read out as letters by some voices.
    catalogue.set_use_isolating(false);
    catalogue.add_resource(resource).ok()?;
    Some(catalogue)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Each phrase of a file with the places that it has.
    fn phrases(tag: &str) -> BTreeMap<String, BTreeSet<String>> {
        let file = Files::get(&format!("{tag}.ftl")).expect("a file");
        let text = std::str::from_utf8(&file.data).expect("text").to_owned();
        let resource = FluentResource::try_new(text.clone()).expect("it can be read");
        let count = resource.entries().count();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut name = String::new();
        for line in text.lines() {
            if let Some((head, _)) = line.split_once(" = ").filter(|_| line.starts_with(char::is_alphabetic))
            {
                name = head.to_owned();
            }
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let places = line.split('$').skip(1);
            let words = places.map(|rest| rest.split([' ', '}']).next().unwrap_or_default().to_owned());
            found.entry(name.clone()).or_default().extend(words);
        }
        assert!(found.len() <= count && found.len() > 50, "{tag} has {} phrases", found.len());
        found
    }

    #[test]
    fn every_language_has_every_phrase_with_the_same_places() {
        let english = phrases("en");
        assert!(languages().count() >= 2);
        for Language(tag) in languages() {
            assert_eq!(phrases(tag), english, "{tag}");
        }
    }

    /// All of our code.
    fn code(folder: &Path) -> String {
        let entries =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries
            .map(|path| match path.is_dir() {
                true => code(&path),
                false => std::fs::read_to_string(&path).expect("a source file"),
            })
            .collect()
    }

    #[test]
    fn every_phrase_that_is_said_exists_and_every_one_that_exists_is_said() {
        let english = phrases("en");
        let code = code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let named = |call: &str| {
            let after = code.split(&format!("{call}(")).skip(1).map(str::trim_start).collect::<Vec<_>>();
            let names = after.into_iter().filter_map(|rest| Some(rest.strip_prefix('"')?.split_once('"')?.0));
            let is_name =
                |name: &&str| name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
            names.filter(is_name).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let said: BTreeSet<String> = ["Phrase::new", " say", "about", "phrase", "counted", " server"]
            .into_iter()
            .flat_map(named)
            .collect();
        assert!(said.len() > 40, "{said:?}");
        let lacking: Vec<_> = said.iter().filter(|name| !english.contains_key(*name)).collect();
        assert!(lacking.is_empty(), "no catalogue has {lacking:?}");
        let idle: Vec<_> = english.keys().filter(|name| !code.contains(&format!("\"{name}\""))).collect();
        assert!(idle.is_empty(), "nobody says {idle:?}");
    }

    #[test]
    fn the_number_decides_the_form() {
        let said = |language, count: usize| {
            let mut values = FluentArgs::new();
            values.set("count", count);
            say(language, "stopped", &values)
        };
        assert_eq!(said(Language::ENGLISH, 1), "Stopped.");
        assert_eq!(said(Language::ENGLISH, 3), "Stopped 3 commands.");
        assert_eq!(said(Language("de"), 3), "3 Befehle angehalten.");
        assert_eq!(said(Language("xx"), 3), "Stopped 3 commands.", "what nobody has is said in English");
    }
}
