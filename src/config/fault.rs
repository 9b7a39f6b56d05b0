//! Faults of settings, in words that say what is wanted, and without the value, which may be a key.

use std::path::Path;

use super::ConfigError;

/// What is wrong with a file, and in which line.
pub(super) fn in_file(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().map(|span| {
        let above = text.get(..span.start).unwrap_or(text);
        format!("line {}: ", above.matches('\n').count() + 1)
    });
    ConfigError::Malformed {
        place: path.display().to_string(),
        fault: format!("{}{}", line.unwrap_or_default(), words(error)),
    }
}

/// The lines, from 1, that are nothing but `heading`.
pub(super) fn lines_of(text: &str, heading: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| line.split('#').next().is_some_and(|code| code.trim() == heading))
        .map(|(index, _)| index + 1)
        .collect()
}

/// The message alone: the full text of the error quotes the line, and the message quotes the value.
pub(super) fn words(error: &toml::de::Error) -> String {
    let message = error.message();
    let quotes_value = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    match message.rsplit_once(", expected ") {
        Some((_, wanted)) if quotes_value => format!("{} is wanted here", wanted_words(wanted)),
        _ => message.to_owned(),
    }
}

/// serde's names of types as words.
fn wanted_words(wanted: &str) -> &str {
    match wanted {
        "usize" | "u64" | "u32" => "a whole number, 0 or more,",
        "a boolean" => "true or false",
        "a sequence" => "a list such as [\"one\", \"two\"]",
        "a string" | "path string" => "text (in quotes)",
        section if section.starts_with("struct ") => "a section with keys",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Raw;
    use super::*;

    fn told(text: &str) -> String {
        let error = toml::from_str::<Raw>(text).expect_err("a fault");
        in_file(Path::new("hark.toml"), text, &error).to_string()
    }

    #[test]
    fn the_line_is_named_and_the_value_is_not() {
        for (text, line) in [
            ("[server]\ntoken = 1234\n", 2),
            ("[server]\nmax_running = \"1234\"\n", 2),
            ("\n\n[log]\njson = 1234\n", 4),
            ("llm = \"1234\"\n", 1),
            ("[server]\nallowed_hosts = \"1234\"\n", 2),
            ("[server]\nmax_running = -1234\n", 2),
            ("[llm]\napi_key = 1234x\n", 2),
        ] {
            let told = told(text);
            assert!(told.starts_with(&format!("hark.toml: line {line}: ")), "{told}");
            assert!(!told.contains("1234"), "{told}");
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_those_that_there_are() {
        let told = told("[server]\nbnid = 1\n");
        assert!(told.contains("`bnid`") && told.contains("`bind`"), "{told}");
    }
}
