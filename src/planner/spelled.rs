//! Names as they are spoken: "todo dot t x t" is the file `todo.txt`.
//!
//! What follows a "dot" is joined only where it is spelled or is no word that could be spoken, and a
//! word stands before: there it can hardly mean anything else. A recogniser that writes `todo.txt` by
//! itself is left alone.

/// More letters than this after a dot are no ending of a name.
const MAX_LETTERS: usize = 5;
/// A word that can be spoken has one of these, at least in English.
const VOWELS: &str = "aeiouy";
/// Marks that may close a sentence or a part of it.
const MARKS: [char; 6] = ['.', ',', ';', ':', '!', '?'];

/// The text with each spelled ending joined to its name.
pub(super) fn joined(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let letters = if word.eq_ignore_ascii_case("dot") { ending(&words[at + 1..]) } else { &[] };
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

/// The single letters and digits that `words` begins with ("a" and "i" alone are words of their own),
/// or its first word where that has no vowel, as `txt`. A mark ends it and stays behind it.
fn ending<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let bare = |word: &&'a str| word.trim_end_matches(MARKS);
    if words.first().map(bare).is_some_and(is_unspeakable) {
        return &words[..1];
    }
    let mut count = 0;
    for word in words {
        if bare(word).chars().count() != 1 || !bare(word).chars().all(char::is_alphanumeric) {
            break;
        }
        count += 1;
        if bare(word) != *word {
            break;
        }
    }
    let is_word = count == 1 && ["a", "i"].iter().any(|word| bare(&words[0]).eq_ignore_ascii_case(word));
    if is_word || count > MAX_LETTERS { &[] } else { &words[..count] }
}

fn is_unspeakable(word: &str) -> bool {
    (2..=MAX_LETTERS).contains(&word.len())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric())
        && !word.to_ascii_lowercase().contains(|letter| VOWELS.contains(letter))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_spelled_ending_is_joined_to_its_name() {
        assert_eq!(joined("read the file todo dot t x t please"), "read the file todo.txt please");
        assert_eq!(joined("open main dot c and notes dot m d."), "open main.c and notes.md.");
        assert_eq!(joined("play track dot m p 3, a song"), "play track.mp3, a song");
        assert_eq!(joined("Read todo dot txt."), "Read todo.txt.");
    }

    #[test]
    fn other_dots_and_letters_stay() {
        for text in ["buy a polka dot dress", "dot t x t", "draw a dot a bit lower", "read todo.txt", "dot"] {
            assert_eq!(joined(text), text);
        }
    }
}
