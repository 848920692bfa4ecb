//! Forgetting what has expired, beside everything else.

use std::sync::Arc;

use avouch_core::storage::{CallerStore, Revoked, TokenStore};

use crate::fixtures::{at, client, grant_id, hash, issued};
use crate::place::Place;
use crate::{by_hand, open};

#[tokio::test]
async fn look_ups_do_not_wait_for_a_clean_up_nor_it_for_what_another_has_in_hand() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    for (name, end) in [("a", 1_100), ("b", 1_200), ("c", 1_300), ("live", 9_000)] {
        let (grant, token) = issued(name, end);
        store.issue(&grant, &token).await.unwrap();
    }
    // Another server, half-way through.
    let hand = by_hand(&place).await;
    hand.batch_execute("BEGIN; DELETE FROM access_token WHERE id IN ('jti-a', 'jti-live')")
        .await
        .unwrap();
    for name in ["a", "b", "live"] {
        assert!(store.find(&hash(name)).await.unwrap().is_some(), "{name}");
    }
    assert_eq!(store.remove_expired(at(2_000), 10).await.unwrap(), 2);
    assert!(store.find(&hash("b")).await.unwrap().is_none());
    hand.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.remove_expired(at(2_000), 10).await.unwrap(), 1);
    assert!(store.find(&hash("live")).await.unwrap().is_some());
}

/// Two clean-ups that take the two last tokens of a grant must not leave the
/// grant, each thinking that the other's token is still there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_grant_is_left_by_clean_ups_that_run_at_once() {
    let Some(place) = Place::new() else { return };
    let store = Arc::new(open(&place.options).await);
    store.insert_client(&client("shop")).await.unwrap();
    for number in 0..40 {
        let (grant, token) = issued(&format!("n{number}"), 1_600);
        store.issue(&grant, &token).await.unwrap();
    }
    let hand = by_hand(&place).await;
    hand.batch_execute(
        "INSERT INTO access_token (hash, id, access_grant, scope, resources,
             authorization_details, issued_at, expires_at, server_epoch, client_epoch, subject_epoch)
         SELECT sha256(hash), 'second-' || id, access_grant, scope, resources,
             authorization_details, issued_at, expires_at + (random() * 1000)::bigint, 0, 0, 0
         FROM access_token",
    )
    .await
    .unwrap();
    let mut cleaning = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = Arc::clone(&store);
        cleaning.spawn(async move {
            let mut gone = 0;
            // Small bites, so that tokens of one grant fall to several.
            for _ in 0..20 {
                gone += store.remove_expired(at(9_000), 3).await.unwrap();
            }
            gone
        });
    }
    let gone: u32 = cleaning.join_all().await.into_iter().sum();
    assert_eq!(gone, 80);
    for number in 0..40 {
        let grant = grant_id(&format!("n{number}"));
        let revoked = store.revoke_grant(&grant, at(1)).await.unwrap();
        assert_eq!(revoked, Revoked::Unknown, "{number}");
    }
}
