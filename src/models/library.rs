//! The folder that holds fetched models.

use std::path::{Path, PathBuf};

use crate::models::Entry;

/// The models folder inside the data folder. Making one touches no disk.
#[derive(Clone, Debug)]
pub struct Library {
    dir: PathBuf,
}

impl Library {
    /// The library in that folder, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the model's file is, or will be.
    pub fn path_of(&self, entry: &Entry) -> PathBuf {
        self.dir.join(&entry.file)
    }

    /// The model is there with its right size, or inside the binary. The checksum was proved before
    /// the file got its name, and is not computed again here.
    pub fn is_present(&self, entry: &Entry) -> bool {
        entry.embedded || std::fs::metadata(self.path_of(entry)).is_ok_and(|file| file.len() == entry.size)
    }

    /// Where an unfinished download waits for its rest.
    pub(crate) fn part_of(&self, entry: &Entry) -> PathBuf {
        self.dir.join(format!("{}.part", entry.file))
    }

    /// The file whose lock one fetch of the model holds.
    pub(crate) fn lock_of(&self, entry: &Entry) -> PathBuf {
        self.dir.join(format!(".{}.lock", entry.file))
    }
}
