//! One answer: prompt, then token by token what the model says within what the schema allows.
//!
//! Tokens that the schema forces are not asked of the model; they are computed together with the
//! next one that is.

use std::time::Instant;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llguidance::Matcher;

use super::blocks::{ASSEMBLED, Blocks, share};
use super::grammar::Grammars;
use super::load::BATCH_TOKENS;
use super::prefix::{PrefixCache, position, sequence_id};
use super::prior::Prior;
use super::prompt::{Prompt, PromptBuilder};
use super::sample::{Pick, pick};
use super::{Answer, EngineError, Task, milliseconds};
use crate::wire::TokenLogprob;

/// Answers one task after the other.
pub(super) struct Generator<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    context_tokens: usize,
    cache: PrefixCache,
    blocks: Blocks,
    grammars: &'a Grammars,
    prompts: &'a PromptBuilder,
    batch: LlamaBatch<'static>,
}

/// An answer in the making.
struct Draft {
    bytes: Vec<u8>,
    answer: Answer,
    /// Tokens that the context has not seen yet.
    pending: Vec<LlamaToken>,
    place: Place,
}

/// Where the next token goes.
#[derive(Debug, Clone, Copy)]
struct Place {
    sequence: usize,
    position: usize,
}

/// A token to compute, where it goes, and whether its scores are wanted.
type Cell = (LlamaToken, Place, bool);

/// What the schema says before the model is asked.
enum Next {
    /// Any token.
    Free,
    /// One of several.
    Choice(toktrie::SimpleVob),
    /// Nothing more may come.
    End,
}

impl<'a> Generator<'a> {
    pub(super) fn new(
        model: &'a LlamaModel,
        context: LlamaContext<'a>,
        context_tokens: usize,
        cache: PrefixCache,
        blocks: Blocks,
        grammars: &'a Grammars,
        prompts: &'a PromptBuilder,
    ) -> Self {
        Self {
            model,
            context,
            context_tokens,
            cache,
            blocks,
            grammars,
            prompts,
            batch: LlamaBatch::new(BATCH_TOKENS as usize, 1),
        }
    }

    /// The most tokens of one request.
    pub(super) fn context_tokens(&self) -> usize {
        self.context_tokens
    }

    /// Answers a task.
    ///
    /// # Errors
    /// Any but `Loading`, `Failed` and `Busy`.
    pub(super) fn answer(&mut self, task: &Task) -> Result<Answer, EngineError> {
        let started = Instant::now();
        let mut matcher = task.schema.as_ref().map(|schema| self.grammars.matcher(schema)).transpose()?;
        let schema_ms = milliseconds(started);

        let prompt = self.prompts.tokens(self.model, &task.messages, &task.blocks)?;
        if prompt.len() + task.max_tokens > self.context_tokens {
            return Err(EngineError::TooLong {
                prompt: prompt.len(),
                answer: task.max_tokens,
                context: self.context_tokens,
            });
        }
        let begun = Instant::now();
        let mut draft = match prompt.blocks.is_empty() {
            true => self.go_on(task, &prompt)?,
            false => self.assemble(task, &prompt).inspect_err(|_| {
                // Whatever is in there may be half of something.
                let _ = self.blocks.forget_all(&mut self.context);
            })?,
        };
        draft.answer.timings.schema_ms = schema_ms;
        draft.answer.timings.prompt_ms = milliseconds(begun);
        draft.answer.prompt_tokens = prompt.len();
        let sequence = draft.place.sequence;
        if let Err(error) = self.write(task, matcher.as_mut(), &mut draft) {
            if matches!(error, EngineError::Model(_)) && sequence != ASSEMBLED {
                self.cache.forget(&mut self.context, sequence)?;
            }
            return Err(error);
        }
        draft.answer.text = String::from_utf8_lossy(&draft.bytes).into_owned();
        Ok(draft.answer)
    }

