//! What one server changes, others that remember it forget: each kind of change.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{CallerState, ResourceSharing};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, IssuedBefore, KeyStore, KeysRevision, RegistrationStore,
    Revoked, StoreError, TokenStore,
};
use avouch_store::PostgresStore;

use crate::fixtures::{
    Administer, at, client, client_id, issued, registered_client, resource_server,
    resource_server_id, signing_key, subject,
};
use crate::place::Place;
use crate::{ByHand, LEASE, node};

/// What decides whether a token is good.
async fn state(node: &PostgresStore, hash: &TokenHash) -> impl PartialEq + Debug + use<> {
    let found = node.find(hash).await.unwrap().unwrap();
    (
        found.token.revoked_at,
        found.grant.revoked_at,
        found.client,
        found.current,
        found.all_revoked_until,
    )
}

struct Nodes {
    one: PostgresStore,
    other: PostgresStore,
    clock: Arc<ByHand>,
    _place: Place,
}

async fn nodes() -> Option<Nodes> {
    let place = Place::new()?;
    let clock = Arc::new(ByHand::default());
    Some(Nodes {
        one: node(&place.options, &clock).await,
        other: node(&place.options, &clock).await,
        clock,
        _place: place,
    })
}

#[tokio::test]
async fn a_revocation_is_seen_when_the_feed_was_read() {
    let Some(nodes) = nodes().await else { return };
    let Nodes { one, other, .. } = &nodes;
    one.insert_client(&client("shop")).await.unwrap();
    for kind in [
        "token",
        "grant",
        "subject",
        "client",
        "everything",
        "instant",
        "removal",
    ] {
        let (grant, token) = issued(kind, 1_600);
        one.issue(&grant, &token).await.unwrap();
        let before = state(other, &token.hash).await;
        let revoked = match kind {
            "token" => one.revoke_token(&token.hash, at(1_100)).await,
            "grant" => one.revoke_grant(&token.grant, at(1_100)).await,
            "subject" => one.revoke_subject(&subject("erika"), at(1_100)).await,
            "client" => one.revoke_client(&token.client, at(1_100)).await,
            "everything" | "instant" => {
                let issued = match kind {
                    "everything" => IssuedBefore::Now,
                    _ => IssuedBefore::Instant(at(999)),
                };
                one.revoke_everything(issued, at(1_100)).await.unwrap();
                Ok(Revoked::Now)
            }
            _ => {
                let removed = one.remove_client(&token.client, at(1_100)).await;
                assert!(removed.unwrap());
                Ok(Revoked::Now)
            }
        };
        assert_eq!(revoked.unwrap(), Revoked::Now, "{kind}");
        // Remembered, for a time.
        assert_eq!(state(other, &token.hash).await, before, "{kind}");
        other.follow_changes().await.unwrap();
        let now = state(other, &token.hash).await;
        assert_ne!(now, before, "{kind}");
        // The one that did it knew at once.
        assert_eq!(state(one, &token.hash).await, now, "{kind}");
    }
}

