//! Looking at a whole file, in use or not, and changing nothing.
//!
//! Pages and references first, as SQLite knows them; then every record is read as a server would
//! read it, since SQLite calls a row sound whatever its columns say.

use std::collections::BTreeMap;
use std::path::Path;

use avouch_core::storage::{RecordKind, StoreError};
use rusqlite::{Connection, OpenFlags};

use super::backup::{UnsoundBackup, verify};
use super::fault::{self, Fault};
use super::inspect;
use super::manifest::{Content, Manifest, sealing_keys};
use super::migrate::{Identity, identify, newest};
use super::moving;
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

/// Records read at one time.
const AT_ONCE: u32 = 1_000;

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
    // Records of an older layout are brought up to date first, by the server that starts on them.
    if damage.is_empty() && layout == newest() {
        damage = unreadable(&connection, AT_ONCE)?;
    }
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

/// Records that no server could read: the first of each kind. Reads them all, so many at one time.
fn unreadable(connection: &Connection, at_once: u32) -> Result<Vec<String>, OpenError> {
    let mut found = Vec::new();
    for kind in RecordKind::ALL {
        match read_all(connection, kind, at_once) {
            Ok(()) => {}
            // Nothing that the file can help, and it may pass.
            Err(Fault::Engine(error)) if fault::advice(&error).is_some() => {
                return Err(error.into());
            }
            Err(fault) => found.push(format!("{}: {}", kind.name(), StoreError::from(fault))),
        }
    }
    Ok(found)
}

fn read_all(connection: &Connection, kind: RecordKind, at_once: u32) -> Result<(), Fault> {
    let mut after = Vec::new();
    loop {
        let records = moving::page(connection, kind, Some(&after), at_once)?;
        match records.last() {
            Some(last) => after = last.key().to_vec(),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use avouch_core::storage::{CallerStore, TokenStore};
    use tempfile::TempDir;

    use super::*;
    use crate::SqliteStore;
    use crate::fixtures::{client, issued};

    /// The token that is read last.
    const LAST: &str = "rowid = (SELECT rowid FROM access_token ORDER BY hash DESC LIMIT 1)";

    /// A folder with a file in it: a client, and tokens of it.
    async fn folder() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("avouch.sqlite3");
        let store = SqliteStore::open(&data, &SqliteOptions::default()).unwrap();
        store.insert_client(&client("shop")).await.unwrap();
        for number in 0..5 {
            let (grant, token) = issued(&number.to_string(), 1_600);
            store.issue(&grant, &token).await.unwrap();
        }
        (folder, data)
    }

    fn changed(data: &Path, sql: &str) {
        let connection = Connection::open(data).unwrap();
        assert_eq!(connection.execute(sql, ()).unwrap(), 1, "{sql}");
    }

    #[tokio::test]
    async fn a_record_that_no_server_can_read_is_damage() {
        for (change, found) in [
            (
                format!("UPDATE access_token SET authorization_details = '[1]' WHERE {LAST}"),
                "access tokens: the store holds a damaged record: column authorization_details",
            ),
            (
                format!("UPDATE access_token SET scope = '\"' WHERE {LAST}"),
                "access tokens: the store holds a damaged record: column scope",
            ),
            (
                "UPDATE access_grant SET claims = '{\"a\":1,\"a\":2}' WHERE rowid = 3".into(),
                "grants: the store holds a damaged record: column claims",
            ),
            (
                "UPDATE client SET grant_types = 'all' WHERE id = 'shop'".into(),
                "clients: the store holds a damaged record: column grant_types",
            ),
        ] {
            let (_folder, data) = folder().await;
            let checked = check_file(&data).unwrap();
            assert_eq!(checked.damage, Vec::<String>::new());
            assert_eq!(checked.rows["access_token"], 5);
            changed(&data, &change);
            let checked = check_file(&data).unwrap();
            assert_eq!(checked.damage.len(), 1, "{change}: {:?}", checked.damage);
            assert!(checked.damage[0].starts_with(found), "{:?}", checked.damage);
            assert!(checked.rows.is_empty());
        }
    }

    #[tokio::test]
    async fn every_page_of_records_is_read() {
        let (_folder, data) = folder().await;
        changed(
            &data,
            &format!("UPDATE access_token SET scope = '\"' WHERE {LAST}"),
        );
        let connection = Connection::open(&data).unwrap();
        for at_once in [1, 2, 5, 6] {
            let found = unreadable(&connection, at_once).unwrap();
            assert_eq!(found.len(), 1, "{at_once}: {found:?}");
        }
    }
}