    /// Begins an answer to a prompt that is read as a whole, behind what is remembered of its beginning.
    fn go_on(&mut self, task: &Task, prompt: &Prompt) -> Result<Draft, EngineError> {
        let whole = [prompt.head.as_slice(), &prompt.rest].concat();
        let claim = self.cache.claim(&mut self.context, &whole, task.max_tokens)?;
        let place = Place { sequence: claim.sequence, position: claim.cached };
        Ok(Draft::new(place, claim.cached, &whole[claim.cached..]))
    }

    /// Begins an answer behind blocks; those that are new are computed now.
    fn assemble(&mut self, task: &Task, prompt: &Prompt) -> Result<Draft, EngineError> {
        let further = prompt.rest.len() + task.max_tokens;
        self.blocks.begin(&mut self.context, &prompt.head, &prompt.blocks, further)?;
        let mut cached = 0;
        let head = self.blocks.spot(&[], &prompt.head)?;
        if head.is_new {
            self.decode(task, &cells(&prompt.head, Place { sequence: head.sequence, position: 0 }))?;
        } else {
            cached += prompt.head.len();
        }
        let behind = prompt.head.len();
        let mut missing = Vec::new();
        let mut spots = Vec::new();
        for block in &prompt.blocks {
            let spot = self.blocks.spot(&prompt.head, block)?;
            if spot.is_new {
                share(&mut self.context, head.sequence, spot.sequence, None)?;
                missing.extend(cells(block, Place { sequence: spot.sequence, position: behind }));
            } else if !spots.contains(&spot.sequence) {
                cached += block.len();
            }
            spots.push(spot.sequence);
        }
        self.decode(task, &missing)?;
        share(&mut self.context, head.sequence, ASSEMBLED, None)?;
        let start = position(behind)?.cast_unsigned();
        for sequence in spots {
            share(&mut self.context, sequence, ASSEMBLED, Some(start))?;
        }
        let longest = prompt.blocks.iter().map(Vec::len).max().unwrap_or(0);
        let place = Place { sequence: ASSEMBLED, position: behind + longest };
        Ok(Draft::new(place, cached, &prompt.rest))
    }

    fn write(
        &mut self,
        task: &Task,
        mut matcher: Option<&mut Matcher>,
        draft: &mut Draft,
    ) -> Result<(), EngineError> {
        let mut chance = fastrand::Rng::with_seed(task.seed);
        let mut started = Instant::now();
        let mut prompt_done = false;
        loop {
            let thinking = Instant::now();
            let next = match matcher.as_deref_mut() {
                None => Next::Free,
                Some(matcher) => self.constrain(matcher, task.max_tokens, draft)?,
            };
            draft.answer.timings.mask_ms += milliseconds(thinking);
            if matches!(next, Next::End) {
                draft.answer.complete = true;
                break;
            }
            if draft.answer.tokens.len() >= task.max_tokens {
                break;
            }
            let index = self.compute(task, draft)?;
            if !prompt_done {
                prompt_done = true;
                draft.answer.timings.prompt_ms += milliseconds(started);
                started = Instant::now();
            }
            let legal = match &next {
                Next::Choice(mask) => Some(mask),
                Next::Free | Next::End => None,
            };
            let additions = legal.map_or_else(Vec::new, |legal| {
                let piece = |token| self.model.vocab().token_to_piece(token, false, None);
                Prior(&task.prior).additions(&draft.bytes, legal, piece)
            });
            let logits = self.context.get_logits_ith(index);
            let picked = pick(logits, legal, &additions, task.temperature, &mut chance)
                .ok_or_else(|| EngineError::Model("it gave no usable scores".into()))?;
            let token = LlamaToken(picked.token);
            if self.model.vocab().is_eog(token) {
                draft.answer.complete = true;
                break;
            }
            if let Some(matcher) = matcher.as_deref_mut() {
                matcher
                    .consume_token(token.0.cast_unsigned())
                    .map_err(|error| EngineError::Model(error.to_string()))?;
            }
            self.append(draft, token, Some(picked));
        }
        draft.answer.timings.predicted_ms = milliseconds(started);
        Ok(())
    }

