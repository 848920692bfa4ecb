//! Resource servers, what they serve, and their histories.

use avouch_core::records::{
    AccessTokenProfile, JwtProfile, ResourceServer, ResourceSharing, Standing,
};
use avouch_core::storage::{CallerRecord, CallerStore, Page, StoreError, Taken};
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::scope::Scope;

use crate::Engine;
use crate::fixtures::{Administer, at, policy, resource, resource_server, resource_server_id};
use ResourceSharing::{Exclusive, Shared};

const SIGN: &str = "https://sign.example";
const PAY: &str = "https://pay.example";

async fn found(store: &impl CallerStore, id: &str) -> Option<ResourceServer> {
    match store.find_caller(id).await.unwrap()? {
        CallerRecord::ResourceServer(resource_server) => Some((*resource_server).clone()),
        CallerRecord::Client(_) => panic!("{id} is no resource server"),
    }
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn taken<T: std::fmt::Debug>(refused: &Result<T, StoreError>, name: &str) {
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Resource(taken))) if taken == name),
        "{refused:?}"
    );
}

fn out_of_line<T: std::fmt::Debug>(refused: &Result<T, StoreError>) {
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Record))),
        "{refused:?}"
    );
}

pub(crate) async fn a_resource_server_is_found_as_it_was_kept(engine: &impl Engine) {
    let store = engine.open().await;
    let mut kept = resource_server("a", &[SIGN, PAY]);
    kept.standing = Standing::Suspended {
        reason: "under review".into(),
    };
    store
        .insert_resource_server(&kept, Exclusive)
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(found(&store, "a").await, Some(kept.clone()));
    }
    assert!(store.is_served(&resource(SIGN)).await.unwrap());
    assert!(
        !store
            .is_served(&resource("https://sign.example/"))
            .await
            .unwrap()
    );
}

pub(crate) async fn an_exclusive_resource_must_be_free(engine: &impl Engine) {
    let store = engine.open().await;
    store
        .insert_resource_server(&resource_server("a", &[SIGN]), Exclusive)
        .await
        .unwrap();
    let second = resource_server("b", &[PAY, SIGN]);
    taken(
        &store.insert_resource_server(&second, Exclusive).await,
        SIGN,
    );
    // The refusal took neither the id nor the free resource.
    assert!(!store.is_served(&resource(PAY)).await.unwrap());
    store
        .insert_resource_server(&resource_server("b", &[PAY]), Exclusive)
        .await
        .unwrap();
    taken(
        &store.update_resource_server(&second, Exclusive).await,
        SIGN,
    );
    assert_eq!(found(&store, "b").await, Some(resource_server("b", &[PAY])));

    // Whoever may share may.
    assert!(store.update_resource_server(&second, Shared).await.unwrap());
    assert_eq!(found(&store, "b").await, Some(second.clone()));
    // What it has it keeps, also without that right.
    assert!(
        store
            .update_resource_server(&second, Exclusive)
            .await
            .unwrap()
    );
    let third = resource_server("c", &[SIGN]);
    taken(&store.insert_resource_server(&third, Exclusive).await, SIGN);
    store.insert_resource_server(&third, Shared).await.unwrap();
}

pub(crate) async fn a_removed_resource_server_frees_its_resources_and_leaves_its_history(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    let first = resource_server("a", &[SIGN]);
    store
        .insert_resource_server(&first, Exclusive)
        .await
        .unwrap();
    found(&store, "a").await;
    assert!(
        store
            .remove_resource_server(&first.id, at(10))
            .await
            .unwrap()
    );
    assert!(
        !store
            .remove_resource_server(&first.id, at(11))
            .await
            .unwrap()
    );
    assert_eq!(found(&store, "a").await, None);
    assert!(!store.is_served(&resource(SIGN)).await.unwrap());
    store
        .insert_resource_server(&resource_server("b", &[SIGN]), Exclusive)
        .await
        .unwrap();

    let history = store.resource_server_history(&first.id).await.unwrap();
    assert_eq!(history.profiles, [first.profile]);
    assert_eq!(history.policies, [first.policy]);
    assert_eq!(history.access_tokens, [first.access_tokens]);
}

