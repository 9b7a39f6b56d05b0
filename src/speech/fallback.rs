//! Two ways to hear: where the first can't, the second is asked.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Hints, SpeechError, SpeechModel, Transcriber};
use crate::domain::{Pcm, Transcript};

/// Asks `first`, and where that fails, `second`. What the first says of the recording itself (silence, no
/// speech, nothing to understand) is an answer and no failure.
pub struct Fallback {
    first: Arc<dyn Transcriber>,
    second: Arc<dyn Transcriber>,
}

impl Fallback {
    /// In this order.
    pub fn new(first: Arc<dyn Transcriber>, second: Arc<dyn Transcriber>) -> Self {
        Self { first, second }
    }
}

#[async_trait]
impl Transcriber for Fallback {
    async fn transcribe(
        &self,
        pcm: Pcm,
        hints: Hints,
        cancel: CancellationToken,
    ) -> Result<Transcript, SpeechError> {
        match self.first.transcribe(pcm.clone(), hints.clone(), cancel.clone()).await {
            Err(error) if error.is_ours() => {
                tracing::warn!(%error, model.name = self.second.model().name, "another speech model is asked");
                self.second.transcribe(pcm, hints, cancel).await
            }
            heard => heard,
        }
    }

    fn model(&self) -> SpeechModel {
        self.first.model()
    }
}
