//! The database goes away and comes back; the way to it does.

use std::time::Duration;

use avouch_core::records::ResourceSharing;
use avouch_core::storage::{CallerStore, Changed, Storage, StoreError, TokenStore};
use avouch_store::{PostgresError, PostgresOptions, PostgresStore};

use crate::fixtures::{Administer, client, issued};
use crate::place::Place;
use crate::way::{State, Way};
use crate::{by_hand, open};

fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>, says: &str) {
    match outcome {
        Err(error @ StoreError::Unavailable(_)) => {
            assert!(error.to_string().contains(says), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

/// With less patience, so that the tests need not have more.
fn impatient(options: &PostgresOptions) -> PostgresOptions {
    PostgresOptions {
        connect: Duration::from_millis(800),
        wait: Duration::from_millis(800),
        call: Duration::from_millis(800),
        ..options.clone()
    }
}

#[tokio::test]
async fn a_database_that_went_away_is_unavailable_until_it_is_back() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    let store = open(&way.options(&place.options, "")).await;
    store.insert_client(&client("shop")).await.unwrap();
    way.set(State::Closed);
    let (grant, token) = issued("one", 1_600);
    for _ in 0..3 {
        unavailable(store.ping().await, "can be reached");
        unavailable(store.find_caller("shop").await, "can be reached");
        unavailable(store.issue(&grant, &token).await, "can be reached");
    }
    way.set(State::Open);
    store.ping().await.unwrap();
    store.issue(&grant, &token).await.unwrap();
    assert!(store.find(&token.hash).await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_in_time() {
    let Some(place) = Place::new() else { return };
    drop(open(&place.options).await);
    let way = Way::to(&place.options).await;
    let store = open(&impatient(&way.options(&place.options, ""))).await;
    store.insert_client(&client("shop")).await.unwrap();
    way.set(State::Blocked);
    unavailable(
        store.insert_client(&client("other")).await,
        "did not answer",
    );
    unavailable(store.ping().await, "");
    way.set(State::Open);
    // A connection that was given up is not used again: what was on its way
    // there may arrive, but is nobody's answer.
    for _ in 0..3 {
        assert!(store.find_caller("shop").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn connections_that_the_database_ended_are_made_anew() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    let store = open(&way.options(&place.options, "")).await;
    store.insert_client(&client("shop")).await.unwrap();
    for _ in 0..5 {
        way.cut();
        // Neither a look-up nor a change notices.
        assert!(store.find_caller("shop").await.unwrap().is_some());
        way.cut();
        store.update_client(&client("shop")).await.unwrap();
    }
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_not_waited_for() {
    let Some(place) = Place::new() else { return };
    let options = PostgresOptions {
        statement: Duration::from_millis(200),
        ..place.options.clone()
    };
    let store = open(&options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let hand = by_hand(&place).await;
    hand.batch_execute("BEGIN; SELECT id FROM caller WHERE id = 'shop' FOR UPDATE")
        .await
        .unwrap();
    let changing = store.update_client(&client("shop")).await;
    unavailable(changing, "took too long");
    // Whoever only looks does not wait.
    assert!(store.find_caller("shop").await.unwrap().is_some());
    hand.batch_execute("ROLLBACK").await.unwrap();
    assert!(store.update_client(&client("shop")).await.unwrap());
}

#[tokio::test]
async fn more_calls_than_connections_wait_their_turn_and_no_longer() {
    let Some(place) = Place::new() else { return };
    let options = PostgresOptions {
        connections: 1,
        wait: Duration::from_millis(300),
        ..place.options.clone()
    };
    let store = open(&options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let hand = by_hand(&place).await;
    hand.batch_execute("BEGIN; SELECT id FROM caller WHERE id = 'shop' FOR UPDATE")
        .await
        .unwrap();
    // Read before, so that the change is the first to want the one connection.
    let shop = store.current_caller("shop").await.unwrap().unwrap();
    let changing = store.change_caller(&shop, &shop, ResourceSharing::Exclusive);
    let (changed, looked) = tokio::join!(changing, async {
        let looked = store.find_caller("shop").await;
        hand.batch_execute("ROLLBACK").await.unwrap();
        looked
    });
    unavailable(looked, "every connection");
    assert_eq!(changed.unwrap(), Changed::Done);
}

#[tokio::test]
async fn nobody_answering_is_told_at_start() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    way.set(State::Closed);
    let refused = PostgresStore::open(&way.options(&place.options, "")).await;
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("on localhost"), "{told}");
    assert!(told.contains("runs and can be reached"), "{told}");
    way.set(State::Blocked);
    let refused = PostgresStore::open(&impatient(&way.options(&place.options, ""))).await;
    assert!(
        matches!(refused, Err(PostgresError::Unreachable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn over_tls_the_server_must_be_the_one_that_is_named() {
    let Some(place) = Place::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let certified = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let trusted = |certificate: &rcgen::Certificate, name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, certificate.pem()).unwrap();
        format!("?sslmode=verify-full&sslrootcert={}", path.display())
    };
    let (right, wrong) = (certified("localhost"), certified("db.example"));
    let trusts_right = trusted(&right.cert, "right.pem");
    let trusts_wrong = trusted(&wrong.cert, "wrong.pem");

    let way = Way::over_tls(&place.options, right).await;
    let store = open(&way.options(&place.options, &trusts_right)).await;
    store.insert_client(&client("shop")).await.unwrap();
    assert!(store.find_caller("shop").await.unwrap().is_some());
    // Another authority, another name, and no TLS at all.
    let other_way = Way::over_tls(&place.options, wrong).await;
    for options in [
        way.options(&place.options, &trusts_wrong),
        other_way.options(&place.options, &trusts_wrong),
        Way::to(&place.options)
            .await
            .options(&place.options, &trusts_right),
    ] {
        let refused = PostgresStore::open(&options).await;
        assert!(
            matches!(refused, Err(PostgresError::Unreachable { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn authorities_that_are_not_there_are_told() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    for path in ["/no/such/file.pem", "/dev/null"] {
        let options = way.options(&place.options, &format!("?sslrootcert={path}"));
        let refused = PostgresStore::open(&options).await.unwrap_err().to_string();
        assert!(refused.contains(path), "{refused}");
    }
}
