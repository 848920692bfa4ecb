//! Random histories on three servers, each of which follows the feed now and
//! then, against a model that says how old an answer may be: never older than
//! the last reading of the feed, the last change the server made itself, or the
//! lease.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::records::{CallerState, Epoch, Epochs, FoundToken};
use avouch_core::storage::{CallerRecord, CallerStore, IssuedBefore, TokenStore};
use avouch_core::time::{MonotonicClock, Timestamp};
use avouch_store::PostgresStore;
use proptest::prelude::*;

use crate::fixtures::{Administer, at, client, client_id, grant, grant_id, hash, subject, token};
use crate::place::Place;
use crate::{ByHand, LEASE, by_hand, node};

const NODES: usize = 3;
const NAMES: [&str; 4] = ["t0", "t1", "t2", "t3"];
const CLIENTS: [&str; 2] = ["shop", "bank"];
const SUBJECTS: [&str; 2] = ["erika", "max"];

/// Whose tokens, by their names' numbers.
fn client_of(name: usize) -> usize {
    name % 2
}

fn subject_of(name: usize) -> usize {
    name / 2
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Issue(usize),
    RevokeToken(usize),
    RevokeGrant(usize),
    RevokeClient(usize),
    RevokeSubject(usize),
    RevokeEverything,
    RenameClient(usize),
    RemoveClient(usize),
    Find(usize),
    FindCaller(usize),
    Follow,
    /// Time passes, in hundredths of the lease.
    Pass(u32),
    /// All entries go that may: whoever has not read them fell behind.
    CleanUp,
}

fn step() -> impl Strategy<Value = Step> {
    let (name, two) = (0..NAMES.len(), 0..2_usize);
    prop_oneof![
        4 => name.clone().prop_map(Step::Issue),
        3 => name.clone().prop_map(Step::RevokeToken),
        2 => name.clone().prop_map(Step::RevokeGrant),
        1 => two.clone().prop_map(Step::RevokeClient),
        1 => two.clone().prop_map(Step::RevokeSubject),
        1 => Just(Step::RevokeEverything),
        2 => two.clone().prop_map(Step::RenameClient),
        1 => two.clone().prop_map(Step::RemoveClient),
        14 => name.prop_map(Step::Find),
        5 => two.prop_map(Step::FindCaller),
        5 => Just(Step::Follow),
        4 => (1..70_u32).prop_map(Step::Pass),
        1 => Just(Step::CleanUp),
    ]
}

/// What decides whether a token is good.
#[derive(Clone, Debug, PartialEq)]
struct Token {
    revoked_at: Option<Timestamp>,
    grant: Option<Timestamp>,
    client: CallerState,
    issued_in: Epochs,
    current: Epochs,
}

impl From<&FoundToken> for Token {
    fn from(found: &FoundToken) -> Self {
        Self {
            revoked_at: found.token.revoked_at,
            grant: found.grant.revoked_at,
            client: found.client,
            issued_in: found.issued_in,
            current: found.current,
        }
    }
}

/// The database after one step.
#[derive(Clone, Debug, Default)]
struct State {
    tokens: [Option<Issued>; NAMES.len()],
    clients: [Client; 2],
    subjects: [Epoch; 2],
    everything: Epoch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Issued {
    revoked_at: Option<Timestamp>,
    grant: Option<Timestamp>,
    epochs: Epochs,
}

#[derive(Clone, Debug, Default)]
struct Client {
    name: String,
    epoch: Epoch,
    removed: bool,
}

impl State {
    fn token(&self, name: usize) -> Option<Token> {
        let Issued {
            revoked_at,
            grant,
            epochs,
        } = self.tokens[name]?;
        let client = &self.clients[client_of(name)];
        Some(Token {
            revoked_at,
            grant,
            client: if client.removed {
                CallerState::Removed
            } else {
                CallerState::Registered
            },
            issued_in: epochs,
            current: self.epochs(name),
        })
    }

    /// Those there are for a token of this name.
    fn epochs(&self, name: usize) -> Epochs {
        Epochs {
            server: self.everything,
            client: self.clients[client_of(name)].epoch,
            subject: self.subjects[subject_of(name)],
        }
    }

