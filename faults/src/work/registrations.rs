//! Registrations that are made, changed and removed by those who hold them (RFC 7591, RFC 7592).

use serde_json::{Value, json};

use super::{Unanswered, Worker};
use crate::record::Note;
use crate::wire::{Answer, Door};

/// What is known of one registration.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Acknowledged under this name.
    Named(String),
    /// An update was sent and not answered: there under either name, and the token that is known is good.
    Updating,
    /// A removal was sent and not answered: either way is right.
    Removing,
    /// Acknowledged as removed.
    Removed,
}

/// One registration, where and with what it is managed.
#[derive(Clone, Debug)]
pub struct Noted {
    path: String,
    token: String,
    state: State,
}

impl Noted {
    /// What a registration or an update was answered with.
    pub fn read(answer: &Answer, name: &str) -> Self {
        Self {
            path: format!("/register/{}", answer.text("client_id")),
            token: answer.text("registration_access_token"),
            state: State::Named(name.to_owned()),
        }
    }

    /// Where it is managed.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether this is the outcome of a write.
    pub fn is_acknowledged(&self) -> bool {
        matches!(self.state, State::Named(_) | State::Removed)
    }

    /// An order to change its name.
    pub fn update(&self, door: &Door, name: &str) -> std::io::Result<Answer> {
        let mut metadata = a_client(name);
        metadata["client_id"] = json!(self.path.rsplit('/').next());
        door.send_json("PUT", &self.path, &self.token, &metadata)
    }

    /// The name it has now, if it is there.
    pub fn name(&self, door: &Door) -> Option<String> {
        let answer = self.look(door);
        (answer.status == 200).then(|| answer.text("client_name"))
    }

    fn look(&self, door: &Door) -> Answer {
        let answer = door.send_json("GET", &self.path, &self.token, &Value::Null);
        answer.unwrap()
    }

    /// What the server knows otherwise than it was acknowledged.
    pub fn lost(&self, door: &Door) -> Option<String> {
        let answer = self.look(door);
        let right = match (&self.state, answer.status) {
            (State::Named(name), 200) => answer.json()["client_name"] == name.as_str(),
            (State::Updating | State::Removing, 200) | (State::Removing | State::Removed, 401) => {
                true
            }
            _ => false,
        };
        (!right).then(|| format!("{:?}, now {}", self.state, answer.status))
    }
}

impl Worker {
    pub(super) fn register_and_manage(&self, turn: u64) -> Result<(), Unanswered> {
        let (door, notes) = (&self.door, &self.notes);
        let note = |noted: &Noted| notes.write(Note::Registration(noted.clone()));
        let right = &self.parties.initial_access_token;
        let answer = door.send_json("POST", "/register", right, &a_client("first"));
        let mut noted = Noted::read(&notes.expect("register", 201, answer)?, "first");
        note(&noted);

        noted.state = State::Updating;
        note(&noted);
        let answer = noted.update(door, "second");
        let mut noted = Noted::read(&notes.expect("update", 200, answer)?, "second");
        note(&noted);
        if turn.is_multiple_of(2) {
            return Ok(());
        }
        noted.state = State::Removing;
        note(&noted);
        let answer = door.send_json("DELETE", &noted.path, &noted.token, &Value::Null);
        notes.expect("remove", 204, answer)?;
        noted.state = State::Removed;
        note(&noted);
        Ok(())
    }
}

/// Metadata of a client with this name.
pub(super) fn a_client(name: &str) -> Value {
    json!({"grant_types": ["client_credentials"], "client_name": name})
}
