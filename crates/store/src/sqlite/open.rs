//! Opening a data file: whose it is, that no one else has it, and that what is
//! acknowledged will survive.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::refusal::OpenError;
use super::{backup, inspect, migrate, moving, restore};
use crate::MoveSide;
use crate::cache::CacheSizes;

/// How to run the embedded engine. The defaults suit a server of its own.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Connections that read at the same time.
    pub readers: usize,
    /// Writes that may wait for the writer; one more is refused.
    pub waiting_writes: usize,
    /// How long to wait for another process that holds the file.
    pub busy_timeout: Duration,
    /// How much of the file is mapped into memory, in octets. Not reserved:
    /// the system gives it back when it needs it.
    pub mapped: u64,
    /// How much may be kept in memory.
    pub cache: CacheSizes,
    /// How large the data file may grow, in octets, its log not counted.
    /// `None` for as large as the disk allows.
    pub max_size: Option<u64>,
    /// How long the log may become, in octets, before writes let it begin
    /// anew, roughly. A reader that stays in it keeps it from doing so.
    pub longest_log: u64,
    /// On which side of a move it is; `None` for a server.
    pub moving: Option<MoveSide>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: std::thread::available_parallelism().map_or(4, usize::from),
            waiting_writes: 4096,
            busy_timeout: Duration::from_secs(5),
            mapped: 1 << 30,
            cache: CacheSizes::default(),
            max_size: None,
            longest_log: 64 << 20,
            moving: None,
        }
    }
}

/// An open data file, still without threads.
pub(super) struct Opened {
    pub(super) writing: Connection,
    /// Copies the log into the file.
    pub(super) copying: Connection,
    pub(super) reading: Vec<Connection>,
    pub(super) lock: File,
    pub(super) path: PathBuf,
    /// Whether nothing was in it before.
    pub(super) is_new: bool,
}

/// Opens the file, making it and its folder if they are missing.
pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Opened, OpenError> {
    // Absolute, so that SQLite reads no special meaning into a name like
    // ":memory:" or "".
    let path = std::path::absolute(path).map_err(at(path))?;
    make_folder(&path)?;
    make_file(&path)?;
    // One file, one name: two ways to it must not lead to two locks.
    let path = path.canonicalize().map_err(at(&path))?;
    let lock = lock(&path)?;
    restore::refuse_half_restored(&path)?;

    let mut writing = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    // SQLite takes a file that it may only read for reading, and says nothing.
    if writing.is_readonly("main")? {
        return Err(OpenError::ReadOnly(path));
    }
    let identity = migrate::identify(&writing)?;
    if matches!(identity, migrate::Identity::Ours { .. }) {
        backup::refuse_backup(&writing)?;
        if options.moving != Some(MoveSide::Target) {
            moving::refuse_half_moved(&writing)?;
        }
        inspect::vital(&writing)?;
    }
    // Only now may anything in the file be changed.
    set_up_for_writing(&writing, options)?;
    verify_durability(&writing)?;
    migrate::migrate(&mut writing, &identity)?;

    let copying = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    set_up_for_writing(&copying, options)?;
    let reading = (0..options.readers.max(1))
        .map(|_| connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY, options))
        .collect::<Result<_, _>>()?;
    Ok(Opened {
        writing,
        copying,
        reading,
        lock,
        path,
        is_new: matches!(identity, migrate::Identity::Empty),
    })
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    let missing: Vec<_> = path
        .ancestors()
        .skip(1)
        .take_while(|folder| !folder.exists())
        .collect();
    for folder in missing.into_iter().rev() {
        let mut builder = DirBuilder::new();
        // Somebody may have made it in between.
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(at(folder))?;
        folder.parent().map_or(Ok(()), sync_folder)?;
    }
    Ok(())
}

/// One server per file. The lock is a file of its own, since closing any handle
/// of the data file would drop SQLite's own locks on it. The system frees it
/// when the process ends, however it ends.
pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    let name = beside(path, ".lock");
    let file = private()
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(at(&name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(&name)(error)),
    }
}

/// The file of this name with something added.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Made before SQLite sees it, so that it is never readable by others; SQLite
/// gives its log the same mode.
fn make_file(path: &Path) -> Result<(), OpenError> {
    match private().create_new(true).open(path) {
        Ok(_) => path.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            warn_if_readable_by_others(path)
        }
        Err(error) => Err(at(path)(error)),
    }
}

pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new name is on disk only when its folder is.
pub(super) fn sync_folder(folder: &Path) -> Result<(), OpenError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))?;
    Ok(())
}

/// An operator may have widened it for a backup: his to decide, ours to say.
fn warn_if_readable_by_others(path: &Path) -> Result<(), OpenError> {
    #[cfg(unix)]
    {
        let mode = path.metadata().map_err(at(path))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
        if mode & 0o077 != 0 {
            tracing::warn!(
                path = %path.display(),
                mode = format!("{:o}", mode & 0o777),
                "the data file is open to other users"
            );
        }
    }
    Ok(())
}

pub(super) fn connect(
    path: &Path,
    access: OpenFlags,
    options: &SqliteOptions,
) -> Result<Connection, OpenError> {
    // No mutex: each connection is used by one thread at a time. No URI: the
    // path is a path.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    // What the file says of itself (views, triggers) may not call anything odd.
    connection.pragma_update(None, "trusted_schema", false)?;
    let mapped = i64::try_from(options.mapped).unwrap_or(i64::MAX);
    connection.query_row(&format!("PRAGMA mmap_size = {mapped}"), (), |_| Ok(()))?;
    Ok(connection)
}

fn set_up_for_writing(connection: &Connection, options: &SqliteOptions) -> Result<(), OpenError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Where fsync alone leaves data in the drive's cache (macOS).
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Not in the middle of a write: `checkpoint` sees to it.
    connection.query_row("PRAGMA wal_autocheckpoint = 0", (), |_| Ok(()))?;
    // After a burst the log shrinks again.
    let longest_log = i64::try_from(options.longest_log).unwrap_or(i64::MAX);
    connection.pragma_update(None, "journal_size_limit", longest_log)?;
    if let Some(octets) = options.max_size {
        let page: i64 = connection.query_row("PRAGMA page_size", (), |row| row.get(0))?;
        let pages = (i64::try_from(octets).unwrap_or(i64::MAX) / page.max(1)).max(1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(()))?;
    }
    Ok(())
}

/// Setting is not having: a pragma that does not take fails silently.
fn verify_durability(connection: &Connection) -> Result<(), OpenError> {
    let holds = [
        ("journal_mode", "PRAGMA journal_mode", "wal"),
        ("synchronous", "PRAGMA synchronous", "2"),
        ("fullfsync", "PRAGMA fullfsync", "1"),
        ("checkpoint_fullfsync", "PRAGMA checkpoint_fullfsync", "1"),
        ("foreign_keys", "PRAGMA foreign_keys", "1"),
        (
            "SQLITE_NO_SYNC",
            "SELECT sqlite_compileoption_used('NO_SYNC')",
            "0",
        ),
    ];
    for (setting, sql, wanted) in holds {
        let found = connection.query_row(sql, (), |row| {
            row.get::<_, rusqlite::types::Value>(0)
                .map(|value| match value {
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => format!("{:?}", other.data_type()),
                })
        })?;
        if found != wanted {
            return Err(OpenError::NotDurable {
                setting,
                wanted,
                found,
            });
        }
    }
    Ok(())
}

/// Tells which file an error is about.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |error| OpenError::File { path, error }
}

#[cfg(test)]
mod tests;