    fn caller(&self, which: usize) -> Option<String> {
        let client = &self.clients[which];
        (!client.removed).then(|| client.name.clone())
    }
}

/// Whether it was kept.
async fn issue(store: &PostgresStore, name: usize) -> bool {
    let (client, subject) = (CLIENTS[client_of(name)], SUBJECTS[subject_of(name)]);
    let grant = grant(NAMES[name], client, subject);
    let token = token(NAMES[name], &grant, 9_000);
    store.issue(&grant, &token).await.is_ok()
}

/// The next begins.
fn one_on(epoch: &mut Epoch) {
    *epoch = Epoch::new(epoch.get() + 1);
}

struct World {
    /// After every step so far.
    states: Vec<State>,
    clock: Arc<ByHand>,
    nodes: Vec<Node>,
}

struct Node {
    store: PostgresStore,
    /// When the feed was read, as a step and as a time.
    read: (usize, Duration),
    /// The step at which it last changed something itself, of each token and
    /// of each client.
    tokens: [usize; NAMES.len()],
    clients: [usize; 2],
}

impl World {
    fn now(&self) -> &State {
        self.states.last().unwrap()
    }

    /// The states that a look-up may see.
    fn visible(&self, node: usize, own: usize) -> &[State] {
        let newest = self.states.len() - 1;
        let (read, at) = self.nodes[node].read;
        let remembers = self.clock.now() < at + LEASE;
        let oldest = if remembers { read.max(own) } else { newest };
        &self.states[oldest..]
    }

    async fn take(&mut self, node: usize, step: Step, second: i64) {
        let before = at(second);
        let mut next = self.now().clone();
        let number = self.states.len();
        let store = &self.nodes[node].store;
        let mut changed_tokens = Vec::new();
        let mut changed_clients = Vec::new();
        match step {
            Step::Issue(name) => {
                let done = issue(store, name).await;
                assert_eq!(done, next.tokens[name].is_none());
                let issued = Issued {
                    epochs: next.epochs(name),
                    ..Issued::default()
                };
                next.tokens[name].get_or_insert(issued);
            }
            Step::RevokeToken(name) => {
                store
                    .revoke_token(&hash(NAMES[name]), before)
                    .await
                    .unwrap();
                if let Some(issued) = &mut next.tokens[name] {
                    issued.revoked_at = issued.revoked_at.or(Some(before));
                }
                changed_tokens.push(name);
            }
            Step::RevokeGrant(name) => {
                let grant = grant_id(NAMES[name]);
                store.revoke_grant(&grant, before).await.unwrap();
                if let Some(issued) = &mut next.tokens[name] {
                    issued.grant = issued.grant.or(Some(before));
                }
                changed_tokens.push(name);
            }
            Step::RevokeClient(which) => {
                let id = client_id(CLIENTS[which]);
                store.revoke_client(&id, before).await.unwrap();
                let client = &mut next.clients[which];
                if !client.removed {
                    one_on(&mut client.epoch);
                }
                changed_tokens.extend((0..NAMES.len()).filter(|name| client_of(*name) == which));
            }
            Step::RevokeSubject(which) => {
                let subject = subject(SUBJECTS[which]);
                store.revoke_subject(&subject, before).await.unwrap();
                one_on(&mut next.subjects[which]);
                changed_tokens.extend((0..NAMES.len()).filter(|name| subject_of(*name) == which));
            }
            Step::RevokeEverything => {
                let revoking = store.revoke_everything(IssuedBefore::Now, before);
                revoking.await.unwrap();
                one_on(&mut next.everything);
                changed_tokens.extend(0..NAMES.len());
                // All callers are looked up anew, too.
                changed_clients.extend([0, 1]);
            }
            Step::RenameClient(which) => {
                let mut record = client(CLIENTS[which]);
                let name = format!("named in step {number}");
                record.details.name = Some(name.clone());
                let there = store.update_client(&record).await.unwrap();
                assert_eq!(there, !next.clients[which].removed);
                next.clients[which].name = name;
                // One that is gone is not changed: the server need not have learned that it is.
                if there {
                    changed_clients.push(which);
                }
            }
            Step::RemoveClient(which) => {
                let id = client_id(CLIENTS[which]);
                let there = store.remove_client(&id, before).await.unwrap();
                assert_eq!(there, !next.clients[which].removed);
                next.clients[which].removed = true;
                if there {
                    changed_clients.push(which);
                    let own = (0..NAMES.len()).filter(|name| client_of(*name) == which);
                    changed_tokens.extend(own);
                }
            }
            Step::Find(name) => self.find(node, name).await,
            Step::FindCaller(which) => self.find_caller(node, which).await,
            Step::Follow => {
                let asked = self.clock.now();
                store.follow_changes().await.unwrap();
                self.nodes[node].read = (number, asked);
            }
            Step::Pass(hundredths) => self.clock.pass(LEASE * hundredths / 100),
            Step::CleanUp => unreachable!("done by hand"),
        }
        for name in changed_tokens {
            self.nodes[node].tokens[name] = number;
        }
        for which in changed_clients {
            self.nodes[node].clients[which] = number;
        }
        self.states.push(next);
    }

