//! The tools that servers listed when Hark ran last, kept on disk: one small file a server.
//!
//! A start of Hark need not wait for its servers with them. They are only as good as the configuration
//! that they came from, so a file carries its mark, and they are never called unless the server has
//! confirmed them.

use std::io::Write;
use std::path::{Path, PathBuf};

use rmcp::model;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ServerConfig, Transport};

/// What a file may weigh; a larger one is not ours.
const BYTES_AT_MOST: u64 = 16 * 1024 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct KeptTools(Option<PathBuf>);

/// What is kept of one server.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    /// Of the configuration that the list came from.
    mark: String,
    /// The version of the protocol that was spoken.
    protocol_version: Option<String>,
    tools: Vec<model::Tool>,
}

/// The tools of the last run, as the server listed them.
pub(super) struct Remembered {
    pub(super) protocol_version: Option<String>,
    pub(super) tools: Vec<model::Tool>,
}

impl KeptTools {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// What was kept of that server, unless its configuration has changed since. What cannot be read
    /// counts as not kept: the server says it anew in a moment.
    pub(super) fn recall(&self, server: &ServerConfig) -> Option<Remembered> {
        let file = self.file(server)?;
        if std::fs::metadata(&file).ok()?.len() > BYTES_AT_MOST {
            return None;
        }
        let kept: Kept = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        let is_same = kept.mark == mark(server);
        is_same.then_some(Remembered { protocol_version: kept.protocol_version, tools: kept.tools })
    }

    /// Keeps the list, off the runtime's threads, since a disk may be slow.
    pub(super) async fn keep(
        &self,
        server: &ServerConfig,
        protocol_version: Option<String>,
        tools: Vec<model::Tool>,
    ) {
        let Some(file) = self.file(server) else { return };
        let kept = Kept { mark: mark(server), protocol_version, tools };
        let written = tokio::task::spawn_blocking(move || write(&file, &kept)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(server = server.key, %error, "the tools of a server could not be kept for the next start");
        }
    }

    /// The key of a server has letters, digits, `_` and `-` only, so that it can be the name of a file.
    fn file(&self, server: &ServerConfig) -> Option<PathBuf> {
        let is_name = server.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        self.0.as_ref().filter(|_| is_name).map(|folder| folder.join(format!("{}.json", server.key)))
    }
}

/// As a whole or not at all: a file that was cut off would be read as nothing, but one that is replaced
/// never is cut off.
fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = file.with_extension("json.new");
    let mut out = std::fs::File::create(&beside)?;
    out.write_all(&serde_json::to_vec(kept)?)?;
    out.sync_all()?;
    std::fs::rename(beside, file)
}

/// Of how the server is reached, as written. The values of variables and headers may be keys and have no
/// part in it.
fn mark(server: &ServerConfig) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    match &server.transport {
        Transport::Stdio { command, args, env, cwd } => {
            add("stdio");
            add(command);
            args.iter().for_each(|arg| add(arg));
            env.keys().for_each(|name| add(name));
            add(&cwd.as_ref().map(|cwd| cwd.to_string_lossy()).unwrap_or_default());
        }
        Transport::Http { url, headers } => {
            add("http");
            add(url);
            headers.keys().for_each(|name| add(name));
        }
    }
    hex::encode(hash.finalize())
}
