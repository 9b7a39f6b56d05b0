//! Lengths in headers that promise more bytes than arrived.
//!
//! A recorder that streams writes the largest length there is into a WAV header and never comes
//! back to mend it; an upload that broke off has the length of the whole. Symphonia takes neither
//! for WAV, WebM and MP4, so the lengths are set to what is there, and what is there is decoded.

use bytes::Bytes;

use crate::audio::container::Container;

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const SEEK_HEAD: u32 = 0x114d_9b74;
/// An element that readers pass over; its identifier takes one byte, those above take four.
const VOID: u8 = 0xec;

/// The same bytes with true lengths; a copy is made only where something is wrong.
pub(super) fn repair(container: Container, bytes: Bytes) -> Bytes {
    let patches = match container {
        Container::Wav => wav(&bytes),
        Container::WebM => webm(&bytes),
        Container::Mp4 => mp4(&bytes),
        Container::Flac | Container::Ogg | Container::Mp3 | Container::Aac => Vec::new(),
    };
    if patches.is_empty() {
        return bytes;
    }
    let mut mended = bytes.to_vec();
    for (at, new) in patches {
        if let Some(old) = mended.get_mut(at..at + new.len()) {
            old.copy_from_slice(&new);
        }
    }
    mended.into()
}

/// A place, and the bytes that belong there.
type Patch = (usize, Vec<u8>);

/// RIFF: a chunk is four letters, a length (little-endian) and the data, padded to an even place.
fn wav(bytes: &[u8]) -> Vec<Patch> {
    let length_at = |at: usize| {
        let raw = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(raw.try_into().ok()?) as usize)
    };
    let true_length = |at: usize, start: usize| {
        let there = u32::try_from(bytes.len().saturating_sub(start)).unwrap_or(u32::MAX);
        (at, there.to_le_bytes().to_vec())
    };
    let mut chunk = 12;
    while let Some(length) = length_at(chunk + 4) {
        let start = chunk + 8;
        let end = start.saturating_add(length);
        if end > bytes.len() {
            return vec![true_length(4, 8), true_length(chunk + 4, start)];
        }
        chunk = end + end % 2;
    }
    match length_at(4) {
        Some(length) if length > bytes.len().saturating_sub(8) => vec![true_length(4, 8)],
        _ => Vec::new(),
    }
}

/// MP4: an atom is a length (big-endian, of the whole atom) and four letters. Only the sound itself
/// (`mdat`) may be cut: without a whole index (`moov`) nothing can be found.
fn mp4(bytes: &[u8]) -> Vec<Patch> {
    let mut atom = 0;
    while let Some(&[a, b, c, d, ref name @ ..]) = bytes.get(atom..atom + 8) {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if atom.saturating_add(length) > bytes.len() && name == b"mdat" {
            let there = u32::try_from(bytes.len() - atom).unwrap_or_default();
            return vec![(atom, there.to_be_bytes().to_vec())];
        }
        // 0 and 1 stand for lengths written elsewhere.
        if length < 8 {
            break;
        }
        atom = atom.saturating_add(length);
    }
    Vec::new()
}

/// EBML: an element is an identifier, a length and the data. A length of ones is "unknown", which
/// the segment and its clusters may have: a browser writes them so while it records.
fn webm(bytes: &[u8]) -> Vec<Patch> {
    let mut patches = Vec::new();
    let mut is_cut = false;
    let mut at = 0;
    while let Some(element) = Element::at(bytes, at) {
        let fits = element.length.is_some_and(|length| element.start.saturating_add(length) <= bytes.len());
        match element.identifier {
            SEGMENT | CLUSTER if element.length.is_some() && !fits => {
                is_cut = true;
                patches.push((element.length_at, element.unknown_length()));
            }
            // Points to an index beyond the cut.
            SEEK_HEAD if is_cut && fits => patches.extend(element.void().map(|void| (at, void))),
            _ => {}
        }
        at = match element.length {
            // Clusters stand inside the segment, one after the other.
            _ if element.identifier == SEGMENT => element.start,
            Some(length) if fits => element.start + length,
            _ => break,
        };
    }
    patches
}

