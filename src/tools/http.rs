//! A server at an address: streamable HTTP with bounded retries.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransportConfig, StreamableHttpError};

/// How often a lost event stream is opened again before the session counts as lost.
const STREAM_RETRIES: usize = 4;
const STREAM_RETRY_CEILING: Duration = Duration::from_secs(10);
/// How long the connection itself may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the transport.
///
/// # Errors
/// A sentence that names the header or the address that cannot be used.
pub(super) fn transport(
    url: &str,
    headers: &BTreeMap<String, String>,
) -> Result<StreamableHttpClientTransport<reqwest::Client>, String> {
    let address = address(url).map_err(|fault| format!("its url {fault}"))?;
    let mut custom = HashMap::new();
    for (name, value) in headers {
        let header =
            HeaderName::try_from(name).map_err(|_| format!("{name:?} cannot be the name of a header"))?;
        let value = HeaderValue::try_from(value)
            .map_err(|_| format!("the value of the header {name} has signs that a header cannot have"))?;
        custom.insert(header, value);
    }
    let mut client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        // A connection whose last answer was not read to its end costs 40 ms when it is used again.
        .pool_max_idle_per_host(0)
        // A redirect to elsewhere would carry the person's headers along.
        .redirect(reqwest::redirect::Policy::none());
    if is_loopback(&address) {
        client = client.no_proxy();
    }
    let client = client.build().map_err(|error| format!("no HTTP client could be made: {error}"))?;
    let mut retries = ExponentialBackoff::default();
    retries.max_times = Some(STREAM_RETRIES);
    retries.max_delay = Some(STREAM_RETRY_CEILING);
    let mut config = StreamableHttpClientTransportConfig::with_uri(url).custom_headers(custom);
    config.retry_config = Arc::new(retries);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// Reads the address of a server.
///
/// # Errors
/// What is wrong with it, without the address itself, which may carry a key.
pub(super) fn address(url: &str) -> Result<reqwest::Url, String> {
    let address = reqwest::Url::parse(url).map_err(|error| format!("is no address: {error}"))?;
    match address.scheme() {
        "http" | "https" => Ok(address),
        scheme => Err(format!("is no address of a web server: {scheme} is neither http nor https")),
    }
}

fn is_loopback(address: &reqwest::Url) -> bool {
    match address.host_str() {
        Some(host) => {
            let host = host.trim_matches(['[', ']']);
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// The error and what is behind it, each once, without the address, which may carry a key.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    const ADDRESS: &str = " for url (";
    let mut text = String::new();
    for mut cause in chain(error).map(ToString::to_string) {
        if let Some(start) = cause.find(ADDRESS) {
            let end = cause[start..].find(')').map_or(cause.len(), |end| start + end + 1);
            cause.replace_range(start..end, "");
        }
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}

/// Whether there was no connection, so that the server cannot have seen the request.
pub(super) fn never_connected(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect))
}

/// The status, where the server answered with one that is no success.
pub(super) fn status(error: &(dyn Error + 'static)) -> Option<reqwest::StatusCode> {
    chain(error).find_map(|cause| match cause.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::HttpStatus(error)) => reqwest::StatusCode::from_u16(error.status).ok(),
        Some(StreamableHttpError::AuthRequired(_)) => Some(reqwest::StatusCode::UNAUTHORIZED),
        Some(StreamableHttpError::InsufficientScope(_)) => Some(reqwest::StatusCode::FORBIDDEN),
        // A refusal that does not say how to do better comes as a sentence.
        Some(StreamableHttpError::UnexpectedServerResponse(words)) => {
            let code = words.strip_prefix("HTTP ")?.get(..3)?.parse().ok()?;
            reqwest::StatusCode::from_u16(code).ok()
        }
        _ => None,
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // This one keeps what it stands for to itself.
        match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            Some(StreamableHttpError::Client(client)) => Some(client as &(dyn Error + 'static)),
            _ => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_went_wrong_is_told_to_its_ground_and_without_the_address() {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let error = client.get("http://127.0.0.1:9/mcp?key=secret").send().await.unwrap_err();
        let error = StreamableHttpError::Client(error);
        assert!(never_connected(&error));
        let text = causes(&error);
        assert!(text.contains("refused") && !text.contains("secret"), "{text}");
        assert!(!causes(&std::io::Error::other("for url (x")).is_empty());
    }
}
