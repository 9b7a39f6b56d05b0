//! Files that come inside the program and that another process reads: the adapter, the ranker.

use std::io::{Error, Write};
use std::path::PathBuf;

use crate::models::Library;

/// A file inside the binary. Its name has the beginning of its checksum, so that another version is another
/// file.
#[derive(Clone, Copy, Debug)]
pub struct Enclosed {
    /// The name of its file in a library.
    pub file: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

impl Enclosed {
    /// The file in the library, written where it is not there yet: another process can only read a file.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn unpack(&self, library: &Library) -> Result<PathBuf, Error> {
        let path = library.dir().join(self.file);
        if std::fs::metadata(&path).is_ok_and(|file| file.len() == self.bytes.len() as u64) {
            return Ok(path);
        }
        std::fs::create_dir_all(library.dir())?;
        // A name of its own for each process, so that two that start at once do not write into each other's.
        let part = library.dir().join(format!("{}.{}.part", self.file, std::process::id()));
        let mut file = std::fs::File::create(&part)?;
        file.write_all(self.bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use crate::models::{EMBEDDED_ADAPTER, EMBEDDED_RANKER, Library};

    #[test]
    fn the_file_is_named_for_what_is_in_it_and_written_once() {
        for enclosed in [EMBEDDED_ADAPTER, EMBEDDED_RANKER] {
            let digest = hex::encode(Sha256::digest(enclosed.bytes));
            assert!(enclosed.file.contains(&format!(".{}.", &digest[..8])), "{}: {digest}", enclosed.file);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::new(folder.path().join("models"));
        let path = EMBEDDED_ADAPTER.unpack(&library).expect("written");
        assert_eq!(std::fs::read(&path).expect("a file"), EMBEDDED_ADAPTER.bytes);
        let written = std::fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
        assert_eq!(EMBEDDED_ADAPTER.unpack(&library).expect("there"), path);
        assert_eq!(std::fs::metadata(&path).and_then(|file| file.modified()).expect("a time"), written);
        assert_eq!(std::fs::read_dir(library.dir()).expect("a folder").count(), 1);
    }
}
