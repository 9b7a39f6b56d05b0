//! Hark's own voice, as it comes back through the microphone, is no command.

/// So much of what was heard must be of what was said, 0 to 1.
const LIKENESS: f64 = 0.7;
/// Fewer words may be an answer: "red" to "Should it be red or green?".
const LEAST_WORDS: usize = 4;

/// Whether `heard` is likely `spoken`, or a part of it: most of its words come in it, in that order.
pub(super) fn is_likely(heard: &str, spoken: &str) -> bool {
    let (heard, spoken) = (words(heard), words(spoken));
    if heard.len() < LEAST_WORDS {
        return false;
    }
    common(&heard, &spoken) as f64 / heard.len() as f64 >= LIKENESS
}

/// The length of the longest common subsequence (Hunt and Szymanski's problem, by Wagner and Fischer's
/// table).
fn common(one: &[String], other: &[String]) -> usize {
    let mut above = vec![0; other.len() + 1];
    for word in one {
        let mut row = vec![0; other.len() + 1];
        for (at, candidate) in other.iter().enumerate() {
            row[at + 1] = if word == candidate { above[at] + 1 } else { row[at].max(above[at + 1]) };
        }
        above = row;
    }
    above.last().copied().unwrap_or(0)
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
    }
}
