//! Schemas become matchers: which tokens may come next, and which must.

use std::sync::Arc;

use anyhow::Context;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::vocab::VocabType;
use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value, json};
use toktrie::{InferenceCapabilities, TokEnv, TokTrie, TokenId, TokenizerEnv};

use super::EngineError;

/// Compiles schemas for one vocabulary.
pub(super) struct Grammars {
    factory: ParserFactory,
}

impl Grammars {
    /// Walks the vocabulary once; a tenth of a second or so.
    pub(super) fn new(model: &Arc<LlamaModel>) -> anyhow::Result<Self> {
        let approximate = LlamaSampler::llguidance_tok_env(model);
        // A byte-pair vocabulary splits a piece of text as it splits the whole, so forced text can
        // be cut into tokens ahead of the model. Others put a space before each piece.
        let env: TokEnv = if matches!(model.vocab().vocab_type(), VocabType::BPE) {
            Arc::new(ModelTokens { trie: approximate.tok_trie().clone(), model: Arc::clone(model) })
        } else {
            approximate
        };
        let capabilities = InferenceCapabilities {
            ff_tokens: env.tokenize_is_canonical(),
            ..InferenceCapabilities::default()
        };
        let mut factory =
            ParserFactory::new(&env, capabilities, &llguidance::earley::SlicedBiasComputer::json_slices())
                .context("the vocabulary cannot be used for constrained answers")?;
        // Its own messages go to standard error past our log.
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self { factory })
    }

    /// A matcher for one answer: compact JSON, properties in the schema's order.
    ///
    /// Keywords of third-party schemas that cannot be kept while writing are left out here;
    /// whoever asked checks the arguments again.
    ///
    /// # Errors
    /// `BadSchema` with the compiler's words.
    pub(super) fn matcher(&self, schema: &Value) -> Result<Matcher, EngineError> {
        let mut schema = schema.clone();
        let Some(object) = schema.as_object_mut() else {
            return Err(EngineError::BadSchema("it is not a JSON object".into()));
        };
        object.insert(
            "x-guidance".into(),
            json!({
                "whitespace_flexible": false,
                "item_separator": ",",
                "key_separator": ":",
                "lenient": true,
            }),
        );
        let parser = self
            .factory
            .create_parser(TopLevelGrammar::from_json_schema(schema))
            .map_err(|error| EngineError::BadSchema(format!("{error:#}")))?;
        let mut matcher = Matcher::new(Ok(parser));
        for warning in matcher.grammar_warnings() {
            tracing::debug!("the schema is kept but for a part: {warning}");
        }
        match matcher.get_error() {
            Some(error) => Err(EngineError::BadSchema(error)),
            None => Ok(matcher),
        }
    }
}

/// The model's own tokeniser, behind the face that llguidance wants.
struct ModelTokens {
    trie: TokTrie,
    model: Arc<LlamaModel>,
}

impl TokenizerEnv for ModelTokens {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        let vocab = self.model.vocab();
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            vocab
                .tokenize(text.as_bytes(), false, false)
                .into_iter()
                .map(|token| token.0.cast_unsigned())
                .collect()
        })
    }
}
