//! A data folder that goes with its server, and those left behind by servers that were killed.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use avouch_crypto::random::{SystemRandom, octets};
use zeroize::Zeroizing;

use crate::output::Failure;
use crate::private_file;

/// What the names of all these folders begin with; sixteen hexadecimal digits follow.
const PREFIX: &str = "avouch-dev-";
/// Locked for as long as the server lives. The system lets go of it, however the server ends.
const LOCK: &str = "lock";

/// A data folder that nobody else has, with a sealing key of its own; removed when dropped. One
/// that is left behind by `kill -9` is removed by the next that is made.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _alive: File,
}

impl Folder {
    /// Makes the folder and its sealing key.
    pub(crate) fn create() -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        let name: [u8; 8] = octets(&SystemRandom)?;
        let path = parent.join(format!("{PREFIX}{:016x}", u64::from_be_bytes(name)));
        DirBuilder::new().mode(0o700).create(&path)?;
        let alive = lock(&path)?;
        let folder = Self {
            path,
            _alive: alive,
        };
        folder.write_sealing_key()?;
        // Those that cannot be removed stay for the next; nothing here hangs on them.
        drop(remove_dead(&parent, fs::metadata(folder.path())?.uid()));
        Ok(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where its sealing key is.
    pub(super) fn sealing_key(&self) -> PathBuf {
        self.path.join("sealing.key")
    }

    fn write_sealing_key(&self) -> Result<(), Failure> {
        let key = Zeroizing::new(octets::<32>(&SystemRandom)?);
        let text = Zeroizing::new(avouch_jose::base64url::encode(key.as_slice()));
        Ok(private_file::write_new(&self.sealing_key(), &text)?)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the development folder could not be removed");
            }
            _ => {}
        }
    }
}

/// The file gets its name once it is locked, so that whoever finds it unlocked knows that its
/// server is gone.
fn lock(folder: &Path) -> io::Result<File> {
    let unnamed = folder.join("starting");
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unnamed)?;
    file.lock()?;
    fs::rename(&unnamed, folder.join(LOCK))?;
    Ok(file)
}

/// Removes the folders of this owner whose servers are gone.
fn remove_dead(parent: &Path, owner: u32) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let ours = entry.file_name().to_str().is_some_and(is_ours);
        // Of the entry itself: a link is no folder of ours.
        let metadata = entry.metadata();
        if ours && metadata.is_ok_and(|found| found.is_dir() && found.uid() == owner) {
            let folder = entry.path();
            if let Some(_dead) = lock_of_the_dead(&folder) {
                drop(fs::remove_dir_all(folder));
            }
        }
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The lock of a folder, if nobody has it. Held while the folder is removed, so that two who come
/// at once do not get in each other's way.
fn lock_of_the_dead(folder: &Path) -> Option<File> {
    let file = OpenOptions::new()
        .write(true)
        .open(folder.join(LOCK))
        .ok()?;
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_folders_whose_server_is_gone_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let owner = fs::metadata(parent.path()).unwrap().uid();
        let make = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let dead = make("avouch-dev-00000000000000aa");
        drop(lock(&dead).unwrap());
        fs::write(dead.join("avouch.sqlite3"), "").unwrap();
        let living = make("avouch-dev-00000000000000bb");
        let _alive = lock(&living).unwrap();
        // Perhaps its server is just about to lock it.
        let young = make("avouch-dev-00000000000000cc");
        let kept = [
            "avouch-dev-notes",
            "avouch-dev-00000000000000aa.bak",
            "else",
        ]
        .map(|name| {
            let path = make(name);
            drop(lock(&path).unwrap());
            path
        });
        let elsewhere = make("elsewhere");
        drop(lock(&elsewhere).unwrap());
        let link = parent.path().join("avouch-dev-00000000000000dd");
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();

        remove_dead(parent.path(), owner + 1).unwrap();
        assert!(dead.exists(), "it is of another owner");
        remove_dead(parent.path(), owner).unwrap();
        assert!(!dead.exists());
        let kept = kept.iter().chain([&living, &young, &elsewhere, &link]);
        for path in kept {
            assert!(path.exists(), "{}", path.display());
        }
        assert!(elsewhere.join(LOCK).exists());
    }
}
