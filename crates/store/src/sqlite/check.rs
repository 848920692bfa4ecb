//! Looking at a whole file, in use or not, and changing nothing.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::OpenFlags;

use super::backup::{UnsoundBackup, verify};
use super::inspect;
use super::manifest::{Content, Manifest, sealing_keys};
use super::migrate::{Identity, identify};
use super::open::{SqliteOptions, at, connect};
use super::refusal::OpenError;

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct CheckedFile {
    /// What is wrong with it. Empty if it is sound.
    pub damage: Vec<String>,
    /// The layout of its tables.
    pub layout: i64,
    /// How many rows each table has; empty if there is damage.
    pub rows: BTreeMap<String, u64>,
    /// The ids of the sealing keys that its keys and secrets are sealed under,
    /// in hexadecimal; empty if there is damage.
    pub sealing_keys: Vec<String>,
    /// Its manifest, if it is a backup.
    pub backup: Option<Manifest>,
}

/// Checks a data file or a backup from end to end. Blocks; a server may be at
/// work on it.
pub fn check_file(path: &Path) -> Result<CheckedFile, OpenError> {
    path.metadata().map_err(at(path))?;
    // For writing, so that a log which a crash left can be read; nothing is written.
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = connect(path, access, &SqliteOptions::default())?;
    connection.pragma_update(None, "query_only", true)?;
    let Identity::Ours { version: layout } = identify(&connection)? else {
        return Err(OpenError::AnotherApplication);
    };
    // All of one instant.
    connection.execute_batch("BEGIN")?;
    let mut damage = inspect::whole(&connection)?;
    let mut checked = CheckedFile {
        damage: Vec::new(),
        layout,
        rows: BTreeMap::new(),
        sealing_keys: Vec::new(),
        backup: None,
    };
    if damage.is_empty() {
        checked.rows = Content::of(&connection)?.rows;
        checked.sealing_keys = sealing_keys(&connection)?;
        checked.backup = Manifest::read(&connection)?;
    }
    if checked.backup.is_some() {
        match verify(path) {
            Ok(_) => {}
            Err(UnsoundBackup::Damaged(found)) => damage.extend(found),
            Err(other) => damage.push(other.to_string()),
        }
    }
    checked.damage = damage;
    Ok(checked)
}
