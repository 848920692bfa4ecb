//! JWT access tokens: set up by an administrator, ordered, revoked; and the
//! keys that sign them.

use avouch_jose::base64url;
use serde_json::{Value, json};

use crate::harness::{BEGIN, Harness, order, pay, shop};

/// The claims in a JWT, unverified.
fn claims(token: &Value) -> Value {
    let token = token["access_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(claims).unwrap()).unwrap()
}

fn is_jwt(token: &Value) -> bool {
    token["access_token"].as_str().unwrap().starts_with("eyJ")
}

/// `pay` as in the other stories, with JWTs that carry an IBAN.
fn reading_pay() -> Value {
    let mut pay = pay();
    pay["policy"]["claims"] = json!(["iban", "name"]);
    pay["access_tokens"] = json!({"format": "jwt", "claims": ["iban"]});
    pay
}

fn order_with_claims() -> Value {
    let mut order = order();
    order["claims"] = json!({"iban": "DE02", "name": "Erika", "birthdate": "1964-08-12"});
    order["legal_basis"] = json!("contract 4711");
    order
}

async fn keys(it: &Harness) -> Vec<(String, String, String)> {
    let keys = it.get("/admin/v1/keys").await.expect(200);
    let word = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let keys = keys["keys"].as_array().unwrap().iter();
    let mut keys: Vec<_> = keys
        .map(|key| {
            let (purpose, life) = (word(key, "purpose"), word(key, "life"));
            (purpose, word(key, "algorithm"), life)
        })
        .collect();
    // Made within one second, they come in no order of their own.
    keys.sort();
    keys
}

fn key(purpose: &str, algorithm: &str, life: &str) -> (String, String, String) {
    (purpose.into(), algorithm.into(), life.into())
}

/// A server with a reading `pay` and a `shop`; `pay`'s secret.
async fn start() -> (Harness, String) {
    let it = Harness::start().await;
    let added = it.post("/admin/v1/resource-servers", reading_pay()).await;
    let secret = added.expect(201)["client_secret"]
        .as_str()
        .unwrap()
        .to_owned();
    it.post("/admin/v1/clients", shop()).await.expect(201);
    (it, secret)
}

#[tokio::test]
async fn row_9701_9_06_an_order_for_a_resource_server_that_reads_is_a_jwt_with_its_part() {
    let (it, secret) = start().await;
    let token = it
        .post("/admin/v1/tokens", order_with_claims())
        .await
        .expect(201);
    let inside = claims(&token);
    assert_eq!(inside["iban"], "DE02");
    assert_eq!(inside.get("name"), None);
    assert_eq!(inside.get("birthdate"), None);
    assert_eq!(inside["jti"], token["jti"]);
    assert_ne!(inside["sub"], "erika");
    assert!(it.is_active(&secret, &token).await);

    let named = json!({"token": token["access_token"]});
    let shown = it
        .post("/admin/v1/tokens/show", named.clone())
        .await
        .expect(200);
    assert_eq!(shown["active"], true);
    assert_eq!(shown["token"]["subject"], "erika");
    let revoked = it.post("/admin/v1/tokens/revoke", named).await.expect(200);
    assert_eq!(revoked["outcome"], "now");
    assert!(!it.is_active(&secret, &token).await);
}

#[tokio::test]
async fn mass_revocation_reaches_jwts() {
    let (it, secret) = start().await;
    for what in ["grant", "client", "subject"] {
        let token = it.token().await;
        assert!(is_jwt(&token) && it.is_active(&secret, &token).await);
        let name = match what {
            "grant" => token["grant"].clone(),
            "client" => json!("shop"),
            _ => json!("erika"),
        };
        let revoking = it.post("/admin/v1/revocations", json!({what: name})).await;
        revoking.expect(200);
        assert!(!it.is_active(&secret, &token).await, "{what}");
        it.pass(1);
    }
}

#[tokio::test]
async fn the_key_for_access_tokens_is_made_when_it_is_first_needed() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    assert!(!is_jwt(&it.token().await));
    let statements = key("statements", "ES256", "active");
    assert_eq!(keys(&it).await, std::slice::from_ref(&statements));

    it.put("/admin/v1/resource-servers/pay", reading_pay())
        .await
        .expect(200);
    let tokens = key("access_tokens", "RS256", "active");
    assert_eq!(keys(&it).await, [tokens, statements]);
    assert!(is_jwt(&it.token().await));
    // One set, two kids: and of the algorithms for statements there is no more than before.
    let set = it.public_get("/jwks.json").await.expect(200);
    let kids: Vec<_> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert!(kids.len() == 2 && kids[0] != kids[1]);
    let metadata = it
        .public_get("/.well-known/oauth-authorization-server")
        .await
        .expect(200);
    assert_eq!(
        metadata["introspection_signing_alg_values_supported"],
        json!(["ES256"])
    );
}