pub(crate) async fn the_next_revision_is_appended(engine: &impl Engine) {
    let store = engine.open().await;
    let first = resource_server("a", &[SIGN]);
    store
        .insert_resource_server(&first, Exclusive)
        .await
        .unwrap();
    let mut second = first.clone();
    let profile = JwtProfile {
        signing_algorithm: SignatureAlgorithm::Es256,
        ..first.profile.value.clone()
    };
    second.profile = first.profile.next(profile, at(20));
    second.resources = [resource(PAY)].into();
    assert!(
        store
            .update_resource_server(&second, Exclusive)
            .await
            .unwrap()
    );
    assert_eq!(found(&store, "a").await, Some(second.clone()));
    assert!(!store.is_served(&resource(SIGN)).await.unwrap());

    let mut third = second.clone();
    third.policy = second.policy.next(policy(&[]), at(30));
    assert!(
        store
            .update_resource_server(&third, Exclusive)
            .await
            .unwrap()
    );
    let mut fourth = third.clone();
    fourth.access_tokens = third
        .access_tokens
        .next(AccessTokenProfile::default(), at(40));
    assert!(
        store
            .update_resource_server(&fourth, Exclusive)
            .await
            .unwrap()
    );
    assert_eq!(found(&store, "a").await, Some(fourth.clone()));
    let history = store.resource_server_history(&first.id).await.unwrap();
    assert_eq!(history.profiles, [first.profile, second.profile]);
    assert_eq!(history.policies, [first.policy, third.policy]);
    assert_eq!(
        history.access_tokens,
        [first.access_tokens, fourth.access_tokens]
    );
    let none = store
        .resource_server_history(&resource_server_id("none"))
        .await
        .unwrap();
    assert!(none.profiles.is_empty() && none.policies.is_empty());
    assert!(none.access_tokens.is_empty());
}

pub(crate) async fn a_revision_in_force_is_not_changed(engine: &impl Engine) {
    let store = engine.open().await;
    let first = resource_server("a", &[SIGN]);
    store
        .insert_resource_server(&first, Exclusive)
        .await
        .unwrap();
    let attempts: [fn(&mut ResourceServer); 6] = [
        |changed| changed.access_tokens.value.format = None,
        |changed| changed.policy.value = policy(&["iban"]),
        |changed| changed.policy.since = at(7),
        |changed| changed.policy.number = 0,
        |changed| changed.policy.number = 3,
        |changed| changed.profile.number = 3,
    ];
    for attempt in attempts {
        let mut changed = first.clone();
        attempt(&mut changed);
        out_of_line(&store.update_resource_server(&changed, Exclusive).await);
    }
    // Two administrators at once: the second finds the number used.
    let mut one = first.clone();
    one.policy = first.policy.next(policy(&["iban"]), at(20));
    let mut two = first.clone();
    two.policy = first.policy.next(policy(&[]), at(21));
    assert!(store.update_resource_server(&one, Exclusive).await.unwrap());
    out_of_line(&store.update_resource_server(&two, Exclusive).await);
    // Nor does one who knows nothing of it turn it back.
    out_of_line(&store.update_resource_server(&first, Exclusive).await);
    assert_eq!(found(&store, "a").await, Some(one));
}

pub(crate) async fn a_first_revision_has_number_one(engine: &impl Engine) {
    let store = engine.open().await;
    let mut odd = resource_server("a", &[SIGN]);
    odd.profile.number = 2;
    out_of_line(&store.insert_resource_server(&odd, Exclusive).await);
    store
        .insert_resource_server(&resource_server("a", &[SIGN]), Exclusive)
        .await
        .unwrap();
}

pub(crate) async fn a_refused_update_changes_nothing(engine: &impl Engine) {
    let store = engine.open().await;
    let first = resource_server("a", &[SIGN]);
    store
        .insert_resource_server(&first, Exclusive)
        .await
        .unwrap();
    let mut changed = resource_server("a", &[PAY]);
    changed.standing = Standing::Suspended { reason: "x".into() };
    changed.credentials.secrets.clear();
    changed.profile = first.profile.next(JwtProfile::default(), at(20));
    changed.policy.number = 9;
    out_of_line(&store.update_resource_server(&changed, Exclusive).await);
    assert_eq!(found(&store, "a").await, Some(first.clone()));
    assert!(!store.is_served(&resource(PAY)).await.unwrap());
    assert_eq!(
        store
            .resource_server_history(&first.id)
            .await
            .unwrap()
            .profiles
            .len(),
        1
    );
}

