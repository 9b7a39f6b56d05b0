//! What can be wrong with an upload, in words for the person who sent it.

use std::fmt;
use std::time::Duration;

use crate::domain::Language;
use crate::phrases::{Phrase, say};

/// Why an upload did not become sound.
#[derive(Debug)]
pub enum AudioError {
    /// No bytes, or a well-formed file without one sample.
    Empty {
        /// What was empty.
        detail: &'static str,
    },
    /// More bytes than allowed.
    TooLarge {
        /// Bytes that arrived.
        bytes: usize,
        /// Bytes allowed.
        max_bytes: usize,
    },
    /// More sound than allowed.
    TooLong {
        /// Sound allowed.
        max: Duration,
    },
    /// The first bytes belong to no format that is read here.
    FormatUnknown {
        /// What the bytes look like.
        found: &'static str,
    },
    /// The container is known, what is inside it is not.
    CodecUnknown {
        /// Name of the container.
        container: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// The bytes start like a known format and then break.
    Unreadable {
        /// Name of the container.
        container: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// Neither one channel nor two. More would be a place to hide speech that no person hears.
    Channels {
        /// Channels in the file.
        channels: usize,
    },
    /// A sample rate that no recorder of speech uses.
    Rate {
        /// Rate in the file.
        rate_hz: u32,
        /// Lowest rate accepted.
        min_hz: u32,
        /// Highest rate accepted.
        max_hz: u32,
    },
    /// NaN or infinite samples, which only a faulty program writes.
    NotANumber,
    /// The file is cut into so many tiny or empty packets that it can only be meant as harm.
    TooManyPackets {
        /// Name of the container.
        container: &'static str,
        /// Packets allowed.
        max_packets: u64,
    },
    /// Decoding took longer than any honest clip does.
    TooSlow {
        /// Time allowed.
        limit: Duration,
    },
    /// All decoders are at work and the queue is full.
    Busy {
        /// Length of the queue.
        waiting: usize,
    },
    /// A decoder panicked on this input.
    Crashed,
    /// The decoder's threads are gone, or could not be started.
    Stopped(String),
}

impl AudioError {
    /// The stable name of this error on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "audio_empty",
            Self::TooLarge { .. } => "audio_too_large",
            Self::TooLong { .. } => "audio_too_long",
            Self::FormatUnknown { .. } | Self::CodecUnknown { .. } => "audio_format_unknown",
            Self::Unreadable { .. } | Self::NotANumber | Self::TooManyPackets { .. } | Self::Crashed => {
                "audio_unreadable"
            }
            Self::Channels { .. } => "audio_channels",
            Self::Rate { .. } => "audio_rate",
            Self::TooSlow { .. } => "audio_too_slow",
            Self::Busy { .. } => "audio_busy",
            Self::Stopped(_) => "audio_stopped",
        }
    }

    /// What happened and the way out, for a person, in this language; details of a file are told in English.
    pub fn say(&self, language: Language) -> String {
        let seconds = |limit: &Duration| limit.as_secs_f32().to_string();
        let formats = || say("audio-formats", language);
        let phrase = match self {
            Self::Empty { detail } => Phrase::new("audio-empty").with("detail", *detail),
            Self::TooLarge { bytes, max_bytes } => {
                Phrase::new("audio-too-large").with("bytes", *bytes).with("limit", *max_bytes)
            }
            Self::TooLong { max } => Phrase::new("audio-too-long").with("seconds", seconds(max)),
            Self::FormatUnknown { found } => {
                Phrase::new("audio-format-unknown").with("found", *found).with("formats", formats())
            }
            Self::CodecUnknown { container, detail } => Phrase::new("audio-codec-unknown")
                .with("container", *container)
                .with("detail", detail.clone())
                .with("formats", formats()),
            Self::Unreadable { container, detail } => {
                Phrase::new("audio-unreadable").with("container", *container).with("detail", detail.clone())
            }
            Self::Channels { channels } => Phrase::new("audio-channels").with("channels", *channels),
            Self::Rate { rate_hz, min_hz, max_hz } => {
                Phrase::new("audio-rate").with("rate", *rate_hz).with("least", *min_hz).with("most", *max_hz)
            }
            Self::NotANumber => Phrase::new("audio-not-a-number"),
            Self::TooManyPackets { container, max_packets } => Phrase::new("audio-too-many-packets")
                .with("container", *container)
                .with("limit", *max_packets),
            Self::TooSlow { limit } => Phrase::new("audio-too-slow").with("seconds", seconds(limit)),
            Self::Busy { waiting } => Phrase::new("audio-busy").with("count", *waiting),
            Self::Crashed => Phrase::new("audio-crashed"),
            Self::Stopped(reason) => Phrase::new("audio-stopped").with("reason", reason.clone()),
        };
        phrase.say(language)
    }

    /// Whether the same upload can succeed later: the fault lies with the service.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Stopped(_) => true,
            Self::Empty { .. }
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::FormatUnknown { .. }
            | Self::CodecUnknown { .. }
            | Self::Unreadable { .. }
            | Self::Channels { .. }
            | Self::Rate { .. }
            | Self::NotANumber
            | Self::TooManyPackets { .. }
            | Self::TooSlow { .. }
            | Self::Crashed => false,
        }
    }
}

/// As the log and programs are told it.
impl fmt::Display for AudioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::ENGLISH))
    }
}

impl std::error::Error for AudioError {}
