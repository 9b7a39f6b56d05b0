//! Uploaded bytes and live sound become utterances: 16 kHz, mono, finite samples.
//!
//! The format is told by the content, never by a name or a header that the sender chose. Every
//! bound (bytes, seconds, channels, rate, packets, time) is kept while reading, so a few bytes that
//! expand to hours cost no more than the longest clip that is allowed. Decoding runs on threads of
//! its own behind a bounded queue that refuses when it is full; a panic in a decoder costs that one
//! upload.
//!
//! Live sound (`live`) is cut into utterances where a voice begins and ends.
//!
//! What this room does not do: it does not know words.

mod container;
mod decoder;
mod error;
mod live;
mod microphone;
mod repair;
mod resample;
mod stream;

pub use decoder::{AudioConfig, Decoder};
pub use error::AudioError;
pub use live::{
    Converter, Cue, End, EndpointConfig, Patience, Silence, Turns, Utterances, samples_of, voiced,
};
pub use microphone::{Capture, Microphone, MicrophoneError, MicrophoneInfo, microphones};
