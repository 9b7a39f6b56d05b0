//! What is known of an answer before the model is asked: beginnings with weights, as another model gave them.
//!
//! Two judges of the same question are multiplied (product of experts, Hinton 2002): at each fork among the
//! beginnings, a token's score is raised by the logarithm of the share of the weight that goes its way.

use llama_cpp_2::token::LlamaToken;
use toktrie::SimpleVob;

use crate::wire::Beginning;

/// Beginnings of an answer, of which exactly one is thought to be right.
pub(super) struct Prior<'a>(pub(super) &'a [Beginning]);

impl Prior<'_> {
    /// What to add to the scores of tokens that may come behind `written`. Nothing for a token that leads to no
    /// beginning: of that nothing is known. Empty behind the forks.
    pub(super) fn additions(
        &self,
        written: &[u8],
        legal: &SimpleVob,
        piece: impl Fn(LlamaToken) -> Vec<u8>,
    ) -> Vec<(usize, f32)> {
        let open: Vec<(&[u8], f64)> = self
            .0
            .iter()
            .filter_map(|one| {
                let left = one.text.as_bytes().strip_prefix(written)?;
                (!left.is_empty() && one.weight > 0.0).then_some((left, f64::from(one.weight)))
            })
            .collect();
        let whole: f64 = open.iter().map(|(_, weight)| weight).sum();
        let mut additions = Vec::new();
        if open.is_empty() {
            return additions;
        }
        legal.iter_set_entries(|token| {
            let Ok(id) = i32::try_from(token) else { return };
            let piece = piece(LlamaToken(id));
            let leads_to = |left: &[u8]| left.starts_with(&piece) || piece.starts_with(left);
            let share: f64 = open.iter().filter(|(left, _)| leads_to(left)).map(|(_, weight)| weight).sum();
            if share > 0.0 {
                #[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
                additions.push((token, (share / whole).ln() as f32));
            }
        });
        additions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn additions(written: &str) -> Vec<(usize, f32)> {
        let beginning = |text: &str, weight| Beginning { text: text.to_owned(), weight };
        let beginnings = [beginning("[add_note", 0.2), beginning("[add_list", 0.6), beginning("[stop", 0.2)];
        let pieces = ["]", "[", "add", "st", "_note", "_list\"", "x"];
        let all = SimpleVob::from_slice(&[true; 7]);
        Prior(&beginnings)
            .additions(written.as_bytes(), &all, |token| pieces[usize::try_from(token.0).unwrap_or(0)].into())
    }

    fn rounded(found: &[(usize, f32)]) -> Vec<(usize, i32)> {
        #[expect(clippy::cast_possible_truncation, reason = "small")]
        found.iter().map(|(token, addition)| (*token, (addition.exp() * 100.0).round() as i32)).collect()
    }

    #[test]
    fn at_a_fork_each_way_gets_its_share() {
        assert_eq!(rounded(&additions("")), [(1, 100)]);
        assert_eq!(rounded(&additions("[")), [(2, 80), (3, 20)]);
        assert_eq!(rounded(&additions("[add")), [(4, 25), (5, 75)]);
    }

    #[test]
    fn behind_the_forks_and_off_the_ways_nothing_is_known() {
        assert_eq!(additions("[add_list"), []);
        assert_eq!(additions("nowhere"), []);
    }
}
