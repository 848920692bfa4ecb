//! Why a data file is not opened, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::fault;

/// Why a data file was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another server works on it.
    #[error(
        "{} is in use by another server, or by a command that restores or moves it: stop that first",
        .0.display()
    )]
    InUse(PathBuf),
    /// It is an SQLite file, but not one of ours.
    #[error("the file belongs to another application: name another data folder")]
    AnotherApplication,
    /// A later release has worked on it.
    #[error(
        "the file has layout {found}, this release knows layouts up to {known}: use a newer release"
    )]
    Newer {
        /// The layout of the file.
        found: i64,
        /// The newest layout known here.
        known: i64,
    },
    /// A backup, which would bring back what was revoked since, and not say so.
    #[error(
        "the file is a backup: put it in place with avouch restore, which says what it takes back"
    )]
    Backup,
    /// Not all is in it yet.
    #[error(
        "records are being moved into the file, and not all of them are there: let avouch migrate \
         finish, with the same --from and --to"
    )]
    HalfMoved,
    /// A restore was killed while it put the file in its place.
    #[error(
        "a restore was broken off: run the same avouch restore again, with --replace; what it left \
         is {}", .0.display()
    )]
    HalfRestored(PathBuf),
    /// It may not be written.
    #[error(
        "{} can only be read: see that this user may write it, and that its file system is mounted \
         for writing", .0.display()
    )]
    ReadOnly(PathBuf),
    /// What is in the file does not hold together.
    #[error("the file is damaged ({0}); {DAMAGED}")]
    Damaged(String),
    /// Acknowledged writes would not survive a crash.
    #[error(
        "refused, because acknowledged writes could be lost: {setting} is {found}, not {wanted}"
    )]
    NotDurable {
        /// The setting of SQLite.
        setting: &'static str,
        /// What it has to be.
        wanted: &'static str,
        /// What it is, whatever was asked for.
        found: String,
    },
    /// The file or its folder cannot be made, locked or read.
    #[error("{}: {error}{}", path.display(), about_the_system(error))]
    File {
        /// Which one.
        path: PathBuf,
        /// The system's account.
        #[source]
        error: io::Error,
    },
    /// SQLite refuses the file.
    #[error("SQLite: {}", with_advice(.0))]
    Engine(#[from] rusqlite::Error),
}

impl OpenError {
    /// What is said of a file: its name is in it, once.
    pub fn of_file(&self, file: &Path) -> String {
        match self {
            Self::InUse(_) | Self::ReadOnly(_) | Self::File { .. } | Self::HalfRestored(_) => {
                self.to_string()
            }
            Self::AnotherApplication
            | Self::Newer { .. }
            | Self::Backup
            | Self::HalfMoved
            | Self::Damaged(_)
            | Self::NotDurable { .. }
            | Self::Engine(_) => format!("{}: {self}", file.display()),
        }
    }
}

fn with_advice(error: &rusqlite::Error) -> String {
    format!("{error}; {}", fault::advice(error).unwrap_or(DAMAGED))
}

/// What to do about a broken file.
const DAMAGED: &str =
    "keep the file as it is, and put the last good backup in its place with avouch restore";

/// What to do about an error of the system.
pub(super) fn about_the_system(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            "; the file system can only be read: mount it for writing"
        }
        io::ErrorKind::PermissionDenied => {
            "; run this as the user that the server runs as, and see that file and folder are its own"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room on the disk",
        _ => "",
    }
}
