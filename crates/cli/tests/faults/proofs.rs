//! Assertions that were answered, and the tokens a resource server got with them: the first are
//! used up and the second good, whatever happens to the power.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use avouch_core::time::Clock;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey};
use avouch_oauth::Issuer;
use avouch_oauth::client_assertion::{CLIENT_ASSERTION_TYPE, NewClientAssertion};
use avouch_server::SystemClock;
use serde_json::{Value, json};

use crate::site::Running;
use crate::wire::send;

const FORM: &str = "application/x-www-form-urlencoded";

/// A resource server that authenticates with a key.
#[derive(Clone)]
pub(crate) struct Prover {
    id: String,
    issuer: Issuer,
    key: Arc<SigningKey>,
}

/// One exchange of an assertion for a token that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    form: String,
    token: String,
}

/// All that were answered.
#[derive(Default)]
pub(crate) struct Proofs(Vec<Exchanged>);

impl Prover {
    /// Registers it.
    pub(crate) fn register(register: impl FnOnce(&Value) -> Value, issuer: &str) -> Self {
        let key = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom).unwrap();
        let registered = register(&json!({
            "resource": "https://prover.example",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [serde_json::to_value(key.public_jwk()).unwrap()]},
        }));
        Self {
            id: registered["client_id"].as_str().unwrap().to_owned(),
            issuer: Issuer::parse(issuer).unwrap(),
            key: Arc::new(key),
        }
    }

    /// A request for a token, with an assertion that is good far beyond the test.
    fn form(&self) -> String {
        let now = SystemClock.now().numeric_date();
        let assertion = NewClientAssertion::new(&self.id, &self.issuer)
            .lifetime(300)
            .sign(&self.key, now, &SystemRandom)
            .unwrap();
        format!(
            "grant_type=client_credentials&client_assertion_type={}&client_assertion={}",
            CLIENT_ASSERTION_TYPE.replace(':', "%3A"),
            assertion.expose()
        )
    }
}

/// Gets itself one token after the other, until the server is gone.
pub(crate) fn exchange(address: SocketAddr, prover: &Prover, notes: &Sender<Exchanged>) {
    loop {
        let form = prover.form();
        let Ok(answer) = send(address, "POST", "/token", &[("Content-Type", FORM)], &form) else {
            return;
        };
        assert_eq!(answer.status, 200);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        notes.send(Exchanged { form, token }).unwrap();
    }
}

impl Proofs {
    pub(crate) fn extend(&mut self, exchanged: Vec<Exchanged>) {
        self.0.extend(exchanged);
    }

    /// How many exchanges were answered.
    pub(crate) fn operations(&self) -> usize {
        self.0.len()
    }

    /// Assertions that are taken a second time. Asking uses them up.
    pub(crate) fn taken_again(&self, server: &Running) -> usize {
        let taken = self.0.iter().filter(|exchanged| {
            let headers = [("Content-Type", FORM)];
            let answer = server.send("POST", "/token", &headers, &exchanged.form);
            // And for no other reason, such as that its time is over.
            let said = answer.json()["error_description"].to_string();
            assert!(
                answer.status == 200 || said.contains("used before"),
                "{said}"
            );
            answer.status == 200
        });
        taken.count()
    }

    /// Tokens that tell the server nothing any more.
    pub(crate) fn lost_tokens(&self, server: &Running) -> usize {
        let answers = self.0.iter().map(|exchanged| {
            let bearer = format!("Bearer {}", exchanged.token);
            let headers = [("Content-Type", FORM), ("Authorization", bearer.as_str())];
            server.send("POST", "/introspect", &headers, "token=unknown")
        });
        answers.filter(|answer| answer.status != 200).count()
    }
}
