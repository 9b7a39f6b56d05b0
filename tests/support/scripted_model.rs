//! A language model that says what a test wrote down, in that order, and keeps what it was asked.
//! It is strict: a request too many fails the test, and so does a reply that nobody asked for.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hark::llm::{ChatModel, ChatReply, ChatRequest, Finish, ModelError, TokenLogprob, Usage};

/// What the model does when it is asked.
pub(crate) enum Say {
    /// It answers this.
    Text(String),
    /// It is cut off after this.
    CutOff(String),
    /// It answers these tokens: text, probability, forced.
    Tokens(Vec<(&'static str, f32, bool)>),
    /// It fails.
    Fail(ModelError),
    /// It never answers.
    Hang,
}

/// The model.
#[derive(Default)]
pub(crate) struct ScriptedModel {
    script: Mutex<VecDeque<Say>>,
    asked: Mutex<Vec<ChatRequest>>,
}

impl ScriptedModel {
    /// A model that says `script`, one entry a request.
    pub(crate) fn new(script: impl IntoIterator<Item = Say>) -> Self {
        Self { script: Mutex::new(script.into_iter().collect()), asked: Mutex::default() }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<ChatRequest> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatReply, ModelError> {
        self.asked.lock().expect("the requests").push(request);
        let next = self.script.lock().expect("the script").pop_front();
        let (text, tokens, finish) = match next.expect("a request that the script does not know") {
            Say::Text(text) => (text, Vec::new(), Finish::Stop),
            Say::CutOff(text) => (text, Vec::new(), Finish::Length),
            Say::Tokens(tokens) => {
                let text = tokens.iter().map(|(text, ..)| *text).collect();
                let tokens = tokens.into_iter().map(|(text, probability, forced)| TokenLogprob {
                    text: text.to_owned(),
                    logprob: probability.ln(),
                    legal_mass: None,
                    forced,
                });
                (text, tokens.collect(), Finish::Stop)
            }
            Say::Fail(error) => return Err(error),
            Say::Hang => return std::future::pending().await,
        };
        let usage = Usage { prompt_tokens: 10, cached_tokens: 4, completion_tokens: 5, forced_tokens: 2 };
        Ok(ChatReply { text, tokens, usage, model: self.name(), elapsed: Duration::from_millis(1), finish })
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        let unused = self.script.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(
            unused == 0 || std::thread::panicking(),
            "{unused} replies of the script were never asked for"
        );
    }
}
