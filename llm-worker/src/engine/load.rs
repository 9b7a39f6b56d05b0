//! Loading: the model's file, its adapter, its vocabulary as a token trie.

use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::EngineConfig;
use super::blocks::{Blocks, MOST_BLOCKS};
use super::encoder::Encoder;
use super::generate::Generator;
use super::grammar::Grammars;
use super::prefix::{CACHED_SEQUENCES, PrefixCache};
use super::prompt::PromptBuilder;

/// Tokens of the prompt that are computed in one go; between two goes a request can be given up.
pub(super) const BATCH_TOKENS: u32 = 256;
/// `LLAMA_FLASH_ATTN_TYPE_ENABLED`: skips the cells of other sequences, which one shared cache needs.
const FLASH_ATTENTION_ON: i32 = 1;

/// What a generator borrows from.
pub(super) struct Parts {
    backend: LlamaBackend,
    model: Arc<LlamaModel>,
    adapter: Option<std::cell::RefCell<LlamaLoraAdapter>>,
    encoder: Option<LlamaModel>,
    grammars: Grammars,
    prompts: PromptBuilder,
}

impl Parts {
    /// Reads the files named in `config`.
    pub(super) fn load(config: &EngineConfig) -> anyhow::Result<Self> {
        send_logs_to_tracing(LogOptions::default());
        let backend = LlamaBackend::init().context("llama.cpp cannot be initialised")?;
        readable(&config.model, "model")?;
        let mut model = LlamaModel::load_from_file(&backend, &config.model, &LlamaModelParams::default())
            .with_context(|| {
                format!("{} is no GGUF model that llama.cpp can read", config.model.display())
            })?;
        let adapter = match &config.adapter {
            None => None,
            Some(path) => {
                readable(path, "adapter")?;
                let adapter = model
                    .lora_adapter_init(path)
                    .with_context(|| format!("{} is no adapter for this model", path.display()))?;
                Some(std::cell::RefCell::new(adapter))
            }
        };
        let encoder = match &config.encoder {
            None => None,
            Some(path) => {
                readable(path, "encoder")?;
                let encoder = LlamaModel::load_from_file(&backend, path, &LlamaModelParams::default());
                Some(encoder.with_context(|| {
                    format!("{} is no GGUF model that llama.cpp can read", path.display())
                })?)
            }
        };
        let model = Arc::new(model);
        let grammars = Grammars::new(&model)?;
        let prompts = PromptBuilder::new(&model)?;
        Ok(Self { backend, model, adapter, encoder, grammars, prompts })
    }

    /// Makes the context in which vectors are computed, if there is a model for it.
    pub(super) fn encoder(&self, config: &EngineConfig) -> anyhow::Result<Option<Encoder<'_>>> {
        self.encoder.as_ref().map(|model| Encoder::new(&self.backend, model, config)).transpose()
    }

    /// Makes the context in which answers are computed.
    pub(super) fn generator(&self, config: &EngineConfig) -> anyhow::Result<Generator<'_>> {
        let trained = self.model.n_ctx_train();
        let context_tokens = config.context_tokens.min(trained);
        ensure!(context_tokens >= 64, "a context of {context_tokens} tokens is too small: 64 is the least");
        // One shared store for all sequences: a prefix that several have in common is kept once.
        let cells = context_tokens.saturating_mul(2);
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(cells))
            .with_n_batch(BATCH_TOKENS)
            .with_n_ubatch(BATCH_TOKENS)
            .with_n_seq_max(CACHED_SEQUENCES + 1 + MOST_BLOCKS)
            .with_kv_unified(true)
            .with_n_threads(config.threads)
            .with_n_threads_batch(config.prompt_threads)
            .with_flash_attention_policy(FLASH_ATTENTION_ON)
            .with_no_perf(true);
        let mut context = self
            .model
            .new_context(&self.backend, params)
            .with_context(|| format!("no memory for a context of {cells} tokens"))?;
        if let Some(adapter) = &self.adapter {
            context
                .lora_adapter_set(&mut adapter.borrow_mut(), 1.0)
                .context("the adapter does not fit the model")?;
        }
        // Half of it for prompts that are read as a whole, half for blocks.
        let cache = PrefixCache::new(context.n_ctx() as usize / 2);
        let blocks = Blocks::new(context.n_ctx() as usize / 2);
        Ok(Generator::new(
            &self.model,
            context,
            context_tokens as usize,
            cache,
            blocks,
            &self.grammars,
            &self.prompts,
        ))
    }
}

/// llama.cpp answers every fault of a file with one nameless error, so look first.
fn readable(path: &std::path::Path, what: &str) -> anyhow::Result<()> {
    let data =
        std::fs::metadata(path).with_context(|| format!("the {what} {} cannot be read", path.display()))?;
    if !data.is_file() {
        bail!("the {what} {} is not a file", path.display());
    }
    std::fs::File::open(path).with_context(|| format!("the {what} {} cannot be opened", path.display()))?;
    Ok(())
}
