//! Which language is meant by what a person, a browser or a setting names.

use super::catalogue;
use crate::domain::Language;

/// The languages that Hark answers in.
pub fn known() -> Vec<Language> {
    catalogue::languages().collect()
}

/// Languages in the order in which somebody would like them.
#[derive(Debug, Default)]
pub struct Choice {
    tags: Vec<String>,
}

impl Choice {
    /// Reads `Accept-Language` (RFC 9110, section 12.5.4), or a single tag such as `de-AT`. What makes no
    /// sense is left out.
    pub fn read(text: &str) -> Self {
        let mut wanted: Vec<(f32, String)> = text
            .split(',')
            .filter_map(|item| {
                let mut parts = item.split(';').map(str::trim);
                let tag = parts.next().unwrap_or_default().replace('_', "-").to_ascii_lowercase();
                let quality = parts
                    .filter_map(|part| part.strip_prefix("q="))
                    .find_map(|quality| quality.parse::<f32>().ok())
                    .unwrap_or(1.0);
                let is_tag = !tag.is_empty()
                    && tag.split('-').all(|part| {
                        (1..=8).contains(&part.len())
                            && part.chars().all(|letter| letter.is_ascii_alphanumeric())
                    });
                (is_tag && quality > 0.0).then_some((quality, tag))
            })
            .collect();
        wanted.sort_by(|(first, _), (second, _)| second.total_cmp(first));
        Self { tags: wanted.into_iter().map(|(_, tag)| tag).collect() }
    }

    /// The first one that Hark answers in; for `de-AT` that is also `de`.
    pub fn best(&self) -> Option<Language> {
        self.tags.iter().find_map(|tag| {
            let shorter = std::iter::successors(Some(tag.as_str()), |tag| Some(tag.rsplit_once('-')?.0));
            shorter
                .into_iter()
                .find_map(|tag| catalogue::languages().find(|language| language.0.eq_ignore_ascii_case(tag)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_language_is_the_most_wanted_that_there_is() {
        for (wanted, best) in [
            ("de", Some("de")),
            ("DE_at", Some("de")),
            ("de-AT, en;q=0.8", Some("de")),
            ("en;q=0.5, de;q=0.9", Some("de")),
            ("fi, en;q=0.3", Some("en")),
            ("de;q=0, en", Some("en")),
            ("fi", None),
            ("*", None),
            ("auto", None),
            ("", None),
            ("de\u{0}, ;;, ,q=1", None),
            ("en;q=much", Some("en")),
        ] {
            assert_eq!(Choice::read(wanted).best().map(|language| language.0), best, "{wanted:?}");
        }
    }
}
