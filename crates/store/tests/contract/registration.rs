//! Initial access tokens.

use std::sync::Arc;

use avouch_core::records::AllowedResources;
use avouch_core::storage::{InitialAccessTokenStore, StoreError, Taken};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{at, hash, initial_access_token, resource};

pub(crate) async fn an_initial_access_token_is_found_while_it_is_live(engine: &impl Engine) {
    let store = engine.open();
    let mut kept = initial_access_token("a", Some(1));
    kept.resources = AllowedResources::Only(vec![resource("https://sign.example")]);
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

pub(crate) async fn each_use_is_taken_once(engine: &impl Engine) {
    let store = engine.open();
    store
        .insert_initial_access_token(&initial_access_token("a", Some(2)))
        .await
        .unwrap();
    store
        .insert_initial_access_token(&initial_access_token("b", None))
        .await
        .unwrap();
    let take = async |name: &str, now| {
        store
            .use_initial_access_token(&hash(name), at(now))
            .await
            .unwrap()
    };
    assert!(!take("a", 2_000).await, "expired");
    assert!(take("a", 1_999).await);
    let left = store
        .find_initial_access_token(&hash("a"), at(1_999))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(left.uses_left, Some(1));
    assert!(take("a", 1_999).await);
    assert!(!take("a", 1_999).await);
    assert!(
        store
            .find_initial_access_token(&hash("a"), at(1_999))
            .await
            .unwrap()
            .is_none()
    );
    for _ in 0..3 {
        assert!(take("b", 1_999).await);
    }
    assert!(!take("none", 1_999).await);
}

pub(crate) async fn the_last_use_goes_to_one_of_many(engine: &impl Engine) {
    let store = Arc::new(engine.open());
    store
        .insert_initial_access_token(&initial_access_token("a", Some(3)))
        .await
        .unwrap();
    let mut using = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        using.spawn(async move {
            store
                .use_initial_access_token(&hash("a"), at(1_100))
                .await
                .unwrap()
        });
    }
    assert_eq!(
        using
            .join_all()
            .await
            .into_iter()
            .filter(|used| *used)
            .count(),
        3
    );
}

pub(crate) async fn a_withdrawn_one_is_gone(engine: &impl Engine) {
    let store = engine.open();
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
    assert!(
        !store
            .use_initial_access_token(&kept.hash, at(1_100))
            .await
            .unwrap()
    );
    assert!(store.list_initial_access_tokens().await.unwrap().is_empty());
}

pub(crate) async fn all_but_the_withdrawn_are_listed_in_the_order_of_ids(engine: &impl Engine) {
    let store = engine.open();
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
    let store = engine.open();
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
