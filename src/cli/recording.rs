//! Recordings that are named on the command line.

use std::path::Path;

use anyhow::{Context, bail};
use bytes::Bytes;
use tokio::io::AsyncReadExt;

/// Reads a recording (`-`: from standard input), one byte more than is taken at most, so that what is
/// too long is told as such and nothing without an end fills the memory.
pub(super) async fn read(path: &Path, max_bytes: usize) -> anyhow::Result<Bytes> {
    let limit = max_bytes as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        let input = tokio::io::stdin();
        input.take(limit).read_to_end(&mut bytes).await.context("standard input can't be read")?;
        return Ok(bytes.into());
    }
    if path.is_dir() {
        bail!("it is a folder; name a recording in it");
    }
    let file =
        tokio::fs::File::open(path).await.context("it can't be opened; check the name and its rights")?;
    file.take(limit).read_to_end(&mut bytes).await.context("it can't be read")?;
    Ok(bytes.into())
}
