//! Texts to vectors, as OpenAI's embeddings have it: what is alike in meaning lies close together.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use super::{ModelError, OpenAiChat};

/// Something that makes vectors of texts.
#[async_trait]
pub trait TextEncoder: Send + Sync {
    /// A vector of length one for each text, all with as many numbers. At most 64 texts at once.
    ///
    /// # Errors
    /// [`ModelError`], as for answers.
    async fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError>;
}

#[derive(Deserialize)]
struct WireVectors {
    data: Vec<WireVector>,
}

#[derive(Deserialize)]
struct WireVector {
    index: usize,
    embedding: Vec<f32>,
}

#[async_trait]
impl TextEncoder for OpenAiChat {
    async fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let body = json!({"model": self.model(), "input": texts});
        let wire: WireVectors = self.post("embeddings", "list of embeddings", &body).await?;
        let mut vectors = vec![Vec::new(); texts.len()];
        for one in wire.data {
            if let Some(place) = vectors.get_mut(one.index) {
                *place = one.embedding;
            }
        }
        let size = vectors.first().map_or(0, Vec::len);
        match vectors.iter().all(|vector| vector.len() == size && size > 0) {
            true => Ok(vectors),
            false => Err(self.rubbish("it did not give a vector for each text".into())),
        }
    }
}
