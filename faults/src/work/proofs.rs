//! Assertions that were answered, and the tokens a resource server got with them: the first are used up and the second
//! good, whatever happens.

use std::time::{SystemTime, UNIX_EPOCH};

use avouch_crypto::random::SystemRandom;
use avouch_oauth::client_assertion::{CLIENT_ASSERTION_TYPE, NewClientAssertion};

use super::{Unanswered, Worker};
use crate::parties::Prover;
use crate::record::Note;
use crate::wire::{Door, FORM};

/// Seconds an assertion is good: beyond what a run takes, and not too many for a clock that is set back.
const LIFETIME: u64 = 3_200;

/// One exchange of an assertion for a token that was answered.
#[derive(Clone, Debug)]
pub struct Exchanged {
    form: String,
    token: String,
}

impl Prover {
    /// A request for a token, with a fresh assertion.
    pub fn form(&self) -> String {
        let assertion = NewClientAssertion::new(&self.id, &self.issuer)
            .lifetime(LIFETIME)
            .sign(&self.key, now(), &SystemRandom)
            .unwrap();
        format!(
            "grant_type=client_credentials&client_assertion_type={}&client_assertion={}",
            CLIENT_ASSERTION_TYPE.replace(':', "%3A"),
            assertion.expose()
        )
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "who makes an assertion has a clock of its own"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

impl Worker {
    pub(super) fn exchange(&self) -> Result<(), Unanswered> {
        let form = self.parties.prover.form();
        let headers = [("Content-Type", FORM)];
        let answer = self.door.send("POST", "/token", &headers, &form);
        let answer = self.notes.expect("exchange", 200, answer)?;
        let token = answer.text("access_token");
        self.notes.write(Note::Exchanged(Exchanged { form, token }));
        Ok(())
    }
}

impl Exchanged {
    /// Whether the assertion is taken a second time. Asking uses it up.
    ///
    /// # Panics
    ///
    /// If it is refused for another reason than its use: then this showed nothing.
    pub fn is_taken_again(&self, door: &Door) -> bool {
        let headers = [("Content-Type", FORM)];
        let answer = door.send("POST", "/token", &headers, &self.form).unwrap();
        if answer.status != 200 {
            let said = answer.json()["error_description"].to_string();
            assert!(said.contains("used before"), "{answer:?}");
        }
        answer.status == 200
    }

    /// Whether the token tells the server something.
    pub fn is_good(&self, door: &Door) -> bool {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Content-Type", FORM), ("Authorization", bearer.as_str())];
        let answer = door.send("POST", "/introspect", &headers, "token=unknown");
        answer.is_ok_and(|answer| answer.status == 200)
    }
}
