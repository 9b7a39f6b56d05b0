//! What a server's resources are called, and what the small ones hold line by line: lists, rooms, people.
//! It is only ever expected to be said; nothing is done because of it.

use std::time::Duration;

use rmcp::model::{
    ClientRequest, ListResourcesRequest, PaginatedRequestParams, ReadResourceRequest,
    ReadResourceRequestParams, Resource, ResourceContents, ServerResult,
};

use super::connect::Session;

/// Only the beginning of a long list of resources is taken.
const PAGES_AT_MOST: usize = 5;
const PHRASES_AT_MOST: usize = 400;
/// Only plain texts of up to so many bytes are read, and so many of them: a person's lists, not their files.
const BYTES_AT_MOST: u64 = 4_096;
const READ_AT_MOST: usize = 20;
/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Names, and the lines of the small texts. Empty where the server has no resources, and as far as it came
/// where it fails or is slow: a server must not be worse off for its resources.
pub(super) async fn phrases(session: &Session) -> Vec<String> {
    let mut phrases = Vec::new();
    if session.peer.peer_info().is_none_or(|info| info.capabilities.resources.is_none()) {
        return phrases;
    }
    match tokio::time::timeout(TIMEOUT, collect(session, &mut phrases)).await {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => tracing::debug!(reason, "a server's resources are not known"),
        Err(_) => tracing::debug!("a server is slow to tell of its resources"),
    }
    phrases.truncate(PHRASES_AT_MOST);
    phrases
}

async fn collect(session: &Session, phrases: &mut Vec<String>) -> Result<(), String> {
    let (mut texts, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_AT_MOST {
        let request = ListResourcesRequest {
            params: cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor))),
            ..ListResourcesRequest::default()
        };
        let request = ClientRequest::ListResourcesRequest(request);
        let answer = session.peer.send_request(request).await.map_err(|error| error.to_string())?;
        let ServerResult::ListResourcesResult(page) = answer else {
            return Err("its list of resources is not in the form that MCP prescribes".to_owned());
        };
        for resource in page.resources {
            let is_small = resource.size.is_some_and(|size| (1..=BYTES_AT_MOST).contains(&size));
            if is_small && is_plain_text(&resource) && texts.len() < READ_AT_MOST {
                texts.push(resource.uri.clone());
            }
            phrases.push(resource.title.unwrap_or(resource.name));
        }
        cursor = page.next_cursor;
        if cursor.is_none() || phrases.len() >= PHRASES_AT_MOST {
            break;
        }
    }
    for uri in texts {
        let request = ReadResourceRequest::new(ReadResourceRequestParams::new(uri));
        let answer = session.peer.send_request(ClientRequest::ReadResourceRequest(request)).await;
        let ServerResult::ReadResourceResult(read) = answer.map_err(|error| error.to_string())? else {
            continue;
        };
        for contents in read.contents {
            // What it is, is what comes, not what was promised.
            if let ResourceContents::TextResourceContents { text, .. } = contents
                && text.len() as u64 <= BYTES_AT_MOST
            {
                phrases
                    .extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
            }
        }
    }
    Ok(())
}

fn is_plain_text(resource: &Resource) -> bool {
    resource.mime_type.as_deref().is_some_and(|kind| kind.split(';').next() == Some("text/plain"))
}
