//! What a session tells: the wire contract of live audio, beside the ordinary progress of its commands.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::audio::{End, Patience};
use crate::domain::{CommandId, Event, SessionId};

/// One line of a live session. Told apart by `type`; an [`Event`] has a type of its own.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The session is open, and hears.
    Listening {
        /// The conversation that its commands belong to.
        session_id: SessionId,
        /// Whether speech begins and ends an utterance by itself.
        hands_free: bool,
        /// How long a silence ends an utterance.
        patience: Patience,
        /// The speech model.
        model: String,
    },
    /// A microphone of this machine is open.
    Microphone {
        /// Its name.
        device: String,
        /// Samples a second as it gives them.
        rate_hz: u32,
        /// Its channels.
        channels: u16,
    },
    /// A voice was heard.
    SpeechStart,
    /// The words so far; others may come instead.
    Partial {
        /// The words.
        text: String,
    },
    /// The utterance has ended.
    SpeechEnd {
        /// Why.
        end: End,
        /// Its length in milliseconds, with what came shortly before it.
        audio_ms: u64,
    },
    /// What began was no speech, and no command came of it.
    SpeechDropped,
    /// Nothing is done about what was said.
    Refused {
        /// A stable name for programs.
        code: String,
        /// What happened and the way out, for a person.
        message: String,
    },
    /// It was heard, and is not meant for Hark.
    Unaddressed,
    /// The wake phrase was heard and nothing after it: the next utterance counts.
    Awake,
    /// A command was made of it; its progress follows.
    Command {
        /// The command.
        command_id: CommandId,
        /// Its conversation.
        session_id: SessionId,
        /// The words.
        text: String,
    },
    /// Something about the sound that the person should know.
    Warning {
        /// A stable name for programs.
        code: String,
        /// What is wrong and the way out, for a person.
        message: String,
    },
    /// Progress of a command.
    #[serde(untagged)]
    #[schema(value_type = Event)]
    Progress(Arc<Event>),
}

impl Notice {
    pub(super) fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notices_have_a_type_and_camel_case() {
        let end = Notice::SpeechEnd { end: End::Silence, audio_ms: 1_200 };
        assert_eq!(
            serde_json::to_value(end).unwrap(),
            json!({"type": "speech-end", "end": "silence", "audioMs": 1200})
        );
        assert_eq!(serde_json::to_value(Notice::SpeechStart).unwrap(), json!({"type": "speech-start"}));
    }
}
