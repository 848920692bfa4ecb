//! Two servers on one database, which know nothing of each other.

use std::sync::Arc;

use avouch_core::records::{Client, ResourceSharing, UsedProof};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, InitialAccessTokenStore, KeyStore, KeysRevision,
    RegistrationStore, ReplayStore, Revoked, ServerSecret, StoreError, Taken, TokenStore, Used,
};
use avouch_store::PostgresStore;
use tokio::task::JoinSet;

use crate::fixtures::{
    Administer, at, client, client_id, hash, initial_access_token, issued, registered_client,
    resource, resource_server, signing_key,
};
use crate::open;
use crate::place::Place;

/// How many want the same at once, on each of the two.
const CROWD: usize = 8;

async fn two(place: &Place) -> [Arc<PostgresStore>; 2] {
    [
        Arc::new(open(&place.options).await),
        Arc::new(open(&place.options).await),
    ]
}

/// Has a crowd on either server do its work at once: what came of it, by number.
async fn crowd<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    nodes: &[Arc<PostgresStore>; 2],
    work: impl Fn(Arc<PostgresStore>, usize) -> F,
) -> Vec<T> {
    let mut working = JoinSet::new();
    for number in 0..2 * CROWD {
        let working_on = work(Arc::clone(&nodes[number % 2]), number);
        working.spawn(async move { (number, working_on.await) });
    }
    let mut outcomes = working.join_all().await;
    outcomes.sort_unstable_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_acknowledged_the_other_sees() {
    let Some(place) = Place::new() else { return };
    let [one, other] = two(&place).await;
    assert!(other.find_caller("shop").await.unwrap().is_none());
    one.insert_client(&client("shop")).await.unwrap();
    assert!(other.find_caller("shop").await.unwrap().is_some());
    let (grant, token) = issued("one", 1_600);
    assert!(one.find(&token.hash).await.unwrap().is_none());
    other.issue(&grant, &token).await.unwrap();
    let found = one.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, None);
    other.revoke_token(&token.hash, at(1_100)).await.unwrap();
    let found = one.find(&token.hash).await.unwrap().unwrap();
    assert_eq!(found.token.revoked_at, Some(at(1_100)));
    assert_eq!(
        one.revoke_token(&token.hash, at(1_200)).await.unwrap(),
        Revoked::Already
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_revocations_is_the_first() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    nodes[0].insert_client(&client("shop")).await.unwrap();
    let (grant, token) = issued("one", 1_600);
    nodes[0].issue(&grant, &token).await.unwrap();
    let hash = token.hash;
    let outcomes = crowd(&nodes, move |node, number| async move {
        let instant = at(1_100 + i64::try_from(number).unwrap());
        node.revoke_token(&hash, instant).await.unwrap()
    })
    .await;
    let first = outcomes.iter().filter(|outcome| **outcome == Revoked::Now);
    assert_eq!(first.count(), 1, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resource_is_given_alone_to_one_of_many() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    let both = ["https://pay.example", "https://sign.example"];
    let outcomes = crowd(&nodes, move |node, number| async move {
        let wanting = resource_server(&format!("rs-{number}"), &both);
        node.insert_resource_server(&wanting, ResourceSharing::Exclusive)
            .await
    })
    .await;
    let mut given = 0;
    for outcome in outcomes {
        match outcome {
            Ok(()) => given += 1,
            Err(StoreError::Conflict(Taken::Resource(_))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(given, 1);
    for text in both {
        let servers = nodes[1].servers_of(&resource(text)).await.unwrap();
        assert_eq!(servers.len(), 1);
    }
    // Who was refused has left nothing.
    let listed = nodes[0]
        .list_resource_servers(avouch_core::storage::Page {
            after: None,
            limit: 100,
        })
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn uses_of_an_initial_access_token_go_to_as_many_as_there_are() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    let token = initial_access_token("a", Some(3));
    nodes[0].insert_initial_access_token(&token).await.unwrap();
    let outcomes = crowd(&nodes, move |node, number| async move {
        let new = registered_client(&format!("c-{number}"), &format!("of {number}"));
        node.register(&new, Some(&hash("a")), at(1_100))
            .await
            .unwrap()
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|used| *used).count(), 3);
    let gone = nodes[1].find_initial_access_token(&token.hash, at(1_100));
    assert!(gone.await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_is_used_once_and_the_quota_holds_on_both() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    for round in 0..4_usize {
        let jti = round.to_string();
        let proof = UsedProof::client_assertion("shop", &jti, at(1_600));
        let outcomes = crowd(&nodes, move |node, _| async move {
            node.use_once(&proof, 100, at(1_100)).await.unwrap()
        })
        .await;
        let first = outcomes.iter().filter(|used| **used == Used::First).count();
        let again = outcomes.iter().filter(|used| **used == Used::Again).count();
        assert_eq!((first, again), (1, 2 * CROWD - 1));
    }
    let outcomes = crowd(&nodes, move |node, number| async move {
        let jti = format!("other {number}");
        let proof = UsedProof::client_assertion("shop", &jti, at(1_600));
        node.use_once(&proof, 9, at(1_100)).await.unwrap()
    })
    .await;
    let first = outcomes.iter().filter(|used| **used == Used::First).count();
    assert_eq!(first, 9 - 4, "{outcomes:?}");
}

/// Every use makes room for itself while both clean up: the counters must come
/// out right, and nobody may get in another's way for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_counters_stay_true_while_ended_uses_are_cleaned_away() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    for round in 0..6_i64 {
        let now = at(1_000 + 10 * round);
        crowd(&nodes, move |node, number| async move {
            let owner = ["shop", "bank", "post"][number % 3];
            let jti = format!("{round} {number}");
            let proof = UsedProof::client_assertion(owner, &jti, at(1_005 + 10 * round));
            if number % 4 == 3 {
                node.remove_expired_proofs(now, 5).await.unwrap();
            }
            assert_ne!(node.use_once(&proof, 7, now).await.unwrap(), Used::Again);
        })
        .await;
    }
    let hand = crate::by_hand(&place).await;
    let wrong = "SELECT 1 FROM proof_owner o FULL JOIN
                     (SELECT owner, count(*) AS kept FROM used_proof GROUP BY owner) p
                     ON p.owner = o.owner
                 WHERE coalesce(o.kept, 0) <> coalesce(p.kept, 0)";
    assert_eq!(hand.query(wrong, &[]).await.unwrap().len(), 0);
    while nodes[0]
        .remove_expired_proofs(at(9_000), 100)
        .await
        .unwrap()
        > 0
    {}
    let left = hand.query("SELECT 1 FROM proof_owner", &[]).await.unwrap();
    assert_eq!(left.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changes_from_one_state_one_is_made() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    let from = registered_client("shop", "of shop");
    assert!(nodes[0].register(&from, None, at(1_100)).await.unwrap());
    let state = from.clone();
    let outcomes = crowd(&nodes, move |node, number| {
        let from = state.clone();
        async move {
            let mut to = from.clone();
            to.registration.tokens = to.registration.tokens.with(hash(&number.to_string()));
            node.change_registration(&from, &to).await.unwrap()
        }
    })
    .await;
    let done = outcomes.iter().filter(|changed| **changed == Changed::Done);
    assert_eq!(done.count(), 1, "{outcomes:?}");

    // Nor does a removed caller come back, whoever was first.
    let outcomes = crowd(&nodes, move |node, number| {
        let from = from.clone();
        async move {
            if number == 3 {
                node.remove_client(&client_id("shop"), at(1_200))
                    .await
                    .unwrap();
                return Changed::Gone;
            }
            let kept = node.registration_of("shop").await.unwrap();
            let Some(registration) = kept else {
                return Changed::Gone;
            };
            let from = avouch_core::storage::RegisteredCaller {
                registration,
                ..from
            };
            let mut to = from.clone();
            to.registration.tokens = to.registration.tokens.with(hash(&format!("n{number}")));
            node.change_registration(&from, &to).await.unwrap()
        }
    })
    .await;
    assert!(outcomes.contains(&Changed::Gone));
    assert!(nodes[0].find_caller("shop").await.unwrap().is_none());
    assert!(nodes[1].registration_of("shop").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_get_the_same_secret_and_one_key_planned_on_one_state_is_kept() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    let secrets = crowd(&nodes, |node, number| async move {
        let own = number.to_string().into_bytes();
        node.server_secret_or_insert(ServerSecret::TokenCheck, &own)
            .await
            .unwrap()
    })
    .await;
    assert!(secrets.iter().all(|secret| *secret == secrets[0]));

    // Each also reschedules those that were there, in another order.
    for (there, kid) in ["a", "b"].into_iter().enumerate() {
        let there = KeysRevision::new(u64::try_from(there).unwrap());
        let key = signing_key(kid, 10);
        nodes[0].insert_signing_key(&key, &[], there).await.unwrap();
    }
    let outcomes = crowd(&nodes, |node, number| async move {
        let schedule = signing_key("a", 10).schedule;
        let mut others = vec![("a".to_owned(), schedule), ("b".to_owned(), schedule)];
        if number % 3 == 0 {
            others.reverse();
        }
        let key = signing_key(&format!("k{number}"), 20);
        let planned_on = KeysRevision::new(2);
        node.insert_signing_key(&key, &others, planned_on).await
    })
    .await;
    let mut kept = 0;
    for outcome in outcomes {
        match outcome {
            Ok(()) => kept += 1,
            Err(StoreError::Conflict(Taken::Record)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 1);
}

/// Two administrators, each at another server, who do not know of each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_of_a_caller_is_lost_and_none_brings_it_back() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    nodes[0].insert_client(&client("shop")).await.unwrap();
    let mut first = client("shop");
    first.details.contacts.clear();
    nodes[0].update_client(&first).await.unwrap();
    // Each adds a contact, and reads again when it came too late.
    crowd(&nodes, |node, number| async move {
        loop {
            let from = node.current_caller("shop").await.unwrap().unwrap();
            let CallerRecord::Client(record) = &from else {
                panic!("no client")
            };
            let mut record = Client::clone(record);
            record.details.contacts.push(number.to_string());
            let to = CallerRecord::Client(Arc::new(record));
            let changing = node.change_caller(&from, &to, ResourceSharing::Exclusive);
            match changing.await.unwrap() {
                Changed::Done => break,
                Changed::Meanwhile => {}
                Changed::Gone => panic!("it is there"),
            }
        }
    })
    .await;
    let kept = nodes[1].current_caller("shop").await.unwrap().unwrap();
    let CallerRecord::Client(record) = &kept else {
        panic!("no client")
    };
    let mut contacts: Vec<usize> = record
        .details
        .contacts
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    contacts.sort_unstable();
    assert_eq!(contacts, (0..2 * CROWD).collect::<Vec<_>>());

    let outcomes = crowd(&nodes, move |node, number| {
        let from = kept.clone();
        async move {
            if number == 3 {
                return node.remove_caller(&from, at(1_200)).await.unwrap();
            }
            let to = CallerRecord::Client(Arc::new(client("shop")));
            let changing = node.change_caller(&from, &to, ResourceSharing::Exclusive);
            changing.await.unwrap()
        }
    })
    .await;
    let done = outcomes.iter().filter(|outcome| **outcome == Changed::Done);
    assert_eq!(done.count(), 1, "{outcomes:?}");
    let there = nodes[0].current_caller("shop").await.unwrap().is_some();
    assert_eq!(there, outcomes[3] != Changed::Done, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_next_revisions_one_is_kept() {
    let Some(place) = Place::new() else { return };
    let nodes = two(&place).await;
    let served = resource_server("sign", &["https://sign.example"]);
    nodes[0]
        .insert_resource_server(&served, ResourceSharing::Exclusive)
        .await
        .unwrap();
    let outcomes = crowd(&nodes, move |node, number| {
        let mut next = served.clone();
        next.policy.number += 1;
        next.policy.since = at(2_000 + i64::try_from(number).unwrap());
        let [from, to] =
            [&served, &next].map(|server| CallerRecord::ResourceServer(Arc::new(server.clone())));
        async move {
            node.change_caller(&from, &to, ResourceSharing::Exclusive)
                .await
                .unwrap()
        }
    })
    .await;
    let kept = outcomes.iter().filter(|outcome| **outcome == Changed::Done);
    assert_eq!(kept.count(), 1);
    assert!(!outcomes.contains(&Changed::Gone));
}
