//! What clients and resource servers share: the ids.

use std::sync::Arc;

use avouch_core::records::ResourceSharing;
use avouch_core::storage::{CallerStore, Storage, StoreError, Taken};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{at, client, client_id, resource_server, resource_server_id};

pub(crate) async fn no_id_is_given_twice_over_both_kinds(engine: &impl Engine) {
    let store = engine.open().await;
    let sharing = ResourceSharing::Shared;
    let taken = |refused: Result<(), StoreError>| {
        assert!(
            matches!(refused, Err(StoreError::Conflict(Taken::CallerId))),
            "{refused:?}"
        );
    };
    store.insert_client(&client("a")).await.unwrap();
    store
        .insert_resource_server(&resource_server("b", &[]), sharing)
        .await
        .unwrap();
    for _ in 0..2 {
        taken(store.insert_client(&client("a")).await);
        taken(store.insert_client(&client("b")).await);
        taken(
            store
                .insert_resource_server(&resource_server("a", &[]), sharing)
                .await,
        );
        taken(
            store
                .insert_resource_server(&resource_server("b", &[]), sharing)
                .await,
        );
        // The second time: nor after their removal.
        store.remove_client(&client_id("a"), at(10)).await.unwrap();
        store
            .remove_resource_server(&resource_server_id("b"), at(10))
            .await
            .unwrap();
    }
    assert!(store.find_caller("a").await.unwrap().is_none());
    assert!(store.find_caller("b").await.unwrap().is_none());
}

pub(crate) async fn two_registrations_of_one_id_at_once_leave_one(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    let mut registering = JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(&store);
        registering.spawn(async move {
            if number % 2 == 0 {
                store.insert_client(&client("a")).await
            } else {
                let resource_server = resource_server("a", &[]);
                store
                    .insert_resource_server(&resource_server, ResourceSharing::Shared)
                    .await
            }
        });
    }
    let outcomes = registering.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

pub(crate) async fn the_store_answers(engine: &impl Engine) {
    engine.open().await.ping().await.unwrap();
}
