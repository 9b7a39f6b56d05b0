//! A file on its way: `NAME.part`, hashed as it grows, given its final name only when it is right.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::models::error::SourceError;

/// An unfinished file. What is on disk outlives this value, so that a later try can go on.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    hash: Sha256,
    length: u64,
}

impl Part {
    /// Opens what an earlier try left, or starts an empty file. A file longer than `size` cannot
    /// become right and is started afresh. Reads the whole file: call it off the runtime.
    pub(super) fn open(path: &Path, size: u64) -> Result<Self, SourceError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(path)
            .map_err(disk("write", path))?;
        let mut part = Self { path: path.to_owned(), file, hash: Sha256::new(), length: 0 };
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = part.file.read(&mut buffer).map_err(disk("read", path))?;
            if read == 0 {
                break;
            }
            part.hash.update(&buffer[..read]);
            part.length += read as u64;
        }
        if part.length > size {
            part.restart()?;
        }
        Ok(part)
    }

    /// Bytes that are here.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) -> Result<(), SourceError> {
        self.file.set_len(0).map_err(disk("empty", &self.path))?;
        self.hash = Sha256::new();
        self.length = 0;
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        self.file.write_all(bytes).map_err(disk("write", &self.path))?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The SHA-256 of what is here.
    pub(super) fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// Puts it on disk for good under its final name.
    pub(super) fn finish(self, target: &Path) -> Result<(), SourceError> {
        self.file.sync_all().map_err(disk("write", &self.path))?;
        std::fs::rename(&self.path, target).map_err(disk("name", target))
    }

    /// Takes it off the disk.
    pub(super) fn discard(self) -> Result<(), SourceError> {
        std::fs::remove_file(&self.path).map_err(disk("remove", &self.path))
    }
}

/// Turns an input or output error into one that says where.
pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SourceError {
    let path = path.to_owned();
    move |source| SourceError::Disk { action, path, source }
}
