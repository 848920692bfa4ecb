//! What was acknowledged is there after the store was closed and opened again.

use avouch_core::records::{CallerState, Epoch, Epochs, ResourceSharing};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, InitialAccessTokenStore, IssuedBefore, KeyStore,
    KeysRevision, RegistrationStore, Revoked, ServerSecret, TokenStore,
};

use crate::Engine;
use crate::fixtures::{
    Administer, at, client, client_id, hash, initial_access_token, issued, registered_client,
    resource_server, signing_key, subject,
};

pub(crate) async fn everything_is_there_again(engine: &impl Engine) {
    let (grant, token) = issued("one", 1_600);
    let served = resource_server("sign", &["https://sign.example"]);
    {
        let store = engine.open().await;
        store.insert_client(&client("shop")).await.unwrap();
        store.insert_client(&client("gone")).await.unwrap();
        store
            .remove_client(&client_id("gone"), at(10))
            .await
            .unwrap();
        store
            .insert_resource_server(&served, ResourceSharing::Exclusive)
            .await
            .unwrap();
        store.issue(&grant, &token).await.unwrap();
        store.revoke_token(&token.hash, at(1_100)).await.unwrap();
        store.revoke_grant(&grant.id, at(1_200)).await.unwrap();
        store
            .revoke_client(&client_id("shop"), at(1_300))
            .await
            .unwrap();
        store
            .revoke_subject(&subject("erika"), at(1_400))
            .await
            .unwrap();
        for issued in [IssuedBefore::Now, IssuedBefore::Instant(at(900))] {
            store.revoke_everything(issued, at(1_500)).await.unwrap();
        }
        store
            .insert_signing_key(&signing_key("k", 10), &[], KeysRevision::default())
            .await
            .unwrap();
        store
            .server_secret_or_insert(ServerSecret::TokenCheck, b"s")
            .await
            .unwrap();
        let twice = initial_access_token("a", Some(2));
        store.insert_initial_access_token(&twice).await.unwrap();
        let managed = registered_client("managed", "m");
        let registering = store.register(&managed, Some(&twice.hash), at(1_100));
        assert!(registering.await.unwrap());
        let mut changed = managed.clone();
        changed.registration.tokens = changed.registration.tokens.with(hash("n"));
        let changing = store.change_registration(&managed, &changed);
        assert_eq!(changing.await.unwrap(), Changed::Done);
    }
    let store = engine.open().await;
    let found = store.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert_eq!(found.grant.revoked_at, Some(at(1_200)));
    assert_eq!(found.client, CallerState::Registered);
    let once = Epochs {
        server: Epoch::new(1),
        client: Epoch::new(1),
        subject: Epoch::new(1),
    };
    assert_eq!((found.issued_in, found.current), (Epochs::default(), once));
    assert_eq!(found.all_revoked_until, Some(at(900)));
    assert_eq!(
        store.revoke_token(&token.hash, at(1_500)).await.unwrap(),
        Revoked::Already
    );
    let Some(CallerRecord::ResourceServer(kept)) = store.find_caller("sign").await.unwrap() else {
        panic!("the resource server is gone");
    };
    assert_eq!(*kept, served);
    assert!(store.insert_client(&client("gone")).await.is_err());
    assert_eq!(store.signing_keys().await.unwrap()[0].kid(), "k");
    assert_eq!(
        store
            .server_secret(ServerSecret::TokenCheck)
            .await
            .unwrap()
            .unwrap(),
        b"s"
    );
    let managed = registered_client("managed", "m");
    for token in ["m", "n"] {
        let found = store
            .find_registration(&hash(token))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.caller, managed.caller);
        let tokens = managed.registration.tokens.with(hash("n"));
        assert_eq!(found.registration.tokens, tokens);
    }
    assert_eq!(
        store.list_initial_access_tokens().await.unwrap()[0].uses_left,
        Some(1)
    );
}
