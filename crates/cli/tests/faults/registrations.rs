//! Registrations that were acknowledged, and whether they are still so.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use crate::site::Running;
use crate::wire::{Answer, send};

/// What is known of one registration.
#[derive(Clone, Debug)]
enum State {
    /// Acknowledged under this name.
    Named(String),
    /// An update was sent and not answered: there under either name, and the
    /// token that is known is good.
    Updating,
    /// A removal was sent and not answered: either way is right.
    Removing,
    /// Acknowledged as removed.
    Removed,
}

/// One registration, where and with what it is managed.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    path: String,
    token: String,
    state: State,
}

impl Noted {
    pub(crate) fn is_acknowledged(&self) -> bool {
        matches!(self.state, State::Named(_) | State::Removed)
    }
}

/// Every registration with its last known state.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    last: BTreeMap<String, Noted>,
    operations: usize,
}

impl Registrations {
    pub(crate) fn extend(&mut self, notes: Vec<Noted>) {
        for noted in notes {
            self.operations += usize::from(noted.is_acknowledged());
            self.last.insert(noted.path.clone(), noted);
        }
    }

    /// How many operations were acknowledged.
    pub(crate) fn operations(&self) -> usize {
        self.operations
    }

    /// What the server knows otherwise than it was acknowledged.
    pub(crate) fn lost(&self, server: &Running) -> Vec<String> {
        let lost = self.last.values().filter_map(|noted| {
            let answer = server.read(&noted.path, &noted.token);
            let right = match (&noted.state, answer.status) {
                (State::Named(name), 200) => answer.json()["client_name"] == name.as_str(),
                (State::Updating | State::Removing, 200)
                | (State::Removing | State::Removed, 401) => true,
                _ => false,
            };
            (!right).then(|| format!("{:?}, now {}", noted.state, answer.status))
        });
        lost.collect()
    }
}

/// Registers clients, changes each, and removes every second one, until the
/// server is gone.
pub(crate) fn register_and_manage(
    address: SocketAddr,
    initial_access_token: &str,
    notes: &Sender<Noted>,
) {
    let call = |method: &str, path: &str, token: &str, body: &Value| {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", authorization.as_str()),
        ];
        let body = body.to_string();
        send(address, method, path, &headers, &body)
    };
    let registered = |answer: &Answer, state: State| {
        let body = answer.json();
        let id = body["client_id"].as_str().unwrap();
        let token = body["registration_access_token"].as_str().unwrap();
        Noted {
            path: format!("/register/{id}"),
            token: token.to_owned(),
            state,
        }
    };
    for turn in 0_u64.. {
        let metadata = a_client("first");
        let Ok(answer) = call("POST", "/register", initial_access_token, &metadata) else {
            return;
        };
        assert_eq!(answer.status, 201);
        let mut noted = registered(&answer, State::Named("first".to_owned()));
        notes.send(noted.clone()).unwrap();

        let mut metadata = a_client("second");
        metadata["client_id"] = json!(noted.path.rsplit('/').next().unwrap());
        let Ok(answer) = call("PUT", &noted.path, &noted.token, &metadata) else {
            noted.state = State::Updating;
            return notes.send(noted).unwrap();
        };
        assert_eq!(answer.status, 200);
        let mut noted = registered(&answer, State::Named("second".to_owned()));
        notes.send(noted.clone()).unwrap();
        if turn % 2 == 0 {
            continue;
        }
        let removed = call("DELETE", &noted.path, &noted.token, &Value::Null);
        noted.state = match &removed {
            Ok(answer) => {
                assert_eq!(answer.status, 204);
                State::Removed
            }
            Err(_) => State::Removing,
        };
        notes.send(noted).unwrap();
        if removed.is_err() {
            return;
        }
    }
}

fn a_client(name: &str) -> Value {
    json!({"grant_types": ["client_credentials"], "client_name": name})
}
