//! Backups: one file that holds all as of one instant, made while the server
//! works, from another process.
//!
//! A second process may read the file at any time: SQLite's locks and its log
//! are made for that, and the server's own lock file is for servers alone. The
//! copy is made page by page within one read transaction, so that it is true of
//! one instant; while that lasts, the log is not folded into the file and grows.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use avouch_core::time::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

use super::manifest::{Content, Manifest, sealing_keys};
use super::migrate::{self, Identity};
use super::open::{SqliteOptions, beside, connect, private, sync_folder};
use super::refusal::{OpenError, about_the_system};
use super::{fault, inspect, manifest};

/// Pages that are copied before the progress is told: 4 MiB of SQLite's usual ones.
const AT_ONCE: i32 = 1_000;

/// What to back up, and where to.
#[derive(Clone, Copy, Debug)]
pub struct BackupOrder<'a> {
    /// The data file.
    pub data: &'a Path,
    /// The backup, which must not be there.
    pub to: &'a Path,
    /// The present instant.
    pub now: Timestamp,
    /// The release that makes it.
    pub release: &'a str,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupProgress {
    /// So many octets of all are copied.
    Copied {
        /// So many,
        octets: u64,
        /// of so many.
        of: u64,
    },
    /// The copy is being checked.
    Checking,
}

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no data file.
    #[error("{}: there is no data file; is this the data folder of the server?", .0.display())]
    NoData(PathBuf),
    /// The data file is not one that can be backed up.
    #[error("{}", error.of_file(path))]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        error: OpenError,
    },
    /// A backup is never overwritten.
    #[error("{} is there already: name another file", .0.display())]
    Exists(PathBuf),
    /// Another backup to the same file is under way.
    #[error("another backup to {} is under way", .0.display())]
    UnderWay(PathBuf),
    /// The backup cannot be written.
    #[error("{}: {error}{}", path.display(), about_the_system(error))]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The copy is not sound.
    #[error("the copy is not sound, and was thrown away: {0}")]
    Unsound(#[from] UnsoundBackup),
}

/// What is wrong with a backup.
#[derive(Debug, Error)]
pub enum UnsoundBackup {
    /// It cannot be opened.
    #[error("{0}")]
    Unopened(OpenError),
    /// It has no manifest, or none that can be read.
    #[error("there is no manifest in it: it is no backup made with avouch backup")]
    NoManifest,
    /// It is not in the layout that its manifest says.
    #[error("its manifest speaks of layout {said}, it has layout {found}; it was changed")]
    Layout {
        /// What the manifest says.
        said: i64,
        /// What it is.
        found: i64,
    },
    /// It is damaged.
    #[error("it is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// There is something else in it than was put in.
    #[error("its content is not what its manifest says; it was changed or damaged")]
    Changed,
}

impl From<OpenError> for UnsoundBackup {
    fn from(error: OpenError) -> Self {
        match error {
            // What a data file is told of it, to put a backup in its place, is no help here.
            OpenError::Engine(error) if fault::advice(&error).is_none() => {
                Self::Damaged(vec![error.to_string()])
            }
            error => Self::Unopened(error),
        }
    }
}

impl From<rusqlite::Error> for UnsoundBackup {
    fn from(error: rusqlite::Error) -> Self {
        OpenError::from(error).into()
    }
}

/// Makes a backup of a data file, in use or not. Blocks.
///
/// It stands under its name once it is whole, checked and on disk.
pub fn back_up(
    order: &BackupOrder<'_>,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<Manifest, BackupError> {
    let to = std::path::absolute(order.to).map_err(at(order.to))?;
    // Said before hours are spent; what counts is said at the end.
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to));
    }
    let unfinished = Unfinished::make(&to)?;
    let layout = copy(order, &unfinished.path, progress)?;
    progress(BackupProgress::Checking);
    let manifest = seal(&unfinished.path, layout, order)?;
    let found = verify(&unfinished.path)?;
    if found != manifest {
        return Err(UnsoundBackup::Changed.into());
    }
    unfinished.finish(&to)?;
    Ok(manifest)
}

