//! Which tools a command is about: by meaning where a small model was trained to tell, else by words.
//!
//! The ranker (`models/training/planner`) puts commands and tools into one space. A tool is read once and
//! kept, a command costs one short pass. While there is no ranker, or tools that it has not read yet, the
//! search by words ranks alone.

use std::sync::Arc;

use moka::future::Cache;
use tokio_util::sync::CancellationToken;

use super::signature::harmless;
use crate::domain::{Tool, ToolSet};
use crate::llm::{ModelError, TextEncoder};
use crate::tools::{Shortlister, parted};

/// Tools that are remembered.
const TOOLS_KEPT: u64 = 5_000;
/// So many tools are read in one go: a command that comes meanwhile waits for no more than those.
const READ_AT_ONCE: usize = 8;
/// Of so many new tools at most a command waits for.
const WAITED_FOR: usize = 256;
/// What the ranker sees of a description and of a tool, in characters, as in its training.
const DESCRIPTION_CHARS: usize = 200;
const TOOL_CHARS: usize = 400;

/// Ranks tools for commands.
pub struct Ranker {
    encoder: Option<Arc<dyn TextEncoder>>,
    vectors: Cache<String, Arc<[f32]>>,
    words: Shortlister,
}

/// A tool at its place.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The tool.
    pub tool: Arc<Tool>,
    /// The cosine between command and tool, -1 to 1; None where words ranked.
    pub likeness: Option<f32>,
}

impl Ranker {
    /// A ranker by meaning, or by words alone where there is no encoder.
    pub fn new(encoder: Option<Arc<dyn TextEncoder>>) -> Self {
        Self { encoder, vectors: Cache::new(TOOLS_KEPT), words: Shortlister::default() }
    }

    /// Whether meaning can be told now; else words rank.
    pub async fn is_by_meaning(&self) -> bool {
        match &self.encoder {
            Some(encoder) => encoder.encode(&["hello".to_owned()]).await.is_ok(),
            None => false,
        }
    }

    /// Reads `tools` ahead, so that no command waits for that.
    pub async fn read(&self, tools: &ToolSet, cancel: &CancellationToken) {
        let Some(encoder) = &self.encoder else { return };
        for texts in self.unread(tools).chunks(READ_AT_ONCE) {
            if cancel.is_cancelled() {
                return;
            }
            if let Err(error) = self.keep(&**encoder, texts).await {
                tracing::debug!(%error, "tools could not be read ahead");
                return;
            }
        }
    }

    /// All tools, best first, each by that one of the texts which is most like it.
    pub async fn rank(&self, tools: &ToolSet, texts: &[String]) -> Vec<Ranked> {
        match self.by_meaning(tools, texts).await {
            Ok(Some(ranked)) => return ranked,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "tools are ranked by words"),
        }
        let text = texts.first().map_or("", String::as_str);
        let by_words = self.words.pick(tools, text, tools.tools().len());
        by_words.tools().iter().map(|tool| Ranked { tool: Arc::clone(tool), likeness: None }).collect()
    }

    async fn by_meaning(&self, tools: &ToolSet, texts: &[String]) -> Result<Option<Vec<Ranked>>, ModelError> {
        let Some(encoder) = &self.encoder else { return Ok(None) };
        let unread = self.unread(tools);
        if unread.len() > WAITED_FOR {
            return Ok(None);
        }
        if !unread.is_empty() {
            self.keep(&**encoder, &unread).await?;
        }
        let asked = encoder.encode(texts).await?;
        let mut ranked = Vec::with_capacity(tools.tools().len());
        for tool in tools.tools() {
            let Some(vector) = self.vectors.get(&shown(tool)).await else { return Ok(None) };
            let likeness = asked.iter().map(|text| cosine(text, &vector)).fold(-1.0, f32::max);
            ranked.push(Ranked { tool: Arc::clone(tool), likeness: Some(likeness) });
        }
        ranked.sort_by(|a, b| b.likeness.unwrap_or(-1.0).total_cmp(&a.likeness.unwrap_or(-1.0)));
        Ok(Some(ranked))
    }

    fn unread(&self, tools: &ToolSet) -> Vec<String> {
        let texts = tools.tools().iter().map(|tool| shown(tool));
        texts.filter(|text| !self.vectors.contains_key(text)).collect()
    }

    async fn keep(&self, encoder: &dyn TextEncoder, texts: &[String]) -> Result<(), ModelError> {
        for group in texts.chunks(READ_AT_ONCE) {
            for (text, vector) in group.iter().zip(encoder.encode(group).await?) {
                self.vectors.insert(text.clone(), vector.into()).await;
            }
        }
        Ok(())
    }
}

