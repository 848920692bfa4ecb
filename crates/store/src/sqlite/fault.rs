//! What goes wrong inside the engine, and which of the contract's errors it is.

use avouch_core::storage::{StoreError, Taken};
use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
};
use thiserror::Error;

/// A failure on its way out. Becomes a [`StoreError`] at the trait.
#[derive(Debug)]
pub(super) enum Fault {
    /// What was to be made is there already.
    Conflict(Taken),
    /// A row cannot be read, or does not fit its neighbours.
    Damaged(Damage),
    /// The writer cannot take or finish a write.
    Stopped(Stopped),
    /// SQLite itself.
    Engine(rusqlite::Error),
}

/// What is wrong with what is kept. Names tables and columns, never values:
/// those may be personal data.
#[derive(Debug, Error)]
pub(super) enum Damage {
    /// A value that no writer of ours has written.
    #[error("column {0} holds a value that cannot be read")]
    Column(String),
    /// A record that should be there is not.
    #[error("there is no {0} to go with it")]
    Missing(&'static str),
    /// The record cannot be written down.
    #[error("a {0} cannot be encoded")]
    Unencodable(&'static str),
    /// SQLite finds the file or the layout broken.
    #[error("SQLite: {0}; stop the server, keep the file, restore the last good copy")]
    Engine(#[source] rusqlite::Error),
}

/// Why a write was not taken, or not finished.
#[derive(Clone, Debug, Error)]
pub(super) enum Stopped {
    /// Back-pressure.
    #[error("too many writes are waiting")]
    QueueFull,
    /// The store is being closed, or its writer has died.
    #[error("the writer has stopped")]
    WriterGone,
    /// A fault of this program; the write was undone.
    #[error("a write was broken off by a fault in the server")]
    Panicked,
    /// The file was deleted or replaced under the server: what it says would be gone with it.
    #[error(
        "the data file was deleted or replaced while the server runs; stop the server and put the \
         file back, from a backup if need be"
    )]
    FileGone,
    /// The commit that this write was part of did not succeed.
    #[error("the commit failed: {0}")]
    Commit(String),
}

/// SQLite's account with advice.
#[derive(Debug, Error)]
#[error("SQLite: {error}; {advice}")]
struct Trouble {
    #[source]
    error: rusqlite::Error,
    advice: &'static str,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<Stopped> for Fault {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict(taken) => Self::Conflict(taken),
            Fault::Damaged(damage) => Self::Damaged(Box::new(damage)),
            Fault::Stopped(stopped) => Self::Unavailable(Box::new(stopped)),
            Fault::Engine(error) if extended(&error) == Some(SQLITE_CONSTRAINT_FOREIGNKEY) => {
                Self::Damaged(Box::new(Damage::Missing("record")))
            }
            Fault::Engine(error) => match advice(&error) {
                Some(advice) => Self::Unavailable(Box::new(Trouble { error, advice })),
                None => Self::Damaged(Box::new(Damage::Engine(error))),
            },
        }
    }
}

/// What to do about an error that may pass; `None` if it says that the file or
/// its layout is broken.
pub(super) fn advice(error: &rusqlite::Error) -> Option<&'static str> {
    Some(match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another process holds the data file: end its transaction"
        }
        ErrorCode::DiskFull => "make room on the disk, or raise the limit of the data file",
        ErrorCode::SystemIoFailure => "look at the disk and the system's log",
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            "see that the server may write the data file and its folder"
        }
        ErrorCode::OutOfMemory => "give the server more memory",
        ErrorCode::FileLockingProtocolFailed => "keep the data file on a local disk",
        ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => "try again",
        _ => return None,
    })
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// Reads a violated uniqueness as "taken".
pub(super) trait OrTaken<T> {
    /// The same, with a violated unique index as [`Fault::Conflict`].
    fn or_taken(self, taken: Taken) -> Result<T, Fault>;
}

impl<T> OrTaken<T> for Result<T, rusqlite::Error> {
    fn or_taken(self, taken: Taken) -> Result<T, Fault> {
        self.map_err(|error| match extended(&error) {
            Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE) => Fault::Conflict(taken),
            _ => Fault::Engine(error),
        })
    }
}