#[tokio::test]
async fn an_expired_token_that_was_cleaned_away_is_seen_to_be_gone() {
    let Some(nodes) = nodes().await else { return };
    let Nodes { one, other, .. } = &nodes;
    one.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    one.issue(&grant, &token).await.unwrap();
    assert!(other.find(&token.hash).await.unwrap().is_some());
    assert_eq!(one.remove_expired(at(9_999), 100).await.unwrap(), 1);
    assert!(one.find(&token.hash).await.unwrap().is_none());
    assert!(other.find(&token.hash).await.unwrap().is_some());
    other.follow_changes().await.unwrap();
    assert!(other.find(&token.hash).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_of_a_client_or_resource_server_is_seen_when_the_feed_was_read() {
    let Some(nodes) = nodes().await else { return };
    let Nodes { one, other, .. } = &nodes;
    let shop = registered_client("shop", "of shop");
    assert!(one.register(&shop, None, at(1_000)).await.unwrap());
    let sharing = ResourceSharing::Exclusive;
    let pay = resource_server("pay", &["https://pay.example"]);
    one.insert_resource_server(&pay, sharing).await.unwrap();
    for kind in [
        "client changed",
        "registration changed",
        "resource server changed",
        "client removed",
        "resource server removed",
    ] {
        let id = if kind.starts_with("resource") {
            "pay"
        } else {
            "shop"
        };
        let before = other.find_caller(id).await.unwrap().unwrap();
        match kind {
            "client changed" => {
                let mut changed = client("shop");
                changed.details.name = Some("The shop".into());
                assert!(one.update_client(&changed).await.unwrap());
            }
            "registration changed" => {
                let tokens = crate::fixtures::hash("of shop");
                let from = one.find_registration(&tokens).await.unwrap().unwrap();
                let mut to = from.clone();
                to.caller = CallerRecord::Client(Arc::new(client("shop")));
                let changed = one.change_registration(&from, &to).await.unwrap();
                assert_eq!(changed, Changed::Done);
            }
            "resource server changed" => {
                let mut changed = pay.clone();
                changed.policy.number += 1;
                changed.policy.since = at(2_000);
                changed.policy.value.claims.clear();
                assert!(one.update_resource_server(&changed, sharing).await.unwrap());
            }
            "client removed" => {
                assert!(
                    one.remove_client(&client_id("shop"), at(3_000))
                        .await
                        .unwrap()
                );
            }
            _ => {
                let id = resource_server_id("pay");
                assert!(one.remove_resource_server(&id, at(3_000)).await.unwrap());
            }
        }
        assert_eq!(
            other.find_caller(id).await.unwrap(),
            Some(before.clone()),
            "{kind}"
        );
        other.follow_changes().await.unwrap();
        let now = other.find_caller(id).await.unwrap();
        assert_ne!(now, Some(before), "{kind}");
        assert_eq!(now.is_none(), kind.ends_with("removed"), "{kind}");
        assert_eq!(one.find_caller(id).await.unwrap(), now, "{kind}");
    }
}

#[tokio::test]
async fn a_new_signing_key_is_seen_when_the_feed_was_read() {
    let Some(nodes) = nodes().await else { return };
    let Nodes {
        one, other, clock, ..
    } = &nodes;
    let [none, first, second] = [0, 1, 2].map(KeysRevision::new);
    assert_eq!(other.signing_keys_revision().await.unwrap(), none);
    one.insert_signing_key(&signing_key("a", 10), &[], none)
        .await
        .unwrap();
    assert_eq!(one.signing_keys_revision().await.unwrap(), first);
    assert_eq!(other.signing_keys_revision().await.unwrap(), none);
    other.follow_changes().await.unwrap();
    assert_eq!(other.signing_keys_revision().await.unwrap(), first);
    one.insert_signing_key(&signing_key("b", 20), &[], first)
        .await
        .unwrap();
    assert_eq!(one.signing_keys_revision().await.unwrap(), second);
    // Whoever is refused knows at once that there is another.
    let late = signing_key("c", 30);
    let refused = other.insert_signing_key(&late, &[], first).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    assert_eq!(other.signing_keys_revision().await.unwrap(), second);
    other.insert_signing_key(&late, &[], second).await.unwrap();
    assert_eq!(one.signing_keys_revision().await.unwrap(), second);
    clock.pass(LEASE);
    assert_eq!(one.signing_keys_revision().await.unwrap().get(), 3);
}

#[tokio::test]
async fn what_one_made_another_finds_at_once() {
    let Some(nodes) = nodes().await else { return };
    let Nodes { one, other, .. } = &nodes;
    assert!(other.find_caller("shop").await.unwrap().is_none());
    one.insert_client(&client("shop")).await.unwrap();
    assert!(other.find_caller("shop").await.unwrap().is_some());
    let (grant, token) = issued("one", 1_600);
    assert!(other.find(&token.hash).await.unwrap().is_none());
    one.issue(&grant, &token).await.unwrap();
    assert!(other.find(&token.hash).await.unwrap().is_some());
}

/// A process that was stopped does not know for how long; its clock does.
#[tokio::test]
async fn after_the_lease_nothing_remembered_is_believed() {
    let Some(nodes) = nodes().await else { return };
    let Nodes {
        one, other, clock, ..
    } = &nodes;
    one.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    one.issue(&grant, &token).await.unwrap();
    other.find(&token.hash).await.unwrap();
    other.find_caller("shop").await.unwrap();
    one.revoke_token(&token.hash, at(1_100)).await.unwrap();
    one.remove_client(&client_id("shop"), at(1_100))
        .await
        .unwrap();
    let moment = Duration::from_micros(1);
    clock.pass(LEASE.checked_sub(moment).unwrap());
    assert!(other.find_caller("shop").await.unwrap().is_some());
    clock.pass(moment);
    assert!(other.find_caller("shop").await.unwrap().is_none());
    let found = other.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert_eq!(found.client, CallerState::Removed);
    // Nor does what was remembered come back with the lease.
    other.follow_changes().await.unwrap();
    let found = other.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert!(other.find_caller("shop").await.unwrap().is_none());
}

/// Look-ups that are under way while the feed is read do not bring back what
/// it said is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn look_ups_that_a_change_overtook_bring_nothing_back() {
    let Some(place) = Place::new() else { return };
    let clock = Arc::new(ByHand::default());
    let one = node(&place.options, &clock).await;
    let other = Arc::new(node(&place.options, &clock).await);
    one.insert_client(&client("shop")).await.unwrap();
    for round in 0..30 {
        let (grant, token) = issued(&format!("n{round}"), 1_600);
        one.issue(&grant, &token).await.unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let mut looking = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let (other, over) = (Arc::clone(&other), Arc::clone(&over));
            let hash = token.hash;
            looking.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    other.find(&hash).await.unwrap();
                    tokio::task::yield_now().await;
                }
            });
        }
        let revoked = match round % 3 {
            0 => one.revoke_token(&token.hash, at(1_100)).await,
            1 => one.revoke_grant(&token.grant, at(1_100)).await,
            _ => one.revoke_subject(&subject("erika"), at(1_100)).await,
        };
        assert_eq!(revoked.unwrap(), Revoked::Now);
        other.follow_changes().await.unwrap();
        let found = other.find(&token.hash).await.unwrap().unwrap();
        let dead = match round % 3 {
            0 => found.token.revoked_at.is_some(),
            1 => found.grant.revoked_at.is_some(),
            _ => found.current.subject != found.issued_in.subject,
        };
        over.store(true, Ordering::Relaxed);
        looking.join_all().await;
        assert!(dead, "round {round}: {found:?}");
        // And it stays so, whatever they put in afterwards.
        assert_eq!(
            state(&other, &token.hash).await,
            state(&one, &token.hash).await
        );
    }
}
