//! Long sound in pieces that one window holds, cut where it is quietest; and the gate that keeps
//! silence from a model that would invent words for it.

use std::ops::Range;
use std::time::Duration;

use super::SpeechError;
use crate::audio::voiced;
use crate::domain::SAMPLE_RATE_HZ;

/// A stretch of 20 ms.
const FRAME: usize = SAMPLE_RATE_HZ as usize / 50;
/// Root mean square below which a frame is silence: -50 dB of full scale. Even whispered speech close
/// to a microphone is above it; the noise of a muted input is below.
const SILENCE_RMS: f32 = 0.003;
/// Less sound than this is no word.
const LEAST_SOUND: Duration = Duration::from_millis(120);

/// How much louder than the quietest tenth of a recording its words are. The gaps inside of words
/// alone make speech differ by far more, also where no pause is left and a fan runs.
const OVER_BACKGROUND: f32 = 1.8;

/// What the gate says of a recording.
#[derive(Debug, PartialEq)]
pub(super) enum Gate {
    /// All of it is silent.
    Silent,
    /// The sound in it is too short for a word.
    TooShort(Duration),
    /// There is sound, but it never changes as speech does: a hum, a hiss, a whistle.
    Steady,
    /// There is sound for so long.
    Sound(Duration),
}

/// Where there may be speech: the look before any model.
///
/// # Errors
/// Silence, a click, a steady sound, or sound without a voice, each by its name.
pub(super) fn speech_in(samples: &[f32]) -> Result<Range<usize>, SpeechError> {
    match gate(samples) {
        Gate::Silent => Err(SpeechError::Silence),
        Gate::Steady => Err(SpeechError::NoSpeech),
        Gate::TooShort(sound) => Err(SpeechError::TooShort(sound)),
        Gate::Sound(_) => voiced(samples).ok_or(SpeechError::NoSpeech),
    }
}

/// Looks for sound.
pub(super) fn gate(samples: &[f32]) -> Gate {
    let levels = Levels::of(samples);
    match levels.above(SILENCE_RMS) {
        Duration::ZERO => Gate::Silent,
        short if short < LEAST_SOUND => Gate::TooShort(short),
        // The steps from sample to sample are steady also for a rumble, whose level wanders.
        _ if levels.above_background() < LEAST_SOUND || steps(samples).above_background() < LEAST_SOUND => {
            Gate::Steady
        }
        sound => Gate::Sound(sound),
    }
}

/// The loudness of each frame, in order of loudness.
struct Levels(Vec<f32>);

impl Levels {
    fn of(samples: &[f32]) -> Self {
        let mut levels: Vec<f32> = samples.chunks(FRAME).map(rms).collect();
        levels.sort_by(f32::total_cmp);
        Self(levels)
    }

    /// How long the sound is louder than that.
    fn above(&self, level: f32) -> Duration {
        let frames = self.0.len() - self.0.partition_point(|frame| *frame <= level);
        Duration::from_millis(20) * u32::try_from(frames).unwrap_or(u32::MAX)
    }

    /// How long it stands out from its quietest tenth.
    fn above_background(&self) -> Duration {
        let background = self.0.get(self.0.len() / 10).copied().unwrap_or_default();
        self.above(background * OVER_BACKGROUND)
    }
}

fn steps(samples: &[f32]) -> Levels {
    let steps: Vec<f32> = samples.windows(2).map(|pair| pair[1] - pair[0]).collect();
    Levels::of(&steps)
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
        assert_eq!(gate(&tone(1.0)), Gate::Steady);
        let word: Vec<f32> = [tone(0.3), vec![0.001; 3_200], tone(0.4)].concat();
        assert_eq!(gate(&word), Gate::Sound(Duration::from_millis(700)));
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