struct Element {
    identifier: u32,
    length_at: usize,
    /// Bytes that the length itself takes, 1 to 8.
    length_bytes: usize,
    length: Option<usize>,
    start: usize,
}

impl Element {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let identifier_bytes = bytes.get(at)?.leading_zeros() as usize + 1;
        let raw = bytes.get(at..at + identifier_bytes).filter(|raw| raw.len() <= 4)?;
        let identifier = raw.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte));
        let length_at = at + identifier_bytes;
        let first = *bytes.get(length_at)?;
        let length_bytes = first.leading_zeros() as usize + 1;
        let raw = bytes.get(length_at..length_at + length_bytes).filter(|raw| raw.len() <= 8)?;
        let ones = (1_u64 << (7 * length_bytes)) - 1;
        let value = raw.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte)) & ones;
        let length = if value == ones { None } else { Some(usize::try_from(value).ok()?) };
        Some(Self { identifier, length_at, length_bytes, length, start: length_at + length_bytes })
    }

    /// The header of an element of the same size that says nothing.
    fn void(&self) -> Option<Vec<u8>> {
        let length_bytes = self.length_bytes + 3;
        let length = (self.length? as u64) | 1_u64.checked_shl(7 * length_bytes as u32)?;
        let bytes = length.to_be_bytes();
        let mut header = vec![VOID];
        header.extend_from_slice(bytes.get(8_usize.checked_sub(length_bytes)?..)?);
        Some(header)
    }

    fn unknown_length(&self) -> Vec<u8> {
        let mut length = vec![0xff; self.length_bytes];
        length[0] = 0xff_u8.checked_shr(self.length_bytes as u32 - 1).unwrap_or_default();
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_true_are_left_alone() {
        let wav = Bytes::from_static(b"RIFF\x0e\0\0\0WAVEdata\x02\0\0\0ab");
        assert_eq!(repair(Container::Wav, wav.clone()), wav);
        let webm = Bytes::from_static(b"\x18\x53\x80\x67\x87\x1f\x43\xb6\x75\x82ab");
        assert_eq!(repair(Container::WebM, webm.clone()), webm);
    }

    #[test]
    fn lengths_beyond_the_end_are_mended() {
        let wav = Bytes::from_static(b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xffab");
        assert_eq!(repair(Container::Wav, wav), &b"RIFF\x0e\0\0\0WAVEdata\x02\0\0\0ab"[..]);
        let webm = Bytes::from_static(b"\x18\x53\x80\x67\x48\x00\x1f\x43\xb6\x75\x88ab");
        assert_eq!(repair(Container::WebM, webm), &b"\x18\x53\x80\x67\x7f\xff\x1f\x43\xb6\x75\xffab"[..]);
        let mp4 = Bytes::from_static(b"\0\0\0\x08free\0\0\x10\0mdatab");
        assert_eq!(repair(Container::Mp4, mp4), &b"\0\0\0\x08free\0\0\0\x0amdatab"[..]);
        let index = Bytes::from_static(b"\x18\x53\x80\x67\x48\x00\x11\x4d\x9b\x74\x82abcd");
        assert_eq!(repair(Container::WebM, index), &b"\x18\x53\x80\x67\x7f\xff\xec\x10\0\0\x02abcd"[..]);
        for cut in [&b""[..], b"RIFF", b"\x18\x53", b"\x18\x53\x80\x67", b"\0\0\0\0\0\0\0\0\0\0", b"\xff\0"] {
            for container in [Container::Wav, Container::WebM, Container::Mp4] {
                assert_eq!(repair(container, Bytes::from_static(cut)), cut);
            }
        }
    }
}
