//! How the planner works with one model: how much it shows, and how freely the model may word arguments.

use std::path::PathBuf;
use std::time::Duration;

use super::confidence::Calibration;

/// The planner's settings. The default suits the embedded model of 135 million parameters.
#[derive(Clone, Debug)]
pub struct PlannerConfig {
    /// At most so many tools are shown to the model, the best-fitting ones.
    pub max_tools: usize,
    /// At most so many steps may a model write; never more than [`crate::domain::plan::MAX_STEPS`].
    pub max_steps: usize,
    /// For one command, the repair round included.
    pub deadline: Duration,
    /// For one answer of the model, in its tokens.
    pub max_tokens: u32,
    /// At most so many earlier turns are shown.
    pub history_turns: usize,
    /// Where the words of text arguments come from.
    pub wording: Wording,
    /// How much of each tool's definition is shown.
    pub detail: Detail,
    /// How much the ranker's word counts when the model chooses a tool: likeness times this is the logarithm of
    /// a tool's share. None: it only picks what is shown.
    pub ranking_weight: Option<f32>,
    /// A folder whose `system.md`, `user.md` and `repair.md` replace the built-in templates; a file
    /// that is not there leaves the built-in one in place.
    pub prompts_dir: Option<PathBuf>,
    /// What makes a probability of the model's token probabilities; none for a model that was not measured.
    pub calibration: Option<Calibration>,
    /// How sure it must be; with less it asks whether the plan is right. None: as sure as it may be.
    pub certainty: Option<Certainty>,
}

/// The confidence, 0 to 1, that it takes not to ask first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    /// To change something.
    pub to_act: f32,
    /// To look something up: where every tool of the plan only reads.
    pub to_look: f32,
}

/// Where the words of text arguments come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Only what was said: texts are contiguous words of the command and the last turns, numbers are
    /// numbers said. A small model then cannot invent, and where nothing was said, it must ask.
    Copied,
    /// As `Copied`, by a model that was trained on Hark's own form of prompt and knows which words are meant:
    /// any words may be a value, any argument may be given, and required ones may be left out to ask for them.
    Trained,
    /// Whatever the model writes, within the tool's schema.
    Free,
}

/// How much of each tool's definition is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A signature and the first sentence of the description.
    Brief,
    /// A signature, the whole description, and a line for each argument.
    Full,
}

impl Default for PlannerConfig {
    fn default() -> Self {
        Self {
            // Measured: untrained, the model picks worse than the ranking does.
            max_tools: 1,
            max_steps: 3,
            deadline: Duration::from_secs(30),
            max_tokens: 256,
            history_turns: 4,
            wording: Wording::Copied,
            detail: Detail::Brief,
            ranking_weight: None,
            prompts_dir: None,
            calibration: None,
            certainty: None,
        }
    }
}

impl PlannerConfig {
    /// Settings for the embedded model with the adapter that was trained for this.
    pub fn for_trained_model() -> Self {
        Self {
            max_tools: 8,
            max_steps: 6,
            wording: Wording::Trained,
            // Three times that of its training, since it is right far more often than the model is.
            ranking_weight: Some(60.0),
            calibration: Some(Calibration::of_trained_model()),
            // Chosen on the risk curve of held-back commands (docs/planning.md).
            certainty: Some(Certainty { to_act: 0.5, to_look: 0.3 }),
            ..Self::default()
        }
    }

    /// Settings for a hosted model, or a local one that was trained to call tools.
    pub fn for_large_model() -> Self {
        Self {
            max_tools: 40,
            max_steps: 8,
            max_tokens: 1_024,
            history_turns: 10,
            wording: Wording::Free,
            detail: Detail::Full,
            ..Self::default()
        }
    }
}
