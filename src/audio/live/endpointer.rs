//! From the voice in each frame to the beginning and the end of an utterance.
//!
//! A single frame says little: a click looks like a voice, a stop consonant like silence. So a beginning
//! needs several frames with a voice close to each other, and a short burst in a silence does not make
//! the silence start anew. The end is a silence as long as the person's patience; long before it, a
//! shorter silence is a *pause*, at which the words so far can be heard in the hope that it was the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::voice::FRAME;
use crate::domain::SAMPLE_RATE_HZ;

/// How long a silence ends an utterance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Patience {
    /// 0.3 s: for short commands without a pause.
    Quick,
    /// 0.6 s.
    #[default]
    Normal,
    /// 1.2 s: for people who think while they speak.
    Patient,
}

impl Patience {
    /// The silence that ends an utterance.
    pub fn silence(self) -> Duration {
        Duration::from_millis(match self {
            Self::Quick => 300,
            Self::Normal => 600,
            Self::Patient => 1_200,
        })
    }
}

/// What counts as speech, and as its end.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// How long a silence ends an utterance.
    pub patience: Patience,
    /// A silence of this length is a pause.
    pub pause: Duration,
    /// Less voice than this is no utterance but a click or a cough.
    pub least_voice: Duration,
    /// An utterance ends after this time whatever is heard.
    pub longest: Duration,
    /// So much of what came before the first voice is kept.
    pub lead: Duration,
    /// A frame with this probability of a voice begins speech, 0 to 1.
    pub onset: f32,
    /// A frame with this probability goes on with it, 0 to 1.
    pub hold: f32,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            patience: Patience::Normal,
            pause: Duration::from_millis(150),
            least_voice: Duration::from_millis(100),
            longest: Duration::from_secs(30),
            lead: Duration::from_millis(450),
            // Of 720 made clips in three noises these two cut off and missed the fewest; a lower hold takes
            // noise for speech that goes on, a lower onset takes hiss for its beginning.
            onset: 0.7,
            hold: 0.6,
        }
    }
}

/// Why an utterance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The person fell silent.
    Silence,
    /// The person let go of the key.
    Released,
    /// It was as long as an utterance may be.
    Longest,
}

/// What a frame brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Speech began.
    Started,
    /// It may be over: a pause long enough to look.
    Paused,
    /// It was not over.
    Resumed,
    /// It is over.
    Ended(End),
    /// What began was no speech.
    Dropped,
}

/// So many of the last frames are looked at for a beginning.
pub(super) const ONSET_FRAMES: u32 = 8;
/// So many of them must have a voice.
const ONSET_VOICED: u32 = 4;
/// Fewer frames with a voice in a row do not end a silence.
const RESUME_VOICED: u32 = 3;

/// Frames in a time, at least one.
pub(super) fn frames(time: Duration) -> u32 {
    let samples = time.as_secs_f64() * f64::from(SAMPLE_RATE_HZ);
    ((samples / FRAME as f64).round() as u32).max(1)
}

/// The state of one stream, in frames.
pub(super) struct Endpointer {
    onset: f32,
    hold: f32,
    pause: u32,
    silence: u32,
    least_voice: u32,
    longest: u32,
    /// Frames since the last voice that counts, also after the end that they brought.
    quiet: u32,
    state: State,
}

enum State {
    Idle {
        /// Whether each of the last frames had a voice, the newest in the lowest bit.
        recent: u32,
    },
    Speaking {
        /// Frames since it began.
        length: u32,
        /// Of these, frames with a voice.
        voiced: u32,
        /// Frames with a voice in a row, up to now.
        run: u32,
        is_paused: bool,
    },
}

impl Endpointer {
    /// `silence` ends an utterance; the patience of the settings for sound that nobody holds a key for.
    pub(super) fn new(config: &EndpointConfig, silence: Duration) -> Self {
        Self {
            onset: config.onset,
            hold: config.hold,
            pause: frames(config.pause),
            silence: frames(silence),
            least_voice: frames(config.least_voice),
            longest: frames(config.longest),
            quiet: 0,
            state: State::Idle { recent: 0 },
        }
    }

    /// Frames since the last voice, the newest one included; after an end, those that it waited for.
    pub(super) fn quiet(&self) -> u32 {
        self.quiet
    }

