//! Hark's own voice, as it comes back through the microphone, is no command.

use strsim::generic_levenshtein;

/// So much of what was heard must be of what was said, 0 to 1.
const LIKENESS: f64 = 0.7;
/// Fewer words may be an answer: "red" to "Should it be red or green?".
const LEAST_WORDS: usize = 4;

/// Whether `heard` is likely a part of `spoken`: no more than a share of its words differ from those that were
/// said at some place. Of fewer words it is one only where they are a whole sentence of it.
pub(super) fn is_likely(heard: &str, spoken: &str) -> bool {
    let heard = words(heard);
    if heard.is_empty() {
        return false;
    }
    if heard.len() < LEAST_WORDS {
        return spoken.split(['.', '?', '!', ';', ':']).any(|sentence| words(sentence) == heard);
    }
    let spoken = words(spoken);
    if spoken.is_empty() {
        return false;
    }
    let most = heard.len() as f64 * (1.0 - LIKENESS);
    // Words may be lost on the way through the room.
    let lengths = heard.len()..=heard.len() * 4 / 3;
    let places = lengths.flat_map(|length| spoken.windows(length.min(spoken.len())));
    places.map(<[String]>::to_vec).any(|said| generic_levenshtein(&heard, &said) as f64 <= most)
}

/// Whether the words heard so far may be those of `spoken`: most of them are in it.
pub(super) fn is_part(heard: &str, spoken: &str) -> bool {
    let (heard, spoken) = (words(heard), words(spoken));
    let known = heard.iter().filter(|word| spoken.contains(word)).count();
    known as f64 >= heard.len() as f64 * LIKENESS
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    // A reply is spoken for minutes at most.
    words.take(500).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_reply_is_an_echo_and_an_order_is_none() {
        let reply = "Milk is on the shopping list now. The list has three items: bread, eggs and milk.";
        assert!(is_likely("milk is on the shopping list now", reply));
        assert!(is_likely("the list has tree items bread and milk", reply));
        assert!(!is_likely("remove the bread", reply));
        assert!(!is_likely("the bread", reply));
        assert!(!is_likely("", reply));
        assert!(is_likely("Stopped.", "Stopped."));
        assert!(!is_likely("milk", "Should it be milk or oat milk?"), "an answer is none");
    }

    #[test]
    fn words_so_far_are_of_the_reply_or_a_person_s() {
        let reply = "The list has three items: bread, eggs and milk.";
        assert!(is_part("the list has", reply));
        assert!(is_part("the list has tree", reply));
        assert!(!is_part("stop", reply));
        assert!(!is_part("what time is it", reply));
    }
}
