use avouch_core::storage::{CallerStore, InitialAccessTokenStore, KeyStore, TokenStore};
use tempfile::TempDir;

use super::*;
use crate::fixtures::{Administer, at as instant, client, hash, initial_access_token, issued};
use crate::{BackupOrder, back_up};

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path("data"), &SqliteOptions::default()).unwrap()
    }

    fn back_up(&self) -> PathBuf {
        let to = self.path("backup");
        let order = BackupOrder {
            data: &self.path("data"),
            to: &to,
            now: instant(1_100),
            release: "0.0.0",
        };
        back_up(&order, &mut |_| ()).unwrap();
        to
    }

    fn stage(&self, replace: bool) -> Result<StagedBackup, RestoreError> {
        StagedBackup::stage(&self.path("backup"), &self.path("data"), replace)
    }

    /// A store with token `one`, its backup, and then its revocation.
    async fn revoked_since() -> Self {
        let bench = Self::new();
        let store = bench.open();
        store.insert_client(&client("shop")).await.unwrap();
        let (grant, token) = issued("one", 9_000);
        store.issue(&grant, &token).await.unwrap();
        bench.back_up();
        let revoked = store.revoke_token(&token.hash, instant(1_200)).await;
        revoked.unwrap();
        bench
    }
}

async fn revoked_at(store: &SqliteStore) -> Option<Timestamp> {
    let found = store.find(&hash("one")).await.unwrap();
    found.unwrap().token.revoked_at
}

#[tokio::test]
async fn a_restored_file_is_the_backup_and_the_old_one_stands_aside() {
    let bench = Bench::revoked_since().await;
    let staged = bench.stage(true).unwrap();
    assert_eq!(staged.manifest().made_at, instant(1_100));
    let aside = staged.put_in_place(".replaced").unwrap();
    assert_eq!(aside, Some(bench.path("data.replaced")));
    assert_eq!(revoked_at(&bench.open()).await, None);
    let old = SqliteStore::open(bench.path("data.replaced"), &SqliteOptions::default()).unwrap();
    assert_eq!(revoked_at(&old).await, Some(instant(1_200)));
    for left in ["data.staged", "data.restoring", "data.staged.lock"] {
        assert!(!bench.path(left).exists(), "{left}");
    }
}

#[tokio::test]
async fn what_is_taken_back_is_told_as_far_as_the_old_file_can_be_read() {
    let bench = Bench::revoked_since().await;
    {
        let store = bench.open();
        store.insert_client(&client("new")).await.unwrap();
        let subject = crate::fixtures::subject("erika");
        store
            .revoke_subject(&subject, instant(1_300))
            .await
            .unwrap();
        let (grant, token) = issued("two", 9_000);
        store.issue(&grant, &token).await.unwrap();
        let key = crate::fixtures::signing_key("k", 1_300);
        let none = store.signing_keys_revision().await.unwrap();
        store.insert_signing_key(&key, &[], none).await.unwrap();
        let mut changed = client("shop");
        changed.credentials.secrets.pop();
        assert!(store.update_client(&changed).await.unwrap());
    }
    let staged = bench.stage(true).unwrap();
    let expected = RolledBack {
        revoked_tokens: 1,
        revocations: 1,
        new_callers: vec!["new".into()],
        changed_secrets: vec!["shop".into()],
        new_keys: vec!["k".into()],
        new_tokens: 1,
        ..RolledBack::default()
    };
    assert_eq!(staged.rolled_back(instant(1_400)), Some(expected));
    drop(staged);
    fs::write(bench.path("data"), "no database").unwrap();
    assert_eq!(bench.stage(true).unwrap().rolled_back(instant(1_400)), None);
    fs::remove_file(bench.path("data")).unwrap();
    assert_eq!(bench.stage(true).unwrap().rolled_back(instant(1_400)), None);
}

#[tokio::test]
async fn what_stands_aside_is_never_replaced() {
    let bench = Bench::revoked_since().await;
    for aside in ["data.replaced", "data.replaced.2", "data.replaced.3"] {
        let staged = bench.stage(true).unwrap();
        let went = staged.put_in_place(".replaced").unwrap();
        assert_eq!(went, Some(bench.path(aside)));
    }
    let first = SqliteStore::open(bench.path("data.replaced"), &SqliteOptions::default());
    assert_eq!(revoked_at(&first.unwrap()).await, Some(instant(1_200)));
}