    pub(super) fn is_speaking(&self) -> bool {
        matches!(self.state, State::Speaking { .. })
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) {
        self.quiet = 0;
        self.state = State::Idle { recent: 0 };
    }

    /// Takes the probability of a voice in the next frame.
    pub(super) fn push(&mut self, probability: f32) -> Option<Change> {
        match &mut self.state {
            State::Idle { recent } => {
                *recent = (*recent << 1 | u32::from(probability >= self.onset)) & ((1 << ONSET_FRAMES) - 1);
                let voiced = recent.count_ones();
                (voiced >= ONSET_VOICED).then(|| {
                    self.quiet = 0;
                    self.state = State::Speaking { length: ONSET_FRAMES, voiced, run: 0, is_paused: false };
                    Change::Started
                })
            }
            State::Speaking { length, voiced, run, is_paused } => {
                *length += 1;
                let has_voice = probability >= self.hold;
                *run = if has_voice { *run + 1 } else { 0 };
                *voiced += u32::from(has_voice);
                let was_paused = *is_paused;
                // In a pause a single frame may be a click, so it takes some in a row to go on.
                let goes_on = *run >= if was_paused { RESUME_VOICED } else { 1 };
                self.quiet = if goes_on { 0 } else { self.quiet + 1 };
                let is_word = *voiced >= self.least_voice;
                if *length >= self.longest || self.quiet >= self.silence {
                    let why = if self.quiet >= self.silence { End::Silence } else { End::Longest };
                    self.state = State::Idle { recent: 0 };
                    return Some(if is_word { Change::Ended(why) } else { Change::Dropped });
                }
                *is_paused = !goes_on && (was_paused || (is_word && self.quiet >= self.pause));
                match (was_paused, *is_paused) {
                    (false, true) => Some(Change::Paused),
                    (true, false) => Some(Change::Resumed),
                    _ => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes with the number of the frame that brought each; `+` is a voice, `.` is none.
    fn changes(patience: Patience, sound: &str) -> Vec<(usize, Change)> {
        let config =
            EndpointConfig { patience, longest: Duration::from_secs(4), ..EndpointConfig::default() };
        let mut endpointer = Endpointer::new(&config, patience.silence());
        let frames = sound.chars().map(|frame| if frame == '+' { 0.9 } else { 0.05 });
        frames.enumerate().filter_map(|(at, frame)| Some((at, endpointer.push(frame)?))).collect()
    }

    #[test]
    fn speech_begins_pauses_and_ends() {
        let sound = format!("....{}{}", "+".repeat(20), ".".repeat(60));
        assert_eq!(
            changes(Patience::Normal, &sound),
            [(7, Change::Started), (32, Change::Paused), (61, Change::Ended(End::Silence))]
        );
        assert_eq!(
            changes(Patience::Quick, &sound),
            [(7, Change::Started), (32, Change::Paused), (42, Change::Ended(End::Silence))]
        );
    }

    #[test]
    fn a_click_is_no_beginning_and_a_cough_no_utterance() {
        assert_eq!(changes(Patience::Quick, &format!("...+++{}", ".".repeat(60))), []);
        let cough = format!("...++++{}", ".".repeat(60));
        assert_eq!(changes(Patience::Quick, &cough), [(6, Change::Started), (25, Change::Dropped)]);
    }

    #[test]
    fn a_pause_in_the_middle_does_not_end_it_and_a_click_does_not_lengthen_it() {
        let pause = format!("{}{}{}{}", "+".repeat(20), ".".repeat(30), "+".repeat(10), ".".repeat(60));
        assert_eq!(
            changes(Patience::Normal, &pause),
            [
                (3, Change::Started),
                (28, Change::Paused),
                (52, Change::Resumed),
                (68, Change::Paused),
                (97, Change::Ended(End::Silence)),
            ]
        );
        let click = format!("{}{}+{}", "+".repeat(20), ".".repeat(20), ".".repeat(60));
        assert_eq!(
            changes(Patience::Normal, &click),
            [(3, Change::Started), (28, Change::Paused), (57, Change::Ended(End::Silence))]
        );
    }

    #[test]
    fn nothing_goes_on_for_ever() {
        let ends: Vec<_> = changes(Patience::Normal, &"+".repeat(600))
            .into_iter()
            .filter(|(_, change)| *change == Change::Ended(End::Longest))
            .collect();
        assert_eq!(ends.len(), 2);
    }
}
