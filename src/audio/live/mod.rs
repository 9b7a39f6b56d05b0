//! Live sound: where a person begins to speak and where they have ended.
//!
//! Sound comes in pieces of any length. A voice detector looks at every 16 ms of it, the endpointer makes
//! cues of what it says, and the utterance is kept with what came shortly before it.

mod convert;
mod endpointer;
mod silence;
mod utterances;
mod voice;

pub use convert::{Converter, samples_of};
pub use endpointer::{End, EndpointConfig, Patience};
pub use silence::Silence;
pub use utterances::{Cue, Turns, Utterances};
pub use voice::voiced;
