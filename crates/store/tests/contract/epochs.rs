//! Revocations of many tokens against the clocks of the servers, and against
//! tokens that are issued at the same time.

use std::sync::Arc;

use avouch_core::introspection::{InactiveReason, reason_against};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, Epoch, Grant, ResourceSharing};
use avouch_core::storage::{
    CallerStore, CallerTokenStore, IssuedBefore, RevokedEverything, Storage, TokenStore,
};
use avouch_core::time::Timestamp;
use tokio::task::JoinSet;

use crate::Engine;
use crate::caller_tokens;
use crate::fixtures::{
    at, client, client_id, grant, hash, initial_access_token, issued, resource_server, subject,
    token,
};

/// By which revocation.
const KINDS: [(&str, InactiveReason); 3] = [
    ("client", InactiveReason::ClientRevoked),
    ("subject", InactiveReason::SubjectRevoked),
    ("everything", InactiveReason::EverythingRevoked),
];

/// A clock that is behind, right, and ahead of that of the revocation.
const CLOCKS: [i64; 3] = [500, 1_000, 1_500];

async fn revoke(store: &impl Storage, kind: &str, at: Timestamp) {
    match kind {
        "client" => drop(store.revoke_client(&client_id("shop"), at).await.unwrap()),
        "subject" => drop(store.revoke_subject(&subject("erika"), at).await.unwrap()),
        _ => drop(
            store
                .revoke_everything(IssuedBefore::Now, at)
                .await
                .unwrap(),
        ),
    }
}

/// A token for Erika at the shop that bears this instant.
fn issued_at(name: &str, second: i64) -> (Grant, AccessToken) {
    let (grant, mut token) = issued(name, 9_000);
    (token.issued_at, token.not_before) = (at(second), None);
    (grant, token)
}

/// Why it is dead, if it is.
async fn reason(store: &impl TokenStore, hash: &TokenHash) -> Option<InactiveReason> {
    let found = store.find(hash).await.unwrap().unwrap();
    reason_against(&found, at(2_000))
}

pub(crate) async fn what_was_issued_before_a_revocation_is_dead_and_nothing_later_whatever_the_clocks_say(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let mut dead = Vec::new();
    // The second time from another epoch than the first.
    for (round, (kind, because)) in (0..2).flat_map(|round| KINDS.map(|kind| (round, kind))) {
        let mut before = Vec::new();
        for clock in CLOCKS {
            let (grant, token) = issued_at(&format!("{kind}-{round}-{clock}-before"), clock);
            store.issue(&grant, &token).await.unwrap();
            assert_eq!(reason(&store, &token.hash).await, None);
            before.push(token);
        }
        revoke(&store, kind, at(1_000)).await;
        for token in before {
            assert_eq!(
                reason(&store, &token.hash).await,
                Some(because),
                "{token:?}"
            );
            dead.push(token);
        }
        for clock in CLOCKS {
            let (grant, token) = issued_at(&format!("{kind}-{round}-{clock}-after"), clock);
            store.issue(&grant, &token).await.unwrap();
            assert_eq!(reason(&store, &token.hash).await, None, "{kind} {clock}");
        }
    }
    drop(store);
    let store = engine.open().await;
    for token in dead {
        assert!(reason(&store, &token.hash).await.is_some(), "{token:?}");
    }
}

/// Whatever comes out of an issue and a revocation that overlap: what was
/// issued before both is dead, what is issued after both is good.
pub(crate) async fn an_issue_and_a_revocation_at_once_come_out_in_either_order(
    engine: &impl Engine,
) {
    const AT_ONCE: usize = 6;
    let store = Arc::new(engine.open().await);
    store.insert_client(&client("shop")).await.unwrap();
    let mut all = Vec::new();
    for round in 0..8 {
        for (kind, _) in KINDS {
            let (grant, before) = issued_at(&format!("{kind}-{round}-before"), 5_000);
            store.issue(&grant, &before).await.unwrap();
            let mut busy = JoinSet::new();
            for number in 0..AT_ONCE {
                let store = Arc::clone(&store);
                let (grant, token) = issued_at(&format!("{kind}-{round}-{number}"), 1_000);
                all.push(token.hash);
                busy.spawn(async move { store.issue(&grant, &token).await.unwrap() });
            }
            let revoking = Arc::clone(&store);
            busy.spawn(async move { revoke(&*revoking, kind, at(1_000)).await });
            busy.join_all().await;
            assert!(reason(&*store, &before.hash).await.is_some(), "{kind}");
            let (grant, after) = issued_at(&format!("{kind}-{round}-after"), 1);
            store.issue(&grant, &after).await.unwrap();
            assert_eq!(reason(&*store, &after.hash).await, None, "{kind}");
        }
    }
    // Either way it is one and the same for good.
    for (kind, _) in KINDS {
        revoke(&*store, kind, at(1_000)).await;
    }
    for hash in all {
        assert!(reason(&*store, &hash).await.is_some());
    }
}

