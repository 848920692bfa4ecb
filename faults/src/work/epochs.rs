//! Revocations of many tokens in one write.

use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_jose::base64url;
use serde_json::{Value, json};

use super::{Unanswered, Worker};
use crate::parties::RESOURCE;
use crate::record::{Note, State};

/// What the tokens have in common.
const KINDS: [&str; 3] = ["subject", "grant", "client"];

impl Worker {
    /// Two tokens for one subject, all of them revoked, and one issued after that; of a client of their own, which is
    /// removed every second time.
    pub(super) fn revoke_many(&self, turn: u64) -> Result<(), Unanswered> {
        let kind = KINDS[usize::try_from(turn % 3).unwrap_or_default()];
        let client = fresh_name();
        let subject = fresh_name();
        let added = json!({"id": client, "scope": "read", "resources": [RESOURCE]});
        self.order("add", "/clients", 201, &added)?;
        self.notes.write(Note::Acknowledged);

        let (first, grant) = self.issue(&client, &subject)?;
        // A grant has one token; the others may share theirs.
        let (second, _) = self.issue(&client, &subject)?;
        let name = match kind {
            "grant" => &grant,
            "client" => &client,
            _ => &subject,
        };
        let dead = match kind {
            "grant" => vec![first],
            _ => vec![first, second.clone()],
        };
        let order = json!({ kind: name });
        self.notes.write(Note::Tokens(dead.clone(), State::Unknown));
        self.order("revoke all", "/revocations", 200, &order)?;
        self.notes.write(Note::Tokens(dead.clone(), State::Revoked));

        let (after, _) = self.issue(&client, &subject)?;
        if turn.is_multiple_of(2) {
            return Ok(());
        }
        let every = [dead, vec![second, after]].concat();
        // What was revoked stays so; the rest goes with its client.
        let rest: Vec<_> = every.into_iter().collect();
        self.notes.write(Note::Removing(rest.clone()));
        let path = format!("/admin/v1/clients/{client}");
        let answer = self.door.administer("DELETE", &path, &Value::Null);
        self.notes.expect("remove", 204, answer)?;
        self.notes.write(Note::Tokens(rest, State::Revoked));
        Ok(())
    }

    /// A token for the subject, and its grant.
    fn issue(&self, client: &str, subject: &str) -> Result<(String, String), Unanswered> {
        let order = json!({"client": client, "subject": subject});
        let answer = self.door.administer("POST", "/admin/v1/tokens", &order);
        let issued = self.notes.expect("issue for a subject", 201, answer)?;
        let token = issued.text("access_token");
        let note = Note::Tokens(vec![token.clone()], State::Issued);
        self.notes.write(note);
        Ok((token, issued.text("grant")))
    }

    fn order(&self, what: &str, path: &str, status: u16, order: &Value) -> Result<(), Unanswered> {
        let path = format!("/admin/v1{path}");
        let answer = self.door.administer("POST", &path, order);
        self.notes.expect(what, status, answer)?;
        Ok(())
    }
}

/// A name that was never given, for a client or a subject.
pub fn fresh_name() -> String {
    let mut octets = [0; 12];
    SystemRandom.fill(&mut octets).unwrap();
    base64url::encode(octets)
}
