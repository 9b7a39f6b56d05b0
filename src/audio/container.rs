//! Which container the bytes are, told by their first bytes alone.
//!
//! Symphonia's own probe would scan a megabyte for any marker and find "MP3" in a picture; here the
//! first bytes decide, and only the reader of that container is asked.

use std::io::Cursor;

use bytes::Bytes;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats;

use crate::audio::AudioError;

/// The containers that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Wav,
    Flac,
    Ogg,
    WebM,
    Mp4,
    Mp3,
    Aac,
}

impl Container {
    /// Looks at the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, AudioError> {
        if bytes.is_empty() {
            return Err(AudioError::Empty { detail: "no bytes arrived" });
        }
        let at = |start: usize, magic: &[u8]| bytes.get(start..start + magic.len()) == Some(magic);
        if (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE") {
            return Ok(Self::Wav);
        }
        if at(0, b"fLaC") {
            return Ok(Self::Flac);
        }
        if at(0, b"OggS") {
            return Ok(Self::Ogg);
        }
        if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
            return Ok(Self::WebM);
        }
        if at(4, b"ftyp") {
            return Ok(Self::Mp4);
        }
        match bytes {
            // Eleven bits of frame sync, then two of version and two of layer (0: ADTS, 1: layer 3).
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Ok(Self::Aac),
            [0xff, second, ..] if second & 0xe6 == 0xe2 => Ok(Self::Mp3),
            _ => Err(AudioError::FormatUnknown { found: what_else(bytes) }),
        }
    }

    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::WebM => "WebM",
            Self::Mp4 => "M4A/MP4",
            Self::Mp3 => "MP3",
            Self::Aac => "AAC",
        }
    }

    /// Opens the bytes (those of the container alone, see [`without_tag`]) with its reader.
    pub(super) fn open(self, bytes: Bytes) -> Result<Box<dyn FormatReader>, Error> {
        let mut probe = Probe::default();
        match self {
            Self::Wav => probe.register_format::<formats::WavReader<'_>>(),
            Self::Flac => probe.register_format::<formats::FlacReader<'_>>(),
            Self::Ogg => probe.register_format::<formats::OggReader<'_>>(),
            Self::WebM => probe.register_format::<formats::MkvReader<'_>>(),
            Self::Mp4 => probe.register_format::<formats::IsoMp4Reader<'_>>(),
            Self::Aac => probe.register_format::<formats::AdtsReader<'_>>(),
            Self::Mp3 => probe.register_format::<formats::MpaReader<'_>>(),
        }
        let source =
            MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
        probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
    }
}

/// Cuts off an ID3 tag (names, pictures), which may stand before any sound and says its own length.
pub(super) fn without_tag(bytes: Bytes) -> Bytes {
    match bytes.get(..10) {
        Some(&[b'I', b'D', b'3', _, _, flags, a, b, c, d]) => {
            // Seven bits a byte; a footer of ten more bytes where the flags say so.
            let length = [a, b, c, d].iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
            let tag = 10 + length + if flags & 0x10 == 0 { 0 } else { 10 };
            bytes.slice(tag.min(bytes.len())..)
        }
        _ => bytes,
    }
}

/// Names what people send by mistake, so that they see the mistake.
fn what_else(bytes: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"#!AMR", "an AMR recording"),
        (b"FORM", "an AIFF recording"),
        (b"caff", "a Core Audio recording"),
        (&[0x30, 0x26, 0xb2, 0x75], "a Windows Media file"),
        (b"\x89PNG", "a PNG picture"),
        (&[0xff, 0xd8, 0xff], "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (&[0x1f, 0x8b], "a gzip archive"),
        (b"MThd", "a MIDI file"),
        (b"RIFF", "a RIFF file without sound"),
    ];
    if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return name;
    }
    let start = &bytes[..bytes.len().min(64)];
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if start.iter().all(printable) {
        return "text";
    }
    "of an unknown format, perhaps raw samples without a header"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_cut_off_even_when_it_lies() {
        let cut = |bytes: &'static [u8]| without_tag(Bytes::from_static(bytes));
        assert_eq!(cut(b"ID3\x04\0\0\0\0\0\x02..fLaC"), "fLaC");
        assert_eq!(cut(b"ID3\x04\0\0\x7f\x7f\x7f\x7f..fLaC"), "");
        assert_eq!(cut(b"ID3"), "ID3");
    }

    #[test]
    fn the_first_bytes_decide() {
        let found = |bytes: &[u8]| Container::of(bytes).map_err(|error| error.to_string());
        assert_eq!(found(b"RIFF....WAVEfmt "), Ok(Container::Wav));
        assert_eq!(found(&[0xff, 0xfb, 0x90]), Ok(Container::Mp3));
        assert_eq!(found(&[0xff, 0xf1, 0x50]), Ok(Container::Aac));
        assert_eq!(found(b"\0\0\0 ftypM4A "), Ok(Container::Mp4));
        for (bytes, name) in [
            (&b"RIFF....AVI LIST"[..], "RIFF file without sound"),
            (b"\xff\xfeh\0i\0", "unknown format"),
            (b"{\"text\":\"hello\"}", "text"),
            (b"\x89PNG\r\n", "PNG picture"),
        ] {
            assert!(found(bytes).is_err_and(|message| message.contains(name)), "{name}");
        }
    }
}
