use avouch_core::storage::CallerStore;
use rusqlite::StatementStatus;
use tempfile::TempDir;

use super::*;
use crate::SqliteOptions;
use crate::fixtures::{Administer, at, client, client_id, issued, subject};

async fn store_with_a_token() -> (SqliteStore, AccessToken, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("avouch.db");
    let store = SqliteStore::open(path, &SqliteOptions::default()).unwrap();
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    (store, token, folder)
}

/// The unlucky order of events, one after the other: a look-up reads the token
/// alive, a revocation comes and returns, the look-up puts what it read away.
#[tokio::test]
async fn a_look_up_that_a_revocation_overtook_does_not_bring_the_token_back() {
    for kind in [
        "token",
        "grant",
        "client",
        "subject",
        "everything",
        "removal",
        "expiry",
    ] {
        let (store, token, _folder) = store_with_a_token().await;
        let ticket = store.caches.tokens.ticket();
        let read = store
            .readers
            .read(|connection| select(connection, &token.hash));
        let (found, octets) = read.unwrap().unwrap();
        match kind {
            "token" => drop(store.revoke_token(&token.hash, at(1_100)).await.unwrap()),
            "grant" => drop(store.revoke_grant(&token.grant, at(1_100)).await.unwrap()),
            "client" => drop(store.revoke_client(&token.client, at(1_100)).await.unwrap()),
            "subject" => drop(
                store
                    .revoke_subject(&subject("erika"), at(1_100))
                    .await
                    .unwrap(),
            ),
            "everything" => {
                let revoking = store.revoke_everything(IssuedBefore::Now, at(1_100));
                revoking.await.unwrap();
            }
            "removal" => drop(
                store
                    .remove_client(&client_id("shop"), at(1_100))
                    .await
                    .unwrap(),
            ),
            _ => drop(store.remove_expired(at(9_999), 1).await.unwrap()),
        }
        store
            .caches
            .tokens
            .fill(ticket, token.hash, Arc::new(found), octets);
        assert!(store.caches.tokens.get(&token.hash).is_none(), "{kind}");
    }
}

#[tokio::test]
async fn a_token_that_was_found_is_found_without_the_database() {
    let (store, token, _folder) = store_with_a_token().await;
    assert!(store.caches.tokens.get(&token.hash).is_none());
    let found = store.find(&token.hash).await.unwrap().unwrap();
    let cached = store.caches.tokens.get(&token.hash).unwrap();
    assert!(Arc::ptr_eq(&found, &cached));
}

#[tokio::test]
async fn a_token_that_does_not_hang_on_its_grant_is_refused() {
    let (store, _, _folder) = store_with_a_token().await;
    let (grant, mut token) = issued("two", 1_600);
    token.client = client_id("other");
    assert!(matches!(
        store.issue(&grant, &token).await,
        Err(StoreError::Damaged(_))
    ));
}

/// With a million tokens, a statement without its index is a server that stands.
#[tokio::test]
async fn no_statement_on_tokens_walks_a_whole_table() {
    let (store, _, _folder) = store_with_a_token().await;
    let plan = |sql: &str| {
        let steps = store.readers.read(|connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            // What the parameters are does not matter to the plan.
            let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            Ok(steps.collect::<Result<Vec<_>, _>>()?.join("\n"))
        });
        steps.unwrap()
    };
    for sql in [
        SELECT_NEAREST,
        DELETE_EXPIRED,
        DELETE_EMPTY_GRANT,
        ISSUE_TOKEN,
    ] {
        let plan = plan(sql);
        assert!(
            plan.contains("SEARCH") && !plan.contains("SCAN"),
            "{sql}: {plan}"
        );
    }
}

const REFUSE_ALL: &(dyn Fn(&FoundToken) -> bool + Sync) = &|_| false;

