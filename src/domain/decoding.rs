//! How a speech model wants to be run: written in the models' catalogue, obeyed by the speech room.

use serde::Deserialize;

/// Settings of one speech model. Frames are the encoder's, 20 ms each; a full window has 1500.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoding {
    /// Frames that the window is longer than the clip.
    pub window_margin_frames: u32,
    /// The shortest window in frames. Stock weights repeat themselves without end in short windows.
    pub window_floor_frames: u32,
    /// The window is rounded up to a multiple of this many frames.
    pub window_step_frames: u32,
    /// Decodes once more at the full window when the first text fails the checks.
    pub retry_full_window: bool,
    /// Sound longer than this many milliseconds is cut at quiet places and read piece by piece.
    pub longest_piece_ms: u32,
    /// Words may be put into the model's mind before it listens.
    pub prompt: bool,
    /// What a token that goes on with an expected phrase gains, in nats; 0 for nothing.
    #[serde(default)]
    pub bias: f32,
    /// Width of the beam; 1 is greedy.
    pub beam: u32,
    /// The most tokens of one window.
    pub max_tokens: u32,
    /// More tokens than this in a second of speech are invented ones.
    pub max_tokens_per_second: f32,
    /// Text whose mean token log-probability (natural) is lower was not understood.
    pub min_mean_logprob: f32,
}
