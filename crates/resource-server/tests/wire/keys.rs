//! Keys come and go, and nobody can turn us against their owner.

use crate::fake_as::{NOW, changed, claims, new_key, refused, sign, start, statement, status};
use avouch_jose::SigningKey;
use avouch_resource_server::{FailedCheck, IntrospectError, Introspector, StatementError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn assert_unknown_key(error: &StatementError) {
    assert!(
        matches!(error, StatementError::Check(FailedCheck::NoKey(_))),
        "{error}"
    );
}

/// Twenty callers ask at once, and all get an answer.
async fn assert_many_believe(introspector: &Introspector) {
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let introspector = introspector.clone();
            tokio::spawn(async move { introspector.introspect("t0ken").await })
        })
        .collect();
    for asked in asking {
        assert!(asked.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_rotated_key_is_fetched_once_and_then_known() {
    let (server, old, introspector) = start().await;
    let new = new_key();
    server.publish(&[&old, &new]);
    server.set_time(NOW + 10);
    server.say(sign(&new, &claims(&server)));
    for _ in 0..3 {
        assert!(introspector.introspect("t0ken").await.is_ok());
    }
    server.say(sign(&old, &claims(&server)));
    assert!(introspector.introspect("t0ken").await.is_ok());
    assert_eq!(server.seen("/jwks").len(), 2);
}

#[tokio::test]
async fn callers_who_miss_the_same_key_share_one_fetch() {
    let (server, old, introspector) = start().await;
    let new = new_key();
    server.publish(&[&old, &new]);
    server.set_time(NOW + 10);
    server.say(sign(&new, &claims(&server)));
    assert_many_believe(&introspector).await;
    assert_eq!(server.seen("/jwks").len(), 2);
}

#[tokio::test]
async fn callers_who_find_the_keys_expired_share_one_fetch() {
    let (server, key, introspector) = start().await;
    server.set_time(NOW + 600);
    server.say(sign(&key, &changed(&server, "iat", (NOW + 600).into())));
    assert_many_believe(&introspector).await;
    assert_eq!(server.seen("/jwks").len(), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch_per_interval() {
    let (server, _, introspector) = start().await;
    let count = Arc::new(AtomicUsize::new(0));
    let strangers: Vec<SigningKey> = (0..4).map(|_| new_key()).collect();
    let claims = claims(&server);
    server.on_introspection(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        let stranger = &strangers[number % strangers.len()];
        statement(sign(stranger, &claims))
    });
    for (seconds, fetches) in [(0, 1), (9, 1), (10, 2), (19, 2), (20, 3)] {
        server.set_time(NOW + seconds);
        for _ in 0..8 {
            assert_unknown_key(&refused(introspector.introspect("t0ken").await));
        }
        assert_eq!(server.seen("/jwks").len(), fetches, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_withdrawn_key_is_believed_no_longer_than_keys_are_held() {
    let (server, withdrawn, introspector) = start().await;
    server.publish(&[&new_key()]);
    let at = async |now: u64| {
        server.set_time(now);
        server.say(sign(&withdrawn, &changed(&server, "iat", now.into())));
        introspector.introspect("t0ken").await
    };
    assert!(at(NOW + 299).await.is_ok());
    assert_unknown_key(&refused(at(NOW + 300).await));
}

#[tokio::test]
async fn keys_outlive_a_failed_renewal_but_not_their_time() {
    let (server, key, introspector) = start().await;
    server.on_jwks(|_| status(503, ""));
    let at = async |now: u64| {
        server.set_time(now);
        server.say(sign(&key, &changed(&server, "iat", now.into())));
        introspector.introspect("t0ken").await
    };
    for (seconds, fetches) in [(299, 1), (300, 2), (309, 2), (310, 3), (599, 4)] {
        assert!(at(NOW + seconds).await.is_ok(), "after {seconds} s");
        assert_eq!(server.seen("/jwks").len(), fetches, "after {seconds} s");
    }
    for (seconds, fetches) in [(600, 4), (608, 4), (609, 5), (610, 5)] {
        match at(NOW + seconds).await {
            Err(IntrospectError::Server(_)) => {}
            other => panic!("after {seconds} s: {other:?}"),
        }
        assert_eq!(server.seen("/jwks").len(), fetches, "after {seconds} s");
    }
    server.publish(&[&key]);
    assert!(at(NOW + 619).await.is_ok());
}

#[tokio::test]
async fn a_clock_set_far_back_makes_keys_old_not_young() {
    let (server, key, introspector) = start().await;
    let earlier = NOW - 10_000;
    server.set_time(earlier);
    server.say(sign(&key, &changed(&server, "iat", earlier.into())));
    assert!(introspector.introspect("t0ken").await.is_ok());
    assert_eq!(server.seen("/jwks").len(), 2);
}
