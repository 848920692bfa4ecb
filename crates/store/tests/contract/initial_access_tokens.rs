//! Initial access tokens.

use std::sync::Arc;

use avouch_core::records::AllowedResources;
use avouch_core::storage::{
    CallerStore, InitialAccessTokenStore, RegistrationStore, StoreError, Taken,
};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{at, client, hash, initial_access_token, registered_client, resource};

pub(crate) async fn an_initial_access_token_is_found_while_it_is_live(engine: &impl Engine) {
    let store = engine.open().await;
    let mut kept = initial_access_token("a", Some(1));
    kept.allowance.resources = AllowedResources::Only(vec![resource("https://sign.example")]);
    store.insert_initial_access_token(&kept).await.unwrap();
    let find = async |name: &str, now| store.find_initial_access_token(&hash(name), now).await;
    assert_eq!(find("a", at(1_999)).await.unwrap(), Some(kept));
    assert_eq!(find("a", at(2_000)).await.unwrap(), None);
    assert_eq!(find("b", at(1_999)).await.unwrap(), None);

    let mut endless = initial_access_token("c", None);
    endless.expires_at = None;
    store.insert_initial_access_token(&endless).await.unwrap();
    assert_eq!(
        find("c", at(i64::from(u32::MAX))).await.unwrap(),
        Some(endless)
    );
    store
        .insert_initial_access_token(&initial_access_token("d", Some(0)))
        .await
        .unwrap();
    assert_eq!(find("d", at(1_999)).await.unwrap(), None);
}

/// Registers client `id`; whether there was a use to be had.
async fn register(store: &impl RegistrationStore, id: &str, token: &str, now: i64) -> bool {
    let new = registered_client(id, &format!("of {id}"));
    let token = hash(token);
    let registering = store.register(&new, Some(&token), at(now));
    registering.await.unwrap()
}

pub(crate) async fn each_use_is_taken_once(engine: &impl Engine) {
    let store = engine.open().await;
    for token in [
        initial_access_token("a", Some(2)),
        initial_access_token("b", None),
    ] {
        store.insert_initial_access_token(&token).await.unwrap();
    }
    assert!(!register(&store, "late", "a", 2_000).await, "expired");
    assert!(store.find_caller("late").await.unwrap().is_none());
    assert!(register(&store, "one", "a", 1_999).await);
    let left = async || {
        let token = hash("a");
        let finding = store.find_initial_access_token(&token, at(1_999));
        finding.await.unwrap()
    };
    assert_eq!(left().await.unwrap().uses_left, Some(1));
    assert!(register(&store, "two", "a", 1_999).await);
    assert!(!register(&store, "three", "a", 1_999).await);
    assert!(left().await.is_none());
    for id in ["four", "five", "six"] {
        assert!(register(&store, id, "b", 1_999).await);
    }
    assert!(!register(&store, "seven", "none", 1_999).await);
}

pub(crate) async fn the_last_use_goes_to_one_of_many(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    store
        .insert_initial_access_token(&initial_access_token("a", Some(3)))
        .await
        .unwrap();
    let mut using = JoinSet::new();
    for number in 0..20 {
        let store = Arc::clone(&store);
        using.spawn(async move { register(&*store, &number.to_string(), "a", 1_100).await });
    }
    let used = using.join_all().await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 3);
}

pub(crate) async fn a_registration_that_is_refused_takes_no_use(engine: &impl Engine) {
    let store = engine.open().await;
    store
        .insert_initial_access_token(&initial_access_token("a", Some(1)))
        .await
        .unwrap();
    store.insert_client(&client("one")).await.unwrap();
    let taken = registered_client("one", "of one");
    let refused = store.register(&taken, Some(&hash("a")), at(1_100)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::CallerId))),
        "{refused:?}"
    );
    assert!(register(&store, "two", "a", 1_100).await);
}

pub(crate) async fn a_withdrawn_one_is_gone(engine: &impl Engine) {
    let store = engine.open().await;
    let kept = initial_access_token("a", None);
    store.insert_initial_access_token(&kept).await.unwrap();
    assert!(store.remove_initial_access_token(&kept.id).await.unwrap());
    assert!(!store.remove_initial_access_token(&kept.id).await.unwrap());
    assert!(
        store
            .find_initial_access_token(&kept.hash, at(1_100))
            .await
            .unwrap()
            .is_none()
    );
    assert!(!register(&store, "one", "a", 1_100).await);
    assert!(store.list_initial_access_tokens().await.unwrap().is_empty());
}

pub(crate) async fn all_but_the_withdrawn_are_listed_in_the_order_of_ids(engine: &impl Engine) {
    let store = engine.open().await;
    for (name, uses_left) in [("c", None), ("a", Some(0)), ("gone", None), ("b", Some(1))] {
        store
            .insert_initial_access_token(&initial_access_token(name, uses_left))
            .await
            .unwrap();
    }
    store
        .remove_initial_access_token(&initial_access_token("gone", None).id)
        .await
        .unwrap();
    let listed = store.list_initial_access_tokens().await.unwrap();
    let ids: Vec<_> = listed.iter().map(|token| token.id.as_str()).collect();
    assert_eq!(ids, ["iat-a", "iat-b", "iat-c"]);
}

pub(crate) async fn nothing_is_kept_twice(engine: &impl Engine) {
    let store = engine.open().await;
    store
        .insert_initial_access_token(&initial_access_token("a", None))
        .await
        .unwrap();
    let mut same_id = initial_access_token("b", None);
    same_id.id = initial_access_token("a", None).id;
    for again in [initial_access_token("a", Some(1)), same_id] {
        let refused = store.insert_initial_access_token(&again).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Taken::Record))),
            "{refused:?}"
        );
    }
    assert_eq!(store.list_initial_access_tokens().await.unwrap().len(), 1);
}
