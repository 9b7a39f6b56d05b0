//! A command as a speech recogniser writes it.

/// In lower case and without marks; what belongs inside a word stays.
pub fn heard(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '%' | '$' | '€' | '°'))
            .to_lowercase()
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::heard;

    #[test]
    fn marks_and_capitals_are_not_heard() {
        assert_eq!(heard("Set it to 21.5°, please – it's \"cold\"!"), "set it to 21.5° please it's cold");
    }
}
