//! Registrations beside the callers they are about.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::records::{
    Client, Registration, RegistrationTokens, ResourceServer, ResourceSharing,
};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, RegisteredCaller, RegistrationStore, StoreError, Taken,
};
use avouch_jose::SignatureAlgorithm;
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::{
    Administer, at, client, client_id, hash, registered_client, registered_resource_server,
    registration, resource, resource_server, resource_server_id,
};

async fn register(store: &impl RegistrationStore, new: &RegisteredCaller) {
    assert!(store.register(new, None, at(100)).await.unwrap());
}

async fn found(store: &impl RegistrationStore, token: &str) -> Option<RegisteredCaller> {
    store.find_registration(&hash(token)).await.unwrap()
}

/// The same with other secrets, so that a mix-up would show.
fn with_client(from: &RegisteredCaller, change: impl FnOnce(&mut Client)) -> RegisteredCaller {
    let mut to = from.clone();
    match &mut to.caller {
        CallerRecord::Client(client) => change(Arc::make_mut(client)),
        CallerRecord::ResourceServer(_) => panic!("no client"),
    }
    to
}

fn with_server(
    from: &RegisteredCaller,
    change: impl FnOnce(&mut ResourceServer),
) -> RegisteredCaller {
    let mut to = from.clone();
    match &mut to.caller {
        CallerRecord::ResourceServer(server) => change(Arc::make_mut(server)),
        CallerRecord::Client(_) => panic!("no resource server"),
    }
    to
}

fn renamed(from: &RegisteredCaller, name: &str) -> RegisteredCaller {
    with_client(from, |client| client.details.name = Some(name.to_owned()))
}

pub(crate) async fn a_registration_is_found_by_its_token_with_its_caller(engine: &impl Engine) {
    let store = engine.open().await;
    let mut shop = registered_client("shop", "s");
    shop.registration.tokens = shop.registration.tokens.with(hash("t"));
    let pay = registered_resource_server("pay", &["https://pay.example"], "p");
    register(&store, &shop).await;
    register(&store, &pay).await;
    assert_eq!(found(&store, "s").await, Some(shop.clone()));
    assert_eq!(found(&store, "t").await, Some(shop.clone()));
    assert_eq!(found(&store, "p").await, Some(pay.clone()));
    assert_eq!(found(&store, "other").await, None);
    for kept in [shop, pay] {
        let id = kept.caller.id();
        let of = store.registration_of(id).await.unwrap();
        assert_eq!(of.as_ref(), Some(&kept.registration));
        let caller = store.find_caller(id).await.unwrap();
        assert_eq!(caller.as_ref(), Some(&kept.caller));
    }
    store.insert_client(&client("by-hand")).await.unwrap();
    assert_eq!(store.registration_of("by-hand").await.unwrap(), None);
    assert_eq!(store.registration_of("nobody").await.unwrap(), None);
}

pub(crate) async fn a_registration_is_kept_whole_or_not_at_all(engine: &impl Engine) {
    let store = engine.open().await;
    register(&store, &registered_client("shop", "s")).await;
    let pay = ["https://pay.example"];
    register(&store, &registered_resource_server("pay", &pay, "p")).await;
    let refused = async |new: RegisteredCaller| {
        let refused = store.register(&new, None, at(100)).await.unwrap_err();
        match refused {
            StoreError::Conflict(taken) => taken,
            other => panic!("{other}"),
        }
    };
    assert_eq!(
        refused(registered_client("shop", "a")).await,
        Taken::CallerId
    );
    assert_eq!(refused(registered_client("b", "s")).await, Taken::Record);
    assert_eq!(
        refused(registered_resource_server("c", &pay, "c")).await,
        Taken::Resource(pay[0].to_owned())
    );
    for id in ["b", "c"] {
        assert!(store.find_caller(id).await.unwrap().is_none());
    }
    for token in ["a", "c"] {
        assert_eq!(found(&store, token).await, None);
    }
    // The ids are still to be had.
    register(&store, &registered_client("b", "b")).await;
}

pub(crate) async fn a_change_is_made_if_nothing_changed_since_it_was_read(engine: &impl Engine) {
    let store = engine.open().await;
    let shop = registered_client("shop", "s");
    register(&store, &shop).await;
    store.find_caller("shop").await.unwrap();

    let mut to = with_client(&shop, |client| {
        client.credentials.secrets.remove(0);
        client.details.name = None;
        client.access_token_lifetime = None;
    });
    to.registration.software.statement = None;
    to.registration.tokens = to.registration.tokens.with(hash("t"));
    let changed = store.change_registration(&shop, &to).await.unwrap();
    assert_eq!(changed, Changed::Done);
    assert_eq!(found(&store, "s").await, Some(to.clone()));
    assert_eq!(found(&store, "t").await, Some(to.clone()));
    let caller = store.find_caller("shop").await.unwrap();
    assert_eq!(caller, Some(to.caller.clone()));

    // The tokens alone: the older one is gone.
    let mut used = to.clone();
    used.registration.tokens = RegistrationTokens::new(hash("t"));
    let changed = store.change_registration(&to, &used).await.unwrap();
    assert_eq!(changed, Changed::Done);
    assert_eq!(found(&store, "s").await, None);
    assert_eq!(found(&store, "t").await, Some(used));
}

