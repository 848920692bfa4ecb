//! The change feed itself: that no entry is stepped over, and what a reader
//! does that cannot go on.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::opaque_token::TokenHash;
use avouch_core::storage::{
    CallerStore, InitialAccessTokenStore, RegistrationStore, Revoked, Storage, StoreError,
    TokenStore,
};
use avouch_store::{PostgresOptions, PostgresStore};
use tokio::task::JoinSet;

use crate::fixtures::{
    Administer, at, client, grant_id, initial_access_token, issued, registered_client,
};
use crate::place::Place;
use crate::way::{State, Way};
use crate::{ByHand, LEASE, by_hand, node, open};

async fn issue(node: &PostgresStore, name: &str) -> TokenHash {
    let (grant, token) = issued(name, 1_600);
    node.issue(&grant, &token).await.unwrap();
    token.hash
}

async fn is_revoked(node: &PostgresStore, hash: &TokenHash) -> bool {
    let found = node.find(hash).await.unwrap().unwrap();
    found.token.revoked_at.is_some()
}

/// A change that tells nobody: seen by whoever asks the database, and not by
/// whoever remembers.
async fn kill_silently(place: &Place, name: &str) {
    let sql = "UPDATE access_token SET revoked_at = 1 WHERE id = 'jti-' || $1";
    let hand = by_hand(place).await;
    assert_eq!(hand.execute(sql, &[&name]).await.unwrap(), 1);
}

/// A number that is taken early and committed late holds up its lane alone, and
/// is read when it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_entry_that_is_committed_late_is_not_stepped_over() {
    let Some(place) = Place::new() else { return };
    let clock = Arc::new(ByHand::default());
    let one = Arc::new(node(&place.options, &clock).await);
    let other = node(&place.options, &clock).await;
    one.insert_client(&client("shop")).await.unwrap();
    let late = issue(&one, "late").await;
    assert!(!is_revoked(&other, &late).await);
    let silent = issue(&one, "silent").await;
    assert!(!is_revoked(&other, &silent).await);
    kill_silently(&place, "silent").await;
    let mut hashes = Vec::new();
    for number in 0..8 {
        let hash = issue(&one, &format!("n{number}")).await;
        assert!(!is_revoked(&other, &hash).await);
        hashes.push(hash);
    }

    // A revocation, as the store does it, by a server that is slow.
    let hand = by_hand(&place).await;
    hand.batch_execute(
        "BEGIN;
         UPDATE access_token SET revoked_at = 1 WHERE id = 'jti-late';
         UPDATE change_lane SET last = last + 1 WHERE lane = 3;
         INSERT INTO change (lane, number, made_at, kind, tokens)
         SELECT 3, last, 0, 'tokens', ARRAY[(SELECT hash FROM access_token WHERE id = 'jti-late')]
         FROM change_lane WHERE lane = 3",
    )
    .await
    .unwrap();
    let mut revoking = JoinSet::new();
    for hash in hashes {
        let one = Arc::clone(&one);
        revoking.spawn(async move {
            assert_eq!(
                one.revoke_token(&hash, at(1_100)).await.unwrap(),
                Revoked::Now
            );
            hash
        });
    }
    // One of eight has to wait.
    for _ in 0..7 {
        let done = revoking.join_next().await.unwrap().unwrap();
        other.follow_changes().await.unwrap();
        assert!(is_revoked(&other, &done).await);
    }
    assert!(revoking.try_join_next().is_none());
    assert!(!is_revoked(&other, &late).await);
    hand.batch_execute("COMMIT").await.unwrap();
    let last = revoking.join_next().await.unwrap().unwrap();
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &last).await);
    assert!(is_revoked(&other, &late).await);
    // It was not by forgetting everything that they were seen.
    assert!(!is_revoked(&other, &silent).await);
    let lanes = "SELECT lane, array_agg(number ORDER BY number) AS numbers FROM change
                 GROUP BY lane ORDER BY lane";
    for row in hand.query(lanes, &[]).await.unwrap() {
        let (lane, numbers): (i64, Vec<i64>) = (row.get(0), row.get(1));
        let expected = if lane == 3 { vec![1, 2] } else { vec![1] };
        assert_eq!(numbers, expected, "lane {lane}");
    }
}

