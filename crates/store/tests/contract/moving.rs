//! Everything comes from one engine into another, whatever breaks it off.

use std::fmt::Debug;
use std::ops::ControlFlow;

use avouch_core::moving::{MoveError, MoveProgress, Moved, move_records};
use avouch_core::records::{KeySchedule, ResourceSharing, Standing, UsedProof};
use avouch_core::storage::{
    CallerStore, IssuedBefore, KeyStore, MoveSource, MoveTarget, Page, RecordKind, ReplayStore,
    ServerSecret, Storage, TokenStore, Used,
};
use avouch_oauth::scope::Scope;
use avouch_store::MoveSide;

use crate::Engine;
use crate::caller_tokens;
use crate::fixtures::{
    Administer, at, client, client_id, grant, hash, initial_access_token, issued,
    registered_client, registered_resource_server, resource, resource_server, resource_server_id,
    signing_key, subject, token,
};

/// The server's own.
async fn fill_with_secrets(store: &impl Storage) {
    for (number, secret) in (1_u8..).zip(ServerSecret::ALL) {
        store
            .server_secret_or_insert(*secret, &[number, 0, 255])
            .await
            .unwrap();
    }
    for (kid, made) in [("k1", 10), ("k2", 20), ("k3", 30)] {
        let older = KeySchedule {
            retiring_at: Some(at(40)),
            ..signing_key("k1", 10).schedule
        };
        let rescheduled = [("k1".to_owned(), older)];
        let changed = if kid == "k3" { &rescheduled[..] } else { &[] };
        let key = signing_key(kid, made);
        let there = store.signing_keys_revision().await.unwrap();
        let keeping = store.insert_signing_key(&key, changed, there);
        keeping.await.unwrap();
    }
}

/// One removed, one revoked, and a token from before everything was revoked.
async fn fill_with_clients(store: &impl Storage) {
    for id in ["shop", "bank", "gone", "aerzte"] {
        store.insert_client(&client(id)).await.unwrap();
    }
    store
        .remove_client(&client_id("gone"), at(60))
        .await
        .unwrap();
    store
        .revoke_client(&client_id("bank"), at(70))
        .await
        .unwrap();
    let (of_the_first, first) = issued("t6", 1_600);
    store.issue(&of_the_first, &first).await.unwrap();
    for issued in [IssuedBefore::Now, IssuedBefore::Instant(at(900))] {
        store.revoke_everything(issued, at(75)).await.unwrap();
    }
}

/// As much of every kind as makes a few pages of two.
async fn fill(store: &impl Storage) {
    fill_with_secrets(store).await;
    fill_with_clients(store).await;
    let exclusive = ResourceSharing::Exclusive;
    let mut sign = resource_server("sign", &["https://sign.example", "https://two.example"]);
    store
        .insert_resource_server(&sign, exclusive)
        .await
        .unwrap();
    let shared = resource_server("also", &["https://shared.example"]);
    let inserted = store.insert_resource_server(&shared, ResourceSharing::Shared);
    inserted.await.unwrap();
    let removed = resource_server("removed", &["https://removed.example"]);
    store
        .insert_resource_server(&removed, exclusive)
        .await
        .unwrap();
    sign.access_tokens.value.for_scopes = Scope::parse("sign").unwrap();
    sign.access_tokens.number += 1;
    sign.policy = sign.policy.next(crate::fixtures::policy(&["iban"]), at(80));
    sign.standing = Standing::Suspended {
        reason: "audit".into(),
    };
    assert!(
        store
            .update_resource_server(&sign, exclusive)
            .await
            .unwrap()
    );
    let mut narrowed = removed.clone();
    narrowed.policy = removed.policy.next(crate::fixtures::policy(&[]), at(81));
    assert!(
        store
            .update_resource_server(&narrowed, exclusive)
            .await
            .unwrap()
    );
    let id = resource_server_id("removed");
    store.remove_resource_server(&id, at(90)).await.unwrap();

    let used = initial_access_token("used", Some(2));
    for token in [
        &used,
        &initial_access_token("free", None),
        &initial_access_token("back", None),
    ] {
        store.insert_initial_access_token(token).await.unwrap();
    }
    let back = &initial_access_token("back", None).id;
    assert!(store.remove_initial_access_token(back).await.unwrap());
    let managed = registered_client("managed", "m");
    assert!(
        store
            .register(&managed, Some(&used.hash), at(1_100))
            .await
            .unwrap()
    );
    let serving = registered_resource_server("serving", &["https://pay.example"], "n");
    assert!(store.register(&serving, None, at(1_100)).await.unwrap());
    let mut changed = managed.clone();
    changed.registration.tokens = changed.registration.tokens.with(hash("m2"));
    store.change_registration(&managed, &changed).await.unwrap();

    for name in ["t1", "t2", "t3", "t4", "t5"] {
        let (grant, token) = issued(name, 1_600);
        store.issue(&grant, &token).await.unwrap();
    }
    let mut least = grant("least", "bank", "max");
    (least.subject, least.legal_basis, least.authentication) = (None, None, None);
    let mut bare = token("least", &least, 1_700);
    (bare.confirmation, bare.not_before) = (None, None);
    store.issue(&least, &bare).await.unwrap();
    store.revoke_token(&hash("t1"), at(1_101)).await.unwrap();
    let t2 = crate::fixtures::grant_id("t2");
    store.revoke_grant(&t2, at(1_102)).await.unwrap();
    for (person, before) in [("erika", 999), ("nobody", 1_103), ("max", 1)] {
        let person = subject(person);
        store.revoke_subject(&person, at(before)).await.unwrap();
    }
    for name in ["c1", "c2", "c3"] {
        let own = caller_tokens::token(name, "sign");
        store.insert_caller_token(&own).await.unwrap();
    }
    for jti in ["a", "b", "c"] {
        for owner in ["shop", "bank"] {
            let used = store.use_once(&proof(owner, jti), 10, at(1_000)).await;
            assert_eq!(used.unwrap(), Used::First);
        }
    }
}

