//! Names as they are spoken: "todo dot t x t" is the file `todo.txt`.
//!
//! Letters are joined only behind a "dot" and a word before it, where they can hardly mean anything
//! else; a recogniser that writes `todo.txt` by itself is left alone.

/// More letters than this after a dot are no ending of a name.
const MAX_LETTERS: usize = 5;

/// The text with each spelled ending joined to its name.
pub(super) fn joined(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let letters = if word.eq_ignore_ascii_case("dot") { spelled(&words[at + 1..]) } else { &[] };
        match out.last_mut() {
            Some(name) if !letters.is_empty() && name.ends_with(char::is_alphanumeric) => {
                name.push('.');
                name.push_str(&letters.concat());
                at += 1 + letters.len();
            }
            _ => {
                out.push((*word).to_owned());
                at += 1;
            }
        }
    }
    out.join(" ")
}

/// The single letters and digits that `words` begins with; "a" and "i" alone are words of their own.
fn spelled<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let is_letter = |word: &&&str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_alphanumeric) && letters.next().is_none()
    };
    let count = words.iter().take_while(is_letter).count();
    let is_word = count == 1 && ["a", "i"].iter().any(|word| words[0].eq_ignore_ascii_case(word));
    if is_word || count > MAX_LETTERS { &[] } else { &words[..count] }
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_spelled_ending_is_joined_to_its_name() {
        assert_eq!(joined("read the file todo dot t x t please"), "read the file todo.txt please");
        assert_eq!(joined("open main dot c and notes dot m d"), "open main.c and notes.md");
        assert_eq!(joined("play track dot m p 3"), "play track.mp3");
    }

    #[test]
    fn other_dots_and_letters_stay() {
        for text in ["buy a polka dot dress", "dot t x t", "draw a dot a bit lower", "read todo.txt", "dot"] {
            assert_eq!(joined(text), text);
        }
    }
}
