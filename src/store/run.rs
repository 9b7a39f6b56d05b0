//! Which process carries a command out. Several may use one file at a time (`hark say` beside
//! `hark serve`), so that a command without an end is only cut off where its process is gone. A process
//! shows that it lives by a lock on a file of its own, which the system takes away however it ends.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// This process, as long as it lives.
pub(super) struct Run {
    name: String,
    path: PathBuf,
    _lock: File,
}

impl Run {
    /// Begins one beside the database `file`.
    pub(super) fn begin(file: &Path) -> io::Result<Self> {
        loop {
            let name = Uuid::now_v7().to_string();
            let path = path_of(file, &name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let lock = options.open(&path)?;
            lock.lock()?;
            // Whoever tidies up may have taken the file for a dead one before it was locked.
            if path.exists() {
                return Ok(Self { name, path, _lock: lock });
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // What is left behind is tidied up at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the process of that name still lives; one that is gone leaves no file after this.
pub(super) fn is_alive(file: &Path, name: &str) -> bool {
    is_locked(&path_of(file, name))
}

/// Takes away what processes left behind that had no time to.
pub(super) fn tidy(file: &Path) {
    let (Some(folder), Some(start)) = (file.parent(), file.file_name()) else { return };
    let start = format!("{}.run-", start.to_string_lossy());
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&start) {
            is_locked(&entry.path());
        }
    }
}

fn is_locked(path: &Path) -> bool {
    let Ok(lock) = File::open(path) else { return false };
    if lock.try_lock().is_err() {
        return true;
    }
    // Removed while it is locked, so that nobody takes it for theirs.
    let _ = std::fs::remove_file(path);
    false
}

fn path_of(file: &Path, name: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(format!(".run-{name}"));
    path.into()
}
