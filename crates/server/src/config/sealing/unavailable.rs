//! What to do where there is no sealing key: it hangs on whether there is something sealed already.

use std::fmt;
use std::path::PathBuf;

use super::{KeyFileError, SealingKey, SealingKeyError};
use crate::config::Config;
use crate::start::DATABASE_FILE;

/// Why the sealing keys cannot be had, and what to do about it. Nothing here repeats a key.
#[derive(Debug)]
pub struct NoSealingKey {
    /// Why.
    pub error: SealingKeyError,
    /// The database that was sealed under it, if there is one.
    database: Option<PathBuf>,
}

impl Config {
    /// Reads the sealing key in force and the earlier ones, newest first.
    pub fn load_sealing_keys(&self) -> Result<(SealingKey, Vec<SealingKey>), NoSealingKey> {
        self.sealing.load_keys().map_err(|error| {
            let database = self.data.folder.join(DATABASE_FILE);
            NoSealingKey {
                error,
                database: database.exists().then_some(database),
            }
        })
    }
}

impl fmt::Display for NoSealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, database } = self;
        match (error, database) {
            // These say what to do themselves.
            (
                SealingKeyError::NotOneSource
                | SealingKeyError::File(
                    KeyFileError::NotAFile { .. } | KeyFileError::OpenToOthers { .. },
                ),
                _,
            ) => write!(f, "{error}"),
            (_, Some(database)) => write!(
                f,
                "{error}; the database {} was sealed under this key, and a fresh one cannot open \
                 it: restore the key, or point `sealing.key_file` to where it is now",
                database.display()
            ),
            (_, None) => write!(
                f,
                "{error}; `openssl rand -hex 32` makes a key, and only its owner may read the \
                 file (mode 600)"
            ),
        }
    }
}

impl std::error::Error for NoSealingKey {}
