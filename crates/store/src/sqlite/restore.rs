//! Putting a backup in the place of the data file.
//!
//! ```text
//! stage    a copy beside the data file, checked from end to end, and opened
//!          once: an older layout is brought up to date, keys can be tried
//! put      the file that was there goes aside, never away; the copy gets its name
//! ```
//!
//! A kill leaves the data file as it was, or a file with `.restoring` at the end
//! of its name. As long as there is one of that name no server starts: the data
//! file might be gone aside, or its log might be.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use avouch_core::storage::{IssuedBefore, StoreError};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use thiserror::Error;

use super::backup::{UnsoundBackup, verify};
use super::manifest::Manifest;
use super::open::{SqliteOptions, beside, lock, private, sync_folder};
use super::refusal::{OpenError, about_the_system};
use super::rolled_back::{self, RolledBack};
use super::writer::Done;
use super::{SqliteStore, migrate, tokens};

/// Says that a restore is under way, or was killed.
const RESTORING: &str = ".restoring";
/// The copy before that.
const STAGED: &str = ".staged";
/// What SQLite keeps beside a data file.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Why a backup was not restored. The data file is as it was.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// There is no such backup.
    #[error("{}: {error}{}", path.display(), about_the_system(error))]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The backup is not sound.
    #[error("the backup cannot be used: {0}")]
    Unsound(#[from] UnsoundBackup),
    /// There is a data file, and it was not said that it may go.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The data file is in use, or cannot be made.
    #[error("{0}")]
    Data(#[from] OpenError),
}

/// A backup that was checked and waits beside the data file. Goes away with
/// this, unless it is put in place.
#[derive(Debug)]
pub struct StagedBackup {
    manifest: Manifest,
    data: PathBuf,
    staged: Staged,
    /// Keeps servers away from the data file.
    _lock: File,
}

/// The name of the copy; nothing is left under it when this is dropped.
#[derive(Debug)]
struct Staged(PathBuf);

impl StagedBackup {
    /// Copies a backup to where it is to go, and checks the copy. The folder
    /// must be there. `replace` says that there may be a data file already.
    pub fn stage(backup: &Path, data: &Path, replace: bool) -> Result<Self, RestoreError> {
        let data = std::path::absolute(data).map_err(at(data))?;
        let lock = lock(&data)?;
        if data.symlink_metadata().is_ok() && !replace {
            return Err(RestoreError::Exists(data));
        }
        let staged = Staged(beside(&data, STAGED));
        remove(&staged.0)?;
        let mut source = File::open(backup).map_err(at(backup))?;
        let target = private().create_new(true).open(&staged.0);
        let mut target = target.map_err(at(&staged.0))?;
        io::copy(&mut source, &mut target)
            .and_then(|_| target.sync_all())
            .map_err(at(&staged.0))?;
        drop(target);
        let manifest = verify(&staged.0)?;
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&staged.0, access)
            .and_then(|connection| Manifest::remove(&connection))
            .map_err(UnsoundBackup::from)?;
        Ok(Self {
            manifest,
            data,
            staged,
            _lock: lock,
        })
    }

    /// What the backup says of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Opens the copy as a server would, to look at it or to change it before
    /// it is put in place. Drop the store before that.
    pub fn open(&self) -> Result<SqliteStore, OpenError> {
        let options = SqliteOptions {
            readers: 1,
            ..SqliteOptions::default()
        };
        SqliteStore::open(&self.staged.0, &options)
    }

    /// What is taken back with the file that is there, if it can still be read.
    pub fn rolled_back(&self, now: Timestamp) -> Option<RolledBack> {
        rolled_back::compare(&self.data, &self.staged.0, now)
    }

    /// Gives the copy its place. What was there goes aside, under its name with
    /// `suffix` at the end; the path of that is returned, if there was anything.
    pub fn put_in_place(self, suffix: &str) -> Result<Option<PathBuf>, RestoreError> {
        fold(&self.data);
        let restoring = beside(&self.data, RESTORING);
        fs::rename(&self.staged.0, &restoring).map_err(at(&restoring))?;
        let aside = free(&beside(&self.data, suffix));
        let mut went = false;
        // The log first: the data file must never stand beside one that is not its own.
        for end in COMPANIONS.iter().copied().chain([""]) {
            let (from, to) = (beside(&self.data, end), beside(&aside, end));
            if from.symlink_metadata().is_ok() {
                fs::rename(&from, &to).map_err(at(&from))?;
                went = true;
            }
        }
        fs::rename(&restoring, &self.data).map_err(at(&self.data))?;
        if let Some(folder) = self.data.parent() {
            sync_folder(folder)?;
        }
        Ok(went.then_some(aside))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

/// This name, or the first with a number behind it that is not taken: what stands aside stays.
fn free(path: &Path) -> PathBuf {
    let is_free = |path: &Path| {
        let mut ends = COMPANIONS.iter().copied().chain([""]);
        ends.all(|end| beside(path, end).symlink_metadata().is_err())
    };
    let numbered = (2_u32..).map(|number| beside(path, &format!(".{number}")));
    std::iter::once(path.to_owned())
        .chain(numbered)
        .find(|path| is_free(path))
        .unwrap_or_else(|| path.to_owned())
}

/// Folds the log of the old data file into it, if it is sound enough for that:
/// then it is one file that goes aside. If it is not, the log goes along.
fn fold(data: &Path) {
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if let Ok(connection) = Connection::open_with_flags(data, access)
        && migrate::identify(&connection).is_ok()
    {
        let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/// The copy and what SQLite and a store made beside it.
fn remove(staged: &Path) -> Result<(), RestoreError> {
    for end in COMPANIONS.iter().copied().chain(["-journal", ".lock", ""]) {
        let path = beside(staged, end);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a data file that a restore was about to put aside when it was killed.
pub(super) fn refuse_half_restored(path: &Path) -> Result<(), OpenError> {
    let restoring = beside(path, RESTORING);
    if restoring.symlink_metadata().is_ok() {
        return Err(OpenError::HalfRestored(restoring));
    }
    Ok(())
}

/// How much was ended by [`SqliteStore::revoke_issued_before`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedBefore {
    /// Access tokens that were good by their own record, expired ones left out.
    pub access_tokens: u64,
    /// Tokens of resource servers.
    pub caller_tokens: u64,
    /// Initial access tokens.
    pub initial_access_tokens: u64,
    /// Access tokens that bear a later instant than the one named, and stay good.
    pub later: u64,
}

impl SqliteStore {
    /// Ends what [`TokenStore::revoke_everything`](avouch_core::storage::TokenStore) ends, and
    /// counts it. That looks at every access token: not for a server at work.
    pub async fn revoke_issued_before(
        &self,
        issued: IssuedBefore,
        now: Timestamp,
    ) -> Result<RevokedBefore, StoreError> {
        self.write(move |connection| {
            let until = match issued {
                IssuedBefore::Now => i64::MAX,
                IssuedBefore::Instant(until) => until.as_micros(),
            };
            let count = |sql| {
                let sought = params![until, now.as_micros()];
                connection.query_row(sql, sought, |row| row.get(0))
            };
            let number = |number: i64| u64::try_from(number).unwrap_or(0);
            let access_tokens = count(
                "SELECT count(*) FROM access_token
                 WHERE issued_at <= ?1 AND expires_at > ?2 AND revoked_at IS NULL",
            )?;
            let later = count(
                "SELECT count(*) FROM access_token
                 WHERE issued_at > ?1 AND expires_at > ?2 AND revoked_at IS NULL",
            )?;
            let Done { value, stale } = tokens::revoke_everything(connection, issued, now)?;
            Ok(Done {
                value: RevokedBefore {
                    access_tokens: number(access_tokens),
                    caller_tokens: value.caller_tokens,
                    initial_access_tokens: value.initial_access_tokens,
                    later: number(later),
                },
                stale,
            })
        })
        .await
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |error| RestoreError::File { path, error }
}

#[cfg(test)]
mod tests;
