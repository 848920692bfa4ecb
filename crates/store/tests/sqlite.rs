//! What is true of the embedded engine alone: what it refuses, what it says
//! when the disk fails it, and what an operator sees.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "contract/fixtures.rs"]
#[allow(
    dead_code,
    reason = "shared with the contract suite, which uses all of it"
)]
mod fixtures;
#[path = "contract/manual_sql.rs"]
mod manual_sql;

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use avouch_core::records::{ResourceSharing, UsedProof};
use avouch_core::storage::{
    CallerStore, IssuedBefore, ReplayStore, Revoked, Storage, StoreError, TokenStore, Used,
};
use avouch_store::{SqliteOptions, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

use fixtures::{Administer, at, client, grant_id, issued, resource_server};
use manual_sql::manual_sql;

struct Bench {
    folder: TempDir,
    options: SqliteOptions,
}

impl Bench {
    fn new() -> Self {
        let options = SqliteOptions {
            busy_timeout: Duration::ZERO,
            readers: 2,
            ..SqliteOptions::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            options,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("avouch.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), &self.options).unwrap()
    }

    /// What an operator does with the `sqlite3` command.
    fn by_hand(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>, says: &str) {
    match outcome {
        Err(error @ StoreError::Unavailable(_)) => {
            let told = format!("{error} {}", error.source().unwrap());
            assert!(told.contains(says), "{told}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_is_gone() {
    for replaced in [false, true] {
        let bench = Bench::new();
        let store = bench.open();
        store.insert_client(&client("before")).await.unwrap();
        std::fs::remove_file(bench.path()).unwrap();
        if replaced {
            std::fs::write(bench.path(), "").unwrap();
        }
        let gone = "deleted or replaced";
        unavailable(store.insert_client(&client("after")).await, gone);
        unavailable(store.ping().await, gone);
    }
}

#[tokio::test]
async fn an_orderly_close_folds_the_log_into_the_file() {
    let bench = Bench::new();
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let beside = |end: &str| bench.folder.path().join(format!("avouch.db{end}"));
    assert!(beside("-wal").exists());
    drop(store);
    for end in ["-wal", "-shm"] {
        assert!(!beside(end).exists(), "{end}");
    }
    assert!(bench.open().find_caller("shop").await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_store_says_so_and_works_again_when_there_is_room() {
    let mut bench = Bench::new();
    bench.options.max_size = Some(400 << 10);
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let mut kept = 0;
    let refused = loop {
        let (grant, token) = issued(&format!("n{kept}"), 1_600);
        match store.issue(&grant, &token).await {
            Ok(()) => kept += 1,
            Err(error) => break Err::<(), _>(error),
        }
        assert!(kept < 10_000, "it never got full");
    };
    unavailable(refused, "room on the disk");

    // What was acknowledged is there; the refused one has left nothing.
    let (_, last) = issued(&format!("n{}", kept - 1), 1_600);
    assert!(store.find(&last.hash).await.unwrap().is_some());
    let (grant, token) = issued(&format!("n{kept}"), 1_600);
    assert!(store.find(&token.hash).await.unwrap().is_none());
    assert_eq!(
        store.revoke_grant(&grant.id, at(1)).await.unwrap(),
        Revoked::Unknown
    );

    assert!(store.remove_expired(at(2_000), 20).await.unwrap() > 0);
    store.issue(&grant, &token).await.unwrap();
    assert!(store.find(&token.hash).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_unavailable_until_it_lets_go() {
    let bench = Bench::new();
    let store = bench.open();
    let other = bench.by_hand();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    unavailable(
        store.insert_client(&client("shop")).await,
        "another process",
    );
    store.ping().await.unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    store.insert_client(&client("shop")).await.unwrap();
}

#[tokio::test]
async fn a_look_by_hand_needs_no_pause_and_sees_words() {
    let bench = Bench::new();
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    let (scope, resources, claims): (String, String, String) = bench
        .by_hand()
        .query_row(
            "SELECT t.scope, t.resources, g.claims ->> '$.family_name'
             FROM access_token t JOIN access_grant g ON g.id = t.access_grant
             WHERE t.id = 'jti-one'",
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(scope, "sign");
    assert_eq!(resources, r#"["https://sign.example"]"#);
    assert_eq!(claims, "Mustermann");
}

#[tokio::test]
async fn a_damaged_record_is_reported_without_what_it_holds() {
    let bench = Bench::new();
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    bench
        .by_hand()
        .execute("UPDATE access_grant SET claims = '[\"Mustermann\"'", ())
        .unwrap();
    let error = store.find(&token.hash).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("claims") && !told.contains("Mustermann"),
        "{told}"
    );
}

#[tokio::test]
async fn histories_cannot_be_changed_even_by_hand() {
    let bench = Bench::new();
    let store = bench.open();
    let served = resource_server("sign", &["https://sign.example"]);
    store
        .insert_resource_server(&served, ResourceSharing::Exclusive)
        .await
        .unwrap();
    for table in [
        "jwt_profile_revision",
        "release_policy_revision",
        "access_token_profile_revision",
    ] {
        for sql in [
            format!("UPDATE {table} SET since = 0"),
            format!("DELETE FROM {table}"),
        ] {
            let refused = bench.by_hand().execute(&sql, ()).unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_without_an_orderly_end() {
    let bench = Bench::new();
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    store.revoke_token(&token.hash, at(1_100)).await.unwrap();
    let proof = UsedProof::client_assertion("shop", "a", at(1_600));
    let used = store.use_once(&proof, 1, at(1_100)).await.unwrap();
    assert_eq!(used, Used::First);

    // The files as a process that is killed here leaves them.
    let after = Bench::new();
    for end in ["", "-wal"] {
        let name = format!("avouch.db{end}");
        std::fs::copy(
            bench.folder.path().join(&name),
            after.folder.path().join(&name),
        )
        .unwrap();
    }
    let found = after.open().find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert_eq!(
        after
            .open()
            .revoke_grant(&grant_id("two"), at(1))
            .await
            .unwrap(),
        Revoked::Unknown
    );
    let used = after.open().use_once(&proof, 1, at(1_100)).await.unwrap();
    assert_eq!(used, Used::Again);
}

/// What an auditor asks, as printed in the manual.
#[tokio::test]
async fn the_tables_say_why_a_token_is_dead() {
    let bench = Bench::new();
    let store = bench.open();
    store.insert_client(&client("shop")).await.unwrap();
    let why = manual_sql("everything_revoked").replace("the jti", "jti-one");
    let why = || {
        let row = |row: &rusqlite::Row<'_>| (1..6).map(|at| row.get(at)).collect();
        let told: Result<Vec<bool>, _> = bench.by_hand().query_row(&why, (), row);
        told.unwrap()
    };
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    let mut expected = [false; 5];
    assert_eq!(why(), expected);
    store.revoke_grant(&grant.id, at(1)).await.unwrap();
    expected[0] = true;
    assert_eq!(why(), expected);
    store.revoke_client(&token.client, at(1)).await.unwrap();
    expected[2] = true;
    assert_eq!(why(), expected);
    let erika = grant.subject.unwrap();
    store.revoke_subject(&erika, at(1)).await.unwrap();
    expected[3] = true;
    assert_eq!(why(), expected);
    let until = |second| IssuedBefore::Instant(at(second));
    store.revoke_everything(until(999), at(1)).await.unwrap();
    assert_eq!(why(), expected);
    store.revoke_everything(until(1_000), at(1)).await.unwrap();
    expected[4] = true;
    assert_eq!(why(), expected);
    store.remove_client(&token.client, at(1)).await.unwrap();
    expected[1] = true;
    assert_eq!(why(), expected);
}
