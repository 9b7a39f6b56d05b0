//! Any sample rate becomes 16 kHz, a packet at a time.
//!
//! The filter's start-up delay is dropped and its tail is flushed: the output has exactly as much
//! sound as the input, and neither the first nor the last phoneme is lost.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use crate::domain::SAMPLE_RATE_HZ;

/// Frames that one FFT takes in, about: larger keeps more of the highest band, smaller is quicker
/// on short clips. The exact number must fit the ratio of the rates.
const BLOCK_FRAMES: usize = 1024;

/// Takes mono samples at one rate, gives mono samples at 16 kHz.
pub(super) struct Resample {
    rate_hz: u32,
    /// None at 16 kHz, where nothing is to be done.
    fft: Option<Fft<f32>>,
    /// Samples that wait for a whole block.
    waiting: Vec<f32>,
    block: Vec<f32>,
    to_trim: usize,
    frames_in: usize,
    out: Vec<f32>,
}

impl Resample {
    pub(super) fn new(rate_hz: u32) -> Result<Self, String> {
        let mut resample = Self {
            rate_hz,
            fft: None,
            waiting: Vec::new(),
            block: Vec::new(),
            to_trim: 0,
            frames_in: 0,
            out: Vec::new(),
        };
        if rate_hz != SAMPLE_RATE_HZ {
            let fft = Fft::new_custom(
                rate_hz as usize,
                SAMPLE_RATE_HZ as usize,
                BLOCK_FRAMES,
                1,
                1,
                WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .map_err(|error| error.to_string())?;
            resample.to_trim = fft.output_delay();
            resample.block = vec![0.0; fft.output_frames_max()];
            resample.fft = Some(fft);
        }
        Ok(resample)
    }

    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Adds sound; whole blocks are converted at once.
    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), String> {
        self.frames_in += samples.len();
        let Some(fft) = &self.fft else {
            self.out.extend_from_slice(samples);
            return Ok(());
        };
        let need = fft.input_frames_next();
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        while self.waiting.len() - start >= need {
            self.convert(start, need)?;
            start += need;
        }
        self.waiting.drain(..start);
        Ok(())
    }

    /// Hands out what is converted so far, for sound that does not end.
    pub(super) fn take(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.out)
    }

    /// Flushes the tail and hands out all 16 kHz samples.
    pub(super) fn finish(mut self) -> Result<Vec<f32>, String> {
        if self.fft.is_some() {
            let ratio = f64::from(SAMPLE_RATE_HZ) / f64::from(self.rate_hz);
            let expected = (self.frames_in as f64 * ratio).round() as usize;
            self.convert(0, self.waiting.len())?;
            self.waiting.clear();
            // Every block of silence brings out at least one frame, so this ends.
            while self.out.len() < expected {
                self.convert(0, 0)?;
            }
            self.out.truncate(expected);
        }
        Ok(self.out)
    }

    /// Converts `len` waiting samples from `start` on, padded with silence to a whole block.
    fn convert(&mut self, start: usize, len: usize) -> Result<(), String> {
        let Some(fft) = &mut self.fft else { return Ok(()) };
        let need = fft.input_frames_next();
        let mut padded;
        let input = match self.waiting.get(start..start + len) {
            Some(whole) if len == need => whole,
            part => {
                padded = vec![0.0; need];
                let part = part.unwrap_or_default();
                padded[..part.len()].copy_from_slice(part);
                &padded[..]
            }
        };
        let source = InterleavedSlice::new(input, 1, need).map_err(|error| error.to_string())?;
        let room = self.block.len();
        let mut target =
            InterleavedSlice::new_mut(&mut self.block, 1, room).map_err(|error| error.to_string())?;
        let (_, made) = fft
            .process_into_buffer(&source, &mut target, None::<&Indexing>)
            .map_err(|error| error.to_string())?;
        let skip = self.to_trim.min(made);
        self.to_trim -= skip;
        self.out.extend_from_slice(&self.block[skip..made]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(rate_hz: u32, samples: &[f32], piece: usize) -> Vec<f32> {
        let mut resample = Resample::new(rate_hz).unwrap();
        for piece in samples.chunks(piece) {
            resample.push(piece).unwrap();
        }
        resample.finish().unwrap()
    }

    fn tone(rate_hz: u32, seconds: f32) -> Vec<f32> {
        let frames = (rate_hz as f32 * seconds) as usize;
        (0..frames).map(|n| (n as f32 * 440.0 * std::f32::consts::TAU / rate_hz as f32).sin() * 0.5).collect()
    }

    #[test]
    fn a_tone_keeps_its_length_place_and_pitch_at_any_rate() {
        let wanted = tone(SAMPLE_RATE_HZ, 0.7);
        for rate_hz in [4_000, 8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 44_101, 48_000, 96_000, 192_000]
        {
            let got = resampled(rate_hz, &tone(rate_hz, 0.7), 777);
            assert!(got.len().abs_diff(wanted.len()) <= 4, "{rate_hz}: {} frames", got.len());
            // The edges of a tone cut off by nothing ring; inside them it must be the same, but for
            // the part of one sample that an odd block's delay leaves.
            let worst = got[400..10_000]
                .iter()
                .zip(&wanted[400..10_000])
                .map(|(got, wanted)| (got - wanted).abs())
                .fold(0.0, f32::max);
            assert!(worst < 0.09, "{rate_hz}: off by {worst}");
        }
    }

    #[test]
    fn the_last_click_of_a_clip_comes_out() {
        let mut samples = vec![0.0; 48_000];
        samples[47_900] = 1.0;
        let got = resampled(48_000, &samples, 960);
        assert_eq!(got.len(), 16_000);
        let peak = (0..got.len()).max_by(|&a, &b| got[a].total_cmp(&got[b])).unwrap();
        assert!(peak.abs_diff(15_967) <= 1, "the click came out at {peak}");
    }

    #[test]
    fn a_clip_shorter_than_the_delay_is_whole() {
        assert_eq!(resampled(48_000, &[0.5; 30], 30).len(), 10);
        assert!(resampled(44_100, &[], 1).is_empty());
    }
}
