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

use super::grammar::Grammars;
use super::load::BATCH_TOKENS;
use super::prefix::{PrefixCache, position, sequence_id};
use super::prompt::PromptBuilder;
use super::sample::{Pick, pick};
use super::{Answer, EngineError, Task, milliseconds};
use crate::wire::TokenLogprob;

/// Answers one task after the other.
pub(super) struct Generator<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    context_tokens: usize,
    cache: PrefixCache,
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
}

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
        grammars: &'a Grammars,
        prompts: &'a PromptBuilder,
    ) -> Self {
        Self {
            model,
            context,
            context_tokens,
            cache,
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
        let mut draft = Draft { bytes: Vec::new(), answer: Answer::default(), pending: Vec::new() };
        draft.answer.timings.schema_ms = milliseconds(started);

        let prompt = self.prompts.tokens(self.model, &task.messages)?;
        if prompt.len() + task.max_tokens > self.context_tokens {
            return Err(EngineError::TooLong {
                prompt: prompt.len(),
                answer: task.max_tokens,
                context: self.context_tokens,
            });
        }
        let claim = self.cache.claim(&mut self.context, &prompt, task.max_tokens)?;
        draft.answer.prompt_tokens = prompt.len();
        draft.answer.cached_tokens = claim.cached;
        draft.pending.extend_from_slice(&prompt[claim.cached..]);
        if let Err(error) = self.write(task, matcher.as_mut(), claim.sequence, &mut draft) {
            if matches!(error, EngineError::Model(_)) {
                // Whatever is in there may be half of something.
                self.cache.forget(&mut self.context, claim.sequence)?;
            }
            return Err(error);
        }
        draft.answer.text = String::from_utf8_lossy(&draft.bytes).into_owned();
        Ok(draft.answer)
    }

    fn write(
        &mut self,
        task: &Task,
        mut matcher: Option<&mut Matcher>,
        sequence: usize,
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
            let index = self.compute(task, sequence, draft)?;
            if !prompt_done {
                prompt_done = true;
                draft.answer.timings.prompt_ms = milliseconds(started);
                started = Instant::now();
            }
            let legal = match &next {
                Next::Choice(mask) => Some(mask),
                Next::Free | Next::End => None,
            };
            let logits = self.context.get_logits_ith(index);
            let picked = pick(logits, legal, task.temperature, &mut chance)
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
    fn compute(&mut self, task: &Task, sequence: usize, draft: &mut Draft) -> Result<i32, EngineError> {
        let model_fault = |error: &dyn std::fmt::Display| EngineError::Model(error.to_string());
        let mut last = 0;
        let chunks = draft.pending.chunks(BATCH_TOKENS as usize);
        let final_chunk = chunks.len().saturating_sub(1);
        for (number, chunk) in chunks.enumerate() {
            if task.cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if Instant::now() >= task.deadline {
                return Err(EngineError::Timeout(draft.answer.tokens.len()));
            }
            self.batch.clear();
            let start = self.cache.length(sequence);
            for (offset, token) in chunk.iter().enumerate() {
                let wanted = number == final_chunk && offset + 1 == chunk.len();
                self.batch
                    .add(*token, position(start + offset)?, &[sequence_id(sequence)], wanted)
                    .map_err(|error| model_fault(&error))?;
            }
            self.context.decode(&mut self.batch).map_err(|error| model_fault(&error))?;
            self.cache.extend(sequence, chunk);
            last = position(chunk.len() - 1)?;
        }
        draft.pending.clear();
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
