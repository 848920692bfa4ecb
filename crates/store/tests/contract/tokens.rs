//! Issuing, finding and forgetting tokens.

use std::sync::Arc;

use avouch_core::records::{CallerState, Epochs, UnderlyingGrant};
use avouch_core::storage::{CallerStore, Revoked, StoreError, Taken, TokenStore};
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::scope::Scope;
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{at, client, grant_id, hash, issued, token};

pub(crate) async fn an_issued_token_is_found_with_all_it_hangs_on(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    // The second time it may come from a cache.
    for _ in 0..2 {
        let found = store.find(&token.hash).await.unwrap().unwrap();
        assert_eq!(found.token, token);
        assert!(found.grant == UnderlyingGrant::from(&grant));
        assert_eq!(found.client, CallerState::Registered);
        assert_eq!(found.grant.revoked_at, None);
        assert_eq!(found.issued_in, Epochs::default());
        assert_eq!(found.current, Epochs::default());
        assert_eq!(found.all_revoked_until, None);
    }
}

pub(crate) async fn the_least_a_token_and_grant_can_be_is_kept_too(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (mut grant, mut token) = issued("one", 1_600);
    grant.subject = None;
    grant.scope = Scope::default();
    grant.claims = FurtherClaims::default();
    grant.authorization_details = AuthorizationDetails::default();
    grant.legal_basis = None;
    grant.authentication = None;
    token.scope = Scope::default();
    token.authorization_details = AuthorizationDetails::default();
    token.confirmation = None;
    token.not_before = None;
    store.issue(&grant, &token).await.unwrap();
    let found = store.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token, token);
    assert!(found.grant == UnderlyingGrant::from(&grant));
}

pub(crate) async fn a_grant_and_its_first_token_are_kept_both_or_neither(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();

    // The grant is new, the token's hash is not; then its id is not.
    let (new_grant, mut same_hash) = issued("two", 1_600);
    same_hash.hash = token.hash;
    let refused = store.issue(&new_grant, &same_hash).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Record))),
        "{refused:?}"
    );
    let (_, mut same_id) = issued("two", 1_600);
    same_id.id = token.id.clone();
    let refused = store.issue(&new_grant, &same_id).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Record))),
        "{refused:?}"
    );
    assert_eq!(
        store.revoke_grant(&grant_id("two"), at(0)).await.unwrap(),
        Revoked::Unknown
    );

    // The token is new, the grant is not.
    let (mut old_grant, mut new_token) = issued("three", 1_600);
    old_grant.id = grant.id.clone();
    new_token.grant = grant.id.clone();
    let refused = store.issue(&old_grant, &new_token).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Record))),
        "{refused:?}"
    );
    assert!(store.find(&new_token.hash).await.unwrap().is_none());
    assert_eq!(store.find(&token.hash).await.unwrap().unwrap().token, token);
}

pub(crate) async fn absence_is_not_remembered(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    assert!(store.find(&hash("one")).await.unwrap().is_none());
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    assert!(store.find(&hash("one")).await.unwrap().is_some());

    assert!(store.find_caller("late").await.unwrap().is_none());
    store.insert_client(&client("late")).await.unwrap();
    assert!(store.find_caller("late").await.unwrap().is_some());
}

pub(crate) async fn a_token_of_an_unknown_client_is_not_kept(engine: &impl Engine) {
    let store = engine.open().await;
    let (grant, token) = issued("one", 1_600);
    assert!(store.issue(&grant, &token).await.is_err());
    assert!(store.find(&token.hash).await.unwrap().is_none());
}

pub(crate) async fn expired_tokens_are_forgotten_up_to_the_limit_with_their_grants(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    for (name, end) in [("c", 1_300), ("a", 1_100), ("b", 1_200), ("d", 1_400)] {
        let (grant, token) = issued(name, end);
        store.issue(&grant, &token).await.unwrap();
        store.find(&token.hash).await.unwrap().unwrap();
    }
    let mut kept = Vec::new();
    let is_kept = async |name: &str| {
        let token = store.find(&hash(name)).await.unwrap().is_some();
        // A revoked grant goes like any other; that it can be revoked tells that it is there.
        let grant = store.revoke_grant(&grant_id(name), at(-1)).await.unwrap() != Revoked::Unknown;
        assert_eq!(token, grant, "{name}");
        token
    };
    assert_eq!(
        store.remove_expired(at(1_100), 10).await.unwrap(),
        0,
        "before, not at"
    );
    assert_eq!(store.remove_expired(at(1_400), 0).await.unwrap(), 0);
    assert_eq!(store.remove_expired(at(1_400), 2).await.unwrap(), 2);
    for name in ["a", "b", "c", "d"] {
        kept.push(is_kept(name).await);
    }
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 2);
    assert!(kept[3]);
    assert_eq!(store.remove_expired(at(1_400), 10).await.unwrap(), 1);
    assert_eq!(store.remove_expired(at(1_400), 10).await.unwrap(), 0);
    assert!(!is_kept("c").await && is_kept("d").await);
}

pub(crate) async fn more_expired_tokens_than_fit_one_transaction_are_forgotten(
    engine: &impl Engine,
) {
    let store = Arc::new(engine.open().await);
    store.insert_client(&client("shop")).await.unwrap();
    let mut issuing = JoinSet::new();
    for number in 0..1_200 {
        let store = Arc::clone(&store);
        issuing.spawn(async move {
            let (grant, _) = issued(&format!("n{number}"), 0);
            store
                .issue(&grant, &token(&format!("n{number}"), &grant, 1_100))
                .await
        });
    }
    while let Some(issued) = issuing.join_next().await {
        issued.unwrap().unwrap();
    }
    assert_eq!(store.remove_expired(at(2_000), 1_100).await.unwrap(), 1_100);
    assert_eq!(store.remove_expired(at(2_000), 1_100).await.unwrap(), 100);
}
