//! Utterances cut out of a stream of sound.

use std::collections::VecDeque;
use std::time::Duration;

use super::endpointer::{Change, End, EndpointConfig, Endpointer, ONSET_FRAMES, frames};
use super::voice::{FRAME, Voice};
use crate::domain::{Pcm, SAMPLE_RATE_HZ};

/// Who says when an utterance begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// The sound: speech begins it, silence ends it.
    HandsFree,
    /// The person, with a key: [`Utterances::press`] and [`Utterances::release`].
    Held,
}

/// What live sound brought. Sound is told of without its trailing silence, so that the sound of an
/// utterance that ends is the very sound of the last pause before its end.
#[derive(Debug)]
pub enum Cue {
    /// A person begins to speak.
    Started,
    /// They paused: all that was said so far.
    Paused(Pcm),
    /// They went on.
    Resumed,
    /// They have ended: all that was said.
    Ended(Pcm, End),
    /// It was no speech.
    Dropped,
}

/// Cuts utterances out of one stream at 16 kHz. What it keeps is bounded by the longest utterance.
pub struct Utterances {
    voice: Voice,
    cutter: Cutter,
}

impl Utterances {
    /// Nothing heard yet.
    pub fn new(turns: Turns, config: &EndpointConfig) -> Self {
        Self { voice: Voice::new(), cutter: Cutter::new(turns, config) }
    }

    /// Somebody speaks, or holds the key.
    pub fn is_open(&self) -> bool {
        self.cutter.is_open()
    }

    /// All that was said so far, where a voice is heard.
    pub fn so_far(&self) -> Option<Pcm> {
        (self.cutter.is_open() && self.cutter.endpointer.is_speaking()).then(|| self.cutter.cut())
    }

    /// How long what was said so far is; zero where nobody speaks.
    pub fn length(&self) -> Duration {
        let samples = if self.is_open() { self.cutter.sound.len() } else { 0 };
        Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE_HZ))
    }

    /// Takes sound of any length and calls `tell` with what it brought, in order.
    pub fn push(&mut self, samples: &[f32], mut tell: impl FnMut(Cue)) {
        let Self { voice, cutter } = self;
        voice.push(samples, |frame, probability| cutter.take(frame, probability, &mut tell));
    }

    /// The person presses the key. What they began to say shortly before counts.
    pub fn press(&mut self) {
        if self.cutter.turns == Turns::Held && !self.cutter.is_held {
            self.cutter.is_held = true;
            self.cutter.endpointer.reset();
        }
    }

    /// The person lets go of the key: what was said, where it was held. It is told of whether a voice was
    /// found in it or not, for the person meant to speak.
    pub fn release(&mut self) -> Option<Cue> {
        if !self.cutter.is_held {
            return None;
        }
        let rest = self.voice.take_rest();
        if !self.cutter.is_pause() {
            self.cutter.sound.extend(rest);
        }
        Some(self.cutter.end(End::Released))
    }

    /// Forgets all that was heard.
    pub fn discard(&mut self) {
        self.voice.reset();
        self.cutter.is_held = false;
        self.cutter.endpointer.reset();
        self.cutter.sound.clear();
    }
}

/// What is kept of the sound.
struct Cutter {
    turns: Turns,
    is_held: bool,
    endpointer: Endpointer,
    /// What came before an utterance, and then the utterance.
    sound: VecDeque<f32>,
    /// In samples, as those below.
    lead: usize,
    pause: usize,
    longest: usize,
}

impl Cutter {
    fn new(turns: Turns, config: &EndpointConfig) -> Self {
        let mut endpoints = config.clone();
        let (silence, lead) = match turns {
            // A beginning is noticed some frames after it.
            Turns::HandsFree => {
                (config.patience.silence(), samples(config.lead) + ONSET_FRAMES as usize * FRAME)
            }
            // Only the key ends what is held.
            Turns::Held => {
                endpoints.longest = NEVER;
                (NEVER, samples(HELD_LEAD))
            }
        };
        Self {
            turns,
            is_held: false,
            endpointer: Endpointer::new(&endpoints, silence),
            sound: VecDeque::with_capacity(lead + FRAME),
            lead,
            pause: frames(config.pause) as usize * FRAME,
            longest: samples(config.longest),
        }
    }

    fn is_open(&self) -> bool {
        match self.turns {
            Turns::HandsFree => self.endpointer.is_speaking(),
            Turns::Held => self.is_held,
        }
    }

    fn take(&mut self, frame: &[f32], probability: f32, tell: &mut impl FnMut(Cue)) {
        if !self.is_open() {
            self.keep(self.lead);
        }
        self.sound.extend(frame);
        let change = self.endpointer.push(probability);
        if self.turns == Turns::Held && !self.is_held {
            return;
        }
        match change {
            Some(Change::Started) => tell(Cue::Started),
            Some(Change::Paused) => tell(Cue::Paused(self.cut())),
            Some(Change::Resumed) => tell(Cue::Resumed),
            Some(Change::Dropped) => {
                self.keep(self.lead);
                tell(Cue::Dropped);
            }
            Some(Change::Ended(end)) => tell(self.end(end)),
            None => {}
        }
        if self.is_held && self.sound.len() >= self.longest {
            tell(self.end(End::Longest));
        }
    }

