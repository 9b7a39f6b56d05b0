//! Uploads in every format that is read, and in every way in which they can be wrong.

use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use hark::audio::{AudioConfig, AudioError, Decoder};
use hark::domain::Pcm;

fn fixture(name: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

fn decoder() -> Decoder {
    Decoder::new(AudioConfig::default()).unwrap()
}

async fn decode(bytes: impl Into<Bytes>) -> Result<Pcm, AudioError> {
    decoder().decode(bytes.into()).await
}

/// Expects a refusal with this code whose message has each of these words.
async fn refuse(bytes: impl Into<Bytes>, code: &str, words: &[&str]) {
    let error = decode(bytes).await.expect_err(code);
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{error} lacks {word}");
    }
}

/// A WAV file of 16-bit samples, written by a library.
fn wav(rate_hz: u32, channels: u16, samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples.into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn wav_of_floats(samples: &[f32]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// How alike two clips are (1: the same) when the second is moved by that many samples.
fn likeness(one: &[f32], other: &[f32], shift: usize) -> f32 {
    let (mut dot, mut a, mut b) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (x, y) in one.iter().zip(other.iter().skip(shift)) {
        dot += x * y;
        a += x * x;
        b += y * y;
    }
    dot / (a * b).sqrt().max(f32::MIN_POSITIVE)
}

/// By how many samples the second clip is late, up to 30 milliseconds, told from its first half second.
fn lateness(one: &[f32], other: &[f32]) -> usize {
    let at = |shift: usize| (likeness(&one[..8_000], other, shift), shift);
    (0..480).map(at).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

#[tokio::test]
async fn every_format_gives_the_sound_of_the_wav() {
    let wanted = decode(fixture("time-tokyo.wav")).await.unwrap();
    assert_eq!(wanted.samples().len(), 40_640);
    // Name, likeness at least, extra milliseconds at most (the priming that some encoders leave).
    for (name, alike, extra_ms) in [
        ("24k-stereo.wav", 0.999, 0),
        ("22k-float.wav", 0.99, 0),
        ("8k-mulaw.wav", 0.99, 0),
        ("16k.flac", 0.999, 0),
        ("44k-stereo.mp3", 0.99, 0),
        ("tagged.mp3", 0.98, 0),
        ("opus.ogg", 0.97, 0),
        ("opus-stereo.webm", 0.97, 20),
        ("opus-live.webm", 0.97, 20),
        ("vorbis.ogg", 0.98, 0),
        ("aac.m4a", 0.98, 45),
        ("aac-stereo.mp4", 0.98, 45),
        ("aac.aac", 0.98, 45),
    ] {
        let got = decode(fixture(&format!("formats/{name}"))).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let extra = got.duration().as_secs_f32() - wanted.duration().as_secs_f32();
        let shift = lateness(wanted.samples(), got.samples());
        let score = likeness(wanted.samples(), got.samples(), shift);
        println!(
            "{name}: {:+.1} ms long, {score:.4} alike, {:.1} ms late",
            extra * 1000.0,
            shift as f32 / 16.0
        );
        assert!((-0.002..=0.002 + extra_ms as f32 / 1000.0).contains(&extra), "{name}: {extra} s longer");
        assert!(score >= alike, "{name}: {score} alike");
    }
}

#[tokio::test]
async fn an_upload_without_sound_is_told_so() {
    refuse(Bytes::new(), "audio_empty", &["no bytes"]).await;
    refuse(wav(16_000, 1, []), "audio_empty", &["no samples"]).await;
}

#[tokio::test]
async fn silence_is_sound() {
    let pcm = decode(fixture("silence.wav")).await.unwrap();
    assert_eq!(pcm.duration(), Duration::from_secs(2));
    assert!(pcm.samples().iter().all(|&sample| sample.abs() < 1e-3));
}

#[tokio::test]
async fn what_is_no_sound_is_named_and_the_formats_are_listed() {
    for (bytes, found) in [
        (&b"<!doctype html><title>hello</title>"[..], "text"),
        (b"{\"text\": \"add milk\"}", "text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"#!AMR\n\x3c\x08", "AMR"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08", "raw samples"),
    ] {
        refuse(bytes, "audio_format_unknown", &[found, "WAV", "FLAC", "MP3", "WebM", "M4A"]).await;
    }
}

#[tokio::test]
async fn a_name_in_the_header_that_lies_is_found_out() {
    let mut mislabelled = b"RIFF\xff\0\0\0WAVE".to_vec();
    mislabelled.extend_from_slice(&fixture("formats/opus.ogg")[..2_000]);
    refuse(mislabelled, "audio_unreadable", &["WAV", "mislabelled", "again"]).await;
    for magic in [&b"fLaC"[..], b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x18ftypM4A ", b"\xff\xfb\x90\x64"] {
        let mut bytes = magic.to_vec();
        bytes.extend(std::iter::repeat_n(0x5a, 3_000));
        let error = decode(bytes).await.expect_err("rubbish after a good start");
        assert!(
            ["audio_unreadable", "audio_format_unknown", "audio_empty"].contains(&error.code()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn more_than_two_channels_are_refused() {
    refuse(wav(16_000, 8, [0; 800]), "audio_channels", &["8 channels", "one or two"]).await;
    refuse(wav(16_000, 3, [0; 300]), "audio_channels", &["3 channels"]).await;
}

#[tokio::test]
async fn rates_beyond_all_recorders_are_refused() {
    refuse(wav(1_000, 1, [0; 800]), "audio_rate", &["1000 Hz", "4000", "192000"]).await;
    refuse(wav(4_000_000, 1, [0; 800]), "audio_rate", &["4000000 Hz"]).await;
}

#[tokio::test]
async fn samples_that_are_no_numbers_are_refused() {
    for odd in [f32::NAN, f32::INFINITY] {
        refuse(wav_of_floats(&[0.0, 0.1, odd, 0.1]), "audio_unreadable", &["NaN"]).await;
    }
    let loud = decode(wav_of_floats(&[2.0, -3.0, 0.5])).await.unwrap();
    assert_eq!(loud.samples(), [1.0, -1.0, 0.5]);
}

#[tokio::test]
async fn a_wav_that_lies_about_its_length_gives_what_is_there() {
    let honest = fixture("timer.wav");
    let sound = decode(honest.clone()).await.unwrap();
    // Bytes 40 to 43 are the length of the data: four gigabytes is what a streaming recorder writes.
    for lie in [u32::MAX, u32::MAX - 36, 200_000_000] {
        let mut bytes = honest.to_vec();
        bytes[40..44].copy_from_slice(&lie.to_le_bytes());
        let got = decode(bytes).await.unwrap();
        assert_eq!(got.samples(), sound.samples(), "said {lie}");
    }
    let mut bytes = honest.to_vec();
    bytes[40..44].copy_from_slice(&3_200_u32.to_le_bytes());
    assert_eq!(decode(bytes).await.unwrap().duration(), Duration::from_millis(100));
}

#[tokio::test]
async fn a_file_cut_off_gives_what_is_there() {
    let whole = decode(fixture("time-tokyo.wav")).await.unwrap().duration();
    for name in [
        "time-tokyo.wav",
        "formats/16k.flac",
        "formats/44k-stereo.mp3",
        "formats/opus.ogg",
        "formats/opus-stereo.webm",
        "formats/opus-live.webm",
        "formats/aac-stereo.mp4",
        "formats/aac.aac",
    ] {
        let bytes = fixture(name);
        let half = decode(bytes.slice(..bytes.len() / 2)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("{name}: {:?} of {whole:?}", half.duration());
        assert!(half.duration() > whole / 8 && half.duration() < whole * 7 / 8, "{name}");
        let start = decode(bytes.slice(..20)).await.expect_err(name);
        assert!(
            ["audio_unreadable", "audio_empty", "audio_format_unknown"].contains(&start.code()),
            "{name}: {start}"
        );
    }
    // Its index stands at the end, so half of it is nothing.
    let bytes = fixture("formats/aac.m4a");
    refuse(bytes.slice(..bytes.len() / 2), "audio_unreadable", &["M4A", "cut off"]).await;
}

#[tokio::test]
async fn too_many_bytes_and_too_many_seconds_are_refused() {
    let small = Decoder::new(AudioConfig { max_bytes: 1_000, ..AudioConfig::default() }).unwrap();
    let error = small.decode(fixture("timer.wav")).await.unwrap_err();
    assert_eq!(error.code(), "audio_too_large");
    assert!(error.to_string().contains("1000"), "{error}");

    let short =
        Decoder::new(AudioConfig { max_duration: Duration::from_secs(2), ..AudioConfig::default() }).unwrap();
    let error = short.decode(fixture("timer.wav")).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("2 seconds")), ("audio_too_long", true), "{error}");
}

/// A FLAC of digital silence: one block of 65,535 frames takes 14 bytes.
fn tiny_flac_of_hours(blocks: u8) -> Vec<u8> {
    let mut bytes = b"fLaC".to_vec();
    // The last metadata block: 34 bytes of stream info, block size 65,535, 48 kHz, mono, 16 bits.
    bytes.extend_from_slice(&[0x80, 0, 0, 34, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0x0b, 0xb8, 0x00, 0xf0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 16]);
    for number in 0..blocks {
        // Sync, block size in 16 bits and 48 kHz, mono of 16 bits, number, block size less one.
        let mut frame = vec![0xff, 0xf8, 0x7a, 0x08];
        match number {
            0..0x80 => frame.push(number),
            _ => frame.extend_from_slice(&[0xc0 | number >> 6, 0x80 | number & 0x3f]),
        }
        frame.extend_from_slice(&[0xff, 0xfe]);
        frame.push(crc(&frame, 0x07, 8) as u8);
        // One constant subframe: zero.
        frame.extend_from_slice(&[0, 0, 0]);
        let sum = crc(&frame, 0x8005, 16);
        frame.extend_from_slice(&(sum as u16).to_be_bytes());
        bytes.extend_from_slice(&frame);
    }
    bytes
}

fn crc(bytes: &[u8], polynomial: u32, bits: u32) -> u32 {
    let mut sum = 0;
    for byte in bytes {
        sum ^= u32::from(*byte) << (bits - 8);
        for _ in 0..8 {
            let carry = sum >> (bits - 1) & 1;
            sum = ((sum << 1) ^ (carry * polynomial)) & ((1 << bits) - 1);
        }
    }
    sum
}

#[tokio::test]
async fn a_tiny_flac_that_expands_to_minutes_stops_at_the_limit() {
    // The writer is right: a few blocks decode.
    let honest = decode(tiny_flac_of_hours(4)).await.unwrap();
    assert_eq!(honest.duration().as_millis(), 5_461);
    let bomb = tiny_flac_of_hours(255);
    assert!(bomb.len() < 4_000, "{} bytes for six minutes", bomb.len());
    refuse(bomb, "audio_too_long", &["60 seconds"]).await;
}

#[tokio::test]
async fn damaged_bytes_anywhere_end_in_sound_or_in_an_error() {
    // A fixed sequence, so that a failure can be repeated.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let decoder = decoder();
    let (mut heard, mut refused) = (0, 0);
    for name in [
        "16k.flac",
        "tagged.mp3",
        "opus.ogg",
        "opus-stereo.webm",
        "vorbis.ogg",
        "aac.m4a",
        "aac.aac",
        "8k-mulaw.wav",
    ] {
        let whole = fixture(&format!("formats/{name}"));
        for _ in 0..12 {
            let mut bytes = whole.to_vec();
            for _ in 0..1 + random() % 8 {
                // Half of the damage goes where the headers are.
                let reach = if random() % 2 == 0 { 200.min(bytes.len()) } else { bytes.len() };
                let place = random() % reach;
                bytes[place] = random() as u8;
            }
            match decoder.decode(bytes.into()).await {
                Ok(pcm) => {
                    heard += 1;
                    assert!(pcm.duration() <= Duration::from_secs(61) && !pcm.samples().is_empty(), "{name}");
                }
                Err(error) => {
                    refused += 1;
                    assert!(!error.is_retryable(), "{name}: {error}");
                }
            }
        }
    }
    println!("{heard} gave sound, {refused} were refused");
    // And the decoder still works.
    assert!(decoder.decode(fixture("timer.wav")).await.is_ok());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_loses_nothing() {
    let decoder = Decoder::new(AudioConfig { queue: 1, threads: 1, ..AudioConfig::default() }).unwrap();
    let bytes = fixture("formats/44k-stereo.mp3");
    let all = futures::future::join_all((0..50).map(|_| decoder.decode(bytes.clone()))).await;
    let busy = all.iter().filter(|result| matches!(result, Err(AudioError::Busy { .. }))).count();
    let done = all.iter().filter(|result| result.is_ok()).count();
    assert!(busy > 0 && done > 0, "{busy} refused, {done} done");
    assert_eq!(busy + done, 50);
    assert!(decoder.decode(bytes).await.is_ok(), "the queue is free again");
}
