//! Random histories, compared after every step with a model that is too simple
//! to be wrong.

use std::collections::BTreeMap;

use avouch_core::records::{CallerState, Epoch, Epochs};
use avouch_core::storage::{CallerStore, IssuedBefore, Revoked, Storage, TokenStore};
use proptest::prelude::*;

use crate::Engine;
use crate::fixtures::{Administer, at, client, client_id, grant, grant_id, hash, subject, token};

const NAMES: [&str; 6] = ["t0", "t1", "t2", "t3", "t4", "t5"];
const CLIENTS: [&str; 2] = ["shop", "bank"];
const SUBJECTS: [&str; 2] = ["erika", "max"];

/// One call. Indices stand for the names above, numbers for seconds.
#[derive(Clone, Copy, Debug)]
enum Step {
    Issue {
        token: usize,
        client: usize,
        subject: usize,
        end: i64,
    },
    RevokeToken(usize, i64),
    RevokeGrant(usize, i64),
    RevokeClient(usize, i64),
    RevokeSubject(usize, i64),
    RevokeEverything,
    RevokeIssuedBefore(i64),
    RemoveClient(usize),
    RemoveExpired {
        before: i64,
        limit: u32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (token, two, second) = (0..NAMES.len(), 0..2_usize, 0..20_i64);
    prop_oneof![
        6 => (token.clone(), two.clone(), two.clone(), second.clone())
            .prop_map(|(token, client, subject, end)| Step::Issue { token, client, subject, end }),
        3 => (token.clone(), second.clone()).prop_map(|(t, s)| Step::RevokeToken(t, s)),
        2 => (token, second.clone()).prop_map(|(t, s)| Step::RevokeGrant(t, s)),
        2 => (two.clone(), second.clone()).prop_map(|(c, s)| Step::RevokeClient(c, s)),
        2 => (two.clone(), second.clone()).prop_map(|(u, s)| Step::RevokeSubject(u, s)),
        1 => Just(Step::RevokeEverything),
        1 => second.clone().prop_map(Step::RevokeIssuedBefore),
        1 => two.prop_map(Step::RemoveClient),
        2 => (second, 0..4_u32)
            .prop_map(|(before, limit)| Step::RemoveExpired { before, limit }),
    ]
}

#[derive(Clone, Debug)]
struct Token {
    client: usize,
    subject: usize,
    end: i64,
    revoked_at: Option<i64>,
    grant_revoked: Option<i64>,
    issued_in: Epochs,
}

#[derive(Default)]
struct Model {
    tokens: BTreeMap<usize, Token>,
    clients: [Epoch; 2],
    removed: [bool; 2],
    subjects: [Epoch; 2],
    everything: Epoch,
    until: Option<i64>,
}

/// The next begins.
fn next(epoch: &mut Epoch) -> Revoked {
    *epoch = Epoch::new(epoch.get() + 1);
    Revoked::Now
}

impl Model {
    fn epochs(&self, client: usize, subject: usize) -> Epochs {
        Epochs {
            server: self.everything,
            client: self.clients[client],
            subject: self.subjects[subject],
        }
    }

    /// Whether it was kept.
    fn issue(&mut self, name: usize, token: Token) -> bool {
        let free = !self.tokens.contains_key(&name);
        if free {
            self.tokens.insert(name, token);
        }
        free
    }

    fn revoke_token(&mut self, name: usize, second: i64) -> Revoked {
        match self.tokens.get_mut(&name) {
            None => Revoked::Unknown,
            Some(Token {
                revoked_at: Some(_),
                ..
            }) => Revoked::Already,
            Some(token) => {
                token.revoked_at = Some(second);
                Revoked::Now
            }
        }
    }

    fn revoke_grant(&mut self, name: usize, second: i64) -> Revoked {
        match self.tokens.get_mut(&name) {
            None => Revoked::Unknown,
            Some(token) if token.grant_revoked.is_some() => Revoked::Already,
            Some(token) => {
                token.grant_revoked = Some(second);
                Revoked::Now
            }
        }
    }

    fn revoke_client(&mut self, name: usize) -> Revoked {
        if self.removed[name] {
            Revoked::Unknown
        } else {
            next(&mut self.clients[name])
        }
    }

