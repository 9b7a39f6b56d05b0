//! One upload, decoded packet by packet, with every bound kept on the way.
//!
//! A file that breaks off is decoded as far as it goes: half a command is the speech room's matter.
//! Only a file that gives no sound at all is an error.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::default::register_enabled_codecs;
use symphonia_adapter_libopus::OpusDecoder;

use crate::audio::container::{Container, without_tag};
use crate::audio::repair::repair;
use crate::audio::resample::Resample;
use crate::audio::{AudioConfig, AudioError};
use crate::domain::Pcm;

const MIN_RATE_HZ: u32 = 4_000;
const MAX_RATE_HZ: u32 = 192_000;
/// Opus always decodes at this rate, whatever the container says that the microphone had.
const OPUS_RATE_HZ: u32 = 48_000;
/// A minute in the smallest packets that ordinary encoders write (2.5 ms) has 24,000.
const MAX_PACKETS: u64 = 200_000;
/// A minute of any format takes well under a second.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Encoders pad the end of a clip by up to this much.
const PADDING: Duration = Duration::from_millis(100);

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut codecs = CodecRegistry::new();
    register_enabled_codecs(&mut codecs);
    codecs.register_audio_decoder::<OpusDecoder>();
    codecs
});

/// Decodes one upload. `is_wanted` is asked between packets; when it says no, decoding stops.
pub(super) fn decode(
    bytes: Bytes,
    config: &AudioConfig,
    is_wanted: impl Fn() -> bool,
) -> Result<Pcm, AudioError> {
    let bytes = without_tag(bytes);
    let container = Container::of(&bytes)?;
    let bytes = repair(container, bytes);
    let mut reader = container.open(bytes).map_err(|error| broken(container, &error))?;
    let (mut track, mut decoder) = open_track(container, reader.as_ref())?;
    let mut sound = Sound::new(container, config.max_duration);
    let started = Instant::now();
    let mut packets = 0;
    // What stopped the reading before its end, if anything did.
    let mut fault = None;

    while is_wanted() {
        packets += 1;
        if packets > MAX_PACKETS {
            return Err(AudioError::TooManyPackets { container: container.name(), max_packets: MAX_PACKETS });
        }
        if started.elapsed() > TIME_LIMIT {
            return Err(AudioError::TooSlow { limit: TIME_LIMIT });
        }
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A second stream follows in the same file; it may be coded differently.
            Err(Error::ResetRequired) => {
                (track, decoder) = open_track(container, reader.as_ref())?;
                continue;
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        };
        if packet.track_id != track {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) => {
                let spec = buffer.spec();
                let (rate_hz, channels) = (spec.rate(), spec.channels().count());
                buffer.copy_to_vec_interleaved::<f32>(&mut sound.interleaved);
                sound.add(rate_hz, channels)?;
            }
            // One bad packet is a gap, not the end.
            Err(error @ (Error::DecodeError(_) | Error::IoError(_))) => fault = Some(error),
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    sound.finish(fault)
}

/// Finds the sound in the file and a decoder for it, before anything is decoded.
fn open_track(
    container: Container,
    reader: &dyn FormatReader,
) -> Result<(u32, Box<dyn AudioDecoder>), AudioError> {
    let unknown = |detail: String| AudioError::CodecUnknown { container: container.name(), detail };
    let track = reader
        .first_track_known_codec(TrackType::Audio)
        .ok_or_else(|| unknown("no track of a known coding".to_owned()))?;
    let params = track.codec_params.as_ref().and_then(|params| params.audio());
    let mut params: AudioCodecParameters =
        params.cloned().ok_or_else(|| unknown("no track of sound".to_owned()))?;
    if params.codec == CODEC_ID_OPUS {
        params.sample_rate = Some(OPUS_RATE_HZ);
    }
    if let Some(channels) = &params.channels {
        check_channels(channels.count())?;
    }
    if let Some(rate_hz) = params.sample_rate {
        check_rate(rate_hz)?;
    }
    let decoder = CODECS
        .make_audio_decoder(&params, &AudioDecoderOptions::default())
        .map_err(|error| unknown(error.to_string()))?;
    Ok((track.id, decoder))
}

fn check_channels(channels: usize) -> Result<(), AudioError> {
    if (1..=2).contains(&channels) { Ok(()) } else { Err(AudioError::Channels { channels }) }
}

fn check_rate(rate_hz: u32) -> Result<(), AudioError> {
    if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
        return Ok(());
    }
    Err(AudioError::Rate { rate_hz, min_hz: MIN_RATE_HZ, max_hz: MAX_RATE_HZ })
}

