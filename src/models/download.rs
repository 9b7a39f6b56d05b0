//! One file over HTTP into a [`Part`], going on where an earlier try stopped.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};

use crate::models::error::SourceError;
use crate::models::part::Part;

/// Cuts without a single new byte that are forgiven. A cut after some bytes always is, because the
/// next try goes on from there and the file ends sometime.
const FRUITLESS_TRIES: u32 = 3;

/// A client that gives up on silence, not on slowness.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .user_agent(concat!("hark/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Downloads the rest of the file. Afterwards `part` has `size` bytes; whether they are the right
/// ones is for the caller to see.
pub(super) async fn download(
    client: &Client,
    address: &str,
    size: u64,
    part: &mut Part,
    progress: &impl Fn(u64),
) -> Result<(), SourceError> {
    let mut fruitless = 0;
    while part.length() < size {
        let before = part.length();
        let outcome = match ask(client, address, size, part).await? {
            Ok(response) => receive(response, address, size, part, progress).await?,
            Err(reason) => Err(reason),
        };
        let Err(reason) = outcome else { continue };
        fruitless = if part.length() > before { 0 } else { fruitless + 1 };
        if fruitless == FRUITLESS_TRIES {
            return Err(SourceError::Cut { address: address.to_owned(), done: part.length(), size, reason });
        }
    }
    Ok(())
}

/// Asks for the missing bytes, and settles what the answer's body starts with. The inner error is a
/// connection that ended before the answer, which another try may mend.
async fn ask(
    client: &Client,
    address: &str,
    size: u64,
    part: &mut Part,
) -> Result<Result<Response, String>, SourceError> {
    let mut request = client.get(address);
    if part.length() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.length()));
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() || error.is_timeout() || error.is_redirect() => {
            let reason = innermost(&error);
            return Err(SourceError::Unreachable { address: address.to_owned(), reason });
        }
        Err(error) => return Ok(Err(innermost(&error))),
    };
    match response.status() {
        StatusCode::PARTIAL_CONTENT if starts_at(&response, part.length()) => {}
        // The server sends all of it, or another stretch than asked for: only a fresh start is safe.
        StatusCode::OK => part.restart()?,
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if part.length() > 0 => {
            part.restart()?;
            return Box::pin(ask(client, address, size, part)).await;
        }
        status => return Err(SourceError::Status { address: address.to_owned(), status: status.as_u16() }),
    }
    match response.content_length() {
        Some(length) if part.length() + length != size => Err(SourceError::WrongSize {
            address: address.to_owned(),
            found: part.length() + length,
            expected: size,
        }),
        _ => Ok(Ok(response)),
    }
}

/// Reads the body to its end. The inner error is a cut, which another try may mend.
async fn receive(
    mut response: Response,
    address: &str,
    size: u64,
    part: &mut Part,
    progress: &impl Fn(u64),
) -> Result<Result<(), String>, SourceError> {
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => {
                let found = part.length() + bytes.len() as u64;
                if found > size {
                    return Err(SourceError::WrongSize {
                        address: address.to_owned(),
                        found,
                        expected: size,
                    });
                }
                part.push(&bytes)?;
                progress(part.length());
            }
            Ok(None) if part.length() < size => return Ok(Err("the answer ended early".to_owned())),
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(innermost(&error))),
        }
    }
}

fn starts_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

/// The cause that a person understands: "connection refused" rather than "error sending request".
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
