//! The access tokens of resource servers.

use avouch_core::id::TokenId;
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{CallerToken, ResourceSharing};
use avouch_core::storage::{CallerStore, CallerTokenStore, Storage, StoreError};
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};

use crate::Engine;
use crate::fixtures::{Administer, at, resource_server, resource_server_id};

pub(crate) fn token(name: &str, owner: &str) -> CallerToken {
    CallerToken {
        hash: TokenHash::of(name),
        id: TokenId::new(name).unwrap(),
        resource_server: resource_server_id(owner),
        confirmation: Some(Confirmation::jkt(Sha256Thumbprint::from_bytes([7; 32]))),
        issued_at: at(1),
        expires_at: at(100),
    }
}

async fn with_one(engine: &impl Engine) -> impl Storage {
    let store = engine.open().await;
    let server = resource_server("pay", &["https://pay.example"]);
    let inserted = store.insert_resource_server(&server, ResourceSharing::Shared);
    inserted.await.unwrap();
    store
}

pub(crate) async fn a_token_is_found_as_it_was_kept(engine: &impl Engine) {
    let store = with_one(engine).await;
    let (bound, mut unbound) = (token("bound", "pay"), token("unbound", "pay"));
    unbound.confirmation = None;
    for token in [&bound, &unbound] {
        assert_eq!(store.find_caller_token(&token.hash).await.unwrap(), None);
        store.insert_caller_token(token).await.unwrap();
        let found = store.find_caller_token(&token.hash).await.unwrap();
        assert_eq!(found.as_ref(), Some(token));
    }
    let again = store.insert_caller_token(&bound).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let orphan = store.insert_caller_token(&token("orphan", "nobody")).await;
    assert!(matches!(orphan, Err(StoreError::Conflict(_))), "{orphan:?}");
}

pub(crate) async fn it_ends_with_the_credentials_it_was_got_with(engine: &impl Engine) {
    let store = with_one(engine).await;
    let kept = token("kept", "pay");
    store.insert_caller_token(&kept).await.unwrap();
    let mut changed = resource_server("pay", &["https://pay.example"]);
    changed.details.name = Some("renamed".to_owned());
    let sharing = ResourceSharing::Shared;
    assert!(
        store
            .update_resource_server(&changed, sharing)
            .await
            .unwrap()
    );
    assert_eq!(
        store.find_caller_token(&kept.hash).await.unwrap(),
        Some(kept.clone())
    );
    changed.credentials.secrets.remove(0);
    assert!(
        store
            .update_resource_server(&changed, sharing)
            .await
            .unwrap()
    );
    assert_eq!(store.find_caller_token(&kept.hash).await.unwrap(), None);
}

pub(crate) async fn it_ends_with_its_owner(engine: &impl Engine) {
    let store = with_one(engine).await;
    let kept = token("kept", "pay");
    store.insert_caller_token(&kept).await.unwrap();
    let id = resource_server_id("pay");
    assert!(store.remove_resource_server(&id, at(5)).await.unwrap());
    assert_eq!(store.find_caller_token(&kept.hash).await.unwrap(), None);
    let late = store.insert_caller_token(&token("late", "pay")).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
}

pub(crate) async fn expired_ones_are_forgotten_up_to_the_limit(engine: &impl Engine) {
    let store = with_one(engine).await;
    for name in ["one", "two", "three"] {
        store
            .insert_caller_token(&token(name, "pay"))
            .await
            .unwrap();
    }
    let mut later = token("later", "pay");
    later.expires_at = at(101);
    store.insert_caller_token(&later).await.unwrap();
    assert_eq!(
        store.remove_expired_caller_tokens(at(99), 9).await.unwrap(),
        0
    );
    assert_eq!(
        store
            .remove_expired_caller_tokens(at(100), 2)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .remove_expired_caller_tokens(at(100), 2)
            .await
            .unwrap(),
        1
    );
    assert!(
        store
            .find_caller_token(&later.hash)
            .await
            .unwrap()
            .is_some()
    );
}
