//! Answers remembered for a short while.

use crate::fake_as::{FakeAs, NOW, changed, claims, new_key, sign};
use avouch_jose::SigningKey;
use avouch_resource_server::{AnswerCaching, Introspector};
use serde_json::json;
use std::num::{NonZeroU32, NonZeroUsize};

/// A resource server that remembers for 30 seconds, and an AS that says a token is active.
async fn start(capacity: usize) -> (FakeAs, SigningKey, Introspector) {
    let server = FakeAs::start("").await;
    let key = new_key();
    server.publish(&[&key]);
    let caching = AnswerCaching {
        seconds: NonZeroU32::new(30).unwrap(),
        capacity: NonZeroUsize::new(capacity).unwrap(),
    };
    let builder = server.builder().cache_answers(caching);
    let introspector = builder.discover().await.unwrap();
    server.say(sign(&key, &claims(&server)));
    (server, key, introspector)
}

#[tokio::test]
async fn row_7662_2_2_10_an_active_answer_is_remembered_for_its_time() {
    let (server, key, introspector) = start(10).await;
    for (at, questions) in [(NOW, 1), (NOW + 29, 1), (NOW + 30, 2), (NOW + 31, 2)] {
        server.set_time(at);
        server.say(sign(&key, &changed(&server, "iat", json!(at))));
        let answer = introspector.introspect("t0ken").await.unwrap();
        assert!(answer.active().is_some());
        assert_eq!(server.seen("/introspect").len(), questions, "at {at}");
    }
    // Another token is another question.
    introspector.introspect("0ther").await.unwrap();
    assert_eq!(server.seen("/introspect").len(), 3);
}

#[tokio::test]
async fn row_7662_4_09_never_beyond_exp() {
    let (server, key, introspector) = start(10).await;
    let ends = json!({"active": true, "exp": NOW + 10});
    server.say(sign(&key, &changed(&server, "token_introspection", ends)));
    introspector.introspect("t0ken").await.unwrap();
    server.set_time(NOW + 9);
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(server.seen("/introspect").len(), 1);
    server.set_time(NOW + 10);
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(server.seen("/introspect").len(), 2);
}

#[tokio::test]
async fn a_no_is_asked_for_every_time_and_so_is_everything_once_the_clock_was_set_back() {
    let (server, key, introspector) = start(10).await;
    introspector.introspect("t0ken").await.unwrap();
    server.set_time(NOW - 5);
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(server.seen("/introspect").len(), 2);
    let inactive = changed(&server, "token_introspection", json!({"active": false}));
    server.say(sign(&key, &inactive));
    for questions in [3, 4] {
        introspector.introspect("dead").await.unwrap();
        assert_eq!(server.seen("/introspect").len(), questions);
    }
}

#[tokio::test]
async fn no_more_is_held_than_was_allowed() {
    let (server, _, introspector) = start(8).await;
    for round in 0..2 {
        for token in 0..200 {
            introspector.introspect(&format!("t{token}")).await.unwrap();
        }
        let asked = server.seen("/introspect").len();
        assert!(asked >= 200 * (round + 1) - 16 * round, "{asked}");
    }
}
