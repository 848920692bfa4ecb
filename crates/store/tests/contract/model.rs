//! Random histories, compared after every step with a model that is too simple
//! to be wrong.

use std::collections::BTreeMap;

use avouch_core::records::CallerState;
use avouch_core::storage::{CallerStore, Revoked, Storage, TokenStore};
use avouch_core::time::Timestamp;
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
}

#[derive(Default)]
struct Model {
    tokens: BTreeMap<usize, Token>,
    clients: [Option<i64>; 2],
    removed: [bool; 2],
    subjects: [Option<i64>; 2],
}

fn forward(epoch: &mut Option<i64>, before: i64) -> Revoked {
    if epoch.is_some_and(|epoch| epoch >= before) {
        return Revoked::Already;
    }
    *epoch = Some(before);
    Revoked::Now
}

impl Model {
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

    fn revoke_grant(&mut self, name: usize, before: i64) -> Revoked {
        let token = self.tokens.get_mut(&name);
        token.map_or(Revoked::Unknown, |token| {
            forward(&mut token.grant_revoked, before)
        })
    }

    fn revoke_client(&mut self, name: usize, before: i64) -> Revoked {
        if self.removed[name] {
            Revoked::Unknown
        } else {
            forward(&mut self.clients[name], before)
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
        Step::RevokeGrant(name, before) => assert_eq!(
            store
                .revoke_grant(&grant_id(NAMES[name]), at(before))
                .await
                .unwrap(),
            model.revoke_grant(name, before)
        ),
        Step::RevokeClient(name, before) => assert_eq!(
            store
                .revoke_client(&client_id(CLIENTS[name]), at(before))
                .await
                .unwrap(),
            model.revoke_client(name, before)
        ),
        Step::RevokeSubject(name, before) => assert_eq!(
            store
                .revoke_subject(&subject(SUBJECTS[name]), at(before))
                .await
                .unwrap(),
            forward(&mut model.subjects[name], before)
        ),
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
        assert_eq!(found.grant.revoked_before, time(token.grant_revoked));
        let client = if model.removed[token.client] {
            CallerState::Removed
        } else {
            CallerState::Registered {
                revoked_before: time(model.clients[token.client]),
            }
        };
        assert_eq!(found.client, client);
        let epoch: Option<Timestamp> = time(model.subjects[token.subject]);
        assert_eq!(found.subject_revoked_before, epoch);
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