fn proof(owner: &str, jti: &str) -> UsedProof {
    UsedProof::client_assertion(owner, jti, at(1_900))
}

/// What the contract answers, look-up by look-up.
async fn answers(store: &(impl Storage + MoveSource)) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut tell = |answer: &dyn Debug| told.push(format!("{answer:?}"));
    for name in ["t1", "t2", "t3", "t4", "t5", "t6", "least", "none"] {
        tell(&store.find(&hash(name)).await.unwrap());
    }
    for id in [
        "shop", "bank", "gone", "aerzte", "sign", "also", "removed", "managed", "serving",
    ] {
        tell(&store.find_caller(id).await.unwrap());
        tell(&store.registration_of(id).await.unwrap());
    }
    let page = Page {
        after: None,
        limit: 100,
    };
    tell(&store.list_clients(page).await.unwrap());
    tell(&store.list_resource_servers(page).await.unwrap());
    for id in ["sign", "also", "removed", "serving"] {
        let id = resource_server_id(id);
        tell(&store.resource_server_history(&id).await.unwrap());
    }
    for text in ["sign", "two", "shared", "removed", "pay"] {
        let resource = resource(&format!("https://{text}.example"));
        tell(&store.is_served(&resource).await.unwrap());
        tell(&store.servers_of(&resource).await.unwrap());
    }
    for scope in ["sign", "pay"] {
        let scope = Scope::parse(scope).unwrap();
        tell(&store.servers_meant_by(&scope).await.unwrap());
    }
    for name in ["m", "m2", "n"] {
        tell(&store.find_registration(&hash(name)).await.unwrap());
    }
    tell(&store.list_initial_access_tokens().await.unwrap());
    for name in ["used", "free", "back"] {
        let hash = hash(name);
        let found = store.find_initial_access_token(&hash, at(1_200)).await;
        tell(&found.unwrap());
    }
    for name in ["c1", "c2", "c3"] {
        tell(&store.find_caller_token(&hash(name)).await.unwrap());
    }
    tell(&store.signing_keys().await.unwrap());
    for secret in ServerSecret::ALL {
        tell(&store.server_secret(*secret).await.unwrap());
    }
    // What does not show in words: secrets, hashes.
    for kind in RecordKind::ALL {
        for record in store.records_after(kind, None, 1_000).await.unwrap() {
            let octets = record.canonical().unwrap();
            told.push(String::from_utf8(octets).unwrap());
        }
    }
    told
}

