//! The microphone's thread: opens the device, takes its sound, and opens it again when it is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{ErrorKind, StreamConfig};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::Capture;
use super::device::{self, MicrophoneError};
use super::ring;
use crate::audio::live::Converter;
use crate::domain::SAMPLE_RATE_HZ;

/// Sound is taken from the ring this often.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A device that gave nothing for so long is stalled. Sound servers that save power give sound in pieces of
/// up to two seconds.
const STALL: Duration = Duration::from_secs(5);
/// The first and the longest pause before a lost device is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(3)];
/// How long the sound system may take to open a device.
const OPENING: Duration = Duration::from_secs(5);

/// Keeps the device open until `stop`, or until nobody listens.
pub(super) fn keep_open(device: Option<&str>, captures: &Sender<Capture>, stop: &AtomicBool) {
    let mut pause = PAUSES[0];
    let mut told = None;
    while !stop.load(Ordering::Relaxed) && !captures.is_closed() {
        let opened = Instant::now();
        let Err(error) = listen(device, captures, stop) else { return };
        // The same trouble again and again is told once.
        if told.as_ref() != Some(&error) && captures.blocking_send(Capture::Lost(error.clone())).is_err() {
            return;
        }
        let lasted = opened.elapsed() > PAUSES[1] * 2;
        pause = if lasted { PAUSES[0] } else { (pause * 2).min(PAUSES[1]) };
        told = if lasted { None } else { Some(error) };
        wait(pause, stop);
    }
}

fn wait(time: Duration, stop: &AtomicBool) {
    let until = Instant::now() + time;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        thread::park_timeout(LOOK_EVERY);
    }
}

/// Takes sound of the device until it is lost; `Ok` where nobody wants it any more.
fn listen(
    wanted: Option<&str>,
    captures: &Sender<Capture>,
    stop: &AtomicBool,
) -> Result<(), MicrophoneError> {
    let (device, name, config, pieces) = device::find(wanted)?;
    let (rate_hz, channels, format) = (config.sample_rate(), config.channels(), config.sample_format());
    if !ring::is_readable(format) {
        return Err(MicrophoneError::Failed(format!("{name} gives sound as {format}, which is no PCM")));
    }
    let mut converter = Converter::new(rate_hz).map_err(MicrophoneError::Failed)?;
    let (mut inlet, mut outlet) = ring::ring(rate_hz, channels);
    let (tell, faults) = sync_channel(8);
    let on_fault = move |fault: cpal::Error| {
        tell.try_send(fault).ok();
    };
    let failed = |error: cpal::Error| MicrophoneError::of(&name, &error);
    let stream = device
        .build_input_stream_raw(
            StreamConfig { buffer_size: pieces, ..config.into() },
            format,
            move |data, _| inlet.take(data),
            on_fault,
            Some(OPENING),
        )
        .map_err(failed)?;
    stream.play().map_err(failed)?;
    let opened = Capture::Opened { device: name.clone(), rate_hz, channels };
    if captures.blocking_send(opened).is_err() {
        return Ok(());
    }
    let mut last_sound = Instant::now();
    let mut taker = Taker { captures, lost_ms: 0 };
    while !stop.load(Ordering::Relaxed) {
        thread::park_timeout(LOOK_EVERY);
        if let Some(fault) = fatal(&faults) {
            return Err(MicrophoneError::of(&name, &fault));
        }
        let samples = outlet.take();
        if samples.is_empty() {
            if last_sound.elapsed() > STALL {
                return Err(MicrophoneError::Stalled(name));
            }
            continue;
        }
        last_sound = Instant::now();
        taker.lost_ms += outlet.dropped() * 1_000 / u64::from(rate_hz.max(1));
        let samples = converter.push(&samples).map_err(MicrophoneError::Failed)?;
        if !taker.pass_on(samples) {
            return Ok(());
        }
    }
    Ok(())
}

/// Whoever takes the sound. Where they are behind by seconds, sound is dropped, and they are told of it as
/// soon as they take something again, before any other sound.
struct Taker<'a> {
    captures: &'a Sender<Capture>,
    /// What was dropped and not told of yet.
    lost_ms: u64,
}

impl Taker<'_> {
    /// Sends sound on; `false` where nobody listens any more.
    fn pass_on(&mut self, samples: Vec<f32>) -> bool {
        let length_ms = samples.len() as u64 * 1_000 / u64::from(SAMPLE_RATE_HZ);
        if self.lost_ms > 0 {
            match self.captures.try_send(Capture::Missed { lost_ms: self.lost_ms }) {
                Ok(()) => {
                    tracing::warn!(self.lost_ms, "sound of the microphone was dropped");
                    self.lost_ms = 0;
                }
                Err(TrySendError::Full(_)) => {
                    self.lost_ms += length_ms;
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        match self.captures.try_send(Capture::Samples(samples)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.lost_ms += length_ms;
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

/// The first fault after which the stream is dead.
fn fatal(faults: &Receiver<cpal::Error>) -> Option<cpal::Error> {
    loop {
        match faults.try_recv() {
            Ok(fault) => match fault.kind() {
                ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {
                    tracing::debug!(%fault, "the microphone stumbled");
                }
                _ => return Some(fault),
            },
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_is_dropped_is_told_of_before_any_other() {
        let (captures, mut taken) = tokio::sync::mpsc::channel(2);
        let mut taker = Taker { captures: &captures, lost_ms: 0 };
        for _ in 0..5 {
            assert!(taker.pass_on(vec![0.0; 1_600]));
        }
        assert_eq!(taker.lost_ms, 300);
        for _ in 0..2 {
            assert!(matches!(taken.try_recv(), Ok(Capture::Samples(_))));
        }
        assert!(taker.pass_on(vec![0.5; 1_600]));
        assert_eq!(taken.try_recv(), Ok(Capture::Missed { lost_ms: 300 }));
        assert_eq!(taken.try_recv(), Ok(Capture::Samples(vec![0.5; 1_600])));
        drop(taken);
        assert!(!taker.pass_on(vec![0.0; 1_600]), "nobody listens any more");
    }
}
