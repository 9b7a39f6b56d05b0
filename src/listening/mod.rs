//! Live sound becomes commands: one session for each microphone or socket.
//!
//! The sound is cut into utterances (`audio`). At each pause the words so far are heard and planned in the
//! hope that nothing follows; when something does, both are thrown away. Nothing is recorded, told as a
//! command or done before the end of an utterance is certain, and what was heard ahead is used then only
//! if it was the same sound.
//!
//! A session has its own detector, sound and conversation: sound of two sessions never meets.

mod aloud;
mod attempt;
mod attention;
mod echo;
mod microphone;
mod notice;
mod session;
mod turns;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::audio::{EndpointConfig, Turns};
use crate::domain::{Language, UserId};
use crate::pipeline::{Pipeline, Speaker};
use crate::progress::Progress;
use crate::speech::Transcriber;

pub use microphone::{MicrophoneHandle, MicrophoneState};
pub use notice::Notice;
pub use session::Sound;
pub use wake::WakePhrase;

/// How live sound is heard.
#[derive(Clone, Debug)]
pub struct ListeningConfig {
    /// Where utterances begin and end.
    pub endpoints: EndpointConfig,
    /// In hands-free mode only utterances that begin with it count.
    pub wake: Option<WakePhrase>,
    /// Words so far are heard at most this often while somebody speaks; never while a processor is short.
    pub partial_every: Duration,
    /// Hands-free, a transcript of less confidence is not acted upon, 0 to 1: nobody has pressed a key, so
    /// that it may be music or a stranger. Of what was heard right of 114 made commands, 3 were below 0.6.
    pub least_confidence: f32,
    /// After a wake phrase without a command, or a question of Hark's, the next utterance counts for this
    /// long without the phrase.
    pub attention: Duration,
}

impl Default for ListeningConfig {
    fn default() -> Self {
        Self {
            endpoints: EndpointConfig::default(),
            wake: None,
            partial_every: Duration::from_secs(1),
            least_confidence: 0.6,
            attention: Duration::from_secs(10),
        }
    }
}

/// Why a command is turned away that was understood.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// A stable name for programs.
    pub code: String,
    /// What happened and the way out, for a person.
    pub message: String,
}

/// Asked before each command whether this person may give one now.
pub type Admission = Arc<dyn Fn(&UserId, Language) -> Result<(), Refusal> + Send + Sync>;

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Who speaks.
    pub speaker: Speaker,
    /// Who says when an utterance begins and ends.
    pub turns: Turns,
    /// Plan and show, but call no tool.
    pub dry_run: bool,
    /// How it is heard.
    pub config: ListeningConfig,
}

/// Opens sessions. Cheap to clone.
#[derive(Clone)]
pub struct Listener {
    speech: Arc<dyn Transcriber>,
    pipeline: Pipeline,
    progress: Progress,
    admission: Admission,
    tracker: TaskTracker,
}

impl Listener {
    /// A listener whose tasks run on `tracker`.
    pub fn new(
        speech: Arc<dyn Transcriber>,
        pipeline: Pipeline,
        progress: Progress,
        admission: Admission,
        tracker: TaskTracker,
    ) -> Self {
        Self { speech, pipeline, progress, admission, tracker }
    }
}
