//! Digital silence: a microphone that is muted, or is no microphone. The air is never that still.

use crate::domain::SAMPLE_RATE_HZ;

/// Louder than the rounding noise of a converter, and below the noise of any real input.
const NOTHING: f32 = 1e-5;
/// After so much of it at the beginning the person is told.
const AT_FIRST: usize = SAMPLE_RATE_HZ as usize * 4 / 5;
/// And after so much later on, once: headsets with a noise gate are silent whenever nobody speaks.
const LATER: usize = SAMPLE_RATE_HZ as usize * 30;

/// Watches one stream.
#[derive(Debug, Default)]
pub struct Silence {
    samples: usize,
    was_heard: bool,
    is_told: bool,
}

impl Silence {
    /// Takes sound at 16 kHz; `true` when the person is to be told of silence: once for a stream that never
    /// brought anything, after 0.8 s, and once for one that did, after 30 s.
    pub fn begins_with(&mut self, samples: &[f32]) -> bool {
        if let Some(last) = samples.iter().rposition(|sample| sample.abs() > NOTHING) {
            self.samples = samples.len() - last - 1;
            if !self.was_heard {
                (self.was_heard, self.is_told) = (true, false);
            }
        } else {
            self.samples = self.samples.saturating_add(samples.len());
        }
        let is_long = self.samples >= if self.was_heard { LATER } else { AT_FIRST };
        let is_due = is_long && !self.is_told;
        self.is_told |= is_due;
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many tenths of a second somebody is told, of so many.
    fn told(silence: &mut Silence, sample: f32, tenths: usize) -> String {
        let told = (1..=tenths).filter(|_| silence.begins_with(&[sample; 1_600]));
        told.map(|tenth| format!("{tenth} ")).collect()
    }

    #[test]
    fn a_stream_that_brings_nothing_is_told_of_within_a_second_and_once() {
        let mut silence = Silence::default();
        assert_eq!(told(&mut silence, 0.0, 100), "8 ");
        assert_eq!(told(&mut silence, 0.0004, 10), "");
        assert_eq!(told(&mut silence, 0.0, 299), "", "a noise gate is no fault");
        assert_eq!(told(&mut silence, 0.0, 1_000), "1 ");
        assert_eq!(told(&mut silence, 0.1, 1), "");
        assert_eq!(told(&mut silence, 0.0, 1_000), "", "once is enough");
    }
}
