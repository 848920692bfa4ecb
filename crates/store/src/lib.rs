//! Storage engines behind avouch-core's traits.
//!
//! [`AnyStore`] is what a server holds. Behind it stands [`SqliteStore`], the
//! embedded engine, or [`PostgresStore`], a database that several servers may
//! use at once. The contract of each call is written at the traits in
//! [`avouch_core::storage`]; `docs/storage.md` is for those who run it.

mod any;
mod cache;
mod kept;
mod postgres;
mod sqlite;

pub use any::AnyStore;
pub use cache::CacheSizes;
pub use postgres::{
    Caching, DatabaseUrl, DatabaseUrlError, PostgresError, PostgresOptions, PostgresStore,
    SchemaName, SchemaNameError,
};
pub use sqlite::{
    BackupError, BackupOrder, BackupProgress, CheckedFile, Manifest, OpenError, RestoreError,
    RevokedBefore, RolledBack, SqliteOptions, SqliteStore, StagedBackup, UnsoundBackup, back_up,
    check_file,
};

/// The side of a move that a store is on. Half of what there was is opened for
/// its target alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveSide {
    /// Everything comes from there. No server works on it meanwhile.
    Source,
    /// Everything goes there.
    Target,
}

#[cfg(test)]
#[path = "../tests/contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;

#[cfg(test)]
mod tables;
