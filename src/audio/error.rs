//! What can be wrong with an upload, in words for the person who sent it.

use std::time::Duration;

/// What can be sent, for messages.
pub(super) const FORMATS: &str =
    "WAV, FLAC, MP3, Ogg (Opus or Vorbis), WebM (Opus or Vorbis), M4A/MP4 (AAC) and raw AAC";

/// Why an upload did not become sound.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// No bytes, or a well-formed file without one sample.
    #[error("the upload holds no sound ({detail}); check that the recorder ran, and send it again")]
    Empty {
        /// What was empty.
        detail: &'static str,
    },
    /// More bytes than allowed.
    #[error(
        "the upload has {bytes} bytes and at most {max_bytes} are accepted; send a shorter clip, or the \
         same one as Opus or FLAC"
    )]
    TooLarge {
        /// Bytes that arrived.
        bytes: usize,
        /// Bytes allowed.
        max_bytes: usize,
    },
    /// More sound than allowed.
    #[error("the sound is longer than the {} seconds that are accepted; send a shorter clip", max.as_secs_f32())]
    TooLong {
        /// Sound allowed.
        max: Duration,
    },
    /// The first bytes belong to no format that is read here.
    #[error("the upload is {found}, which can't be read as sound; send {FORMATS}")]
    FormatUnknown {
        /// What the bytes look like.
        found: &'static str,
    },
    /// The container is known, what is inside it is not.
    #[error("the {container} file holds no sound in a coding that can be read ({detail}); send {FORMATS}")]
    CodecUnknown {
        /// Name of the container.
        container: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// The bytes start like a known format and then break.
    #[error("the {container} file is damaged, cut off or mislabelled ({detail}); record or export it again")]
    Unreadable {
        /// Name of the container.
        container: &'static str,
        /// What the reader said.
        detail: String,
    },
    /// Neither one channel nor two. More would be a place to hide speech that no person hears.
    #[error(
        "the sound has {channels} channels and only one or two are accepted; mix it down and send it again"
    )]
    Channels {
        /// Channels in the file.
        channels: usize,
    },
    /// A sample rate that no recorder of speech uses.
    #[error(
        "the sample rate is {rate_hz} Hz and {min_hz} to {max_hz} Hz are accepted; convert it to 16000 Hz"
    )]
    Rate {
        /// Rate in the file.
        rate_hz: u32,
        /// Lowest rate accepted.
        min_hz: u32,
        /// Highest rate accepted.
        max_hz: u32,
    },
    /// NaN or infinite samples, which only a faulty program writes.
    #[error(
        "the sound holds samples that are not numbers (NaN or infinite); export it again, best as 16-bit WAV"
    )]
    NotANumber,
    /// The file is cut into so many tiny or empty packets that it can only be meant as harm.
    #[error(
        "the {container} file has more than {max_packets} packets; export it again with an ordinary encoder"
    )]
    TooManyPackets {
        /// Name of the container.
        container: &'static str,
        /// Packets allowed.
        max_packets: u64,
    },
    /// Decoding took longer than any honest clip does.
    #[error("decoding was stopped after {} seconds; send the sound as 16-bit WAV", limit.as_secs_f32())]
    TooSlow {
        /// Time allowed.
        limit: Duration,
    },
    /// All decoders are at work and the queue is full.
    #[error("{waiting} uploads are waiting to be decoded already; try again in a few seconds")]
    Busy {
        /// Length of the queue.
        waiting: usize,
    },
    /// A decoder panicked on this input.
    #[error("the decoder failed on this file; send it as 16-bit WAV, and report the file")]
    Crashed,
    /// The decoder's threads are gone, or could not be started.
    #[error("the audio decoder is not running: {0}; restart the service")]
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
