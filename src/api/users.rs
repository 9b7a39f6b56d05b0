//! The people who may come in, each with a token and with what it lets them do: `users.json` in the data
//! folder.
//!
//! A token is 256 random bits, so that its SHA-256 is as good as lost to whoever reads the file; no slow
//! hash is needed where nothing can be guessed. The file is read again once it changed, so that a user is
//! let in or shut out without a restart.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::{Secret, UserId};

const TOKEN_BYTES: usize = 32;
const NAME_CHARS_AT_MOST: usize = 64;

/// What a token lets its user do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Give commands, and see what came of one's own.
    Speak,
    /// Agree to what Hark asks before it does it.
    Approve,
    /// See the figures and faults of the service.
    Administer,
}

impl Scope {
    /// All of them: what the person at this machine has.
    pub const ALL: [Self; 3] = [Self::Speak, Self::Approve, Self::Administer];

    /// The name in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Speak => "speak",
            Self::Approve => "approve",
            Self::Administer => "administer",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| format!("there is no scope {text:?}; there are speak, approve and administer"))
    }
}

/// One user, without the token, which nobody has but the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The name, which is also the owner of sessions and history.
    pub name: String,
    /// What the token lets do.
    pub scopes: BTreeSet<Scope>,
    /// Commands a minute, where that differs from everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands_per_minute: Option<u32>,
    /// SHA-256 of the token, in hexadecimal digits.
    token_sha256: String,
}

/// Why the users can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The system.
    #[error("the users in {path} can't be read or written: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What stands there.
    #[error("the users in {path} can't be understood: {source}; mend the file or take it away")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A name that can't be one.
    #[error("{0:?} can't be the name of a user: use letters, digits, _ - and . only, 64 at most")]
    BadName(String),
    /// Nothing could be done with the token.
    #[error("a user needs a scope at least: speak, approve or administer")]
    NoScope,
    /// The name is taken.
    #[error("there is a user {0:?} already; for a new token: hark users remove {0}, and add it again")]
    Taken(String),
    /// The name is not there.
    #[error("there is no user {0:?}; `hark users list` names all")]
    Unknown(String),
    /// The system gave no random numbers.
    #[error("no token could be made: {0}")]
    NoRandomness(String),
}

/// The file. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Users(Option<Arc<File>>);

#[derive(Debug)]
struct File {
    path: PathBuf,
    read: Mutex<Reading>,
}

/// What was read last, and the state of the file then.
#[derive(Debug, Default)]
struct Reading {
    stamp: Option<(SystemTime, u64)>,
    users: Arc<Vec<User>>,
}

impl Users {
    /// The users of that file; nobody, as long as there is none.
    pub fn at(path: PathBuf) -> Self {
        Self(Some(Arc::new(File { path, read: Mutex::default() })))
    }

    /// All of them.
    ///
    /// # Errors
    /// Where the file can't be read or understood.
    pub fn all(&self) -> Result<Arc<Vec<User>>, UsersError> {
        let Some(file) = &self.0 else { return Ok(Arc::default()) };
        let mut read = file.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = match std::fs::metadata(&file.path) {
            Ok(metadata) => metadata.modified().ok().map(|modified| (modified, metadata.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                *read = Reading::default();
                return Ok(Arc::default());
            }
            Err(source) => return Err(UsersError::Io { path: file.path.clone(), source }),
        };
        if stamp.is_none() || stamp != read.stamp {
            *read = Reading { stamp, users: Arc::new(parse(&file.path)?) };
        }
        Ok(Arc::clone(&read.users))
    }

    /// Whose that token is.
    ///
    /// # Errors
    /// As [`Users::all`]: where it can't be told who may come in, nobody may.
    pub(super) fn find(&self, token: &[u8]) -> Result<Option<User>, UsersError> {
        // All are looked at, and digests are of one length, so that the time says nothing.
        let given = hex::encode(Sha256::digest(token));
        let users = self.all()?;
        let mut found = None;
        for user in users.iter() {
            if bool::from(given.as_bytes().ct_eq(user.token_sha256.as_bytes())) {
                found = Some(user);
            }
        }
        Ok(found.cloned())
    }

    /// A user's own limit, where there is one.
    pub(super) fn commands_per_minute(&self, user: &UserId) -> Option<u32> {
        let users = self.all().ok()?;
        users.iter().find(|it| it.name == user.0)?.commands_per_minute
    }

    /// Lets a user in; the token, which is kept nowhere.
    ///
    /// # Errors
    /// [`UsersError`], and then nothing was changed.
    pub fn add(
        &self,
        name: &str,
        scopes: BTreeSet<Scope>,
        commands_per_minute: Option<u32>,
    ) -> Result<Secret, UsersError> {
        let is_good = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        if name.is_empty() || name.len() > NAME_CHARS_AT_MOST || !name.chars().all(is_good) {
            return Err(UsersError::BadName(name.to_owned()));
        }
        if scopes.is_empty() {
            return Err(UsersError::NoScope);
        }
        let mut users = self.all()?.to_vec();
        if users.iter().any(|user| user.name == name) {
            return Err(UsersError::Taken(name.to_owned()));
        }
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| UsersError::NoRandomness(error.to_string()))?;
        let token = hex::encode(bytes);
        let token_sha256 = hex::encode(Sha256::digest(&token));
        users.push(User { name: name.to_owned(), scopes, commands_per_minute, token_sha256 });
        self.write(&users)?;
        Ok(Secret::new(token))
    }

    /// Shuts a user out.
    ///
    /// # Errors
    /// Where there is no such user, or the file can't be written.
    pub fn remove(&self, name: &str) -> Result<(), UsersError> {
        let mut users = self.all()?.to_vec();
        let before = users.len();
        users.retain(|user| user.name != name);
        if users.len() == before {
            return Err(UsersError::Unknown(name.to_owned()));
        }
        self.write(&users)
    }

    /// Whole or not at all, and for the eyes of Hark's own user only.
    fn write(&self, users: &[User]) -> Result<(), UsersError> {
        let Some(file) = &self.0 else { return Ok(()) };
        let path = &file.path;
        let io = |source| UsersError::Io { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let text = serde_json::to_vec_pretty(users)
            .map_err(|source| UsersError::Malformed { path: path.clone(), source })?;
        let beside = path.with_extension("json.new");
        let mut out = std::fs::OpenOptions::new();
        let out = out.write(true).create(true).truncate(true).mode(0o600).open(&beside);
        let mut out = out.map_err(io)?;
        out.write_all(&text).and_then(|()| out.sync_all()).map_err(io)?;
        std::fs::rename(&beside, path).map_err(io)?;
        *file.read.lock().unwrap_or_else(PoisonError::into_inner) = Reading::default();
        Ok(())
    }
}

fn parse(path: &Path) -> Result<Vec<User>, UsersError> {
    let text = std::fs::read(path).map_err(|source| UsersError::Io { path: path.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| UsersError::Malformed { path: path.to_owned(), source })
}
