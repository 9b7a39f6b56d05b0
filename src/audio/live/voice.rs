//! Whether a person speaks, asked for every 16 ms.

use std::ops::Range;

use earshot::Detector;

use crate::domain::SAMPLE_RATE_HZ;

/// Samples of one frame at 16 kHz: 16 ms, as the detector was trained.
pub(super) const FRAME: usize = 256;

/// One stream's detector. It remembers what it heard, so every stream has one of its own.
pub(super) struct Voice {
    detector: Box<Detector>,
    /// Samples that wait for a whole frame.
    waiting: Vec<f32>,
}

impl Voice {
    pub(super) fn new() -> Self {
        Self { detector: Detector::default_boxed(), waiting: Vec::with_capacity(FRAME) }
    }

    /// Adds sound and calls `each` with every whole frame and the probability (0 to 1) of a voice in it.
    pub(super) fn push(&mut self, mut samples: &[f32], mut each: impl FnMut(&[f32], f32)) {
        if !self.waiting.is_empty() {
            let missing = (FRAME - self.waiting.len()).min(samples.len());
            let (first, rest) = samples.split_at(missing);
            self.waiting.extend_from_slice(first);
            samples = rest;
            if self.waiting.len() < FRAME {
                return;
            }
            each(&self.waiting, self.detector.predict_f32(&self.waiting));
            self.waiting.clear();
        }
        let frames = samples.chunks_exact(FRAME);
        self.waiting.extend_from_slice(frames.remainder());
        for frame in frames {
            each(frame, self.detector.predict_f32(frame));
        }
    }

    /// The samples that did not make a whole frame yet.
    pub(super) fn take_rest(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.waiting)
    }

    /// Forgets what it heard.
    pub(super) fn reset(&mut self) {
        self.detector.reset();
        self.waiting.clear();
    }
}

/// A voice sounds in fewer frames than this where none is.
const LEAST_FRAMES: usize = 5;
/// The probability from which a frame has a voice. It is low, since what is asked is whether there may be one.
const MAY_BE: f32 = 0.3;
/// What is kept before the first and after the last frame with a voice: soft sounds begin and end words.
const MARGIN: usize = SAMPLE_RATE_HZ as usize * 3 / 10;

/// Where somebody may be speaking in these samples, with a little around it; none where nobody does. It is
/// the look before a model that would invent words for silence, and that hears worse beside it.
pub fn voiced(samples: &[f32]) -> Option<Range<usize>> {
    let (mut voice, mut at) = (Voice::new(), 0);
    let (mut frames, mut first, mut last) = (0, 0, 0);
    voice.push(samples, |frame, probability| {
        at += frame.len();
        if probability >= MAY_BE {
            if frames == 0 {
                first = at - frame.len();
            }
            (frames, last) = (frames + 1, at);
        }
    });
    (frames >= LEAST_FRAMES).then(|| first.saturating_sub(MARGIN)..(last + MARGIN).min(samples.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_make_the_same_frames() {
        let sound: Vec<f32> = (0..FRAME * 20 + 77).map(|n| ((n * n) as f32 * 0.001).sin() * 0.3).collect();
        let heard = |piece: usize| {
            let (mut voice, mut frames) = (Voice::new(), Vec::new());
            for part in sound.chunks(piece) {
                voice.push(part, |frame, probability| frames.push((frame.to_vec(), probability)));
            }
            frames
        };
        let whole = heard(sound.len());
        assert_eq!(whole.len(), 20);
        assert_eq!(heard(1), whole);
        assert_eq!(heard(300), whole);
    }
}
