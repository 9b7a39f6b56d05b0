//! Which prompts the context still remembers, so that a shared beginning is computed once.
//!
//! A few sequences are kept. A prompt goes on in the one that it shares the most with; when it
//! would throw away the larger part of that one it gets a copy of the shared beginning instead,
//! which costs nothing (copies share the cells), and the sequence unused for longest makes room.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::token::LlamaToken;

use super::EngineError;

/// Sequences that are remembered side by side.
pub(super) const CACHED_SEQUENCES: u32 = 4;

/// What each sequence of the context holds.
pub(super) struct PrefixCache {
    sequences: Vec<Sequence>,
    cells: usize,
    clock: u64,
}

#[derive(Default)]
struct Sequence {
    tokens: Vec<LlamaToken>,
    used: u64,
}

/// Where a prompt goes on, and how much of it is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) sequence: usize,
    pub(super) cached: usize,
}

impl PrefixCache {
    /// An empty cache for a context of `cells` tokens.
    pub(super) fn new(cells: usize) -> Self {
        Self { sequences: (0..CACHED_SEQUENCES).map(|_| Sequence::default()).collect(), cells, clock: 0 }
    }

    /// Picks the sequence for `prompt` and makes room for it and `answer` more tokens.
    pub(super) fn claim(
        &mut self,
        context: &mut LlamaContext<'_>,
        prompt: &[LlamaToken],
        answer: usize,
    ) -> Result<Claim, EngineError> {
        let (from, claim) = self.plan(prompt);
        if from != claim.sequence {
            self.forget(context, claim.sequence)?;
            let end = position(claim.cached)?.cast_unsigned();
            context
                .kv_cache_seq_cp(sequence_id(from), sequence_id(claim.sequence), None, Some(end))
                .map_err(|error| EngineError::Model(error.to_string()))?;
            self.sequences[claim.sequence].tokens = prompt[..claim.cached].to_vec();
        } else {
            let start = position(claim.cached)?.cast_unsigned();
            context
                .kv_cache_seq_rm(sequence_id(claim.sequence), Some(start), None)
                .map_err(|error| EngineError::Model(error.to_string()))?;
            self.sequences[claim.sequence].tokens.truncate(claim.cached);
        }
        self.clock += 1;
        self.sequences[claim.sequence].used = self.clock;
        for other in self.to_evict(claim.sequence, prompt.len() + answer) {
            self.forget(context, other)?;
        }
        Ok(claim)
    }

    /// Notes tokens that were computed in a sequence.
    pub(super) fn extend(&mut self, sequence: usize, tokens: &[LlamaToken]) {
        self.sequences[sequence].tokens.extend_from_slice(tokens);
    }

    /// How many tokens a sequence holds.
    pub(super) fn length(&self, sequence: usize) -> usize {
        self.sequences[sequence].tokens.len()
    }

    /// Empties a sequence.
    pub(super) fn forget(
        &mut self,
        context: &mut LlamaContext<'_>,
        sequence: usize,
    ) -> Result<(), EngineError> {
        self.sequences[sequence] = Sequence::default();
        context
            .kv_cache_seq_rm(sequence_id(sequence), None, None)
            .map_err(|error| EngineError::Model(error.to_string()))
    }

    fn plan(&self, prompt: &[LlamaToken]) -> (usize, Claim) {
        // The last token is always computed: its scores are what the answer starts from.
        let most = prompt.len().saturating_sub(1);
        let (from, cached) = self
            .sequences
            .iter()
            .enumerate()
            .map(|(index, sequence)| (index, common_prefix(&sequence.tokens, prompt).min(most)))
            .max_by_key(|(index, cached)| (*cached, self.sequences[*index].used))
            .unwrap_or((0, 0));
        let goes_on = cached * 2 >= self.sequences[from].tokens.len();
        let sequence = if goes_on { from } else { self.oldest_but(from) };
        (from, Claim { sequence, cached })
    }

    fn oldest_but(&self, kept: usize) -> usize {
        (0..self.sequences.len())
            .filter(|index| *index != kept)
            .min_by_key(|index| self.sequences[*index].used)
            .unwrap_or(kept)
    }

    /// The others to give up, oldest first, until `needed` tokens surely fit. Cells that several
    /// share are counted for each, so this errs on the side of room.
    fn to_evict(&self, kept: usize, needed: usize) -> Vec<usize> {
        let mut others: Vec<usize> = (0..self.sequences.len())
            .filter(|index| *index != kept && !self.sequences[*index].tokens.is_empty())
            .collect();
        others.sort_by_key(|index| self.sequences[*index].used);
        let mut held: usize = others.iter().map(|index| self.length(*index)).sum();
        let mut evicted = Vec::new();
        for index in others {
            if held + needed <= self.cells {
                break;
            }
            held -= self.length(index);
            evicted.push(index);
        }
        evicted
    }
}

/// A sequence's number as llama.cpp wants it.
pub(super) fn sequence_id(sequence: usize) -> i32 {
    i32::try_from(sequence).unwrap_or(0)
}

/// A token's place as llama.cpp wants it.
pub(super) fn position(index: usize) -> Result<i32, EngineError> {
    i32::try_from(index).map_err(|_| EngineError::Model(format!("{index} tokens are too many")))
}

fn common_prefix(held: &[LlamaToken], prompt: &[LlamaToken]) -> usize {
    held.iter().zip(prompt).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<LlamaToken> {
        text.bytes().map(|byte| LlamaToken(i32::from(byte))).collect()
    }

    fn holding(texts: &[&str]) -> PrefixCache {
        let mut cache = PrefixCache::new(100);
        for (index, text) in texts.iter().enumerate() {
            cache.sequences[index].tokens = tokens(text);
            cache.sequences[index].used = index as u64 + 1;
        }
        cache
    }

    fn check(held: &[&str], prompt: &str, sequence: usize, cached: usize) {
        let (_, claim) = holding(held).plan(&tokens(prompt));
        assert_eq!(claim, Claim { sequence, cached }, "{held:?} + {prompt}");
    }

    #[test]
    fn a_prompt_goes_on_where_it_shares_the_most() {
        check(&["system one", "system two"], "system two more", 1, 10);
        check(&["system one", "system two"], "system other", 0, 8);
    }

    #[test]
    fn the_last_token_is_computed_again() {
        check(&["same"], "same", 0, 3);
    }

    #[test]
    fn a_prompt_that_shares_little_leaves_the_others_alone() {
        check(&["a long prompt"], "another", 1, 1);
        check(&["aaaaaa", "bbbbbb", "cccccc", "dddddd"], "x", 0, 0);
    }

    #[test]
    fn the_oldest_make_room() {
        let cache = holding(&["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]);
        assert_eq!(cache.to_evict(2, 80), Vec::<usize>::new());
        assert_eq!(cache.to_evict(2, 81), [0]);
        assert_eq!(cache.to_evict(2, 95), [0, 1]);
    }
}