pub(crate) async fn a_change_from_a_past_state_changes_nothing(engine: &impl Engine) {
    let store = engine.open().await;
    let shop = registered_client("shop", "s");
    register(&store, &shop).await;
    let meanwhile = async |from: &RegisteredCaller| {
        let to = renamed(from, "too late");
        let changed = store.change_registration(from, &to).await.unwrap();
        assert_eq!(changed, Changed::Meanwhile);
    };

    // An administrator changed the caller.
    let administered = renamed(&shop, "administered");
    let CallerRecord::Client(record) = &administered.caller else {
        panic!("no client")
    };
    assert!(store.update_client(record).await.unwrap());
    meanwhile(&shop).await;
    assert_eq!(found(&store, "s").await, Some(administered.clone()));

    // The registration alone changed: a token was handed out.
    let mut handed_out = administered.clone();
    handed_out.registration.tokens = handed_out.registration.tokens.with(hash("t"));
    let changed = store.change_registration(&administered, &handed_out).await;
    assert_eq!(changed.unwrap(), Changed::Done);
    meanwhile(&administered).await;
    assert_eq!(found(&store, "s").await, Some(handed_out));
}

pub(crate) async fn a_removed_caller_does_not_come_back(engine: &impl Engine) {
    let store = engine.open().await;
    let shop = registered_client("shop", "s");
    let pay = registered_resource_server("pay", &["https://pay.example"], "p");
    register(&store, &shop).await;
    register(&store, &pay).await;
    assert!(
        store
            .remove_client(&client_id("shop"), at(10))
            .await
            .unwrap()
    );
    let id = resource_server_id("pay");
    assert!(store.remove_resource_server(&id, at(10)).await.unwrap());

    for (gone, token) in [(&shop, "s"), (&pay, "p")] {
        assert_eq!(found(&store, token).await, None);
        let id = gone.caller.id();
        assert_eq!(store.registration_of(id).await.unwrap(), None);
        let mut to = gone.clone();
        to.registration.tokens = to.registration.tokens.with(hash("t"));
        let changed = store.change_registration(gone, &to).await.unwrap();
        assert_eq!(changed, Changed::Gone);
        let put = store.put_registration(id, &registration("u")).await;
        assert!(!put.unwrap());
        assert!(store.find_caller(id).await.unwrap().is_none());
    }
    for token in ["t", "u"] {
        assert_eq!(found(&store, token).await, None);
    }
    // What it served is free, and so is the name of its token.
    register(
        &store,
        &registered_resource_server("next", &["https://pay.example"], "p"),
    )
    .await;
}

/// Adds a second to the life time until it is done; how often it was.
async fn count_up(store: &impl RegistrationStore, times: u64) -> u64 {
    let mut done = 0;
    while done < times {
        let Some(from) = found(store, "s").await else {
            return done;
        };
        let to = with_client(&from, |client| {
            let lifetime = client.access_token_lifetime.unwrap();
            client.access_token_lifetime = Some(lifetime + Duration::from_secs(1));
        });
        match store.change_registration(&from, &to).await.unwrap() {
            Changed::Done => done += 1,
            Changed::Meanwhile => {}
            Changed::Gone => return done,
        }
    }
    done
}

pub(crate) async fn changes_at_once_are_made_one_after_the_other(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    let shop = registered_client("shop", "s");
    register(&*store, &shop).await;
    let mut counting = JoinSet::new();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        counting.spawn(async move { count_up(&*store, 10).await });
    }
    let counted: u64 = counting.join_all().await.into_iter().sum();
    assert_eq!(counted, 40);
    let expected = with_client(&shop, |client| {
        let lifetime = client.access_token_lifetime.unwrap();
        client.access_token_lifetime = Some(lifetime + Duration::from_secs(counted));
    });
    assert_eq!(found(&*store, "s").await, Some(expected));
}

pub(crate) async fn changes_and_a_removal_at_once_leave_it_removed(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    register(&*store, &registered_client("shop", "s")).await;
    let mut racing = JoinSet::new();
    for _ in 0..3 {
        let store = Arc::clone(&store);
        racing.spawn(async move { count_up(&*store, u64::MAX).await });
    }
    // Once some are made for certain.
    while found(&*store, "s").await == Some(registered_client("shop", "s")) {
        tokio::task::yield_now().await;
    }
    assert!(
        store
            .remove_client(&client_id("shop"), at(10))
            .await
            .unwrap()
    );
    // Each of them meets the removal, or would never end.
    racing.join_all().await;
    assert_eq!(found(&*store, "s").await, None);
    assert!(store.find_caller("shop").await.unwrap().is_none());
    drop(store);
    let store = engine.open().await;
    assert_eq!(found(&store, "s").await, None);
    assert!(store.find_caller("shop").await.unwrap().is_none());
}

