//! The data folder: one writer at a time, whole files only, nothing ever lost.
//!
//! Invariant: while a [`Folder`] lives, no other desk, in this process or another, holds one for the
//! same directory. A file is replaced by renaming a finished copy over it, so a reader or a power cut
//! sees the old file or the new one. A file that cannot be understood is renamed, never overwritten.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use super::error::DeskError;

/// Larger files are refused: they were not written by the desk.
pub(super) const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The held folder.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    /// Makes the names of files that are set aside tell when.
    stamp: String,
    notices: Vec<String>,
    /// Released when the file is closed, also when the process dies.
    _lock: File,
}

impl Folder {
    /// Makes the directory with all parents, readable by its owner only.
    pub(super) fn create(dir: &Path) -> Result<(), DeskError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(fault("make the folder", dir))
    }

    /// Waits up to five seconds for the folder.
    pub(super) async fn hold(dir: &Path, stamp: String) -> Result<Self, DeskError> {
        let path = dir.join(".lock");
        let lock = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
        let lock = lock.map_err(fault("open", &path))?;
        let deadline = tokio::time::Instant::now() + LOCK_WAIT;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { dir: dir.to_owned(), stamp, notices: Vec::new(), _lock: lock }),
                Err(TryLockError::Error(source)) => return Err(fault("lock", &path)(source)),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() >= deadline => {
                    return Err(DeskError::Busy { seconds: LOCK_WAIT.as_secs() });
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            }
        }
    }

    /// Sentences about files that were found damaged during this visit.
    pub(super) fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &Path {
        &self.dir
    }

    /// The bytes of a plain file, `None` when there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DeskError> {
        let path = self.dir.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(fault("open", &path)(source)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(fault("read", &path))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(DeskError::TooLong {
                what: "file",
                found: bytes.len(),
                limit: 8,
                unit: "MiB or more",
            });
        }
        Ok(Some(bytes))
    }

    /// Replaces a file as a whole and waits until it is on disk.
    pub(super) fn write(&self, name: &str, contents: &str) -> Result<(), DeskError> {
        let path = self.dir.join(name);
        let folder = path.parent().unwrap_or(&self.dir).to_owned();
        let unfinished = folder.join(".unfinished");
        let written = (|| {
            // Nobody else writes here while the lock is held, so this is a leftover of a crash.
            match fs::remove_file(&unfinished) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
                _ => {}
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&unfinished)?;
            file.write_all(contents.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&folder)?.sync_all()
        })();
        written.map_err(fault("write", &path))
    }

    /// What a JSON file holds; an empty value when it is missing, or damaged and now set aside.
    pub(super) fn load<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T, DeskError> {
        let Some(bytes) = self.read(name)? else { return Ok(T::default()) };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(value),
            Err(reason) => {
                self.set_aside(name, &reason.to_string())?;
                Ok(T::default())
            }
        }
    }

    /// Writes a JSON file.
    pub(super) fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), DeskError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|reason| fault("write", &self.dir.join(name))(io::Error::other(reason)))?;
        self.write(name, &text)
    }

    /// Renames a damaged file so that nothing of it is lost, and remembers to say so.
    pub(super) fn set_aside(&mut self, name: &str, reason: &str) -> Result<(), DeskError> {
        let path = self.dir.join(name);
        let kept = (0..1000)
            .map(|number| match number {
                0 => format!("{name}.damaged-{}", self.stamp),
                _ => format!("{name}.damaged-{}-{number}", self.stamp),
            })
            .find(|kept| !self.dir.join(kept).exists())
            .unwrap_or_else(|| format!("{name}.damaged"));
        fs::rename(&path, self.dir.join(&kept)).map_err(fault("set aside", &path))?;
        tracing::warn!(file = name, kept, reason, "a damaged file was set aside");
        self.notices
            .push(format!("The file {name} was damaged, so I kept it as {kept} and started a new one."));
        Ok(())
    }

    /// Deletes a file.
    pub(super) fn remove(&self, name: &str) -> Result<(), DeskError> {
        let path = self.dir.join(name);
        fs::remove_file(&path).map_err(fault("delete", &path))
    }
}

/// Names what was tried, on which file.
pub(super) fn fault(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DeskError + use<> {
    let path = path.to_owned();
    move |source| DeskError::File { doing, path, source }
}
