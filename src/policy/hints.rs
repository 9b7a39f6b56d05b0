//! The table: what a tool's hints and the trust in its server come to.

use super::Reason;
use crate::domain::{Annotations, Trust};

/// Why a call with these hints is asked about; none where it is not.
///
/// What only reads goes. What destroys or overwrites asks, and so does what reaches out of its server's
/// own world: what was sent cannot be taken back. Of a trusted server, reaching out is let pass where
/// doing it twice changes nothing more: that is no message. Hints of an untrusted server are not read.
///
/// `said` has the specification's defaults where the server says nothing, so that a tool without hints
/// counts as one that destroys.
pub fn by_hints(said: Annotations, trust: Trust) -> Option<Reason> {
    match trust {
        Trust::Untrusted => Some(Reason::Unbelieved),
        _ if said.read_only => None,
        _ if said.destructive => Some(Reason::Destroys),
        Trust::Trusted if said.idempotent => None,
        Trust::Trusted | Trust::Known => said.open_world.then_some(Reason::ReachesOut),
    }
}