/// The steps that SQLite's machine makes to look a token up, and the octets that were decoded.
fn steps_and_octets(store: &SqliteStore, hash: &TokenHash) -> (i32, usize) {
    let looked = store.readers.read(|connection| {
        let mut statement = connection.prepare(SELECT_NEAREST)?;
        let row_is_there = statement.query([hash.as_bytes()])?.next()?.is_some();
        assert!(row_is_there, "there is a record at the hash or after it");
        let steps = statement.get_status(StatementStatus::VmStep);
        let octets = first(connection, SELECT_NEAREST, [hash.as_bytes()], |row| {
            let of = TokenHash::from_bytes(row.take(super::hash)?);
            found(row, of)?;
            Ok(row.octets)
        })?;
        Ok((steps, octets.unwrap_or(0)))
    });
    looked.unwrap()
}

/// A clock would only say so on a quiet machine.
#[tokio::test]
async fn row_tim_01_a_dead_token_takes_the_same_steps_whatever_it_died_of() {
    let (store, live, _folder) = store_with_a_token().await;
    store.insert_client(&client("removed")).await.unwrap();
    let mut dead = Vec::new();
    for (name, end) in [
        ("two", 1_001),
        ("tri", 1_600),
        ("for", 1_600),
        ("fiv", 1_600),
    ] {
        let (mut grant, mut token) = issued(name, end);
        if name == "fiv" {
            grant.client = client_id("removed");
            token.client = grant.client.clone();
        }
        store.issue(&grant, &token).await.unwrap();
        dead.push(token);
    }
    store.revoke_token(&dead[1].hash, at(1_100)).await.unwrap();
    store.revoke_grant(&dead[2].grant, at(1_100)).await.unwrap();
    store
        .remove_client(&client_id("removed"), at(1_100))
        .await
        .unwrap();

    let (of_a_live_one, octets) = steps_and_octets(&store, &live.hash);
    assert!(of_a_live_one > 0 && octets > 0);
    for token in &dead {
        assert_eq!(steps_and_octets(&store, &token.hash).0, of_a_live_one);
    }
    // One that is not kept, next to one that is.
    for token in &dead {
        let mut before = *token.hash.as_bytes();
        before[31] = before[31].wrapping_sub(1);
        let not_kept = TokenHash::from_bytes(before);
        assert!(store.find(&not_kept).await.unwrap().is_none());
        assert_eq!(
            steps_and_octets(&store, &not_kept),
            steps_and_octets(&store, &token.hash)
        );
    }
}

#[tokio::test]
async fn row_tim_01_a_token_that_is_no_good_is_read_from_the_database_as_often_as_it_is_asked_about()
 {
    let (store, token, _folder) = store_with_a_token().await;
    let cached = || store.caches.tokens.get(&token.hash);
    store
        .find_evenly(&token.hash, REFUSE_ALL)
        .await
        .unwrap()
        .unwrap();
    assert!(cached().is_none(), "what is no good was put into the cache");

    // In use elsewhere, so it is in the cache; here it is no good.
    let there = store.find(&token.hash).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&there, &cached().unwrap()));
    let here = store
        .find_evenly(&token.hash, REFUSE_ALL)
        .await
        .unwrap()
        .unwrap();
    assert!(!Arc::ptr_eq(&here, &there), "it came from the cache");
    assert!(
        Arc::ptr_eq(&there, &cached().unwrap()),
        "whoever uses it has lost it"
    );
}

#[tokio::test]
async fn the_damage_of_a_neighbour_is_not_that_of_a_token_that_is_not_kept() {
    let (store, token, folder) = store_with_a_token().await;
    let path = folder.path().join("avouch.db");
    let other = Connection::open(path).unwrap();
    other
        .execute("UPDATE access_grant SET claims = 'broken'", ())
        .unwrap();
    let mut before = *token.hash.as_bytes();
    before[31] = before[31].wrapping_sub(1);
    let not_kept = store.find(&TokenHash::from_bytes(before)).await.unwrap();
    assert!(not_kept.is_none());
    assert!(matches!(
        store.find(&token.hash).await,
        Err(StoreError::Damaged(_))
    ));
}
