//! The embedded engine: one SQLite file, one writer, a few readers.
//!
//! ```text
//! open       whose file it is, the lock, the settings, and that they hold
//! migrate    the layout, step by step
//! presence   whether the file is still the one that was opened
//! writer     one thread, group commit
//! checkpoint another, that folds the log into the file meanwhile
//! inspect    whether what is in the file holds together
//! check      the same for all of a file, by command
//! backup     a copy of one instant, with its manifest, while the server works
//! restore    putting it back, and nothing away
//! rolled_back what that takes back
//! readers    connections that read where they are asked
//! rows       records to columns and back
//! tokens, callers (clients, resource_servers, audience_scopes, revisions, secrets), keys,
//! initial_access_tokens, registrations, used_proofs
//!            the SQL behind each trait
//! moving     all records out of a file, or into one
//! fault      what goes wrong, as the contract's errors
//! ```

mod audience_scopes;
mod backup;
mod caller_tokens;
mod callers;
mod check;
mod checkpoint;
mod clients;
mod fault;
mod initial_access_tokens;
mod inspect;
mod keys;
mod manifest;
mod migrate;
mod moving;
mod open;
mod presence;
mod readers;
mod refusal;
mod registrations;
mod resource_servers;
mod restore;
mod revisions;
mod rolled_back;
mod rows;
mod secrets;
mod tokens;
mod used_proofs;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use avouch_core::storage::{Storage, StoreError};
use rusqlite::Connection;

use crate::cache::Caches;
use checkpoint::{Checkpoints, Log};
use fault::{Fault, Stopped};
use presence::Presence;
use readers::Readers;
use writer::{Done, Writer};

pub use backup::{BackupError, BackupOrder, BackupProgress, UnsoundBackup, back_up};
pub use check::{CheckedFile, check_file};
pub use manifest::Manifest;
pub use open::SqliteOptions;
pub use refusal::OpenError;
pub use restore::{RestoreError, RevokedBefore, StagedBackup};
pub use rolled_back::RolledBack;

/// The embedded engine. One process at a time; shared by reference within it.
///
/// Dropping it finishes the writes that wait and folds the log into the file;
/// this blocks for as long as the disk takes.
// The order of fields is the order of dropping: the readers go first, so that
// the writer's is the last connection, which folds the log into the file and
// removes it; the lock goes last.
pub struct SqliteStore {
    readers: Readers,
    writer: Writer,
    presence: Presence,
    caches: Arc<Caches>,
    path: PathBuf,
    is_new: bool,
    _lock: File,
}

impl SqliteStore {
    /// Opens a data file, making it and its folder if they are missing, for
    /// their owner alone. Blocks; meant for the start of a process.
    ///
    /// Refused: a file that another server has open, that belongs to another
    /// application or a later release, or on which acknowledged writes could
    /// be lost.
    pub fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let opened = open::open(path.as_ref(), options)?;
        let caches = Arc::new(Caches::new(options.cache));
        let at_path = |error| OpenError::File {
            path: opened.path.clone(),
            error,
        };
        let presence = Presence::of(&opened.path).map_err(at_path)?;
        let mut writing = opened.writing;
        let log = Log::follow(&mut writing, options.longest_log)?;
        let checkpoints = Checkpoints::start(log, opened.copying).map_err(at_path)?;
        let writer = Writer::start(
            writing,
            checkpoints,
            Arc::clone(&caches),
            presence.clone(),
            options.waiting_writes.max(1),
        )
        .map_err(at_path)?;
        Ok(Self {
            readers: Readers::new(opened.reading),
            writer,
            presence,
            caches,
            path: opened.path,
            is_new: opened.is_new,
            _lock: opened.lock,
        })
    }

    /// Whether nothing was in the file before it was opened.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Has the writer do something and waits until it is on disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<Done<T>, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.writer.write(work).await?)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Storage for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        if !self.writer.is_running() {
            return Err(Fault::from(Stopped::WriterGone).into());
        }
        if !self.presence.is_there() {
            return Err(Fault::from(Stopped::FileGone).into());
        }
        Ok(self.readers.read(|connection| {
            // A table, so that the file is touched and not just the parser.
            connection
                .prepare_cached("SELECT 1 FROM caller LIMIT 1")?
                .exists(())?;
            Ok(())
        })?)
    }

    /// There are no other nodes to be told.
    async fn trim_changes(&self) -> Result<u32, StoreError> {
        Ok(0)
    }
}
