//! A live session for a person at a terminal.

use super::output::Output;
use super::progress_view::ProgressView;
use crate::domain::Outcome;
use crate::listening::{MicrophoneState, Notice};

/// Shows notices as they come.
pub(super) struct ListeningView<'a> {
    output: &'a Output,
    progress: ProgressView<'a>,
    has_keys: bool,
}

impl<'a> ListeningView<'a> {
    /// `has_keys` says that Space is the key of the microphone.
    pub(super) fn new(output: &'a Output, has_keys: bool) -> Self {
        Self { output, progress: ProgressView::new(output), has_keys }
    }

    /// One notice as a line or a few. The terminal is raw while it has keys, so lines end with both marks.
    pub(super) fn show(&self, notice: &Notice) {
        match notice {
            Notice::Listening { hands_free, .. } => {
                let how = match (hands_free, self.has_keys) {
                    (true, _) => "Speak whenever you like; Ctrl+C ends.",
                    (false, true) => {
                        "Hold Space while you speak, or press it before and after; Esc throws away, q ends."
                    }
                    (false, false) => "`hark trigger toggle` begins and ends what you say; Ctrl+C ends.",
                };
                self.status(how);
            }
            Notice::Microphone { device, rate_hz, channels } => {
                let channels =
                    if *channels == 1 { "mono".to_owned() } else { format!("{channels} channels") };
                self.status(&format!("Microphone: {device} ({rate_hz} Hz, {channels})"));
            }
            Notice::SpeechStart => self.status("…"),
            Notice::Partial { text } => self.status(&format!("… {text}")),
            Notice::Refused { message, .. } => self.status(message),
            Notice::Warning { message, .. } => self.status(&format!("Attention: {message}")),
            Notice::Awake => self.status("Yes?"),
            Notice::Command { text, .. } => self.status(&format!("> {text}")),
            Notice::Progress(event) => {
                self.progress.show(event);
                if event.kind.is_last()
                    && let Ok(outcome) = serde_json::from_value::<Outcome>(event.data.clone())
                {
                    self.progress.summary(&outcome);
                }
            }
            Notice::SpeechEnd { .. } | Notice::SpeechDropped | Notice::Unaddressed => {}
        }
    }

    /// The key went down or up.
    pub(super) fn show_key(&self, microphone: &MicrophoneState) {
        // The stream has been open all the time, so nothing said after the sound of the bell is lost.
        self.status(if microphone.held { "\u{7}Listening …" } else { "" });
    }

    fn status(&self, text: &str) {
        if !text.is_empty() {
            self.output.note(format_args!("{text}\r"));
        }
    }
}
