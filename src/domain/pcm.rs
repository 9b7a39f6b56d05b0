//! Sound in the one form that every room after `audio` uses.

use std::sync::Arc;
use std::time::Duration;

/// Samples per second of every [`Pcm`].
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// Mono sound at 16 kHz, finite samples in -1..=1. Cheap to clone.
#[derive(Clone)]
pub struct Pcm {
    samples: Arc<[f32]>,
}

impl Pcm {
    /// Takes samples at 16 kHz. Values that are not finite become silence, others are clamped, so
    /// that no later room has to look again.
    pub fn new(mut samples: Vec<f32>) -> Self {
        for sample in &mut samples {
            *sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
        Self { samples: samples.into() }
    }

    /// The samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// How long it sounds.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ))
    }
}

/// Speech never reaches a log, so only the length is shown.
impl std::fmt::Debug for Pcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pcm").field("duration", &self.duration()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_becomes_silence() {
        let pcm = Pcm::new(vec![f32::NAN, f32::INFINITY, 2.0, -0.5]);
        assert_eq!(pcm.samples(), [0.0, 0.0, 1.0, -0.5]);
    }
}
