use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use avouch_core::storage::{CallerStore, TokenStore};
use tempfile::TempDir;

use super::*;
use crate::SqliteStore;
use crate::fixtures::{at as instant, client, issued};

/// A folder with a data file in use.
async fn store(tokens: usize) -> (TempDir, PathBuf, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("avouch.sqlite3");
    let store = SqliteStore::open(&data, &SqliteOptions::default()).unwrap();
    store.insert_client(&client("shop")).await.unwrap();
    for number in 0..tokens {
        let (grant, token) = issued(&number.to_string(), 1_600);
        store.issue(&grant, &token).await.unwrap();
    }
    (folder, data, store)
}

fn back_up_to(data: &Path, to: &Path) -> Result<Manifest, BackupError> {
    let order = BackupOrder {
        data,
        to,
        now: instant(2_000),
        release: "0.0.0",
    };
    back_up(&order, &mut |_| ())
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_one_whole_file_for_its_owner_alone() {
    let (folder, data, _store) = store(30).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("backup.avouch");
    let manifest = back_up_to(&data, &to).unwrap();
    assert_eq!(names(&elsewhere), ["backup.avouch"]);
    assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(manifest.rows["access_token"], 30);
    assert_eq!(manifest.rows["client"], 1);
    assert_eq!(manifest.made_at, instant(2_000));
    assert_eq!(verify(&to).unwrap(), manifest);
    // The one and the other hold what was not folded into the file yet.
    assert!(folder.path().join("avouch.sqlite3-wal").exists());
}

#[tokio::test]
async fn a_backup_under_load_is_true_of_one_instant() {
    let (folder, data, store) = store(400).await;
    let stop = AtomicBool::new(false);
    let (stop, store) = (&stop, &store);
    let writing = async {
        let mut number = 400;
        while !stop.load(Ordering::Relaxed) {
            let (grant, token) = issued(&number.to_string(), 1_600);
            store.issue(&grant, &token).await.unwrap();
            number += 1;
        }
        number
    };
    let to = folder.path().join("backup");
    let backing_up = {
        let (data, to) = (data.clone(), to.clone());
        tokio::task::spawn_blocking(move || back_up_to(&data, &to))
    };
    let backing_up = async {
        let made = backing_up.await.unwrap();
        stop.store(true, Ordering::Relaxed);
        made
    };
    let (written, manifest) = tokio::join!(writing, backing_up);
    let manifest = manifest.unwrap();
    let tokens = manifest.rows["access_token"];
    assert!((400..=written).contains(&tokens), "{tokens}");
    // A grant and its token are one write.
    assert_eq!(manifest.rows["access_grant"], tokens);
}

#[tokio::test]
async fn a_file_of_that_name_stays_as_it_is() {
    let (folder, data, _store) = store(1).await;
    let to = folder.path().join("backup");
    fs::write(&to, "older").unwrap();
    let refused = back_up_to(&data, &to).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(fs::read(&to).unwrap(), b"older");
    // Taken while the copy was made.
    let unfinished = Unfinished::make(&to).unwrap();
    let refused = unfinished.finish(&to).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(fs::read(&to).unwrap(), b"older");
    assert!(!names(&folder).contains(&"backup.unfinished".to_owned()));
}

#[tokio::test]
async fn what_a_killed_backup_left_is_cleared_away_and_what_a_living_one_makes_is_not() {
    let (folder, data, _store) = store(1).await;
    let to = folder.path().join("backup");
    fs::write(folder.path().join("backup.unfinished"), "half").unwrap();
    back_up_to(&data, &to).unwrap();
    let other = folder.path().join("other");
    let _living = Unfinished::make(&other).unwrap();
    let refused = back_up_to(&data, &other).unwrap_err();
    assert!(matches!(refused, BackupError::UnderWay(_)), "{refused}");
}

#[tokio::test]
async fn the_log_of_a_server_that_was_killed_is_in_the_backup() {
    let (folder, data, _store) = store(3).await;
    let killed = tempfile::tempdir().unwrap();
    for name in ["avouch.sqlite3", "avouch.sqlite3-wal"] {
        fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    drop(data);
    let to = killed.path().join("backup");
    let manifest = back_up_to(&killed.path().join("avouch.sqlite3"), &to).unwrap();
    assert_eq!(manifest.rows["access_token"], 3);
}

#[tokio::test]
async fn what_is_no_data_file_is_not_backed_up() {
    let (folder, data, _store) = store(1).await;
    let to = |name: &str| folder.path().join(name);
    let missing = back_up_to(&to("missing"), &to("one")).unwrap_err();
    assert!(matches!(missing, BackupError::NoData(_)), "{missing}");
    back_up_to(&data, &to("backup")).unwrap();
    let twice = back_up_to(&to("backup"), &to("two"))
        .unwrap_err()
        .to_string();
    assert!(twice.contains("avouch restore"), "{twice}");
    fs::write(to("text"), "no database ".repeat(100)).unwrap();
    let text = back_up_to(&to("text"), &to("three")).unwrap_err();
    assert!(matches!(text, BackupError::Data { .. }), "{text}");
    for name in ["one", "two", "three", "one.unfinished", "three.unfinished"] {
        assert!(!to(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_data_file_that_is_damaged_makes_no_backup() {
    let (folder, data, store) = store(200).await;
    drop(store);
    // A page of an index or a table of tokens, head and all.
    let mut octets = fs::read(&data).unwrap();
    let middle = octets.len() / 2 / 4_096 * 4_096;
    octets[middle..middle + 4_096].fill(0xff);
    fs::write(&data, octets).unwrap();
    let to = folder.path().join("backup");
    let refused = back_up_to(&data, &to).unwrap_err();
    assert!(matches!(refused, BackupError::Unsound(_)), "{refused}");
    assert!(!to.exists() && !beside(&to, ".unfinished").exists());
}

#[tokio::test]
async fn a_cut_backup_is_refused() {
    let (folder, data, _store) = store(50).await;
    let to = folder.path().join("backup");
    back_up_to(&data, &to).unwrap();
    let octets = fs::read(&to).unwrap();
    let cut = folder.path().join("cut");
    for length in [0, 1, 99, 4_096, octets.len() / 2, octets.len() - 4_096] {
        fs::write(&cut, &octets[..length]).unwrap();
        verify(&cut).unwrap_err();
    }
}

/// Bits that say nothing (unused space, counters) may be anything.
#[tokio::test]
async fn a_flipped_bit_is_found_or_changes_nothing() {
    let (folder, data, _store) = store(20).await;
    let to = folder.path().join("backup");
    let manifest = back_up_to(&data, &to).unwrap();
    let octets = fs::read(&to).unwrap();
    let flipped = folder.path().join("flipped");
    let mut found = 0;
    // A step that meets every place in a page sooner or later.
    for bit in (0..octets.len() * 8).step_by(6_151) {
        let mut octets = octets.clone();
        octets[bit / 8] ^= 1 << (bit % 8);
        fs::write(&flipped, octets).unwrap();
        match verify(&flipped) {
            Err(_) => found += 1,
            Ok(kept) => assert_eq!(kept, manifest, "bit {bit}"),
        }
    }
    assert!(found > 10, "{found}");
}

#[tokio::test]
async fn a_value_that_was_changed_in_a_sound_file_is_found() {
    let (folder, data, _store) = store(2).await;
    let to = folder.path().join("backup");
    back_up_to(&data, &to).unwrap();
    Connection::open(&to)
        .unwrap()
        .execute("UPDATE access_token SET expires_at = expires_at + 1", ())
        .unwrap();
    let refused = verify(&to).unwrap_err();
    assert!(matches!(refused, UnsoundBackup::Changed), "{refused}");
}

#[tokio::test]
async fn a_server_does_not_work_on_a_backup() {
    let (folder, data, _store) = store(1).await;
    let to = folder.path().join("backup");
    back_up_to(&data, &to).unwrap();
    let refused = SqliteStore::open(&to, &SqliteOptions::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Backup), "{refused}");
    assert!(verify(&to).is_ok());
}
