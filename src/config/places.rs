//! Where Hark looks for its files and keeps its data.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::ConfigError;

/// The folders of this user.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder that Hark was started in.
    pub working_dir: PathBuf,
    /// `~/.config/hark` or what the system has for it.
    pub config_dir: PathBuf,
    /// `~/.local/share/hark` or what the system has for it.
    pub data_dir: PathBuf,
}

impl Places {
    /// Asks the system.
    ///
    /// # Errors
    /// Where there is no home folder.
    pub fn of_this_user(working_dir: &Path) -> Result<Self, ConfigError> {
        let dirs = ProjectDirs::from("", "", "hark").ok_or(ConfigError::NoHome)?;
        Ok(Self {
            working_dir: working_dir.to_owned(),
            config_dir: dirs.config_dir().to_owned(),
            data_dir: dirs.data_dir().to_owned(),
        })
    }

    /// The first of the two that exists: the file here, or the user's own.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        [&self.working_dir, &self.config_dir]
            .into_iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    }
}
