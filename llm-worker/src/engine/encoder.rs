//! Texts to vectors, by a second, small model: what is alike in meaning lies close together.

use std::num::NonZeroU32;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::prefix::{position, sequence_id};
use super::{EngineConfig, EngineError};

/// A text is cut behind so many tokens; the model was trained with no more.
const TEXT_TOKENS: usize = 96;
/// Computed in one go.
const TEXTS_AT_ONCE: usize = 8;

/// Reads texts one group after the other.
pub(super) struct Encoder<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'static>,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(
        backend: &LlamaBackend,
        model: &'a LlamaModel,
        config: &EngineConfig,
    ) -> anyhow::Result<Self> {
        let tokens = u32::try_from(TEXT_TOKENS * TEXTS_AT_ONCE)?;
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(tokens))
            .with_n_batch(tokens)
            .with_n_ubatch(tokens)
            .with_n_seq_max(u32::try_from(TEXTS_AT_ONCE)?)
            .with_n_threads(config.prompt_threads)
            .with_n_threads_batch(config.prompt_threads)
            .with_embeddings(true)
            .with_no_perf(true);
        let context = model.new_context(backend, params)?;
        Ok(Self { model, context, batch: LlamaBatch::new(TEXT_TOKENS * TEXTS_AT_ONCE, 1) })
    }

    /// A vector of length one for each text.
    ///
    /// # Errors
    /// Where the model fails.
    pub(super) fn encode(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>, EngineError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for group in texts.chunks(TEXTS_AT_ONCE) {
            self.batch.clear();
            for (number, text) in group.iter().enumerate() {
                for (place, token) in self.tokens(text).into_iter().enumerate() {
                    self.batch
                        .add(token, position(place)?, &[sequence_id(number)], true)
                        .map_err(|error| model_fault(&error))?;
                }
            }
            self.context.encode(&mut self.batch).map_err(|error| model_fault(&error))?;
            for number in 0..group.len() {
                let vector = self
                    .context
                    .embeddings_seq_ith(sequence_id(number))
                    .map_err(|error| model_fault(&error))?;
                vectors.push(of_length_one(vector));
            }
        }
        Ok(vectors)
    }

    /// A text's tokens, with those that mark its beginning and its end.
    fn tokens(&self, text: &str) -> Vec<LlamaToken> {
        let mut tokens = self.model.vocab().tokenize(text.as_bytes(), true, false);
        if let Some(end) = tokens.last().copied()
            && tokens.len() > TEXT_TOKENS
        {
            tokens.truncate(TEXT_TOKENS - 1);
            tokens.push(end);
        }
        tokens
    }
}

fn of_length_one(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter().map(|x| x / length).collect()
}

fn model_fault(error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Model(error.to_string())
}