/// A reader's error before any sound came.
fn broken(container: Container, error: &Error) -> AudioError {
    let container = container.name();
    let detail = error.to_string();
    match error {
        // Symphonia calls a file without its index or its data "unsupported" as well.
        Error::Unsupported(feature) if !feature.contains("missing") => {
            AudioError::CodecUnknown { container, detail }
        }
        _ => AudioError::Unreadable { container, detail },
    }
}

/// The sound so far.
struct Sound {
    container: Container,
    max: Duration,
    length: Duration,
    /// The samples of the packet at hand, channels side by side.
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    resample: Option<Resample>,
    /// At 16 kHz, of streams that ended before this one.
    done: Vec<f32>,
}

impl Sound {
    fn new(container: Container, max: Duration) -> Self {
        Self {
            container,
            max,
            length: Duration::ZERO,
            interleaved: Vec::new(),
            mono: Vec::new(),
            resample: None,
            done: Vec::new(),
        }
    }

    /// Mixes the packet in `interleaved` down and adds it.
    fn add(&mut self, rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        check_channels(channels)?;
        check_rate(rate_hz)?;
        let frames = self.interleaved.len() / channels;
        self.length += Duration::from_secs_f64(frames as f64 / f64::from(rate_hz));
        if self.length > self.max + PADDING {
            return Err(AudioError::TooLong { max: self.max });
        }
        if !self.interleaved.iter().all(|sample| sample.is_finite()) {
            return Err(AudioError::NotANumber);
        }
        self.mono.clear();
        match channels {
            1 => self.mono.extend_from_slice(&self.interleaved),
            _ => self.mono.extend(self.interleaved.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0)),
        }
        // The rate may change where one stream follows another.
        if self.resample.as_ref().is_some_and(|resample| resample.rate_hz() != rate_hz) {
            self.close_stream()?;
        }
        let resample = match &mut self.resample {
            Some(resample) => resample,
            none => none.insert(Resample::new(rate_hz).map_err(|detail| unreadable(self.container, detail))?),
        };
        resample.push(&self.mono).map_err(|detail| unreadable(self.container, detail))
    }

    fn close_stream(&mut self) -> Result<(), AudioError> {
        if let Some(resample) = self.resample.take() {
            let samples = resample.finish().map_err(|detail| unreadable(self.container, detail))?;
            self.done.extend_from_slice(&samples);
        }
        Ok(())
    }

    fn finish(mut self, fault: Option<Error>) -> Result<Pcm, AudioError> {
        self.close_stream()?;
        match fault {
            Some(error) if self.done.is_empty() => Err(broken(self.container, &error)),
            Some(error) => {
                tracing::debug!(
                    container = self.container.name(),
                    seconds = self.length.as_secs_f32(),
                    %error,
                    "the upload is damaged; what could be decoded is used"
                );
                Ok(Pcm::new(self.done))
            }
            None if self.done.is_empty() => Err(AudioError::Empty { detail: "the file has no samples" }),
            None => Ok(Pcm::new(self.done)),
        }
    }
}

fn unreadable(container: Container, detail: String) -> AudioError {
    AudioError::Unreadable { container: container.name(), detail }
}
