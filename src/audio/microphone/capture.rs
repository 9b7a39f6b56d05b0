//! The microphone's thread: opens the device, takes its sound, and opens it again when it is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cpal::ErrorKind;
use cpal::traits::{DeviceTrait, StreamTrait};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::Capture;
use super::device::{self, MicrophoneError};
use super::ring::{self, Outlet};
use crate::audio::live::Converter;

/// Sound is taken from the ring this often.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A device that gave nothing for so long is stalled.
const STALL: Duration = Duration::from_secs(2);
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
    let (device, name, config) = device::find(wanted)?;
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
            config.into(),
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
        let samples = converter.push(&samples).map_err(MicrophoneError::Failed)?;
        if !pass_on(samples, &outlet, rate_hz, captures) {
            return Ok(());
        }
    }
    Ok(())
}

/// Sends sound on; `false` where nobody listens any more. Where hearing is behind by seconds, sound is
/// dropped, and told of.
fn pass_on(samples: Vec<f32>, outlet: &Outlet, rate_hz: u32, captures: &Sender<Capture>) -> bool {
    let ms = |samples: u64, rate_hz: u32| samples * 1_000 / u64::from(rate_hz.max(1));
    let mut lost_ms = ms(outlet.dropped(), rate_hz);
    match captures.try_send(Capture::Samples(samples)) {
        Ok(()) => {}
        Err(TrySendError::Closed(_)) => return false,
        Err(TrySendError::Full(Capture::Samples(samples))) => {
            lost_ms += ms(samples.len() as u64, crate::domain::SAMPLE_RATE_HZ);
        }
        Err(TrySendError::Full(_)) => {}
    }
    if lost_ms > 0 {
        tracing::warn!(lost_ms, "sound of the microphone was dropped");
        return !matches!(captures.try_send(Capture::Missed { lost_ms }), Err(TrySendError::Closed(_)));
    }
    true
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