/// What is undone leaves no gap, for its number is given again.
#[tokio::test]
async fn an_entry_that_is_undone_leaves_no_gap() {
    let Some(place) = Place::new() else { return };
    let clock = Arc::new(ByHand::default());
    let one = node(&place.options, &clock).await;
    let other = node(&place.options, &clock).await;
    one.insert_client(&client("shop")).await.unwrap();
    let kept = issue(&one, "kept").await;
    assert!(!is_revoked(&other, &kept).await);
    kill_silently(&place, "kept").await;
    let hand = by_hand(&place).await;
    hand.batch_execute(
        "BEGIN; UPDATE change_lane SET last = last + 1 WHERE lane = 0;
         INSERT INTO change (lane, number, made_at, kind) VALUES (0, 1, 0, 'everything'); ROLLBACK",
    )
    .await
    .unwrap();
    other.follow_changes().await.unwrap();
    one.update_client(&client("shop")).await.unwrap();
    other.follow_changes().await.unwrap();
    assert!(!is_revoked(&other, &kept).await, "it is still remembered");
}

#[tokio::test]
async fn what_changes_nothing_or_is_refused_tells_nothing() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    let told = async || {
        let hand = by_hand(&place).await;
        let count = hand.query_one("SELECT count(*) FROM change", &[]).await;
        count.unwrap().get::<_, i64>(0)
    };
    store.insert_client(&client("shop")).await.unwrap();
    let hash = issue(&store, "one").await;
    let waits = initial_access_token("a", None);
    store.insert_initial_access_token(&waits).await.unwrap();
    assert_eq!(told().await, 0, "what is new concerns nobody");
    store.revoke_token(&hash, at(1_100)).await.unwrap();
    assert_eq!(told().await, 1);
    store.revoke_token(&hash, at(1_200)).await.unwrap();
    store
        .revoke_grant(&grant_id("none"), at(1_200))
        .await
        .unwrap();
    store.update_client(&client("none")).await.unwrap();
    store.remove_expired(at(1), 10).await.unwrap();
    let twice = registered_client("shop", "t");
    store.register(&twice, None, at(1_200)).await.unwrap_err();
    assert_eq!(told().await, 1);
}

#[tokio::test]
async fn a_change_that_could_not_be_told_is_not_made() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let hash = issue(&store, "one").await;
    let hand = by_hand(&place).await;
    hand.batch_execute("DELETE FROM change_lane").await.unwrap();
    let revoked = store.revoke_token(&hash, at(1_100)).await;
    assert!(
        matches!(revoked, Err(StoreError::Damaged(_))),
        "{revoked:?}"
    );
    let mut changed = client("shop");
    changed.details.name = None;
    let updated = store.update_client(&changed).await;
    assert!(
        matches!(updated, Err(StoreError::Damaged(_))),
        "{updated:?}"
    );
    assert!(!is_revoked(&store, &hash).await);
    let kept = store.find_caller("shop").await.unwrap().unwrap();
    assert_eq!(kept.id(), "shop");
    let name = hand.query_one("SELECT public_details FROM client", &[]);
    let name: String = name.await.unwrap().get(0);
    assert!(name.contains("shop"), "{name}");
}

/// Two nodes, of which the other remembers a token that died unseen.
async fn with_a_silent_death(
    place: &Place,
    other: &PostgresOptions,
) -> (PostgresStore, PostgresStore, TokenHash, Arc<ByHand>) {
    let clock = Arc::new(ByHand::default());
    let one = node(&place.options, &clock).await;
    let other = node(other, &clock).await;
    one.insert_client(&client("shop")).await.unwrap();
    for round in 0..3 {
        let hash = issue(&one, &format!("before-{round}")).await;
        one.revoke_token(&hash, at(1_100)).await.unwrap();
        one.update_client(&client("shop")).await.unwrap();
    }
    other.follow_changes().await.unwrap();
    let hash = issue(&one, "silent").await;
    assert!(!is_revoked(&other, &hash).await);
    kill_silently(place, "silent").await;
    other.follow_changes().await.unwrap();
    assert!(!is_revoked(&other, &hash).await, "it is remembered");
    (one, other, hash, clock)
}

