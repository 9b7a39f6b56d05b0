//! What a client says on the socket beside the sound.

use serde::Deserialize;

use crate::listening::Sound;

/// The largest message in bytes: two seconds at 48 kHz. Sound comes in pieces of 20 to 100 ms.
pub(crate) const FRAME_BYTES: usize = 192 * 1024;

/// A text message.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Message {
    /// The person presses the key (`held` mode).
    Press,
    /// The person lets go of it.
    Release,
    /// What was said so far is not meant.
    Discard,
    /// A typed command, or the typed answer to a question.
    Text {
        /// The words.
        text: String,
    },
    /// The client says a reply aloud, or has ended to.
    Speaking {
        /// Whether it does.
        on: bool,
    },
}

impl Message {
    /// Reads a text message.
    ///
    /// # Errors
    /// A sentence for whoever writes the client.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            format!("this is no message that Hark knows ({error}); the types are press, release, discard, text, speaking")
        })
    }

    pub(super) fn into_sound(self) -> Sound {
        match self {
            Self::Press => Sound::Press,
            Self::Release => Sound::Release,
            Self::Discard => Sound::Discard,
            Self::Text { text } => Sound::Typed(text),
            Self::Speaking { on } => Sound::Speaking(on),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_messages_are_read() {
        assert!(matches!(Message::read(r#"{"type":"press"}"#), Ok(Message::Press)));
        assert!(matches!(
            Message::read(r#"{"type":"speaking","on":true}"#),
            Ok(Message::Speaking { on: true })
        ));
        for text in ["", "press", "{}", r#"{"type":"dance"}"#, r#"{"type":"text"}"#, "[1]"] {
            assert!(Message::read(text).is_err(), "{text}");
        }
    }
}
