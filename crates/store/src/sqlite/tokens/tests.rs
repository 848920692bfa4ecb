use avouch_core::storage::CallerStore;
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
    for kind in ["token", "grant", "client", "subject", "removal", "expiry"] {
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
    for sql in [SELECT_FOUND, DELETE_EXPIRED, DELETE_EMPTY_GRANT] {
        let plan = plan(sql);
        assert!(
            plan.contains("SEARCH") && !plan.contains("SCAN"),
            "{sql}: {plan}"
        );
    }
}
