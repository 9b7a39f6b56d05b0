//! Word errors, counted as `scripts/word-errors` counts them.

use strsim::generic_levenshtein;

/// Words that were heard wrong, of all that were said.
#[derive(Default)]
pub(crate) struct Errors {
    wrong: usize,
    all: usize,
    right: usize,
    refused: usize,
    texts: usize,
}

impl Errors {
    pub(crate) fn add(&mut self, said: &str, heard: &str) {
        let (said, heard) = (words(said), words(heard));
        let wrong = generic_levenshtein(&said, &heard);
        self.wrong += wrong;
        self.all += said.len();
        self.right += usize::from(wrong == 0);
        self.refused += usize::from(heard.is_empty());
        self.texts += 1;
    }

    /// `texts without an error | texts with one | texts that were refused`, as cells of a table.
    pub(crate) fn ends(&self) -> String {
        format!("{} | {} | {}", self.right, self.texts - self.right - self.refused, self.refused)
    }

    pub(crate) fn share(&self) -> String {
        let share = 100.0 * self.wrong as f64 / self.all.max(1) as f64;
        format!("{share:.1} % ({} of {})", self.wrong, self.all)
    }

    /// `share | texts without an error`, as cells of a table.
    pub(crate) fn cells(&self) -> String {
        format!("{} | {} of {}", self.share(), self.right, self.texts)
    }
}

/// How a number is written is no error.
fn words(text: &str) -> Vec<String> {
    let english = text2num::Language::english();
    let text = text2num::replace_numbers_in_text(&text.to_lowercase(), &english, 0.0);
    text.replace(" p m", " pm")
        .replace(" a m", " am")
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