#[tokio::test]
async fn a_node_that_fell_behind_the_clean_up_forgets_everything() {
    let Some(place) = Place::new() else { return };
    let (one, other, silent, _) = with_a_silent_death(&place, &place.options).await;
    for _ in 0..3 {
        one.update_client(&client("shop")).await.unwrap();
    }
    let hand = by_hand(&place).await;
    // All but the newest.
    hand.batch_execute(
        "DELETE FROM change c WHERE number <
             (SELECT max(number) FROM change m WHERE m.lane = c.lane)",
    )
    .await
    .unwrap();
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &silent).await);
    // And goes on from there.
    let next = issue(&one, "next").await;
    assert!(!is_revoked(&other, &next).await);
    one.revoke_token(&next, at(1_100)).await.unwrap();
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &next).await);
}

#[tokio::test]
async fn a_feed_that_is_not_the_one_it_was_is_noticed() {
    for tampering in [
        // Back to an earlier state.
        "DELETE FROM change WHERE lane = 0; UPDATE change_lane SET last = 0 WHERE lane = 0",
        // The same, and grown past it again.
        "DELETE FROM change WHERE lane = 0;
         INSERT INTO change (lane, number, made_at, kind) VALUES (0, 7, 0, 'caller')",
        // A hole.
        "INSERT INTO change (lane, number, made_at, kind) VALUES (0, 5, 0, 'caller')",
        // Written by a release that tells of more.
        "INSERT INTO change (lane, number, made_at, kind) VALUES (0, 4, 0, 'weather')",
    ] {
        let Some(place) = Place::new() else { return };
        let (_, other, silent, _) = with_a_silent_death(&place, &place.options).await;
        let hand = by_hand(&place).await;
        hand.batch_execute(tampering).await.unwrap();
        other.follow_changes().await.unwrap();
        assert!(is_revoked(&other, &silent).await, "{tampering}");
    }
}

#[tokio::test]
async fn more_changes_than_are_read_at_once_are_not_missed() {
    let Some(place) = Place::new() else { return };
    let (one, other, silent, _) = with_a_silent_death(&place, &place.options).await;
    let hand = by_hand(&place).await;
    hand.batch_execute(
        "INSERT INTO change (lane, number, made_at, kind, name)
         SELECT 0, last + n, 0, 'caller', 'bank' FROM change_lane, generate_series(1, 2000) n
         WHERE lane = 0;
         UPDATE change_lane SET last = last + 2000 WHERE lane = 0",
    )
    .await
    .unwrap();
    let next = issue(&one, "next").await;
    assert!(!is_revoked(&other, &next).await);
    one.revoke_token(&next, at(1_100)).await.unwrap();
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &silent).await);
    assert!(is_revoked(&other, &next).await);
}

/// Behind another connection there may be another server.
#[tokio::test]
async fn a_node_whose_feed_was_cut_forgets_everything() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    let options = way.options(&place.options, "");
    let (one, other, silent, clock) = with_a_silent_death(&place, &options).await;
    way.cut();
    other.follow_changes().await.unwrap_err();
    // The lease is not over.
    assert!(!is_revoked(&other, &silent).await);
    let next = issue(&one, "next").await;
    assert!(!is_revoked(&other, &next).await);
    one.revoke_token(&next, at(1_100)).await.unwrap();
    clock.pass(LEASE);
    assert!(is_revoked(&other, &next).await);
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &silent).await);
    assert!(is_revoked(&other, &next).await);
}

