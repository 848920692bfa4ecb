//! Every decision leaves an event before its answer leaves, and no event holds
//! a token, a secret or a person.

use std::io;
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use crate::harness::{Harness, pay, shop};

/// All that any server in this process logs.
fn log() -> &'static Mutex<Vec<u8>> {
    static LOG: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();
    LOG.get_or_init(|| Mutex::new(Vec::new()))
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        log().lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged() -> String {
    String::from_utf8(log().lock().unwrap().clone()).unwrap()
}

/// Begins to listen; once is enough.
pub(crate) fn listen() {
    static LISTENING: std::sync::Once = std::sync::Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Writer)
            .init();
    });
}

/// Asserts that some line holds all these parts.
pub(crate) fn assert_logged(parts: &[&str]) {
    let text = logged();
    let found = text
        .lines()
        .any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "{parts:?} in\n{text}");
}

/// An operator who named the wrong folder sees that he begins anew.
async fn a_first_start() -> Harness {
    let it = Harness::start().await;
    assert_logged(&[
        "WARN",
        "a new database was made at",
        "new signing keys, nobody is registered",
        "look at data.folder",
    ]);
    it
}

/// Who has the wrong secret is named; what a stranger made up is not.
async fn a_wrong_secret_and_an_invented_name(it: &Harness, registered: &str) {
    let ask = async |id: &str| {
        let answer = it.public("/introspect", id, "not-the-secret", "token=unknown");
        answer.await.error(401, "invalid_client");
    };
    ask(registered).await;
    assert_logged(&[
        "authentication_failed",
        &format!("caller=\"{registered}\""),
        "reason=\"wrong_secret\"",
    ]);
    ask("invented-by-a-stranger").await;
    assert_logged(&["authentication_failed", "reason=\"unknown_caller\""]);
    assert!(!logged().contains("invented-by-a-stranger"));
}

/// A token that says something: what it says, and to whom, is recorded by name.
async fn a_jwt(it: &Harness, client: &str) -> Value {
    let mut reading = pay();
    reading["access_tokens"] = json!({"format": "jwt", "claims": ["iban"]});
    it.put("/admin/v1/resource-servers/pay", reading)
        .await
        .expect(200);
    let order = json!({
        "client": client, "subject": "a-person-nobody-may-see",
        "claims": {"iban": "an-account-nobody-may-see"}, "legal_basis": "contract 4711",
    });
    let jwt = it.post("/admin/v1/tokens", order).await.expect(201);
    assert_logged(&[
        "token_issued",
        jwt["jti"].as_str().unwrap(),
        "format=\"jwt\"",
        "resource_server=\"pay\"",
        "profile=2",
        "policy=1",
        "claims=\"iban\"",
    ]);
    jwt
}

/// What an administrator did, and to whom.
fn administered(what: &str, name: &str) {
    let what = format!("what=\"{what}\"");
    assert_logged(&[
        "avouch::event",
        "administered",
        "by=\"administrator\"",
        &what,
        name,
    ]);
}

#[tokio::test]
async fn every_decision_leaves_an_event_and_none_tells_a_secret() {
    listen();
    let it = a_first_start().await;
    let id = "seen-in-events";
    let as_seen = |mut description: Value, field: &str| {
        description[field] = json!(id);
        description
    };

    let added = it
        .post("/admin/v1/resource-servers", pay())
        .await
        .expect(201);
    administered("resource server added", "pay");
    it.post("/admin/v1/clients", as_seen(shop(), "id"))
        .await
        .expect(201);
    administered("client added", id);
    let mut changed = as_seen(shop(), "id");
    changed["scope"] = json!("pay");
    it.put(&format!("/admin/v1/clients/{id}"), changed)
        .await
        .expect(200);
    administered("client changed", id);
    it.post(&format!("/admin/v1/clients/{id}/secret"), json!({}))
        .await
        .expect(201);
    administered("client secret renewed", id);
    let handed_out = it
        .order(&format!("/admin/v1/clients/{id}/registration-access-token"))
        .await
        .expect(201);
    administered("registration access token handed out", id);

    let order = json!({"client": id, "subject": "a-person-nobody-may-see"});
    let token = it.post("/admin/v1/tokens", order).await.expect(201);
    let jti = token["jti"].as_str().unwrap();
    assert_logged(&["avouch::event", "token_issued", id, jti]);
    assert_logged(&["token_issued", jti, "format=\"opaque\""]);
    let jwt = a_jwt(&it, id).await;
    let named = json!({"token": token["access_token"]});
    it.post("/admin/v1/tokens/show", named.clone())
        .await
        .expect(200);
    administered("token shown", jti);
    it.post("/admin/v1/tokens/revoke", named).await.expect(200);
    assert_logged(&[
        "avouch::event",
        "revoked",
        "by=\"administrator\"",
        jti,
        "Now",
    ]);
    it.post("/admin/v1/revocations", json!({"client": id}))
        .await
        .expect(200);
    assert_logged(&["avouch::event", "revoked", "what=\"client\"", id]);
    let subject = json!({"subject": "a-person-nobody-may-see"});
    it.post("/admin/v1/revocations", subject).await.expect(200);
    assert_logged(&["avouch::event", "revoked", "what=\"subject\""]);
    for (until, name) in [(json!("now"), "now"), (json!(17), "17")] {
        let everything = json!({"issued_before": until});
        it.post("/admin/v1/revocations/everything", everything)
            .await
            .expect(200);
        let name = format!("name=\"{name}\"");
        assert_logged(&["avouch::event", "revoked", "what=\"everything\"", &name]);
    }

    a_wrong_secret_and_an_invented_name(&it, "pay").await;

    let order = json!({"algorithm": "ES256"});
    let key = it.post("/admin/v1/keys/rotate", order).await.expect(201);
    administered("signing key rotated", key["kid"].as_str().unwrap());
    let order = json!({"kinds": "clients", "resources": "any"});
    let path = "/admin/v1/initial-access-tokens";
    let right = it.post(path, order).await.expect(201);
    let right_id = right["id"].as_str().unwrap();
    administered("initial access token created", right_id);
    it.delete(&format!("{path}/{right_id}")).await.expect(204);
    administered("initial access token removed", right_id);
    it.delete(&format!("/admin/v1/clients/{id}"))
        .await
        .expect(204);
    administered("client removed", id);
    it.delete("/admin/v1/resource-servers/pay")
        .await
        .expect(204);
    administered("resource server removed", "pay");

    let text = logged();
    for secret in [
        &token["access_token"],
        &jwt["access_token"],
        &added["client_secret"],
        &right["initial_access_token"],
        &handed_out["registration_access_token"],
    ] {
        assert!(!text.contains(secret.as_str().unwrap()));
    }
    assert!(!text.contains("a-person-nobody-may-see"));
    assert!(!text.contains("an-account-nobody-may-see"));
}
