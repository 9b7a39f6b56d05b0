//! A server at an address: streamable HTTP with bounded retries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

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
    reqwest::Url::parse(url).map_err(|error| format!("{url:?} is no address: {error}"))?;
    let mut custom = HashMap::new();
    for (name, value) in headers {
        let header =
            HeaderName::try_from(name).map_err(|_| format!("{name:?} cannot be the name of a header"))?;
        let value = HeaderValue::try_from(value)
            .map_err(|_| format!("the value of the header {name} has signs that a header cannot have"))?;
        custom.insert(header, value);
    }
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        // A redirect to elsewhere would carry the person's headers along.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| format!("no HTTP client could be made: {error}"))?;
    let mut retries = ExponentialBackoff::default();
    retries.max_times = Some(STREAM_RETRIES);
    retries.max_delay = Some(STREAM_RETRY_CEILING);
    let mut config = StreamableHttpClientTransportConfig::with_uri(url).custom_headers(custom);
    config.retry_config = Arc::new(retries);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}
