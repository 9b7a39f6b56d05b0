//! Parts of prompts that were computed apart from one another, so that any choice of them is at hand.
//!
//! A model may be trained to read a list in blocks that do not see each other: each block stands behind the
//! head of the prompt as if it were alone, and what follows the list stands behind the longest block
//! (Block-Attention, Sun et al. 2024). Every block then keeps a sequence of its own, computed once; a prompt
//! gets copies of the blocks that it names, which costs nothing, since copies share the cells.

use std::collections::HashMap;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::token::LlamaToken;

use super::EngineError;
use super::prefix::{CACHED_SEQUENCES, sequence_id};

/// So many blocks are kept at most; llama.cpp has 256 sequences in all.
pub(super) const MOST_BLOCKS: u32 = 200;
/// The sequence in which a prompt is put together.
pub(super) const ASSEMBLED: usize = CACHED_SEQUENCES as usize;
const FIRST: usize = ASSEMBLED + 1;

/// The blocks that the context remembers; a head is one that stands behind nothing.
pub(super) struct Blocks {
    held: HashMap<Key, Held>,
    free: Vec<usize>,
    cells: usize,
    clock: u64,
}

/// What stands before a block, and the block.
type Key = (Vec<LlamaToken>, Vec<LlamaToken>);

#[derive(Debug, Clone, Copy)]
struct Held {
    sequence: usize,
    used: u64,
}

/// A block's sequence, and whether its tokens have to be computed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) sequence: usize,
    pub(super) is_new: bool,
}

impl Blocks {
    /// Room for `cells` tokens, prompts that are put together included.
    pub(super) fn new(cells: usize) -> Self {
        Self {
            held: HashMap::new(),
            free: (FIRST..FIRST + MOST_BLOCKS as usize).rev().collect(),
            cells,
            clock: 0,
        }
    }

    /// Makes room for a prompt whose rest and answer take `further` tokens, and begins to put it together:
    /// what is named from here on is kept until the next call.
    pub(super) fn begin(
        &mut self,
        context: &mut LlamaContext<'_>,
        head: &[LlamaToken],
        blocks: &[Vec<LlamaToken>],
        further: usize,
    ) -> Result<(), EngineError> {
        self.clock += 1;
        clear(context, ASSEMBLED)?;
        let mut needed = further;
        let mut sequences = 0;
        let nothing: &[LlamaToken] = &[];
        let named =
            std::iter::once((nothing, head)).chain(blocks.iter().map(|block| (head, block.as_slice())));
        for (before, tokens) in named {
            match self.held.get_mut(&(before.to_vec(), tokens.to_vec())) {
                Some(held) => held.used = self.clock,
                None => {
                    needed += tokens.len();
                    sequences += 1;
                }
            }
        }
        while self.tokens() + needed > self.cells || self.free.len() < sequences {
            if !self.forget_oldest(context)? {
                break;
            }
        }
        Ok(())
    }

    /// The sequence of a block, a new one where it is not known; it holds nothing then.
    ///
    /// # Errors
    /// Where all sequences belong to blocks of this prompt.
    pub(super) fn spot(&mut self, before: &[LlamaToken], tokens: &[LlamaToken]) -> Result<Spot, EngineError> {
        let key = (before.to_vec(), tokens.to_vec());
        if let Some(held) = self.held.get(&key) {
            return Ok(Spot { sequence: held.sequence, is_new: false });
        }
        let sequence = self
            .free
            .pop()
            .ok_or_else(|| EngineError::BadMessages(format!("more than {MOST_BLOCKS} blocks")))?;
        self.held.insert(key, Held { sequence, used: self.clock });
        Ok(Spot { sequence, is_new: true })
    }

    /// Gives up everything, after a fault that may have left blocks half computed.
    pub(super) fn forget_all(&mut self, context: &mut LlamaContext<'_>) -> Result<(), EngineError> {
        clear(context, ASSEMBLED)?;
        for (_, held) in self.held.drain() {
            clear(context, held.sequence)?;
            self.free.push(held.sequence);
        }
        Ok(())
    }

    fn tokens(&self) -> usize {
        self.held.keys().map(|(_, tokens)| tokens.len()).sum()
    }

    /// Gives up the block that was unused for longest, not one of the prompt that is put together now.
    fn forget_oldest(&mut self, context: &mut LlamaContext<'_>) -> Result<bool, EngineError> {
        let oldest =
            self.held.iter().filter(|(_, held)| held.used < self.clock).min_by_key(|(_, held)| held.used);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else { return Ok(false) };
        if let Some(held) = self.held.remove(&key) {
            clear(context, held.sequence)?;
            self.free.push(held.sequence);
        }
        Ok(true)
    }
}

fn clear(context: &mut LlamaContext<'_>, sequence: usize) -> Result<(), EngineError> {
    context
        .kv_cache_seq_rm(sequence_id(sequence), None, None)
        .map(|_| ())
        .map_err(|error| EngineError::Model(error.to_string()))
}

/// Lets `to` share what `from` holds from a position on.
pub(super) fn share(
    context: &mut LlamaContext<'_>,
    from: usize,
    to: usize,
    start: Option<u32>,
) -> Result<(), EngineError> {
    context
        .kv_cache_seq_cp(sequence_id(from), sequence_id(to), start, None)
        .map_err(|error| EngineError::Model(error.to_string()))
}