#[tokio::test]
async fn a_restore_into_nothing_puts_nothing_aside() {
    let bench = Bench::revoked_since().await;
    fs::remove_file(bench.path("data")).unwrap();
    let staged = bench.stage(false).unwrap();
    assert_eq!(staged.put_in_place(".replaced").unwrap(), None);
    assert_eq!(revoked_at(&bench.open()).await, None);
}

#[tokio::test]
async fn what_is_there_is_not_replaced_unless_that_is_said() {
    let bench = Bench::revoked_since().await;
    let refused = bench.stage(false).unwrap_err();
    assert!(matches!(refused, RestoreError::Exists(_)), "{refused}");
    // Staged and thought better of.
    drop(bench.stage(true).unwrap());
    assert!(!bench.path("data.staged").exists());
    assert_eq!(revoked_at(&bench.open()).await, Some(instant(1_200)));
}

#[tokio::test]
async fn a_file_in_use_is_not_replaced() {
    let bench = Bench::revoked_since().await;
    let _server = bench.open();
    let refused = bench.stage(true).unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
}

#[tokio::test]
async fn no_server_starts_while_a_restore_is_under_way_or_was_killed() {
    let bench = Bench::revoked_since().await;
    let staged = bench.stage(true).unwrap();
    let options = SqliteOptions::default();
    let refused = SqliteStore::open(bench.path("data"), &options).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    drop(staged);
    // As a kill leaves it once the old file is aside.
    fs::rename(bench.path("data"), bench.path("data.aside")).unwrap();
    fs::copy(bench.path("backup"), bench.path("data.restoring")).unwrap();
    let refused = SqliteStore::open(bench.path("data"), &options).unwrap_err();
    assert!(matches!(refused, OpenError::HalfRestored(_)), "{refused}");
    bench.stage(true).unwrap().put_in_place(".again").unwrap();
    assert_eq!(revoked_at(&bench.open()).await, None);
}

#[tokio::test]
async fn a_backup_of_a_later_release_or_another_application_is_refused() {
    let bench = Bench::revoked_since().await;
    let change = |sql: &str| {
        let connection = Connection::open(bench.path("backup")).unwrap();
        connection.execute_batch(sql).unwrap();
        bench.stage(true).unwrap_err().to_string()
    };
    let refused = change("PRAGMA user_version = 99");
    assert!(refused.contains("use a newer release"), "{refused}");
    let refused = change("PRAGMA user_version = 1; PRAGMA application_id = 7");
    assert!(refused.contains("another application"), "{refused}");
    assert_eq!(revoked_at(&bench.open()).await, Some(instant(1_200)));
}

#[tokio::test]
async fn everything_issued_before_an_instant_can_be_ended() {
    let bench = Bench::revoked_since().await;
    let staged = bench.stage(true).unwrap();
    {
        let store = staged.open().unwrap();
        let invitation = initial_access_token("a", None);
        store
            .insert_initial_access_token(&invitation)
            .await
            .unwrap();
        let (mut grant, mut later) = issued("later", 9_000);
        later.issued_at = instant(1_600);
        grant.created_at = instant(1_600);
        store.issue(&grant, &later).await.unwrap();
        let ended =
            store.revoke_issued_before(IssuedBefore::Instant(instant(1_500)), instant(1_500));
        let expected = RevokedBefore {
            access_tokens: 1,
            caller_tokens: 0,
            initial_access_tokens: 1,
            later: 1,
        };
        assert_eq!(ended.await.unwrap(), expected);
    }
    staged.put_in_place(".replaced").unwrap();
    let store = bench.open();
    let found = store.find(&hash("one")).await.unwrap().unwrap();
    assert_eq!(found.all_revoked_until, Some(instant(1_500)));
    assert!(store.list_initial_access_tokens().await.unwrap().is_empty());
    // What was named does not move back.
    let ended = store.revoke_issued_before(IssuedBefore::Instant(instant(1_000)), instant(1_500));
    ended.await.unwrap();
    let found = store.find(&hash("later")).await.unwrap().unwrap();
    assert_eq!(found.all_revoked_until, Some(instant(1_500)));
    // What was issued by a clock that was ahead is reached all the same, if no instant is named.
    let ended = store.revoke_issued_before(IssuedBefore::Now, instant(1_500));
    let ended = ended.await.unwrap();
    assert_eq!((ended.access_tokens, ended.later), (2, 0));
    let found = store.find(&hash("later")).await.unwrap().unwrap();
    assert_ne!(found.current.server, found.issued_in.server);
}
