//! Why a resource server is told what it is told.

use serde_json::{Value, json};

use crate::harness::{Harness, order, pay};

async fn explain(it: &Harness, token: &Value, resource_server: &str) -> Value {
    let question = json!({"token": token, "resource_server": resource_server});
    it.post("/admin/v1/explain", question).await.expect(200)
}

/// What became of one thing: whether it is told, and because of what.
fn fate<'a>(explanation: &'a Value, kind: &str, name: &str) -> (bool, &'a str) {
    let members = explanation["members"].as_array().unwrap();
    let found = members
        .iter()
        .find(|member| member["kind"] == kind && member["name"] == name)
        .unwrap_or_else(|| panic!("{kind} {name} in {explanation}"));
    (
        found["released"].as_bool().unwrap(),
        found["because"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn every_thing_is_told_or_not_because_of_something() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let mut order = order();
    order["claims"] = json!({"iban": "DE02", "family_name": "Mustermann"});
    order["legal_basis"] = json!("consent 4711");
    let token = it.post("/admin/v1/tokens", order.clone()).await.expect(201);
    let told = explain(&it, &token["access_token"], "pay").await;
    assert_eq!(told["active"], true);
    assert_eq!(fate(&told, "claim", "iban"), (true, "policy_names_it"));
    assert_eq!(
        fate(&told, "claim", "family_name"),
        (false, "policy_does_not_name_it")
    );
    assert_eq!(fate(&told, "scope", "pay"), (true, "policy_releases_all"));
    assert_eq!(fate(&told, "subject", "sub"), (true, "subject_is_pairwise"));
    assert_eq!(
        fate(&told, "audience", "https://pay.example"),
        (true, "own_resource")
    );
    assert_eq!(told["policy_revision"], 1);
    assert_eq!(told["secured_with"], json!(["ES256"]));
    // Of the person only the names, and of the token nothing.
    let text = told.to_string();
    for hidden in [
        "DE02",
        "Mustermann",
        "erika",
        token["access_token"].as_str().unwrap(),
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn answers_that_hang_on_a_published_key_say_so_and_nothing_is_fetched() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let token = it.token().await["access_token"].clone();
    let told = explain(&it, &token, "pay").await;
    assert_eq!(told.get("encryption_jwks_uri"), None);
    let mut encrypting = pay();
    // Nobody is there.
    encrypting["profile"]["encryption"] = json!({
        "alg": "ECDH-ES", "jwks_uri": "https://pay.invalid/jwks"
    });
    it.put("/admin/v1/resource-servers/pay", encrypting)
        .await
        .expect(200);
    let told = explain(&it, &token, "pay").await;
    assert_eq!(told["active"], true);
    assert_eq!(told["encryption_jwks_uri"], "https://pay.invalid/jwks");
}

#[tokio::test]
async fn of_a_dead_token_the_reason_and_nothing_more() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let token = it.token().await["access_token"].clone();
    it.post("/admin/v1/tokens/revoke", json!({"token": token}))
        .await
        .expect(200);
    let told = explain(&it, &token, "pay").await;
    assert_eq!(
        (&told["active"], &told["reason"]),
        (&json!(false), &json!("token_revoked"))
    );
    assert_eq!(told["members"], json!([]));
    let told = explain(&it, &json!("unknown"), "pay").await;
    assert_eq!(told["reason"], "never_issued");
    assert_eq!(told.get("jti"), None);
}

#[tokio::test]
async fn only_resource_servers_are_told_anything() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    for nobody in ["shop", "nobody"] {
        let question = json!({"token": "x", "resource_server": nobody});
        it.post("/admin/v1/explain", question)
            .await
            .error(404, "not_found");
    }
    let answer = it.post("/admin/v1/explain", json!({"token": "x"})).await;
    answer.error(400, "invalid_request");
}
