//! What of a reply is said aloud.

/// Nobody listens for longer; the whole reply is on the screen.
const MAX_CHARS: usize = 600;

/// One line of plain words; `None` where there is nothing to say.
pub(super) fn speakable(text: &str) -> Option<String> {
    // A mark of control would be read by the service as the end of the text, or of the line.
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    // A dot at the beginning of a line means something to the service.
    let words = words.trim_start_matches(['.', ' ']);
    if !words.chars().any(char::is_alphanumeric) {
        return None;
    }
    let Some((end, _)) = words.char_indices().nth(MAX_CHARS) else { return Some(words.to_owned()) };
    let head = &words[..end];
    let whole = head.rfind(['.', '?', '!']).or_else(|| head.rfind(' ')).map_or(end, |at| at + 1);
    Some(head[..whole].trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_one_line_that_ends_with_a_sentence() {
        assert_eq!(speakable("Two items:\r\n.\r\nSTOP all\u{7}").as_deref(), Some("Two items: . STOP all"));
        assert_eq!(speakable(".txt is missing").as_deref(), Some("txt is missing"));
        assert_eq!(speakable(" . \n"), None);
        let long = format!("{} And so on", "All is well. ".repeat(60));
        let said = speakable(&long).unwrap();
        assert!(said.chars().count() <= MAX_CHARS && said.ends_with("well."), "{said}");
        let endless = speakable(&"ä".repeat(2_000)).unwrap();
        assert_eq!(endless.chars().count(), MAX_CHARS);
    }
}
