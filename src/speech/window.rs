//! How much of the encoder's window a clip needs. whisper.cpp always computes 30 seconds unless it is
//! told `audio_ctx`, so that a fitted window is what makes a short command cheap. Stock weights fall
//! into endless repetition in windows much shorter than ten seconds, hence the floor of the catalogue.

use crate::domain::{Decoding, SAMPLE_RATE_HZ};

/// Frames of a full window, 30 seconds.
pub(super) const FULL_FRAMES: u32 = 1_500;
/// Samples of one encoder frame, 20 ms.
pub(super) const SAMPLES_PER_FRAME: usize = SAMPLE_RATE_HZ as usize / 50;

/// The window for so many samples, in frames: never shorter than the clip, whose end would else be
/// dropped in silence.
pub(super) fn fitted(samples: usize, decoding: &Decoding) -> u32 {
    let clip = u32::try_from(samples.div_ceil(SAMPLES_PER_FRAME)).unwrap_or(FULL_FRAMES);
    let wanted = clip
        .saturating_add(decoding.window_margin_frames)
        .max(decoding.window_floor_frames)
        .next_multiple_of(decoding.window_step_frames.max(1));
    wanted.min(FULL_FRAMES)
}

/// The most tokens that so many samples can have, which bounds the time of a model that is lost in a
/// loop. Some are granted to any clip, since even one short word has several.
pub(super) fn token_limit(samples: usize, decoding: &Decoding) -> i32 {
    let seconds = samples as f32 / SAMPLE_RATE_HZ as f32;
    let likely = 16 + (seconds * decoding.max_tokens_per_second).ceil() as u32;
    i32::try_from(likely.min(decoding.max_tokens)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoding(margin: u32, floor: u32, step: u32) -> Decoding {
        Decoding {
            window_margin_frames: margin,
            window_floor_frames: floor,
            window_step_frames: step,
            retry_full_window: false,
            longest_piece_ms: 8_000,
            prompt: false,
            bias: 0.0,
            beam: 1,
            max_tokens: 96,
            max_tokens_per_second: 9.0,
            min_mean_logprob: -1.0,
        }
    }

    #[test]
    fn the_window_holds_the_clip_and_keeps_to_floor_step_and_ceiling() {
        let stock = decoding(128, 512, 64);
        assert_eq!(fitted(2 * 16_000, &stock), 512);
        assert_eq!(fitted(10 * 16_000, &stock), 640);
        assert_eq!(fitted(29 * 16_000, &stock), 1_500);
        assert_eq!(fitted(16_001, &decoding(8, 32, 1)), 59);
    }

    #[test]
    fn a_lost_model_ends_soon() {
        let mini = decoding(8, 32, 1);
        assert_eq!(token_limit(2 * 16_000, &mini), 34);
        assert_eq!(token_limit(60 * 16_000, &mini), 96);
    }
}
