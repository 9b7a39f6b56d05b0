//! From the callback of the sound system, which must not wait, to the thread that may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cpal::{Data, FromSample, Sample, SampleFormat, SizedSample};
use rtrb::{Consumer, Producer, RingBuffer};

/// Seconds of sound that may wait in the ring.
const SECONDS: usize = 2;

/// The end of the ring that the callback has.
pub(super) struct Inlet {
    ring: Producer<f32>,
    channels: usize,
    dropped: Arc<AtomicU64>,
}

/// The end of the ring that the thread has.
pub(super) struct Outlet {
    ring: Consumer<f32>,
    dropped: Arc<AtomicU64>,
}

/// A ring for mono sound of a device.
pub(super) fn ring(rate_hz: u32, channels: u16) -> (Inlet, Outlet) {
    let (producer, consumer) = RingBuffer::new(rate_hz as usize * SECONDS);
    let dropped = Arc::new(AtomicU64::new(0));
    let inlet = Inlet { ring: producer, channels: usize::from(channels.max(1)), dropped: dropped.clone() };
    (inlet, Outlet { ring: consumer, dropped })
}

/// Whether the callback can read sound of this format.
pub(super) fn is_readable(format: SampleFormat) -> bool {
    !matches!(format, SampleFormat::DsdU8 | SampleFormat::DsdU16 | SampleFormat::DsdU32)
}

impl Inlet {
    /// Takes what the device gives, in whatever format.
    pub(super) fn take(&mut self, data: &Data) {
        match data.sample_format() {
            SampleFormat::I8 => self.mix::<i8>(data),
            SampleFormat::I16 => self.mix::<i16>(data),
            SampleFormat::I24 => self.mix::<cpal::I24>(data),
            SampleFormat::I32 => self.mix::<i32>(data),
            SampleFormat::I64 => self.mix::<i64>(data),
            SampleFormat::U8 => self.mix::<u8>(data),
            SampleFormat::U16 => self.mix::<u16>(data),
            SampleFormat::U24 => self.mix::<cpal::U24>(data),
            SampleFormat::U32 => self.mix::<u32>(data),
            SampleFormat::U64 => self.mix::<u64>(data),
            SampleFormat::F32 => self.mix::<f32>(data),
            SampleFormat::F64 => self.mix::<f64>(data),
            // Such a device is not opened.
            _ => {}
        }
    }

    /// One or two channels are mixed. Of more the first is taken: the others of an array may hold what
    /// the machine itself plays.
    fn mix<T: SizedSample>(&mut self, data: &Data)
    where
        f32: FromSample<T>,
    {
        let Some(samples) = data.as_slice::<T>() else { return };
        let mixed = if self.channels <= 2 { self.channels } else { 1 };
        for frame in samples.chunks_exact(self.channels) {
            let sum: f32 = frame.iter().take(mixed).map(|sample| f32::from_sample(*sample)).sum();
            if self.ring.push(sum / mixed as f32).is_err() {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Outlet {
    /// All that is there.
    pub(super) fn take(&mut self) -> Vec<f32> {
        let waiting = self.ring.slots();
        match self.ring.read_chunk(waiting) {
            Ok(chunk) => chunk.into_iter().collect(),
            // Only this end takes out, so what was there is there.
            Err(_) => Vec::new(),
        }
    }

    /// Samples that found no place since the last look.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