    async fn find(&self, node: usize, name: usize) {
        let found = self.nodes[node]
            .store
            .find(&hash(NAMES[name]))
            .await
            .unwrap();
        let Some(found) = found else {
            assert_eq!(self.now().tokens[name], None, "absence is not remembered");
            return;
        };
        let found = Token::from(&*found);
        let visible = self.visible(node, self.nodes[node].tokens[name]);
        assert!(
            visible
                .iter()
                .any(|state| state.token(name).as_ref() == Some(&found)),
            "node {node}, {}: {found:?} of {:?}",
            NAMES[name],
            visible
                .iter()
                .map(|state| state.token(name))
                .collect::<Vec<_>>()
        );
    }

    async fn find_caller(&self, node: usize, which: usize) {
        let found = self.nodes[node]
            .store
            .find_caller(CLIENTS[which])
            .await
            .unwrap();
        let found = found.map(|found| match found {
            CallerRecord::Client(client) => client.details.name.clone().unwrap(),
            CallerRecord::ResourceServer(_) => panic!("a client"),
        });
        if found.is_none() {
            assert_eq!(self.now().caller(which), None, "absence is not remembered");
        }
        let visible = self.visible(node, self.nodes[node].clients[which]);
        assert!(
            visible.iter().any(|state| state.caller(which) == found),
            "node {node}, {}: {found:?} of {:?}",
            CLIENTS[which],
            visible
                .iter()
                .map(|state| state.caller(which))
                .collect::<Vec<_>>()
        );
    }
}

async fn run(place: &Place, steps: Vec<(usize, Step)>) {
    let hand = by_hand(place).await;
    hand.batch_execute(
        "DELETE FROM access_token; DELETE FROM access_grant; DELETE FROM subject_epoch;
         UPDATE server_epoch SET epoch = 0;
         DELETE FROM caller_secret; DELETE FROM client; DELETE FROM caller",
    )
    .await
    .unwrap();
    let clock = Arc::new(ByHand::default());
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(Node {
            store: node(&place.options, &clock).await,
            read: (0, clock.now()),
            tokens: [0; NAMES.len()],
            clients: [0; 2],
        });
    }
    let mut first = State::default();
    for (which, id) in CLIENTS.iter().enumerate() {
        let record = client(id);
        nodes[0].store.insert_client(&record).await.unwrap();
        first.clients[which].name = record.details.name.unwrap();
    }
    let mut world = World {
        states: vec![first],
        clock,
        nodes,
    };
    for ((node, step), second) in steps.into_iter().zip(2_000..) {
        if matches!(step, Step::CleanUp) {
            hand.batch_execute(
                "DELETE FROM change c WHERE number <
                     (SELECT max(number) FROM change m WHERE m.lane = c.lane)",
            )
            .await
            .unwrap();
        } else {
            world.take(node, step, second).await;
        }
    }
    // Once all have read it, all know all.
    for node in 0..NODES {
        world.take(node, Step::Follow, 9_000).await;
        for name in 0..NAMES.len() {
            world.find(node, name).await;
        }
        for which in 0..CLIENTS.len() {
            world.find_caller(node, which).await;
        }
    }
}

#[test]
fn no_answer_is_older_than_it_may_be() {
    let Some(place) = Place::new() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // The layout is made once.
    drop(runtime.block_on(crate::open(&place.options)));
    let config = ProptestConfig {
        cases: 10,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(config, |(steps in prop::collection::vec((0..NODES, step()), 1..120))| {
        runtime.block_on(run(&place, steps));
    });
}