pub(crate) async fn a_resource_server_that_is_not_there_is_not_updated(engine: &impl Engine) {
    let store = engine.open().await;
    let none = resource_server("a", &[SIGN]);
    assert!(
        !store
            .update_resource_server(&none, Exclusive)
            .await
            .unwrap()
    );
    assert!(
        !store
            .remove_resource_server(&none.id, at(10))
            .await
            .unwrap()
    );
    store
        .insert_resource_server(&none, Exclusive)
        .await
        .unwrap();
    store
        .remove_resource_server(&none.id, at(10))
        .await
        .unwrap();
    assert!(
        !store
            .update_resource_server(&none, Exclusive)
            .await
            .unwrap()
    );
    assert!(!store.is_served(&resource(SIGN)).await.unwrap());
}

pub(crate) async fn who_serves_a_resource_is_told_as_of_now(engine: &impl Engine) {
    let store = engine.open().await;
    let serving = async |text: &str| -> Vec<ResourceServer> {
        let servers = store.servers_of(&resource(text)).await.unwrap();
        servers.iter().map(|server| (**server).clone()).collect()
    };
    assert_eq!(serving(SIGN).await, []);
    let (mut b, a) = (
        resource_server("b", &[SIGN, PAY]),
        resource_server("a", &[SIGN]),
    );
    for server in [&b, &a] {
        store.insert_resource_server(server, Shared).await.unwrap();
    }
    assert_eq!(serving(SIGN).await, [a.clone(), b.clone()]);
    assert_eq!(serving(PAY).await, [b.clone()]);
    assert_eq!(serving("https://sign.example/").await, []);

    b.resources = [resource(PAY)].into();
    b.policy = b.policy.next(policy(&[]), at(30));
    assert!(store.update_resource_server(&b, Shared).await.unwrap());
    assert_eq!(serving(SIGN).await, std::slice::from_ref(&a));
    assert_eq!(serving(PAY).await, [b]);
    assert!(store.remove_resource_server(&a.id, at(40)).await.unwrap());
    assert_eq!(serving(SIGN).await, []);
}

pub(crate) async fn whom_a_scope_means_is_told_as_of_now(engine: &impl Engine) {
    let store = engine.open().await;
    let meant = async |text: &str| -> Vec<ResourceServer> {
        let servers = store.servers_meant_by(&scope(text)).await.unwrap();
        servers.iter().map(|server| (**server).clone()).collect()
    };
    let meant_by = |id: &str, values: &str| {
        let mut server = resource_server(id, &[SIGN]);
        server.access_tokens.value.for_scopes = scope(values);
        server
    };
    let (mut b, a) = (meant_by("b", "sign pay"), meant_by("a", "sign"));
    for server in [&b, &a] {
        store.insert_resource_server(server, Shared).await.unwrap();
    }
    assert_eq!(meant("sign").await, [a.clone(), b.clone()]);
    // Each once, whatever means it.
    assert_eq!(meant("other pay sign").await, [a.clone(), b.clone()]);
    assert_eq!(meant("pay").await, [b.clone()]);
    // Values are compared exactly.
    assert_eq!(meant("Sign pa payment").await, []);
    assert_eq!(store.servers_meant_by(&Scope::default()).await.unwrap(), []);

    let profile = AccessTokenProfile {
        for_scopes: scope("pay transfer"),
        ..b.access_tokens.value.clone()
    };
    b.access_tokens = b.access_tokens.next(profile, at(30));
    assert!(store.update_resource_server(&b, Shared).await.unwrap());
    assert_eq!(meant("sign").await, std::slice::from_ref(&a));
    assert_eq!(meant("transfer").await, [b]);
    assert!(store.remove_resource_server(&a.id, at(40)).await.unwrap());
    assert_eq!(meant("sign").await, []);
}

pub(crate) async fn resource_servers_are_listed_in_the_order_of_ids(engine: &impl Engine) {
    let store = engine.open().await;
    for id in ["c", "a", "gone", "b"] {
        store
            .insert_resource_server(&resource_server(id, &[SIGN]), Shared)
            .await
            .unwrap();
    }
    store
        .remove_resource_server(&resource_server_id("gone"), at(10))
        .await
        .unwrap();
    let page = async |after, limit| {
        let page = store
            .list_resource_servers(Page { after, limit })
            .await
            .unwrap();
        page.iter()
            .map(|found| found.id.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ["a", "b"]);
    assert_eq!(page(Some("b"), 2).await, ["c"]);
    let all = store
        .list_resource_servers(Page {
            after: None,
            limit: 9,
        })
        .await
        .unwrap();
    assert_eq!(*all[0], resource_server("a", &[SIGN]));
}
