//! A statement may be said again within its second, and whatever an administrator changes in that
//! second is in the very next one.

use serde_json::{Value, json};

use crate::harness::{Harness, order, pay};

struct Desk {
    it: Harness,
    secret: String,
    question: String,
}

/// `pay` with this change to its description, always told in JWTs.
fn described(change: impl FnOnce(&mut Value)) -> Value {
    let mut pay = pay();
    pay["profile"]["forms"] = json!("always_jwt");
    pay["policy"] = json!({"claims": ["iban"], "subject": "public"});
    change(&mut pay);
    json!({"resource_server": [pay]})
}

impl Desk {
    async fn set() -> Self {
        let it = Harness::start().await;
        let secret = it.shop_and_pay().await;
        let mut order = order();
        order["claims"] = json!({"iban": "DE02", "name": "Erika"});
        order["legal_basis"] = json!("contract 4711");
        let token = it.post("/admin/v1/tokens", order).await.expect(201);
        let token = token["access_token"].as_str().unwrap();
        let question = format!("token={token}");
        let desk = Self {
            it,
            secret,
            question,
        };
        desk.apply(described(|_| {})).await;
        desk
    }

    async fn apply(&self, description: Value) {
        let applied = self.it.post("/admin/v1/apply", description);
        applied.await.expect(200);
    }

    /// The statement that `pay` is told now.
    async fn said(&self) -> String {
        let (secret, question) = (&self.secret, &self.question);
        let answer = self.it.public("/introspect", "pay", secret, question);
        let answer = answer.await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.text
    }
}

#[tokio::test]
async fn whatever_changes_what_is_said_or_how_makes_another_statement() {
    let desk = Desk::set().await;
    let mut before = desk.said().await;
    assert_eq!(desk.said().await, before, "nothing changed");
    for (what, description) in [
        (
            "policy",
            described(|pay| pay["policy"]["claims"] = json!(["iban", "name"])),
        ),
        (
            "subject",
            described(|pay| pay["policy"]["subject"] = json!("pairwise")),
        ),
        (
            "clearance",
            described(|pay| pay["policy"]["not_cleared"] = json!("contract ended")),
        ),
        ("typ", described(|pay| pay["profile"]["typ"] = json!("JWT"))),
        (
            "members",
            described(|pay| pay["profile"]["members"] = json!({"ath": true})),
        ),
        ("as it was", described(|_| {})),
    ] {
        desk.apply(description).await;
        let after = desk.said().await;
        assert_ne!(after, before, "{what}");
        assert_eq!(desk.said().await, after, "{what}, again");
        before = after;
    }
}

#[tokio::test]
async fn another_signing_key_signs_the_very_next_statement() {
    let desk = Desk::set().await;
    let before = desk.said().await;
    let order = json!({"algorithm": "ES256", "at_once": true});
    let rotated = desk.it.post("/admin/v1/keys/rotate", order).await;
    rotated.expect(201);
    let after = desk.said().await;
    assert_ne!(after.split('.').next(), before.split('.').next());
}

#[tokio::test]
async fn who_is_stopped_is_told_nothing_that_was_said_before() {
    let desk = Desk::set().await;
    desk.said().await;
    desk.apply(described(|pay| pay["suspended"] = json!("audit")))
        .await;
    let (secret, question) = (&desk.secret, &desk.question);
    let answer = desk.it.public("/introspect", "pay", secret, question).await;
    answer.error(400, "unauthorized_client");
}

#[tokio::test]
async fn a_mass_revocation_is_in_the_very_next_statement() {
    let desk = Desk::set().await;
    let before = desk.said().await;
    let order = json!({"subject": "erika"});
    let revoked = desk.it.post("/admin/v1/revocations", order).await;
    revoked.expect(200);
    assert_ne!(desk.said().await, before);
}
