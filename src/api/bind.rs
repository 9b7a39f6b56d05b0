//! Where the door may stand: on this machine alone, or elsewhere with a lock on it.

use std::net::SocketAddr;

use crate::llm::Secret;

/// An address that may not be served as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// Everybody on the network could give commands.
    #[error(
        "{0} can be reached from other machines and no token is set, so that anybody there could give \
         commands; `hark users add NAME` makes a token for each person, HARK_SERVER__TOKEN sets one for \
         all, or bind to 127.0.0.1"
    )]
    TokenMissing(SocketAddr),
    /// A token that is guessed too soon.
    #[error(
        "{address} can be reached from other machines and the token has {length} characters, fewer than \
         {least}; `openssl rand -hex 32` makes a good one"
    )]
    TokenTooShort {
        /// The address.
        address: SocketAddr,
        /// Characters of the token.
        length: usize,
        /// Characters that it must have.
        least: usize,
    },
}

/// Shortest token for an address that other machines can reach.
const LEAST_TOKEN_CHARS: usize = 16;

/// Whether `address` may be served with this token, or with users who have tokens of their own.
///
/// # Errors
/// Where other machines can reach it and there is no good token.
pub fn check_bind(address: SocketAddr, token: Option<&Secret>, has_users: bool) -> Result<(), BindError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let Some(token) = token else {
        return if has_users { Ok(()) } else { Err(BindError::TokenMissing(address)) };
    };
    match token.expose().chars().count() {
        length if length < LEAST_TOKEN_CHARS => {
            Err(BindError::TokenTooShort { address, length, least: LEAST_TOKEN_CHARS })
        }
        _ => Ok(()),
    }
}