#[tokio::test]
async fn a_node_that_cannot_reach_the_database_does_not_go_on_believing() {
    let Some(place) = Place::new() else { return };
    let way = Way::to(&place.options).await;
    let options = way.options(&place.options, "");
    let (_, other, silent, clock) = with_a_silent_death(&place, &options).await;
    way.set(State::Closed);
    other.follow_changes().await.unwrap_err();
    assert!(!is_revoked(&other, &silent).await);
    clock.pass(LEASE);
    for _ in 0..2 {
        let found = other.find(&silent).await;
        assert!(
            matches!(found, Err(StoreError::Unavailable(_))),
            "{found:?}"
        );
        other.follow_changes().await.unwrap_err();
    }
    way.set(State::Open);
    assert!(is_revoked(&other, &silent).await);
    other.follow_changes().await.unwrap();
    assert!(is_revoked(&other, &silent).await);
}

#[tokio::test]
async fn of_each_lane_the_newest_entries_stay_and_the_very_newest_always() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    let hand = by_hand(&place).await;
    let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    hand.batch_execute(&format!(
        "INSERT INTO change (lane, number, made_at, kind)
         SELECT 1, n, {now}, 'caller' FROM generate_series(1, 6000) n;
         INSERT INTO change (lane, number, made_at, kind)
         SELECT 2, n, {now} - 3700000000::bigint, 'caller' FROM generate_series(1, 2500) n;
         INSERT INTO change (lane, number, made_at, kind)
         SELECT 3, n, {now} - 3500000000::bigint, 'caller' FROM generate_series(1, 10) n"
    ))
    .await
    .unwrap();
    let gone = store.trim_changes().await.unwrap();
    let kept = "SELECT lane, min(number), max(number), count(*) FROM change GROUP BY lane
                ORDER BY lane";
    let kept: Vec<[i64; 4]> = hand
        .query(kept, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2), row.get(3)])
        .collect();
    assert_eq!(
        kept,
        [[1, 1905, 6000, 4096], [2, 2500, 2500, 1], [3, 1, 10, 10]]
    );
    assert_eq!(gone, 1904 + 2499);
    assert_eq!(store.trim_changes().await.unwrap(), 0);
}

#[tokio::test]
async fn an_entry_cannot_be_rewritten_even_by_hand() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    store.update_client(&client("shop")).await.unwrap();
    let hand = by_hand(&place).await;
    let changed = hand.execute("UPDATE change SET kind = 'tokens'", &[]).await;
    assert!(changed.is_err());
}

/// With servers that follow by themselves, as they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_lane_is_whole_after_a_crowd_and_the_others_come_to_see_it_all() {
    let Some(place) = Place::new() else { return };
    let options = PostgresOptions {
        caching: Some(avouch_store::Caching {
            // So that only the feed can have them see it.
            lease: Duration::from_hours(1),
            ..avouch_store::Caching::new(Arc::new(crate::place::Passing::new()))
        }),
        ..place.options.clone()
    };
    let nodes = [
        Arc::new(open(&options).await),
        Arc::new(open(&options).await),
        Arc::new(open(&options).await),
    ];
    nodes[0].insert_client(&client("shop")).await.unwrap();
    let mut working = JoinSet::new();
    for number in 0..60_usize {
        let nodes = nodes.clone();
        working.spawn(async move {
            let [one, two, three] = [0, 1, 2].map(|offset| &nodes[(number + offset) % 3]);
            let hash = issue(one, &format!("n{number}")).await;
            assert!(!is_revoked(two, &hash).await);
            if number % 10 == 0 {
                two.update_client(&client("shop")).await.unwrap();
            }
            three.revoke_token(&hash, at(1_100)).await.unwrap();
            assert!(is_revoked(three, &hash).await);
            hash
        });
    }
    let hashes = working.join_all().await;
    for node in &nodes {
        for hash in &hashes {
            // Bounded by the test's own patience.
            while !is_revoked(node, hash).await {
                tokio::task::yield_now().await;
            }
        }
    }
    let hand = by_hand(&place).await;
    let wrong = "SELECT l.lane FROM change_lane l
                 LEFT JOIN (SELECT lane, max(number) AS newest, count(*) AS entries
                            FROM change GROUP BY lane) c ON c.lane = l.lane
                 WHERE l.last <> coalesce(c.newest, 0) OR l.last <> coalesce(c.entries, 0)";
    assert_eq!(hand.query(wrong, &[]).await.unwrap().len(), 0);
}