#[tokio::test]
async fn a_client_set_up_for_jwts_brings_the_key_about_too() {
    let it = Harness::start().await;
    let mut shop = shop();
    shop["access_token_format"] = json!("jwt");
    let description = json!({"client": [shop], "resource_server": [pay()]});
    it.post("/admin/v1/apply", description.clone())
        .await
        .expect(200);
    assert_eq!(keys(&it).await.len(), 2);
    assert!(is_jwt(&it.token().await));
    let again = it.post("/admin/v1/apply", description).await.expect(200);
    assert_eq!(again["changes"][1]["current"], "same");
}

#[tokio::test]
async fn keys_for_access_tokens_have_a_life_of_their_own() {
    let (it, secret) = start().await;
    let token = it.token().await;
    let rotate = async |order: Value| it.post("/admin/v1/keys/rotate", order).await;
    let order = json!({"purpose": "access_tokens", "algorithm": "RS256"});
    let made = rotate(order).await.expect(201);
    assert_eq!(made["purpose"], "access_tokens");
    assert_eq!(made["life"], "next");
    let order = json!({"purpose": "access_tokens", "algorithm": "RS256", "at_once": true});
    assert_eq!(rotate(order).await.expect(201)["life"], "active");
    assert_eq!(
        keys(&it).await,
        [
            key("access_tokens", "RS256", "active"),
            key("access_tokens", "RS256", "retired"),
            key("access_tokens", "RS256", "retired"),
            key("statements", "ES256", "active"),
        ]
    );
    // What the withdrawn key signed is still ours, and its record says it lives.
    assert!(it.is_active(&secret, &token).await);
    assert!(it.is_active(&secret, &it.token().await).await);

    let order = json!({"purpose": "access_tokens", "algorithm": "ES256"});
    let description = rotate(order).await.error(400, "invalid_request");
    assert!(
        description.contains("tokens.signing_algorithm"),
        "{description}"
    );
    rotate(json!({"purpose": "both", "algorithm": "ES256"}))
        .await
        .error(400, "invalid_request");
}

#[tokio::test]
async fn what_is_to_travel_must_be_released_and_every_change_is_kept() {
    let (it, _) = start().await;
    let mut wrong = reading_pay();
    wrong["access_tokens"]["claims"] = json!(["iban", "birthdate"]);
    let path = "/admin/v1/resource-servers/pay";
    let description = it.put(path, wrong).await.error(400, "invalid_request");
    assert!(description.contains("birthdate"), "{description}");
    let mut wrong = reading_pay();
    wrong["access_tokens"]["format"] = json!("saml");
    it.put(path, wrong).await.error(400, "invalid_request");

    it.pass(5);
    let mut less = reading_pay();
    less["access_tokens"] = json!({"format": "jwt"});
    let changed = it.put(path, less).await.expect(200);
    assert_eq!(
        changed["changes"][0]["fields"],
        json!([{"field": "access_tokens.claims", "from": ["iban"], "to": []}])
    );
    let token = it
        .post("/admin/v1/tokens", order_with_claims())
        .await
        .expect(201);
    assert_eq!(claims(&token).get("iban"), None);
    let shown = it.get(path).await.expect(200);
    assert_eq!(shown["access_tokens_revision"], 2);
    assert_eq!(shown["policy_revision"], 1);
    let history = it.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(
        history["access_tokens"],
        json!([
            {"number": 1, "since": BEGIN, "value": {"format": "jwt", "claims": ["iban"]}},
            {"number": 2, "since": BEGIN + 5, "value": {"format": "jwt", "claims": []}},
        ])
    );
}

#[tokio::test]
async fn what_would_show_one_provider_the_others_part_is_refused() {
    let (it, _) = start().await;
    let profile = json!({"signing_algorithm": "ES256"});
    let sign = json!({"id": "sign", "resources": ["https://sign.example"], "profile": profile});
    it.post("/admin/v1/resource-servers", sign)
        .await
        .expect(201);
    let mut shop = shop();
    shop["resources"] = json!(["https://pay.example", "https://sign.example"]);
    it.put("/admin/v1/clients/shop", shop).await.expect(200);
    let description = it
        .post("/admin/v1/tokens", order_with_claims())
        .await
        .error(400, "invalid_target");
    assert!(
        description.contains("ask for a token for each"),
        "{description}"
    );
    let mut one = order_with_claims();
    one["resources"] = json!(["https://sign.example"]);
    let token = it.post("/admin/v1/tokens", one).await.expect(201);
    assert!(!is_jwt(&token), "sign reads nothing");

    let mut stopped = reading_pay();
    stopped["suspended"] = json!("audit");
    it.put("/admin/v1/resource-servers/pay", stopped)
        .await
        .expect(200);
    let mut one = order_with_claims();
    one["resources"] = json!(["https://pay.example"]);
    let refused = it.post("/admin/v1/tokens", one).await;
    let description = refused.error(400, "invalid_target");
    assert!(description.contains("suspended"), "{description}");
}

#[tokio::test]
async fn a_jwt_that_would_be_too_long_is_refused() {
    let (it, _) = start().await;
    let mut long = order_with_claims();
    long["claims"]["iban"] = json!("x".repeat(16 * 1024));
    let refused = it.post("/admin/v1/tokens", long).await;
    let description = refused.error(400, "invalid_request");
    assert!(description.contains("longer than"), "{description}");
}