pub(crate) async fn a_change_that_wants_a_taken_resource_changes_nothing(engine: &impl Engine) {
    let store = engine.open().await;
    let taken = resource_server("other", &["https://taken.example"]);
    store
        .insert_resource_server(&taken, ResourceSharing::Shared)
        .await
        .unwrap();
    let pay = registered_resource_server("pay", &["https://pay.example"], "p");
    register(&store, &pay).await;
    let mut to = with_server(&pay, |server| {
        server.resources.insert(resource("https://taken.example"));
        server.details.name = Some("changed".to_owned());
    });
    to.registration.tokens = to.registration.tokens.with(hash("t"));
    let refused = store.change_registration(&pay, &to).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Taken::Resource(_)))),
        "{refused:?}"
    );
    assert_eq!(found(&store, "p").await, Some(pay));
    assert_eq!(found(&store, "t").await, None);
}

pub(crate) async fn a_change_carries_the_histories_on(engine: &impl Engine) {
    let store = engine.open().await;
    let pay = registered_resource_server("pay", &["https://pay.example"], "p");
    register(&store, &pay).await;
    let to = with_server(&pay, |server| {
        let mut profile = server.profile.value.clone();
        profile.signing_algorithm = SignatureAlgorithm::Es512;
        server.profile = server.profile.next(profile, at(200));
    });
    let changed = store.change_registration(&pay, &to).await.unwrap();
    assert_eq!(changed, Changed::Done);
    let id = resource_server_id("pay");
    let history = store.resource_server_history(&id).await.unwrap();
    let numbers: Vec<_> = history.profiles.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(history.policies.len(), 1);
}

pub(crate) async fn a_change_never_makes_another_caller(engine: &impl Engine) {
    let store = engine.open().await;
    let shop = registered_client("shop", "s");
    register(&store, &shop).await;
    register(&store, &registered_client("bank", "b")).await;
    for to in [
        registered_client("bank", "s"),
        registered_client("nobody", "s"),
        registered_resource_server("shop", &["https://pay.example"], "s"),
    ] {
        let refused = store.change_registration(&shop, &to).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict(Taken::CallerId))),
            "{refused:?}"
        );
    }
    assert_eq!(found(&store, "s").await, Some(shop));
}

pub(crate) async fn after_a_change_returned_no_look_up_misses_it(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    let mut current = registered_client("shop", "s");
    register(&*store, &current).await;
    let mut looking = JoinSet::new();
    for _ in 0..3 {
        let store = Arc::clone(&store);
        looking.spawn(async move {
            // Keeps the cache filled while it is being emptied.
            while store.find_caller("shop").await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        });
    }
    for number in 0..100 {
        let to = renamed(&current, &number.to_string());
        let changed = store.change_registration(&current, &to).await.unwrap();
        assert_eq!(changed, Changed::Done);
        let seen = store.find_caller("shop").await.unwrap();
        assert_eq!(seen.as_ref(), Some(&to.caller));
        current = to;
    }
    store
        .remove_client(&client_id("shop"), at(10))
        .await
        .unwrap();
    looking.join_all().await;
}

pub(crate) async fn an_administrator_gives_a_registration_and_takes_it(engine: &impl Engine) {
    let store = engine.open().await;
    store.insert_client(&client("shop")).await.unwrap();
    for token in ["one", "two"] {
        let put = store.put_registration("shop", &registration(token)).await;
        assert!(put.unwrap());
        let expected = registered_client("shop", token);
        assert_eq!(found(&store, token).await, Some(expected));
    }
    assert_eq!(found(&store, "one").await, None);
    let mut closed = registration("two");
    closed.tokens = RegistrationTokens::none();
    assert!(store.put_registration("shop", &closed).await.unwrap());
    assert_eq!(found(&store, "two").await, None);
    assert_eq!(store.registration_of("shop").await.unwrap(), Some(closed));
    assert!(store.find_caller("shop").await.unwrap().is_some());
}

pub(crate) async fn a_registration_is_given_to_what_was_read_or_not_at_all(engine: &impl Engine) {
    let store = engine.open().await;
    let shop = registered_client("shop", "one");
    let CallerRecord::Client(record) = &shop.caller else {
        panic!("no client")
    };
    store.insert_client(record).await.unwrap();
    let [one, two] = ["one", "two"].map(registration);
    let give = async |caller: &CallerRecord, from: Option<&Registration>, to: &Registration| {
        store.give_registration(caller, from, to).await.unwrap()
    };
    assert_eq!(
        give(&shop.caller, Some(&two), &one).await,
        Changed::Meanwhile
    );
    assert_eq!(store.registration_of("shop").await.unwrap(), None);
    assert_eq!(give(&shop.caller, None, &one).await, Changed::Done);
    assert_eq!(give(&shop.caller, None, &two).await, Changed::Meanwhile);
    let renamed = renamed(&shop, "other").caller;
    assert_eq!(give(&renamed, Some(&one), &two).await, Changed::Meanwhile);
    assert_eq!(found(&store, "one").await, Some(shop.clone()));
    assert_eq!(give(&shop.caller, Some(&one), &two).await, Changed::Done);
    assert!(
        store
            .remove_client(&client_id("shop"), at(10))
            .await
            .unwrap()
    );
    assert_eq!(give(&shop.caller, Some(&two), &one).await, Changed::Gone);
}