    fn is_pause(&self) -> bool {
        self.endpointer.quiet() as usize * FRAME >= self.pause
    }

    /// The sound up to a pause after the last voice, or all of it where there was no such pause.
    fn cut(&self) -> Pcm {
        let quiet = self.endpointer.quiet() as usize * FRAME;
        let length = self.sound.len() - quiet.saturating_sub(self.pause).min(self.sound.len());
        Pcm::new(self.sound.range(..length).copied().collect())
    }

    fn end(&mut self, end: End) -> Cue {
        let said = self.cut();
        // Only silence of this utterance may be the lead of the next.
        let quiet = self.endpointer.quiet() as usize * FRAME;
        self.keep(self.lead.min(quiet));
        self.is_held = false;
        self.endpointer.reset();
        Cue::Ended(said, end)
    }

    /// Keeps the last samples only.
    fn keep(&mut self, samples: usize) {
        let surplus = self.sound.len().saturating_sub(samples);
        self.sound.drain(..surplus);
    }
}

/// A person who presses a key and speaks begins at most so long before the key is down. More of what came
/// before would bring in the end of what was said to somebody else.
const HELD_LEAD: Duration = Duration::from_millis(200);
/// Longer than anybody holds a key.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

fn samples(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(SAMPLE_RATE_HZ)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of the fixtures between silences.
    fn spoken(before_ms: usize, after_ms: usize) -> Vec<f32> {
        let wav: &[u8] = include_bytes!("../../../fixtures/audio/list-add.wav");
        let silence = |ms: usize| vec![0.0_f32; ms * 16];
        let sound = wav[44..]
            .chunks_exact(2)
            .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0);
        [silence(before_ms), sound.collect(), silence(after_ms)].concat()
    }

    fn cues(utterances: &mut Utterances, sound: &[f32]) -> Vec<Cue> {
        let mut cues = Vec::new();
        for piece in sound.chunks(160) {
            utterances.push(piece, |cue| cues.push(cue));
        }
        cues
    }

    #[test]
    fn the_sound_of_an_utterance_is_that_of_its_last_pause() {
        let mut utterances = Utterances::new(Turns::HandsFree, &EndpointConfig::default());
        let cues = cues(&mut utterances, &spoken(3_000, 2_000));
        assert!(matches!(cues.first(), Some(Cue::Started)), "{cues:?}");
        let paused =
            cues.iter().rev().find_map(|cue| if let Cue::Paused(pcm) = cue { Some(pcm) } else { None });
        let Some(Cue::Ended(ended, End::Silence)) = cues.last() else { panic!("{cues:?}") };
        assert!(paused.is_some_and(|paused| paused.samples() == ended.samples()));
        let seconds = ended.duration().as_secs_f64();
        assert!((2.0..3.1).contains(&seconds), "{seconds} s, with what came before the first word");
        assert!(!utterances.is_open());
    }

    #[test]
    fn what_is_held_ends_with_the_key_and_not_with_a_silence() {
        let mut utterances = Utterances::new(Turns::Held, &EndpointConfig::default());
        assert!(cues(&mut utterances, &spoken(500, 1_500)).is_empty(), "nobody presses");
        assert!(utterances.release().is_none());
        utterances.press();
        let first = cues(&mut utterances, &spoken(100, 2_000));
        let second = cues(&mut utterances, &spoken(0, 400));
        assert!(!first.iter().chain(&second).any(|cue| matches!(cue, Cue::Ended(..) | Cue::Dropped)));
        let Some(Cue::Ended(said, End::Released)) = utterances.release() else { panic!("it was held") };
        assert!(said.duration() > Duration::from_secs(6), "both halves: {said:?}");
        let Some(Cue::Paused(paused)) = second.last() else { panic!("{second:?}") };
        assert!(paused.samples() == said.samples(), "{paused:?} and {said:?}");
    }

    #[test]
    fn a_key_held_for_ever_and_sound_without_end_are_cut() {
        let config = EndpointConfig { longest: Duration::from_secs(4), ..EndpointConfig::default() };
        let mut utterances = Utterances::new(Turns::Held, &config);
        utterances.press();
        let told = cues(&mut utterances, &vec![0.01; 16_000 * 10]);
        assert!(matches!(told.as_slice(), [Cue::Ended(_, End::Longest)]), "{told:?}");
        let mut utterances = Utterances::new(Turns::HandsFree, &config);
        cues(&mut utterances, &vec![0.01; 16_000 * 60]);
        assert!(utterances.cutter.sound.len() < 16_000, "only the lead is kept");
    }
}
