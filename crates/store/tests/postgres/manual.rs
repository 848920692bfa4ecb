//! What the manual has operators type, on the tables of a store.

use avouch_core::introspection::{InactiveReason, reason_against};
use avouch_core::records::{CallerToken, ResourceSharing};
use avouch_core::storage::{
    CallerStore, CallerTokenStore, InitialAccessTokenStore, IssuedBefore, TokenStore,
};

use crate::fixtures::{
    at, client, hash, initial_access_token, issued, resource_server, resource_server_id,
};
use crate::manual_sql::manual_sql;
use crate::place::Place;
use crate::{by_hand, open};

#[tokio::test]
async fn the_tables_say_why_a_token_is_dead() {
    let Some(place) = Place::new() else { return };
    let store = open(&place.options).await;
    store.insert_client(&client("shop")).await.unwrap();
    let hand = by_hand(&place).await;
    let why = manual_sql("everything_revoked").replace("the jti", "jti-one");
    let why = async || {
        let row = hand.query_one(&why, &[]).await.unwrap();
        (1..6).map(|at| row.get::<_, bool>(at)).collect::<Vec<_>>()
    };
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    assert_eq!(why().await, [false; 5]);
    store.revoke_grant(&grant.id, at(1)).await.unwrap();
    store.revoke_client(&token.client, at(1)).await.unwrap();
    assert_eq!(why().await, [true, false, true, false, false]);
    let erika = grant.subject.unwrap();
    store.revoke_subject(&erika, at(1)).await.unwrap();
    let everything = store.revoke_everything(IssuedBefore::Now, at(1));
    everything.await.unwrap();
    assert_eq!(why().await, [true, false, true, true, true]);
}

/// After a restore by the database's own tools.
#[tokio::test]
async fn everything_that_is_there_is_ended_by_hand() {
    let Some(place) = Place::new() else { return };
    let (grant, token) = issued("one", 1_600);
    let own = CallerToken {
        hash: hash("own"),
        id: token.id.clone(),
        resource_server: resource_server_id("pay"),
        confirmation: None,
        issued_at: at(1_000),
        expires_at: at(1_600),
    };
    let invitation = initial_access_token("a", None);
    {
        let store = open(&place.options).await;
        store.insert_client(&client("shop")).await.unwrap();
        store.issue(&grant, &token).await.unwrap();
        let server = resource_server("pay", &["https://pay.example"]);
        let inserting = store.insert_resource_server(&server, ResourceSharing::Exclusive);
        inserting.await.unwrap();
        store.insert_caller_token(&own).await.unwrap();
        let inserting = store.insert_initial_access_token(&invitation);
        inserting.await.unwrap();
    }
    let hand = by_hand(&place).await;
    hand.batch_execute(&manual_sql("UPDATE server_epoch"))
        .await
        .unwrap();
    let store = open(&place.options).await;
    let reason = async |hash| {
        let found = store.find(&hash).await.unwrap().unwrap();
        reason_against(&found, at(1_100))
    };
    let dead = Some(InactiveReason::EverythingRevoked);
    assert_eq!(reason(token.hash).await, dead);
    assert_eq!(store.find_caller_token(&own.hash).await.unwrap(), None);
    assert!(store.list_initial_access_tokens().await.unwrap().is_empty());
    let (grant, token) = issued("new", 1_600);
    store.issue(&grant, &token).await.unwrap();
    assert_eq!(reason(token.hash).await, None);
}
