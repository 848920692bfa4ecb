//! Signing keys and server secrets.

use std::sync::Arc;

use avouch_core::records::{KeySchedule, SigningKeyRecord};
use avouch_core::storage::{KeyStore, KeysRevision, ServerSecret, StoreError, Taken};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{at, signing_key};

/// All there is to a key; the record itself does not compare.
fn whole(key: &SigningKeyRecord) -> impl PartialEq + use<> {
    (
        key.public.clone(),
        key.algorithm,
        key.purpose,
        key.sealed_private.clone(),
        key.schedule,
    )
}

async fn kids(store: &impl KeyStore) -> Vec<String> {
    store
        .signing_keys()
        .await
        .unwrap()
        .iter()
        .map(|key| key.kid().to_owned())
        .collect()
}

/// Keeps a key beside those that are there.
pub(crate) async fn keep(
    store: &impl KeyStore,
    key: &SigningKeyRecord,
    rescheduled: &[(String, KeySchedule)],
) -> Result<(), StoreError> {
    let there = KeysRevision::of(&store.signing_keys().await.unwrap());
    store.insert_signing_key(key, rescheduled, there).await
}

pub(crate) async fn keys_come_back_oldest_first(engine: &impl Engine) {
    let store = engine.open().await;
    for (kid, made) in [("b", 20), ("c", 30), ("a", 10)] {
        keep(&store, &signing_key(kid, made), &[]).await.unwrap();
    }
    assert_eq!(kids(&store).await, ["a", "b", "c"]);
    let kept = store.signing_keys().await.unwrap();
    assert!(whole(&kept[1]) == whole(&signing_key("b", 20)));
}

pub(crate) async fn a_new_key_and_the_schedules_it_changes_are_one_write(engine: &impl Engine) {
    let store = engine.open().await;
    keep(&store, &signing_key("a", 10), &[]).await.unwrap();
    let retiring = KeySchedule {
        retiring_at: Some(at(50)),
        retired_at: Some(at(90)),
        ..signing_key("a", 10).schedule
    };
    keep(&store, &signing_key("b", 40), &[("a".into(), retiring)])
        .await
        .unwrap();
    let kept = store.signing_keys().await.unwrap();
    assert_eq!(kept[0].schedule, retiring);
    assert_eq!(kept[1].schedule, signing_key("b", 40).schedule);
}

pub(crate) async fn a_key_that_is_refused_changes_no_schedule(engine: &impl Engine) {
    let store = engine.open().await;
    keep(&store, &signing_key("a", 10), &[]).await.unwrap();
    let retiring = KeySchedule {
        retiring_at: Some(at(50)),
        ..signing_key("a", 10).schedule
    };
    let again = keep(&store, &signing_key("a", 40), &[("a".into(), retiring)]).await;
    assert!(
        matches!(again, Err(StoreError::Conflict(Taken::Record))),
        "{again:?}"
    );
    let follows_none = [("a".to_owned(), retiring), ("none".to_owned(), retiring)];
    assert!(
        keep(&store, &signing_key("b", 40), &follows_none)
            .await
            .is_err()
    );
    assert_eq!(kids(&store).await, ["a"]);
    assert_eq!(
        store.signing_keys().await.unwrap()[0].schedule,
        signing_key("a", 10).schedule
    );
}

pub(crate) async fn a_key_that_was_planned_on_a_past_state_is_refused(engine: &impl Engine) {
    let store = engine.open().await;
    let none = store.signing_keys_revision().await.unwrap();
    assert_eq!(none, KeysRevision::default());
    let first = signing_key("a", 10);
    store.insert_signing_key(&first, &[], none).await.unwrap();
    let retired = KeySchedule {
        retired_at: Some(at(50)),
        ..first.schedule
    };
    let one = store.signing_keys_revision().await.unwrap();
    assert_eq!(one, KeysRevision::new(1));
    for planned_on in [none, KeysRevision::new(2)] {
        let late = signing_key("b", 20);
        let changed = [("a".to_owned(), retired)];
        let refused = store.insert_signing_key(&late, &changed, planned_on).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Taken::Record))),
            "{refused:?}"
        );
        assert_eq!(store.signing_keys_revision().await.unwrap(), one);
        let kept = store.signing_keys().await.unwrap();
        assert_eq!(KeysRevision::of(&kept), one);
        assert_eq!(kept[0].schedule, first.schedule);
    }
}