    fn expired(&self, before: i64) -> usize {
        self.tokens
            .values()
            .filter(|token| token.end < before)
            .count()
    }
}

async fn take(step: Step, model: &mut Model, store: &impl Storage) {
    match step {
        Step::Issue {
            token: name,
            client,
            subject,
            end,
        } => {
            let grant = grant(NAMES[name], CLIENTS[client], SUBJECTS[subject]);
            let kept = store
                .issue(&grant, &token(NAMES[name], &grant, end))
                .await
                .is_ok();
            let token = Token {
                client,
                subject,
                end,
                revoked_at: None,
                grant_revoked: None,
                issued_in: model.epochs(client, subject),
            };
            assert_eq!(kept, model.issue(name, token));
        }
        Step::RevokeToken(name, second) => assert_eq!(
            store
                .revoke_token(&hash(NAMES[name]), at(second))
                .await
                .unwrap(),
            model.revoke_token(name, second)
        ),
        Step::RevokeGrant(name, second) => assert_eq!(
            store
                .revoke_grant(&grant_id(NAMES[name]), at(second))
                .await
                .unwrap(),
            model.revoke_grant(name, second)
        ),
        Step::RevokeClient(name, second) => assert_eq!(
            store
                .revoke_client(&client_id(CLIENTS[name]), at(second))
                .await
                .unwrap(),
            model.revoke_client(name)
        ),
        Step::RevokeSubject(name, second) => assert_eq!(
            store
                .revoke_subject(&subject(SUBJECTS[name]), at(second))
                .await
                .unwrap(),
            next(&mut model.subjects[name])
        ),
        Step::RevokeEverything => {
            let revoking = store.revoke_everything(IssuedBefore::Now, at(0));
            revoking.await.unwrap();
            next(&mut model.everything);
        }
        Step::RevokeIssuedBefore(second) => {
            let issued = IssuedBefore::Instant(at(second));
            store.revoke_everything(issued, at(0)).await.unwrap();
            model.until = model.until.max(Some(second));
        }
        Step::RemoveClient(name) => {
            let removed = store
                .remove_client(&client_id(CLIENTS[name]), at(0))
                .await
                .unwrap();
            assert_eq!(removed, !model.removed[name]);
            model.removed[name] = true;
        }
        Step::RemoveExpired { before, limit } => {
            let gone = store.remove_expired(at(before), limit).await.unwrap();
            let expected = model.expired(before).min(usize::try_from(limit).unwrap());
            assert_eq!(usize::try_from(gone).unwrap(), expected);
            // Which of the expired went is the engine's choice.
            let mut lost = 0;
            for (name, _) in model.tokens.clone() {
                if store.find(&hash(NAMES[name])).await.unwrap().is_none() {
                    let token = model.tokens.remove(&name).unwrap();
                    assert!(token.end < before);
                    lost += 1;
                }
            }
            assert_eq!(lost, expected);
        }
    }
}

async fn compare(model: &Model, store: &impl TokenStore) {
    let time = |second: Option<i64>| second.map(at);
    for (name, text) in NAMES.iter().enumerate() {
        let found = store.find(&hash(text)).await.unwrap();
        let Some(token) = model.tokens.get(&name) else {
            assert!(found.is_none(), "{text}");
            continue;
        };
        let found = found.unwrap();
        assert_eq!(found.token.expires_at, at(token.end));
        assert_eq!(found.token.revoked_at, time(token.revoked_at));
        assert_eq!(found.grant.revoked_at, time(token.grant_revoked));
        let client = if model.removed[token.client] {
            CallerState::Removed
        } else {
            CallerState::Registered
        };
        assert_eq!(found.client, client);
        assert_eq!(found.issued_in, token.issued_in);
        let current = model.epochs(token.client, token.subject);
        assert_eq!(found.current, current);
        assert_eq!(found.all_revoked_until, time(model.until));
    }
}

pub(crate) fn random_histories_agree_with_a_model<E: Engine>(cases: u32, engine: impl Fn() -> E) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..40))| {
        runtime.block_on(async {
            let engine = engine();
            let store = engine.open().await;
            for id in CLIENTS {
                store.insert_client(&client(id)).await.unwrap();
            }
            let mut model = Model::default();
            for step in steps {
                take(step, &mut model, &store).await;
                compare(&model, &store).await;
            }
            drop(store);
            compare(&model, &engine.open().await).await;
        });
    });
}