    /// Appends what the schema forces and says what may come next.
    fn constrain(
        &self,
        matcher: &mut Matcher,
        max_tokens: usize,
        draft: &mut Draft,
    ) -> Result<Next, EngineError> {
        let too_hard = |fault: String| EngineError::BadSchema(fault);
        while draft.answer.tokens.len() < max_tokens {
            if matcher.is_stopped() {
                return match matcher.get_error() {
                    Some(fault) => Err(too_hard(fault)),
                    None => Ok(Next::End),
                };
            }
            let mut forced = matcher.consume_ff_tokens();
            if forced.is_empty() {
                let mask = matcher.compute_mask_or_eos().map_err(|error| too_hard(error.to_string()))?;
                if mask.num_set() != 1 {
                    return Ok(Next::Choice(mask));
                }
                forced.extend(mask.iter());
                if forced.iter().any(|token| self.model.vocab().is_eog(LlamaToken(token.cast_signed()))) {
                    return Ok(Next::End);
                }
                matcher.consume_tokens(&forced).map_err(|error| too_hard(error.to_string()))?;
            }
            for token in forced {
                if draft.answer.tokens.len() < max_tokens {
                    self.append(draft, LlamaToken(token.cast_signed()), None);
                }
            }
        }
        // The room is used up; if by chance the answer is whole as well, say so.
        if matcher.is_stopped() && matcher.get_error().is_none() {
            return Ok(Next::End);
        }
        Ok(Next::Free)
    }

    /// Computes the pending tokens; the result is the place of the last one's scores.
    fn compute(&mut self, task: &Task, draft: &mut Draft) -> Result<i32, EngineError> {
        let mut cells = cells(&draft.pending, draft.place);
        if let Some((_, _, is_wanted)) = cells.last_mut() {
            *is_wanted = true;
        }
        let last = self.decode(task, &cells)?;
        draft.place.position += draft.pending.len();
        if draft.place.sequence != ASSEMBLED {
            self.cache.extend(draft.place.sequence, &draft.pending);
        }
        draft.pending.clear();
        Ok(last)
    }

    /// Computes tokens piece by piece; the result is the place of the last one in its piece.
    fn decode(&mut self, task: &Task, cells: &[Cell]) -> Result<i32, EngineError> {
        let model_fault = |error: &dyn std::fmt::Display| EngineError::Model(error.to_string());
        let mut last = 0;
        for piece in cells.chunks(BATCH_TOKENS as usize) {
            if task.cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if Instant::now() >= task.deadline {
                return Err(EngineError::Timeout(0));
            }
            self.batch.clear();
            for (token, place, is_wanted) in piece {
                self.batch
                    .add(*token, position(place.position)?, &[sequence_id(place.sequence)], *is_wanted)
                    .map_err(|error| model_fault(&error))?;
            }
            self.context.decode(&mut self.batch).map_err(|error| model_fault(&error))?;
            last = position(piece.len() - 1)?;
        }
        Ok(last)
    }

    /// Adds a token to the answer; `None` for one that was forced.
    fn append(&self, draft: &mut Draft, token: LlamaToken, picked: Option<Pick>) {
        let bytes = self.model.vocab().token_to_piece(token, false, None);
        draft.bytes.extend_from_slice(&bytes);
        draft.pending.push(token);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        draft.answer.tokens.push(TokenLogprob {
            bytes: (text.as_bytes() != bytes.as_slice()).then_some(bytes),
            token: text,
            logprob: picked.map_or(0.0, |pick| pick.logprob),
            forced: picked.is_none(),
            legal_mass: picked.and_then(|pick| pick.legal_mass),
        });
    }
}

impl Draft {
    fn new(place: Place, cached: usize, pending: &[LlamaToken]) -> Self {
        let answer = Answer { cached_tokens: cached, ..Answer::default() };
        Self { bytes: Vec::new(), answer, pending: pending.to_vec(), place }
    }
}

/// Tokens that stand one behind the other.
fn cells(tokens: &[LlamaToken], from: Place) -> Vec<Cell> {
    let place = |offset| Place { position: from.position + offset, ..from };
    tokens.iter().enumerate().map(|(offset, token)| (*token, place(offset), false)).collect()
}
