//! Clients.

use avouch_core::records::{
    AllowedResources, CallerState, Client, Epoch, PublicDetails, TokenBinding, TokenFormat,
};
use avouch_core::storage::{CallerRecord, CallerStore, Page, TokenStore};

use crate::Engine;
use crate::fixtures::{Administer, at, client, client_id, issued};

async fn found(store: &impl CallerStore, id: &str) -> Option<Client> {
    match store.find_caller(id).await.unwrap()? {
        CallerRecord::Client(client) => Some((*client).clone()),
        CallerRecord::ResourceServer(_) => panic!("{id} is no client"),
    }
}

pub(crate) async fn a_client_is_found_as_it_was_kept(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("a")).await.unwrap();
    let mut least = client("b");
    least.details = PublicDetails::default();
    least.credentials.secrets.clear();
    least.grant_types.clear();
    least.resources = AllowedResources::Any;
    least.access_token_lifetime = None;
    least.access_token_format = None;
    store.insert_client(&least).await.unwrap();
    // The second time it may come from a cache.
    for _ in 0..2 {
        assert_eq!(found(&store, "a").await, Some(client("a")));
        assert_eq!(found(&store, "b").await, Some(least.clone()));
        assert_eq!(found(&store, "c").await, None);
    }
}

pub(crate) async fn an_update_replaces_the_record_and_nothing_else(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    store.issue(&grant, &token).await.unwrap();
    store
        .revoke_client(&client_id("shop"), at(1_100))
        .await
        .unwrap();
    found(&store, "shop").await;

    let mut changed = client("shop");
    changed.credentials.secrets.remove(0);
    changed.resources = AllowedResources::Any;
    changed.access_token_lifetime = None;
    changed.access_token_format = Some(TokenFormat::Jwt);
    changed.token_binding = TokenBinding::Certificate;
    assert!(store.update_client(&changed).await.unwrap());
    assert_eq!(found(&store, "shop").await, Some(changed));
    let kept = store.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(kept.client, CallerState::Registered);
    assert_eq!(kept.current.client, Epoch::new(1));
}

pub(crate) async fn a_client_that_is_not_there_is_not_updated_or_removed(engine: &impl Engine) {
    let store = engine.open().await;
    assert!(!store.update_client(&client("a")).await.unwrap());
    assert!(!store.remove_client(&client_id("a"), at(10)).await.unwrap());
    store.insert_client(&client("a")).await.unwrap();
    found(&store, "a").await;
    assert!(store.remove_client(&client_id("a"), at(10)).await.unwrap());
    assert_eq!(found(&store, "a").await, None);
    assert!(!store.update_client(&client("a")).await.unwrap());
    assert!(!store.remove_client(&client_id("a"), at(11)).await.unwrap());
    assert_eq!(found(&store, "a").await, None);
}

pub(crate) async fn clients_are_listed_in_the_order_of_ids_without_the_removed(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    for id in ["c", "a", "B", "gone", "d"] {
        store.insert_client(&client(id)).await.unwrap();
    }
    store
        .remove_client(&client_id("gone"), at(10))
        .await
        .unwrap();
    let page = async |after, limit| {
        let page = store.list_clients(Page { after, limit }).await.unwrap();
        page.iter()
            .map(|client| client.id.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["B", "a"]);
    assert_eq!(page(Some("a"), 2).await, ["c", "d"]);
    assert_eq!(page(Some("d"), 2).await, [""; 0]);
    assert_eq!(page(None, 0).await, [""; 0]);
    let all = store
        .list_clients(Page {
            after: None,
            limit: u32::MAX,
        })
        .await
        .unwrap();
    assert_eq!(*all[2], client("c"));
}