/// Copies as of one instant. Returns the layout.
fn copy(
    order: &BackupOrder<'_>,
    to: &Path,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<i64, BackupError> {
    let data = order.data;
    if !data.exists() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let of_data = |error: OpenError| BackupError::Data {
        path: data.to_owned(),
        error,
    };
    let of_engine = |error: rusqlite::Error| of_data(error.into());
    let options = SqliteOptions::default();
    // For writing, so that a log which a crash left can be read; nothing is written.
    let source = connect(data, OpenFlags::SQLITE_OPEN_READ_WRITE, &options).map_err(of_data)?;
    let asked = || -> rusqlite::Result<_> {
        source.pragma_update(None, "query_only", true)?;
        source.execute_batch("BEGIN")?;
        // The instant: a transaction begins with its first look.
        inspect::tables(&source)?;
        source.query_row("PRAGMA page_size", (), |row| row.get::<_, i64>(0))
    };
    let page = u64::try_from(asked().map_err(of_engine)?).unwrap_or(0);
    let layout = match migrate::identify(&source).map_err(of_data)? {
        Identity::Ours { version } => version,
        Identity::Empty => return Err(BackupError::NoData(data.to_owned())),
    };
    refuse_backup(&source).map_err(of_data)?;

    // Of the copy: what stands in the way is the disk it goes to.
    let of_copy = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => BackupError::File {
            path: to.to_owned(),
            error: io::ErrorKind::StorageFull.into(),
        },
        _ => BackupError::Data {
            path: to.to_owned(),
            error: error.into(),
        },
    };
    let mut target = Connection::open_with_flags(
        to,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(of_copy)?;
    let set_up = |target: &Connection| -> rusqlite::Result<()> {
        // A copy that is broken off is thrown away; a finished one is synced as a whole.
        target.query_row("PRAGMA journal_mode = OFF", (), |_| Ok(()))?;
        target.pragma_update(None, "synchronous", "OFF")
    };
    set_up(&target).map_err(of_copy)?;
    {
        let backup = Backup::new(&source, &mut target).map_err(of_copy)?;
        loop {
            let step = backup.step(AT_ONCE).map_err(of_copy)?;
            let pages = backup.progress();
            let all = u64::try_from(pages.pagecount).unwrap_or(0);
            let left = u64::try_from(pages.remaining).unwrap_or(0);
            progress(BackupProgress::Copied {
                octets: all.saturating_sub(left) * page,
                of: all * page,
            });
            if step == StepResult::Done {
                break;
            }
        }
    }
    // One file, without a log: whole wherever it is copied to.
    target
        .query_row("PRAGMA journal_mode = DELETE", (), |_| Ok(()))
        .map_err(of_copy)?;
    Ok(layout)
}

/// Puts the manifest into the copy, and the copy on disk.
fn seal(path: &Path, layout: i64, order: &BackupOrder<'_>) -> Result<Manifest, BackupError> {
    let sealing = || -> Result<Manifest, UnsoundBackup> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        let content = Content::of(&connection)?;
        let manifest = Manifest {
            made_at: order.now,
            release: order.release.to_owned(),
            layout,
            rows: content.rows,
            sealing_keys: sealing_keys(&connection)?,
            sha256: content.sha256,
        };
        manifest.write(&connection)?;
        Ok(manifest)
    };
    let manifest = sealing()?;
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(at(path))?;
    Ok(manifest)
}

/// Checks a backup from end to end, and changes nothing.
pub(super) fn verify(path: &Path) -> Result<Manifest, UnsoundBackup> {
    let options = SqliteOptions::default();
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, &options)?;
    let found = match migrate::identify(&connection)? {
        Identity::Ours { version } => version,
        Identity::Empty => return Err(UnsoundBackup::NoManifest),
    };
    let manifest = Manifest::read(&connection)?.ok_or(UnsoundBackup::NoManifest)?;
    if manifest.layout != found {
        return Err(UnsoundBackup::Layout {
            said: manifest.layout,
            found,
        });
    }
    let damage = inspect::whole(&connection)?;
    if !damage.is_empty() {
        return Err(UnsoundBackup::Damaged(damage));
    }
    let content = Content::of(&connection)?;
    if content.sha256 != manifest.sha256 || content.rows != manifest.rows {
        return Err(UnsoundBackup::Changed);
    }
    Ok(manifest)
}

/// A server does not work on a backup: it would bring back what was revoked
/// since, and nobody would be told.
pub(super) fn refuse_backup(connection: &Connection) -> Result<(), OpenError> {
    if inspect::has_table(connection, manifest::TABLE)? {
        return Err(OpenError::Backup);
    }
    Ok(())
}

/// A copy that is not whole yet; thrown away unless it is finished.
struct Unfinished {
    path: PathBuf,
    /// Held while it is made, so that one left behind by a kill can be told.
    lock: Option<File>,
}

impl Unfinished {
    /// Makes an empty file beside the backup to be, for its owner alone.
    fn make(to: &Path) -> Result<Self, BackupError> {
        let path = beside(to, ".unfinished");
        if let Ok(left) = File::open(&path) {
            match left.try_lock() {
                Ok(()) => fs::remove_file(&path).map_err(at(&path))?,
                Err(TryLockError::WouldBlock) => return Err(BackupError::UnderWay(to.to_owned())),
                Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
            }
        }
        let lock = private().create_new(true).open(&path).map_err(at(&path))?;
        let unfinished = Self {
            path,
            lock: Some(lock),
        };
        let locked = unfinished.lock.as_ref().map_or(Ok(()), File::try_lock);
        locked.map_err(|_| BackupError::UnderWay(to.to_owned()))?;
        Ok(unfinished)
    }

    /// Gives it its name, which nobody else may have taken meanwhile.
    fn finish(mut self, to: &Path) -> Result<(), BackupError> {
        match fs::hard_link(&self.path, to) {
            Ok(()) => fs::remove_file(&self.path).map_err(at(&self.path))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(to.to_owned()));
            }
            // Where the file system has no second names.
            Err(_) if to.symlink_metadata().is_err() => {
                fs::rename(&self.path, to).map_err(at(to))?;
            }
            Err(error) => return Err(at(to)(error)),
        }
        self.lock = None;
        if let Some(folder) = to.parent() {
            sync_folder(folder).map_err(|error| BackupError::Data {
                path: folder.to_owned(),
                error,
            })?;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.lock.is_some() {
            for end in ["", "-journal", "-wal", "-shm"] {
                let _ = fs::remove_file(beside(&self.path, end));
            }
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::File { path, error }
}

#[cfg(test)]
mod tests;
