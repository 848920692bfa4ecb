//! Issuing for a subject, showing, revoking.

use serde_json::{Value, json};

use crate::harness::{BEGIN, Harness, order};

fn with(member: &str, value: Value) -> Value {
    let mut order = order();
    order[member] = value;
    order
}

#[tokio::test]
async fn a_token_is_issued_for_a_subject_and_is_good_at_its_resource_server() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let token = it.token().await;
    assert!(token["access_token"].as_str().unwrap().starts_with("avt_"));
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["scope"], "pay");
    assert_eq!(token["resources"], json!(["https://pay.example"]));
    assert!(token["expires_in"].as_u64().unwrap() > 0);
    assert!(it.is_active(&secret, &token).await);
}

#[tokio::test]
async fn everything_ordered_reaches_the_resource_server_or_the_record() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let token = it
        .post(
            "/admin/v1/tokens",
            json!({
                "client": "shop", "subject": "erika", "scope": "sign",
                "resources": ["https://pay.example"],
                "claims": {"iban": "DE02120300000000202051", "birthdate": "1970-01-01"},
                "legal_basis": "contract 4711",
                "authorization_details": [{"type": "payment", "amount": "10.00"}],
                "authentication": {"acr": "mfa", "auth_time": BEGIN - 5},
                "lifetime": 100, "not_before": BEGIN + 10, "cnf": {"jkt": jkt},
            }),
        )
        .await
        .expect(201);
    assert_eq!(token["token_type"], "DPoP");
    assert_eq!(token["expires_in"], 100);
    assert!(!it.is_active(&secret, &token).await, "not good yet");

    it.pass(10);
    let form = format!("token={}", token["access_token"].as_str().unwrap());
    let seen = it
        .public("/introspect", "pay", &secret, &form)
        .await
        .expect(200);
    assert_eq!(seen["active"], true);
    assert_eq!(seen["iban"], "DE02120300000000202051");
    assert_eq!(seen["acr"], "mfa");
    assert_eq!(seen["cnf"]["jkt"], jkt);
    assert_eq!(seen.get("birthdate"), None, "not in the release policy");

    let shown = it
        .post(
            "/admin/v1/tokens/show",
            json!({"token": token["access_token"]}),
        )
        .await
        .expect(200);
    assert_eq!(shown["active"], true);
    let entry = &shown["token"];
    assert_eq!(entry["claims"], json!(["birthdate", "iban"]));
    assert_eq!(entry["authorization_details_types"], json!(["payment"]));
    assert_eq!(entry["legal_basis"], "contract 4711");
    assert_eq!(entry["subject"], "erika");
    assert_eq!(entry["jti"], token["jti"]);
    assert_eq!(entry["grant"], token["grant"]);
    assert_eq!(entry["issued_at"], BEGIN);
    assert_eq!(entry["not_before"], BEGIN + 10);
    assert_eq!(entry["expires_at"], BEGIN + 100);
    let text = shown.to_string();
    assert!(
        !text.contains("DE02") && !text.contains("10.00"),
        "names alone: {text}"
    );
}

/// Each with the status, the code and what the description must say.
#[rustfmt::skip]
fn orders_that_cannot_be() -> Vec<(Value, u16, &'static str, &'static str)> {
    const BAD: &str = "invalid_request";
    vec![
        (with("scope", json!("pay admin")), 400, "invalid_scope", "admin"),
        (with("scope", json!("pay  sign")), 400, BAD, "space"),
        (with("resources", json!(["https://other.example"])), 400, "invalid_target", "other"),
        (with("resources", json!(["not a uri"])), 400, BAD, "resource"),
        (with("claims", json!({"iban": "x"})), 400, BAD, "legal_basis"),
        (with("claims", json!({"sub": "x"})), 400, BAD, "sub"),
        (with("authorization_details", json!([{}])), 400, BAD, "type"),
        (with("legal_basis", json!(" ")), 400, BAD, "blank"),
        (with("lifetime", json!(0)), 400, BAD, "lifetime"),
        (with("lifetime", json!(-1)), 400, BAD, "u64"),
        (with("lifetime", json!(u64::MAX)), 400, BAD, "lifetime"),
        (with("not_before", json!(u64::MAX)), 400, BAD, "not_before"),
        (with("cnf", json!({})), 400, BAD, "jkt"),
        (with("cnf", json!({"jkt": "short"})), 400, BAD, "thumbprint"),
        (with("cnf", json!({"jwk": {}})), 400, BAD, "jkt"),
        (with("subject", json!("")), 400, BAD, "empty"),
        (with("subject", json!("a b")), 400, BAD, "identifier"),
        (with("subjekt", json!("a")), 400, BAD, "subjekt"),
        (with("client", json!("shpo")), 404, "not_found", "did you mean shop?"),
        (with("client", json!("pay")), 404, "not_found", "no client pay"),
        (json!({"client": "shop"}), 400, BAD, "subject"),
        (json!({}), 400, BAD, "client"),
    ]
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_with_what_to_do() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let refused = |order: Value| async { it.post("/admin/v1/tokens", order).await };
    let cases = orders_that_cannot_be();
    for (order, status, code, hint) in cases {
        let shown = order.to_string();
        let description = refused(order).await.error(status, code);
        assert!(description.contains(hint), "{shown}: {description}");
    }
    let many: Vec<_> = (0..33).map(|n| format!("https://{n}.example")).collect();
    refused(with("resources", json!(many)))
        .await
        .error(400, "invalid_request");
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_shows_why() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let (token, other) = (it.token().await, it.token().await);
    let named = json!({"token": token["access_token"]});
    let revoked = it
        .post("/admin/v1/tokens/revoke", named.clone())
        .await
        .expect(200);
    assert_eq!(revoked, json!({"jti": token["jti"], "outcome": "now"}));
    assert!(!it.is_active(&secret, &token).await);
    assert!(it.is_active(&secret, &other).await, "the other lives on");

    let again = it
        .post("/admin/v1/tokens/revoke", named.clone())
        .await
        .expect(200);
    assert_eq!(again["outcome"], "already");
    let shown = it.post("/admin/v1/tokens/show", named).await.expect(200);
    assert_eq!(shown["active"], false);
    assert_eq!(shown["reason"], "token_revoked");
    assert_eq!(shown["token"]["revoked_at"], BEGIN);
}

#[tokio::test]
async fn an_expired_token_shows_as_such() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let token = it
        .post("/admin/v1/tokens", with("lifetime", json!(5)))
        .await
        .expect(201);
    it.pass(5);
    let named = json!({"token": token["access_token"]});
    let shown = it.post("/admin/v1/tokens/show", named).await.expect(200);
    assert_eq!(shown["reason"], "expired");
}

#[tokio::test]
async fn a_token_of_nobodys_is_told_as_such_and_never_repeated() {
    let it = Harness::start().await;
    for text in ["avt_nonsense", "", "ü", "avi_other"] {
        let named = json!({"token": text});
        let shown = it
            .post("/admin/v1/tokens/show", named.clone())
            .await
            .expect(200);
        assert_eq!(shown, json!({"active": false, "reason": "never_issued"}));
        let error = it
            .post("/admin/v1/tokens/revoke", named)
            .await
            .error(404, "not_found");
        assert!(text.is_empty() || !error.contains(text));
    }
    it.post("/admin/v1/tokens/show", json!({"token": 5}))
        .await
        .error(400, "invalid_request");
    it.post(
        "/admin/v1/tokens/show",
        json!({"token": "a", "claims": true}),
    )
    .await
    .error(400, "invalid_request");
}