pub(crate) async fn of_many_keys_planned_on_one_state_one_is_kept(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    for round in 0..3 {
        let planned_on = KeysRevision::new(round);
        let mut making = JoinSet::new();
        for node in 0..8 {
            let store = Arc::clone(&store);
            making.spawn(async move {
                let key = signing_key(&format!("{round}-{node}"), node);
                store.insert_signing_key(&key, &[], planned_on).await
            });
        }
        let mut kept = 0;
        for outcome in making.join_all().await {
            match outcome {
                Ok(()) => kept += 1,
                Err(StoreError::Conflict(Taken::Record)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(kept, 1);
    }
    assert_eq!(kids(&*store).await.len(), 3);
}

pub(crate) async fn after_a_key_was_kept_no_one_takes_the_old_ones_for_all(engine: &impl Engine) {
    let store = engine.open().await;
    for number in 0..20 {
        let revision = store.signing_keys_revision().await.unwrap();
        assert_eq!(revision, KeysRevision::new(number));
        let key = signing_key(&format!("k{number}"), 10);
        store.insert_signing_key(&key, &[], revision).await.unwrap();
    }
}

pub(crate) async fn the_first_secret_of_a_name_stands(engine: &impl Engine) {
    let store = engine.open().await;
    let [one, two] = [ServerSecret::TokenCheck, ServerSecret::PairwiseSubjects];
    assert_eq!(store.server_secret(one).await.unwrap(), None);
    assert_eq!(
        store.server_secret_or_insert(one, b"first").await.unwrap(),
        b"first"
    );
    assert_eq!(
        store.server_secret_or_insert(one, b"second").await.unwrap(),
        b"first"
    );
    assert_eq!(store.server_secret(one).await.unwrap().unwrap(), b"first");
    assert_eq!(store.server_secret(two).await.unwrap(), None);
}

pub(crate) async fn starting_at_once_all_get_the_same_secret(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    let mut starting = JoinSet::new();
    for node in 0..8_u8 {
        let store = Arc::clone(&store);
        starting.spawn(async move {
            store
                .server_secret_or_insert(ServerSecret::TokenCheck, &[node])
                .await
                .unwrap()
        });
    }
    let secrets = starting.join_all().await;
    assert!(secrets.iter().all(|secret| *secret == secrets[0]));
}

pub(crate) async fn resealing_is_all_or_nothing(engine: &impl Engine) {
    let store = engine.open().await;
    let name = ServerSecret::TokenCheck;
    keep(&store, &signing_key("a", 10), &[]).await.unwrap();
    store.server_secret_or_insert(name, b"old").await.unwrap();
    let sealed = async || {
        let key = store.signing_keys().await.unwrap()[0]
            .sealed_private
            .clone();
        (key, store.server_secret(name).await.unwrap().unwrap())
    };
    let before = sealed().await;
    let key = ("a".to_owned(), b"new key".to_vec());
    let none = ("none".to_owned(), b"new key".to_vec());
    let secret = (name, b"new".to_vec());
    let missing = (ServerSecret::PairwiseSubjects, b"new".to_vec());
    assert!(
        store
            .reseal(&[key.clone(), none], std::slice::from_ref(&secret))
            .await
            .is_err()
    );
    assert!(
        store
            .reseal(std::slice::from_ref(&key), &[secret.clone(), missing])
            .await
            .is_err()
    );
    assert_eq!(sealed().await, before);
    store.reseal(&[key], &[secret]).await.unwrap();
    assert_eq!(sealed().await, (b"new key".to_vec(), b"new".to_vec()));
}
