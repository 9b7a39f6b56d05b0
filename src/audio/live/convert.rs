//! Live sound as devices and clients send it, made 16 kHz.

use crate::audio::resample::Resample;

/// The rates that are taken, in samples a second.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// One stream of mono sound on its way to 16 kHz.
pub struct Converter {
    resample: Resample,
}

impl Converter {
    /// For sound at `rate_hz`.
    ///
    /// # Errors
    /// Where no microphone has that rate.
    pub fn new(rate_hz: u32) -> Result<Self, String> {
        if !RATES.contains(&rate_hz) {
            let (least, most) = (RATES.start(), RATES.end());
            return Err(format!("the sound has {rate_hz} samples a second; {least} to {most} are taken"));
        }
        Ok(Self { resample: Resample::new(rate_hz)? })
    }

    /// Takes sound and gives what is converted of it, some 20 ms late at other rates than 16 kHz.
    ///
    /// # Errors
    /// Where the filter fails.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, String> {
        self.resample.push(samples)?;
        Ok(self.resample.take())
    }
}

/// Samples as they are sent: signed, 16 bit, little-endian. None where the bytes are an odd number.
pub fn samples_of(bytes: &[u8]) -> Option<Vec<f32>> {
    let pairs = bytes.chunks_exact(2);
    pairs
        .remainder()
        .is_empty()
        .then(|| pairs.map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_sound_of_any_rate_comes_out_at_16_khz() {
        for rate_hz in [16_000, 44_100, 48_000] {
            let mut converter = Converter::new(rate_hz).unwrap();
            let tenth = vec![0.25; rate_hz as usize / 10];
            let got: usize = (0..20).map(|_| converter.push(&tenth).unwrap().len()).sum();
            assert!((31_000..=32_000).contains(&got), "{rate_hz}: {got}");
        }
        assert!(Converter::new(0).is_err() && Converter::new(2_000_000).is_err());
    }

    #[test]
    fn sixteen_bits_are_one_sample() {
        assert_eq!(samples_of(&[0, 0x80, 0, 0x40]), Some(vec![-1.0, 0.5]));
        assert_eq!(samples_of(&[1, 2, 3]), None);
        assert_eq!(samples_of(&[]), Some(vec![]));
    }
}
