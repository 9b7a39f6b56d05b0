//! Long sound in pieces that one window holds, cut where it is quietest; and the gate that keeps
//! silence from a model that would invent words for it.

use std::ops::Range;
use std::time::Duration;

use crate::domain::SAMPLE_RATE_HZ;

/// A stretch of 20 ms.
const FRAME: usize = SAMPLE_RATE_HZ as usize / 50;
/// Root mean square below which a frame is silence: -50 dB of full scale. Even whispered speech close
/// to a microphone is above it; the noise of a muted input is below.
const SILENCE_RMS: f32 = 0.003;
/// Less sound than this is no word.
const LEAST_SOUND: Duration = Duration::from_millis(120);

/// What the gate says of a recording.
#[derive(Debug, PartialEq)]
pub(super) enum Gate {
    /// All of it is silent.
    Silent,
    /// The sound in it is too short for a word.
    TooShort(Duration),
    /// There is sound for so long.
    Sound(Duration),
}

/// Looks for sound.
pub(super) fn gate(samples: &[f32]) -> Gate {
    let loud = samples.chunks(FRAME).filter(|frame| rms(frame) > SILENCE_RMS).count();
    let sound = Duration::from_millis(20) * u32::try_from(loud).unwrap_or(u32::MAX);
    match sound {
        Duration::ZERO => Gate::Silent,
        short if short < LEAST_SOUND => Gate::TooShort(short),
        long => Gate::Sound(long),
    }
}

/// Cuts into pieces of at most `longest` samples, each cut in the quietest tenth of a second of the
/// last half of its piece.
pub(super) fn pieces(samples: &[f32], longest: usize) -> Vec<Range<usize>> {
    const QUIET: usize = SAMPLE_RATE_HZ as usize / 10;
    let longest = longest.max(2 * QUIET);
    let mut pieces = Vec::new();
    let mut start = 0;
    while samples.len() - start > longest {
        let last_half = start + longest / 2..start + longest;
        let cut = last_half
            .step_by(FRAME)
            .filter(|at| at + QUIET <= start + longest)
            .min_by(|a, b| rms(&samples[*a..a + QUIET]).total_cmp(&rms(&samples[*b..b + QUIET])))
            .map_or(start + longest, |quiet| quiet + QUIET / 2);
        pieces.push(start..cut);
        start = cut;
    }
    pieces.push(start..samples.len());
    pieces
}

fn rms(samples: &[f32]) -> f32 {
    match samples.len() {
        0 => 0.0,
        length => (samples.iter().map(|sample| sample * sample).sum::<f32>() / length as f32).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f32) -> Vec<f32> {
        (0..(seconds * 16_000.0) as usize).map(|n| (n as f32 * 0.2).sin() * 0.3).collect()
    }

    #[test]
    fn silence_and_clicks_do_not_pass_the_gate() {
        assert_eq!(gate(&[0.0005; 16_000]), Gate::Silent);
        assert_eq!(gate(&tone(0.06)), Gate::TooShort(Duration::from_millis(60)));
        assert_eq!(gate(&tone(1.0)), Gate::Sound(Duration::from_secs(1)));
    }

    #[test]
    fn long_sound_is_cut_in_the_pause() {
        let mut sound = tone(6.0);
        sound.extend([0.0; 8_000]);
        sound.extend(tone(6.0));
        let cuts = pieces(&sound, 8 * 16_000);
        assert_eq!(cuts.len(), 2);
        assert!((96_000..=104_000).contains(&cuts[0].end), "{cuts:?}");
        assert_eq!(cuts[0].end, cuts[1].start);
        assert_eq!(cuts[1].end, sound.len());
    }
}
