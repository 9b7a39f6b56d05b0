//! Sound as a microphone gives it.

use std::path::Path;

/// At 16 kHz.
pub(crate) const SAMPLES_A_MS: usize = 16;

/// The samples of a recording of the fixtures, which must be 16 kHz, mono, 16 bit.
pub(crate) fn spoken(name: &str) -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/audio/{name}.wav"));
    let mut file = hound::WavReader::open(&path).expect("a recording");
    assert_eq!((file.spec().sample_rate, file.spec().channels), (16_000, 1), "{name}");
    file.samples().map(|sample| sample.expect("a sample")).collect()
}

/// Digital silence.
pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * SAMPLES_A_MS]
}
