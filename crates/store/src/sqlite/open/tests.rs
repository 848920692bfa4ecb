use std::fs;

use tempfile::TempDir;

use super::*;
use crate::SqliteStore;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options() -> SqliteOptions {
    SqliteOptions {
        readers: 1,
        busy_timeout: Duration::ZERO,
        ..SqliteOptions::default()
    }
}

fn refusal(path: &Path) -> OpenError {
    SqliteStore::open(path, &options()).unwrap_err()
}

#[cfg(unix)]
#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("made/here/avouch.db");
    let store = SqliteStore::open(&path, &options()).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("made")), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
}

#[test]
fn two_servers_never_share_a_file() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    let store = SqliteStore::open(&path, &options()).unwrap();
    let refusal = refusal(&path);
    assert!(matches!(refusal, OpenError::InUse(_)), "{refusal}");
    drop(store);
    SqliteStore::open(&path, &options()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_with_two_names_has_one_lock() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    let other_name = folder.path().join("other.db");
    let _store = SqliteStore::open(&path, &options()).unwrap();
    std::os::unix::fs::symlink(&path, &other_name).unwrap();
    assert!(matches!(refusal(&other_name), OpenError::InUse(_)));
}

#[test]
fn a_closed_store_leaves_one_whole_file() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    drop(SqliteStore::open(&path, &options()).unwrap());
    assert!(!folder.path().join("avouch.db-wal").exists());
}

#[test]
fn a_file_of_another_application_is_refused_and_left_as_it_was() {
    let folder = folder();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE notes (text)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert!(matches!(refusal(&path), OpenError::AnotherApplication));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_a_later_release_is_refused_and_left_as_it_was() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    drop(SqliteStore::open(&path, &options()).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = fs::read(&path).unwrap();
    let refusal = refusal(&path);
    assert!(
        matches!(refusal, OpenError::Newer { found: 99, .. }),
        "{refusal}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_is_new_once() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    let is_new = || SqliteStore::open(&path, &options()).unwrap().is_new();
    assert!(is_new());
    assert!(!is_new());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    fs::write(
        &path,
        "not a database, but long enough to be looked at ".repeat(100),
    )
    .unwrap();
    assert!(matches!(refusal(&path), OpenError::Engine(_)));
}

#[test]
fn no_name_means_a_database_in_memory() {
    // Made absolute, it is the name of a file like any other.
    let folder = folder();
    let path = folder.path().join(":memory:");
    drop(SqliteStore::open(&path, &options()).unwrap());
    assert!(path.metadata().unwrap().len() > 0);
}

#[test]
fn settings_that_could_lose_acknowledged_writes_are_refused() {
    let folder = folder();
    let connection = Connection::open(folder.path().join("data")).unwrap();
    let setting = |sql: &str| {
        set_up_for_writing(&connection, &options()).unwrap();
        verify_durability(&connection).unwrap();
        connection.execute_batch(sql).unwrap();
        match verify_durability(&connection) {
            Err(OpenError::NotDurable { setting, .. }) => setting,
            other => panic!("{sql}: {other:?}"),
        }
    };
    assert_eq!(setting("PRAGMA journal_mode = DELETE"), "journal_mode");
    assert_eq!(setting("PRAGMA synchronous = NORMAL"), "synchronous");
    assert_eq!(setting("PRAGMA synchronous = OFF"), "synchronous");
    assert_eq!(setting("PRAGMA fullfsync = OFF"), "fullfsync");
    assert_eq!(setting("PRAGMA foreign_keys = OFF"), "foreign_keys");

    let in_memory = Connection::open_in_memory().unwrap();
    let _ = set_up_for_writing(&in_memory, &options());
    assert!(matches!(
        verify_durability(&in_memory),
        Err(OpenError::NotDurable {
            setting: "journal_mode",
            ..
        })
    ));
}

#[test]
fn a_file_set_to_another_journal_is_brought_back_to_the_log() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    drop(SqliteStore::open(&path, &options()).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "journal_mode", "DELETE")
        .unwrap();
    let store = SqliteStore::open(&path, &options()).unwrap();
    let looking = Connection::open(&path).unwrap();
    let mode: String = looking
        .query_row("PRAGMA journal_mode", (), |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    drop(store);
}

#[test]
fn a_file_that_another_process_has_locked_is_refused_with_what_to_do() {
    let folder = folder();
    let path = folder.path().join("avouch.db");
    drop(SqliteStore::open(&path, &options()).unwrap());
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM caller")
        .unwrap();
    let refused = refusal(&path).to_string();
    assert!(refused.contains("end its transaction"), "{refused}");
    drop(other);
    SqliteStore::open(&path, &options()).unwrap();
}
