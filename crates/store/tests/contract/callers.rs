//! What clients and resource servers share: the ids.

use std::sync::Arc;

use avouch_core::records::ResourceSharing;
use avouch_core::storage::{CallerRecord, CallerStore, Changed, Storage, StoreError, Taken};
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{Administer, at, client, client_id, resource_server, resource_server_id};

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

/// A client and an RS, each as it is kept.
async fn two_kinds(store: &impl Storage) -> [CallerRecord; 2] {
    store.insert_client(&client("shop")).await.unwrap();
    let pay = resource_server("pay", &["https://pay.example"]);
    let sharing = ResourceSharing::Exclusive;
    store.insert_resource_server(&pay, sharing).await.unwrap();
    [
        CallerRecord::Client(Arc::new(client("shop"))),
        CallerRecord::ResourceServer(Arc::new(pay)),
    ]
}

fn without_secrets(caller: &CallerRecord) -> CallerRecord {
    let mut credentials = caller.credentials().clone();
    credentials.secrets.clear();
    caller.with_credentials(credentials)
}

pub(crate) async fn a_caller_is_changed_or_removed_as_it_was_read_or_not_at_all(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    for from in two_kinds(&store).await {
        let id = from.id();
        let to = without_secrets(&from);
        let change = async |from: &CallerRecord, to: &CallerRecord| {
            let changing = store.change_caller(from, to, ResourceSharing::Exclusive);
            changing.await.unwrap()
        };
        store.find_caller(id).await.unwrap();
        assert_eq!(change(&from, &to).await, Changed::Done);
        assert_eq!(store.find_caller(id).await.unwrap().as_ref(), Some(&to));
        // As it was before it is not any more.
        assert_eq!(change(&from, &from).await, Changed::Meanwhile);
        let removed = store.remove_caller(&from, at(20)).await.unwrap();
        assert_eq!(removed, Changed::Meanwhile);
        assert_eq!(store.current_caller(id).await.unwrap().as_ref(), Some(&to));

        let removed = store.remove_caller(&to, at(20)).await.unwrap();
        assert_eq!(removed, Changed::Done);
        assert_eq!(store.find_caller(id).await.unwrap(), None);
        assert_eq!(store.current_caller(id).await.unwrap(), None);
        assert_eq!(change(&to, &from).await, Changed::Gone);
        let removed = store.remove_caller(&to, at(20)).await.unwrap();
        assert_eq!(removed, Changed::Gone);
    }
}

pub(crate) async fn a_caller_is_never_made_into_another(engine: &impl Engine) {
    let store = engine.open().await;
    let [shop, pay] = two_kinds(&store).await;
    let other = CallerRecord::Client(Arc::new(client("other")));
    for (from, to) in [(&shop, &pay), (&pay, &shop), (&shop, &other)] {
        let changing = store.change_caller(from, to, ResourceSharing::Exclusive);
        let refused = changing.await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Taken::CallerId))),
            "{refused:?}"
        );
        assert_eq!(
            store.current_caller(from.id()).await.unwrap().as_ref(),
            Some(from)
        );
    }
}

pub(crate) async fn of_many_changes_from_one_state_one_is_made(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    for from in two_kinds(&*store).await {
        let mut changing = JoinSet::new();
        for number in 0..8 {
            let (store, from) = (Arc::clone(&store), from.clone());
            changing.spawn(async move {
                if number == 0 {
                    return store.remove_caller(&from, at(20)).await.unwrap();
                }
                let to = without_secrets(&from);
                let changing = store.change_caller(&from, &to, ResourceSharing::Exclusive);
                changing.await.unwrap()
            });
        }
        let outcomes = changing.join_all().await;
        let done = outcomes.iter().filter(|outcome| **outcome == Changed::Done);
        assert_eq!(done.count(), 1, "{outcomes:?}");
    }
}
