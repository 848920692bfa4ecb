//! Revocation: what it answers, what it touches, and that no look-up misses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use avouch_core::records::{CallerState, Epoch, Epochs, UnderlyingGrant};
use avouch_core::storage::{CallerStore, Revoked, TokenStore};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{
    Administer, at, client, client_id, grant, grant_id, hash, issued, subject, token,
};

pub(crate) async fn a_token_is_revoked_once_and_the_first_instant_stands(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    assert_eq!(
        store
            .find(&token.hash)
            .await
            .unwrap()
            .unwrap()
            .token
            .revoked_at,
        None
    );

    assert_eq!(
        store.revoke_token(&token.hash, at(1_100)).await.unwrap(),
        Revoked::Now
    );
    assert_eq!(
        store.revoke_token(&token.hash, at(1_050)).await.unwrap(),
        Revoked::Already
    );
    assert_eq!(
        store.revoke_token(&token.hash, at(1_200)).await.unwrap(),
        Revoked::Already
    );
    let found = store.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert_eq!(
        store.revoke_token(&hash("none"), at(1_100)).await.unwrap(),
        Revoked::Unknown
    );
}

pub(crate) async fn a_grant_is_revoked_once_and_the_first_instant_stands(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    for (second, answer) in [
        (1_100, Revoked::Now),
        (1_050, Revoked::Already),
        (1_200, Revoked::Already),
    ] {
        assert_eq!(
            store.revoke_grant(&grant.id, at(second)).await.unwrap(),
            answer
        );
        let found = store.find(&token.hash).await.unwrap().unwrap();
        assert_eq!(found.grant.revoked_at, Some(at(1_100)));
    }
    assert_eq!(
        store.revoke_grant(&grant_id("none"), at(1)).await.unwrap(),
        Revoked::Unknown
    );
}

pub(crate) async fn each_revocation_of_a_client_begins_its_next_epoch(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    let shop = client_id("shop");
    // The instants only go along.
    for (second, number) in [(1_100, 1), (1_100, 2), (1_050, 3), (1_200, 4)] {
        let revoked = store.revoke_client(&shop, at(second)).await.unwrap();
        assert_eq!(revoked, Revoked::Now);
        let found = store.find(&token.hash).await.unwrap().unwrap();
        assert_eq!(found.current.client, Epoch::new(number));
        assert_eq!(found.issued_in, Epochs::default());
    }
    let none = store.revoke_client(&client_id("none"), at(1)).await;
    assert_eq!(none.unwrap(), Revoked::Unknown);
    store.remove_client(&shop, at(1_300)).await.unwrap();
    let gone = store.revoke_client(&shop, at(1_400)).await;
    assert_eq!(gone.unwrap(), Revoked::Unknown);
}

pub(crate) async fn each_revocation_of_a_subject_begins_its_next_epoch_and_needs_no_record(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let erika = subject("erika");
    let first = store.revoke_subject(&erika, at(1_100)).await;
    assert_eq!(first.unwrap(), Revoked::Now);
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    for (second, number) in [(1_100, 2), (1_050, 3), (1_200, 4)] {
        let revoked = store.revoke_subject(&erika, at(second)).await.unwrap();
        assert_eq!(revoked, Revoked::Now);
        let found = store.find(&token.hash).await.unwrap().unwrap();
        assert_eq!(found.current.subject, Epoch::new(number));
        assert_eq!(found.issued_in.subject, Epoch::new(1));
    }
}

pub(crate) async fn an_epoch_touches_its_own_tokens_only(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    store.insert_client(&client("other")).await.unwrap();
    let (grant_one, one) = issued("one", 1_600);
    let grant_two = grant("two", "other", "max");
    let two = token("two", &grant_two, 1_600);
    let mut grant_own = grant("own", "other", "max");
    grant_own.subject = None;
    let own = token("own", &grant_own, 1_600);
    for (grant, token) in [(&grant_one, &one), (&grant_two, &two), (&grant_own, &own)] {
        store.issue(grant, token).await.unwrap();
    }
    store.revoke_token(&one.hash, at(1_100)).await.unwrap();
    store.revoke_grant(&grant_one.id, at(1_100)).await.unwrap();
    store
        .revoke_client(&client_id("shop"), at(1_100))
        .await
        .unwrap();
    store
        .revoke_subject(&subject("erika"), at(1_100))
        .await
        .unwrap();

    for (grant, token) in [(grant_two, two), (grant_own, own)] {
        let found = store.find(&token.hash).await.unwrap().unwrap();
        assert_eq!(found.token, token);
        assert!(found.grant == UnderlyingGrant::from(&grant));
        assert_eq!(found.grant.revoked_at, None);
        assert_eq!(found.client, CallerState::Registered);
        assert_eq!(found.current, Epochs::default());
        assert_eq!(found.all_revoked_until, None);
    }
}

pub(crate) async fn the_tokens_of_a_removed_client_are_dead(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    store.find(&token.hash).await.unwrap().unwrap();
    assert!(
        store
            .remove_client(&client_id("shop"), at(1_100))
            .await
            .unwrap()
    );
    assert_eq!(
        store.find(&token.hash).await.unwrap().unwrap().client,
        CallerState::Removed
    );
}

/// How many tokens and look-ups at once in the two tests below.
const TOKENS: usize = 150;
const READERS: usize = 3;

pub(crate) async fn after_a_revocation_returned_no_look_up_misses_it(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    store.insert_client(&client("shop")).await.unwrap();
    for number in 0..TOKENS {
        let (grant, token) = issued(&format!("n{number}"), 1_600);
        store.issue(&grant, &token).await.unwrap();
        let revoked = Arc::new(AtomicBool::new(false));
        let mut looking = JoinSet::new();
        for _ in 0..READERS {
            let (store, revoked) = (Arc::clone(&store), Arc::clone(&revoked));
            looking.spawn(async move {
                // Goes on until it has seen the end, and some more.
                let mut after = 0;
                while after < 20 {
                    let returned_before = revoked.load(Ordering::SeqCst);
                    let found = store.find(&token.hash).await.unwrap().unwrap();
                    assert!(!returned_before || found.token.revoked_at.is_some());
                    after += usize::from(returned_before);
                    tokio::task::yield_now().await;
                }
            });
        }
        assert_eq!(
            store.revoke_token(&token.hash, at(1_100)).await.unwrap(),
            Revoked::Now
        );
        revoked.store(true, Ordering::SeqCst);
        while let Some(looked) = looking.join_next().await {
            looked.unwrap();
        }
    }
}

pub(crate) async fn after_an_epoch_returned_no_look_up_misses_it(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    // The epoch that every look-up started from now on must at least show.
    let least = Arc::new(AtomicU64::new(0));
    let last = TOKENS as u64;
    let mut looking = JoinSet::new();
    for _ in 0..READERS {
        let (store, least) = (Arc::clone(&store), Arc::clone(&least));
        looking.spawn(async move {
            loop {
                let returned_before = least.load(Ordering::SeqCst);
                let found = store.find(&token.hash).await.unwrap().unwrap();
                let epoch = found.current.subject.get();
                assert!(epoch >= returned_before);
                if epoch == last {
                    break;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 1..=last {
        let revoked = store.revoke_subject(&subject("erika"), at(1_100)).await;
        assert_eq!(revoked.unwrap(), Revoked::Now);
        least.store(number, Ordering::SeqCst);
    }
    while let Some(looked) = looking.join_next().await {
        looked.unwrap();
    }
}