/// Moves two records at a time; breaks off after so many pages, if told to.
async fn moved(
    source: &(impl MoveSource + Sync),
    target: &(impl MoveTarget + Sync),
    pages: Option<u32>,
) -> Result<Moved, MoveError> {
    let mut left = pages;
    let mut told = |_: MoveProgress| match &mut left {
        Some(0 | 1) => ControlFlow::Break(()),
        Some(left) => {
            *left -= 1;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Continue(()),
    };
    move_records(source, target, 2, &mut told).await
}

pub(crate) async fn a_moved_store_answers_as_before(from: &impl Engine, to: &impl Engine) {
    let before = {
        let store = from.open().await;
        fill(&store).await;
        answers(&store).await
    };
    {
        let source = from.open_for(MoveSide::Source).await.unwrap();
        let target = to.open_for(MoveSide::Target).await.unwrap();
        let moved = moved(&source, &target, None).await.unwrap();
        assert_eq!(moved.resumed_from, None);
        let counts: Vec<_> = moved.compared.iter().map(|one| one.target.count).collect();
        assert_eq!(counts, [4, 3, 5, 4, 2, 3, 1, 3, 7, 7, 3, 6]);
    }
    let store = to.open().await;
    assert_eq!(answers(&store).await, before);
    // What was used once is used, and counts.
    for owner in ["shop", "bank"] {
        let again = store.use_once(&proof(owner, "a"), 10, at(1_000)).await;
        assert_eq!(again.unwrap(), Used::Again);
        let fourth = store.use_once(&proof(owner, "d"), 3, at(1_000)).await;
        assert_eq!(fourth.unwrap(), Used::OverQuota);
    }
    // No id is given twice, and what is owned alone stays so.
    assert!(store.insert_client(&client("gone")).await.is_err());
    assert!(store.insert_client(&client("removed")).await.is_err());
    let second = resource_server("second", &["https://sign.example"]);
    let taken = store.insert_resource_server(&second, ResourceSharing::Exclusive);
    assert!(taken.await.is_err());
}

pub(crate) async fn a_move_that_is_broken_off_at_any_page_goes_on(
    from: &impl Engine,
    to: &impl Engine,
) {
    let before = {
        let store = from.open().await;
        fill(&store).await;
        answers(&store).await
    };
    let mut runs: u32 = 0;
    loop {
        runs += 1;
        let source = from.open_for(MoveSide::Source).await.unwrap();
        let target = to.open_for(MoveSide::Target).await.unwrap();
        // A page further each time, and in the end, while both sides are compared, by leaps.
        match moved(&source, &target, Some(runs.max(runs.pow(3) / 8))).await {
            Err(MoveError::BrokenOff) => {}
            Ok(done) => {
                assert!(done.resumed_from.is_some());
                break;
            }
            Err(error) => panic!("{error}"),
        }
        drop(target);
        let refused = to.try_open().await.err().unwrap();
        assert!(refused.contains("avouch migrate"), "{refused}");
    }
    assert!(runs > 5, "{runs}");
    assert_eq!(answers(&to.open().await).await, before);
}

pub(crate) async fn only_an_empty_target_is_moved_into(from: &impl Engine, to: &impl Engine) {
    fill(&from.open().await).await;
    let other = crate::Sqlite::new();
    {
        let store = other.open().await;
        store
            .server_secret_or_insert(ServerSecret::TokenCheck, b"another")
            .await
            .unwrap();
    }
    {
        let store = to.open().await;
        store.insert_client(&client("there")).await.unwrap();
        store
            .remove_client(&client_id("there"), at(1))
            .await
            .unwrap();
    }
    let source = from.open_for(MoveSide::Source).await.unwrap();
    {
        let target = to.open_for(MoveSide::Target).await.unwrap();
        let refused = moved(&source, &target, None).await;
        assert!(
            matches!(refused, Err(MoveError::TargetInUse)),
            "{refused:?}"
        );
    }
    // It is not marked.
    to.open().await;
    let third = crate::Sqlite::new();
    let target = third.open_for(MoveSide::Target).await.unwrap();
    let begun = moved(&source, &target, Some(1)).await;
    assert!(matches!(begun, Err(MoveError::BrokenOff)), "{begun:?}");
    let other = other.open_for(MoveSide::Source).await.unwrap();
    let refused = moved(&other, &target, None).await;
    assert!(matches!(refused, Err(MoveError::OfAnother)), "{refused:?}");
}

pub(crate) async fn a_source_that_was_served_meanwhile_is_found_out(
    from: &impl Engine,
    to: &impl Engine,
) {
    fill(&from.open().await).await;
    {
        let source = from.open_for(MoveSide::Source).await.unwrap();
        let target = to.open_for(MoveSide::Target).await.unwrap();
        let broken_off = moved(&source, &target, Some(40)).await;
        assert!(
            matches!(broken_off, Err(MoveError::BrokenOff)),
            "{broken_off:?}"
        );
    }
    // After the grants are over there.
    let store = from.open().await;
    let t3 = crate::fixtures::grant_id("t3");
    store.revoke_grant(&t3, at(1_500)).await.unwrap();
    drop(store);
    let source = from.open_for(MoveSide::Source).await.unwrap();
    let target = to.open_for(MoveSide::Target).await.unwrap();
    let refused = moved(&source, &target, None).await.unwrap_err();
    let MoveError::Different(compared) = &refused else {
        panic!("{refused}");
    };
    let differ = compared.iter().filter(|one| one.source != one.target);
    assert_eq!(
        differ.map(|one| one.kind).collect::<Vec<_>>(),
        [RecordKind::Grant]
    );
    drop(target);
    assert!(to.try_open().await.is_err(), "half the truth can be served");
}