/// Revocations of one thing at once each count.
pub(crate) async fn of_many_revocations_at_once_none_is_lost(engine: &impl Engine) {
    const AT_ONCE: u64 = 12;
    let store = Arc::new(engine.open().await);
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued_at("one", 1_000);
    store.issue(&grant, &token).await.unwrap();
    let mut busy = JoinSet::new();
    for (kind, _) in KINDS {
        for _ in 0..AT_ONCE {
            let store = Arc::clone(&store);
            busy.spawn(async move { revoke(&*store, kind, at(1_000)).await });
        }
    }
    busy.join_all().await;
    let current = store.find(&token.hash).await.unwrap().unwrap().current;
    let epochs = [current.client, current.subject, current.server];
    assert_eq!(epochs.map(Epoch::get), [AT_ONCE; 3]);
}

/// A store with something of every kind that was issued, at 1,000 and at 1,001
/// by whatever clock: access tokens of two clients, one for its client itself,
/// tokens of an RS, and initial access tokens.
async fn full(store: &impl Storage) {
    for id in ["shop", "bank"] {
        store.insert_client(&client(id)).await.unwrap();
    }
    let server = resource_server("pay", &["https://pay.example"]);
    let inserted = store.insert_resource_server(&server, ResourceSharing::Shared);
    inserted.await.unwrap();
    for second in [1_000, 1_001] {
        for (name, client, person) in [
            ("erika", "shop", Some("erika")),
            ("max", "bank", Some("max")),
            ("own", "bank", None),
        ] {
            let name = format!("{name}-{second}");
            let mut grant = grant(&name, client, "erika");
            grant.subject = person.map(subject);
            let mut token = token(&name, &grant, 9_000);
            (token.issued_at, token.not_before) = (at(second), None);
            store.issue(&grant, &token).await.unwrap();
        }
        let mut own = caller_tokens::token(&format!("pay-{second}"), "pay");
        own.issued_at = at(second);
        store.insert_caller_token(&own).await.unwrap();
        let mut invitation = initial_access_token(&format!("iat-{second}"), None);
        invitation.created_at = at(second);
        store
            .insert_initial_access_token(&invitation)
            .await
            .unwrap();
    }
}

/// What is still good of that, by its second.
async fn good(store: &impl Storage) -> Vec<i64> {
    let mut good = Vec::new();
    for second in [1_000, 1_001] {
        let mut every = Vec::new();
        for name in ["erika", "max", "own"] {
            let name = hash(&format!("{name}-{second}"));
            // The second time it may come from a cache.
            for _ in 0..2 {
                every.push(match reason(store, &name).await {
                    None => true,
                    Some(InactiveReason::EverythingRevoked) => false,
                    Some(other) => panic!("{other:?}"),
                });
            }
        }
        let [own, invitation] = ["pay", "iat"].map(|name| hash(&format!("{name}-{second}")));
        let found = store.find_caller_token(&own).await;
        every.push(found.unwrap().is_some());
        let found = store
            .find_initial_access_token(&invitation, at(1_500))
            .await;
        every.push(found.unwrap().is_some());
        every.dedup();
        assert_eq!(every.len(), 1, "{second}: all or nothing");
        if every[0] {
            good.push(second);
        }
    }
    good
}

const ONE_OF_EACH: RevokedEverything = RevokedEverything {
    caller_tokens: 1,
    initial_access_tokens: 1,
};

pub(crate) async fn everything_is_revoked_whatever_instant_it_bears(engine: &impl Engine) {
    let store = engine.open().await;
    full(&store).await;
    assert_eq!(good(&store).await, [1_000, 1_001]);
    let ended = store.revoke_everything(IssuedBefore::Now, at(3)).await;
    let expected = RevokedEverything {
        caller_tokens: 2,
        initial_access_tokens: 2,
    };
    assert_eq!(ended.unwrap(), expected);
    assert!(good(&store).await.is_empty());
    // Callers stay, and are issued new ones.
    let (grant, token) = issued_at("new", 2);
    store.issue(&grant, &token).await.unwrap();
    assert_eq!(reason(&store, &token.hash).await, None);
    let mut own = caller_tokens::token("new", "pay");
    own.issued_at = at(2);
    store.insert_caller_token(&own).await.unwrap();
    assert!(store.find_caller_token(&own.hash).await.unwrap().is_some());
}

pub(crate) async fn everything_until_a_named_instant_is_revoked_and_nothing_later(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    full(&store).await;
    let named = async |second| {
        let issued = IssuedBefore::Instant(at(second));
        store.revoke_everything(issued, at(5_000)).await.unwrap()
    };
    named(999).await;
    assert_eq!(good(&store).await, [1_000, 1_001]);
    assert_eq!(named(1_000).await, ONE_OF_EACH);
    assert_eq!(good(&store).await, [1_001]);
    // An earlier instant takes nothing back.
    named(999).await;
    assert_eq!(good(&store).await, [1_001]);
    // What bears that instant and is issued later was meant, too.
    let (grant, token) = issued_at("late", 1_000);
    store.issue(&grant, &token).await.unwrap();
    let dead = Some(InactiveReason::EverythingRevoked);
    assert_eq!(reason(&store, &token.hash).await, dead);
    assert_eq!(named(1_001).await, ONE_OF_EACH);
    assert!(good(&store).await.is_empty());
    drop(store);
    assert!(good(&engine.open().await).await.is_empty());
}