/// Of vectors of length one.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What the ranker sees of a tool.
fn shown(tool: &Tool) -> String {
    let description: String = harmless(&tool.description).chars().take(DESCRIPTION_CHARS).collect();
    let mut text = format!("{} {}: {description}", parted(&tool.name.service), parted(&tool.name.tool));
    let names = tool.input_schema.get("properties").and_then(serde_json::Value::as_object);
    let names: Vec<String> = names.into_iter().flatten().map(|(name, _)| parted(name)).collect();
    if !names.is_empty() {
        text.push_str(&format!(" ({})", names.join(", ")));
    }
    text.chars().take(TOOL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{Annotations, ToolName};

    /// Knows what is about milk.
    struct Milk;

    #[async_trait]
    impl TextEncoder for Milk {
        async fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
            let vector = |text: &String| if text.contains("milk") { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
            Ok(texts.iter().map(vector).collect())
        }
    }

    /// Is not there.
    struct Gone;

    #[async_trait]
    impl TextEncoder for Gone {
        async fn encode(&self, _: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
            Err(ModelError::Cancelled)
        }
    }

    fn tool(service: &str, name: &str, description: &str, schema: Value) -> Arc<Tool> {
        let name = ToolName::new(service, name);
        let tool = Tool::new(name, None, description.to_owned(), schema, None, Annotations::default());
        Arc::new(tool.expect("a tool"))
    }

    fn two() -> ToolSet {
        let tools = ["Bread from a shop.", "The milk that is left."]
            .map(|description| tool("shop", &description[..3], description, json!({"type": "object"})));
        ToolSet::new(tools.to_vec(), Vec::new())
    }

    async fn best(encoder: Arc<dyn TextEncoder>, text: &str) -> (String, Option<f32>) {
        let ranked = Ranker::new(Some(encoder)).rank(&two(), &[text.to_owned()]).await;
        (ranked[0].tool.description.clone(), ranked[0].likeness)
    }

    #[tokio::test]
    async fn the_tool_that_is_most_alike_comes_first() {
        assert_eq!(best(Arc::new(Milk), "any milk?").await, ("The milk that is left.".into(), Some(1.0)));
        assert_eq!(best(Arc::new(Milk), "a loaf").await, ("Bread from a shop.".into(), Some(1.0)));
    }

    #[tokio::test]
    async fn many_new_tools_are_read_in_groups() {
        /// Takes no more at once than the embedded one does.
        struct Busy;
        #[async_trait]
        impl TextEncoder for Busy {
            async fn encode(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
                if texts.len() > 64 { Err(ModelError::Cancelled) } else { Milk.encode(texts).await }
            }
        }
        let tools = (0..100).map(|n| tool("shop", &format!("tool{n}"), "Bread.", json!({"type": "object"})));
        let tools = ToolSet::new(tools.collect(), Vec::new());
        let ranked = Ranker::new(Some(Arc::new(Busy))).rank(&tools, &["bread".to_owned()]).await;
        assert_eq!((ranked.len(), ranked[99].likeness), (100, Some(1.0)));
    }

    #[tokio::test]
    async fn without_a_ranker_words_rank() {
        let (first, likeness) = best(Arc::new(Gone), "milk").await;
        assert_eq!((first.as_str(), likeness), ("The milk that is left.", None));
    }

    #[test]
    fn tools_look_as_they_did_in_training() {
        let shared: Value =
            serde_json::from_str(include_str!("../../fixtures/planner/form.json")).expect("the shared form");
        for one in shared["blocks"].as_array().expect("blocks") {
            let text = |key: &str| one["tool"][key].as_str().unwrap_or_default().to_owned();
            let schema = one["tool"]["inputSchema"].clone();
            let tool = tool(&text("service"), &text("name"), &text("description"), schema);
            assert_eq!(shown(&tool), one["ranked"].as_str().expect("the ranker's form"));
        }
    }
}
