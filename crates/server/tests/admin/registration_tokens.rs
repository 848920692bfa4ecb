//! Registration access tokens from an administrator, and who approved what.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Harness, shop};

const SHOP: &str = "/admin/v1/clients/shop/registration-access-token";
const PAY: &str = "/admin/v1/resource-servers/pay/registration-access-token";

fn token(handed_out: &Value) -> &str {
    handed_out["registration_access_token"].as_str().unwrap()
}

async fn read(it: &Harness, id: &str, token: &str) -> u16 {
    let path = format!("/register/{id}");
    let answer = it.manage(Method::GET, &path, token, &json!({})).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn who_was_described_manages_its_registration_within_what_it_has() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let shown = it.get("/admin/v1/resource-servers/pay").await.expect(200);
    assert_eq!(shown.get("registration"), None);

    let handed_out = it.post(PAY, Value::Null).await;
    assert_eq!(handed_out.status.as_u16(), 400, "nothing is taken there");
    let handed_out = it.order(PAY).await.expect(201);
    assert_eq!(handed_out["client_id"], "pay");
    let uri = handed_out["registration_client_uri"].as_str().unwrap();
    assert!(uri.ends_with("/register/pay"), "{uri}");
    assert!(token(&handed_out).starts_with("avr_"));
    let shown = it.get("/admin/v1/resource-servers/pay").await.expect(200);
    assert_eq!(
        shown["registration"],
        json!({
            "approved_by": "administrator", "resources": ["https://pay.example"],
            "sharing": "exclusive",
        })
    );
    assert!(!shown.to_string().contains(token(&handed_out)));

    let update = |resource: &str| {
        json!({
            "client_id": "pay", "resource": resource, "client_name": "Pay",
            "introspection_signed_response_alg": "ES256",
        })
    };
    let put = |update: Value| {
        let (it, token) = (&it, token(&handed_out).to_owned());
        async move {
            it.manage(Method::PUT, "/register/pay", &token, &update)
                .await
        }
    };
    put(update("https://other.example"))
        .await
        .error(400, "invalid_client_metadata");
    let updated = put(update("https://pay.example")).await.expect(200);
    assert_eq!(updated["client_name"], "Pay");
    // What it may learn is the administrator's to say, and as it was.
    let shown = it.get("/admin/v1/resource-servers/pay").await.expect(200);
    assert_eq!(shown["description"]["policy"]["claims"], json!(["iban"]));
    assert_eq!(shown["description"]["details"]["name"], "Pay");
}

#[tokio::test]
async fn a_fresh_token_ends_the_earlier_ones() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let first = it.order(SHOP).await.expect(201);
    let update = json!({"client_id": "shop", "grant_types": []});
    let path = "/register/shop";
    let updated = it
        .manage(Method::PUT, path, token(&first), &update)
        .await
        .expect(200);
    assert_eq!(read(&it, "shop", token(&first)).await, 200);
    let second = it.order(SHOP).await.expect(201);
    for old in [&first, &updated] {
        assert_eq!(read(&it, "shop", token(old)).await, 401);
    }
    assert_eq!(read(&it, "shop", token(&second)).await, 200);
    assert_eq!(read(&it, "pay", token(&second)).await, 401);
}

#[tokio::test]
async fn who_approved_a_registration_is_shown_and_stays_when_its_token_is_replaced() {
    let it = Harness::start().await;
    let order = json!({
        "kinds": "resource_servers", "resources": ["https://a.example", "https://b.example"],
        "sharing": "shared",
    });
    let right = it
        .post("/admin/v1/initial-access-tokens", order)
        .await
        .expect(201);
    let metadata = json!({
        "resource": "https://a.example", "introspection_signed_response_alg": "ES256",
        "software_id": "a-4", "software_version": "4.2",
    });
    let initial = right["initial_access_token"].as_str().unwrap();
    let made = it
        .manage(Method::POST, "/register", initial, &metadata)
        .await
        .expect(201);
    let id = made["client_id"].as_str().unwrap();
    let path = format!("/admin/v1/resource-servers/{id}");
    let expected = json!({
        "approved_by": {"initial_access_token": right["id"]},
        "resources": ["https://a.example", "https://b.example"],
        "sharing": "shared", "software_id": "a-4", "software_version": "4.2",
    });
    assert_eq!(it.get(&path).await.expect(200)["registration"], expected);
    let list = it.get("/admin/v1/resource-servers").await.expect(200);
    assert_eq!(list["resource_servers"][0]["registration"], expected);

    // It lost its token: the next one reaches as far as the first.
    let fresh = it
        .order(&format!("{path}/registration-access-token"))
        .await
        .expect(201);
    assert_eq!(it.get(&path).await.expect(200)["registration"], expected);
    let mut metadata = metadata;
    metadata["client_id"] = json!(id);
    metadata["resource"] = json!(["https://a.example", "https://b.example"]);
    it.manage(
        Method::PUT,
        &format!("/register/{id}"),
        token(&fresh),
        &metadata,
    )
    .await
    .expect(200);
    assert_eq!(read(&it, id, token(&made)).await, 401);
}

#[tokio::test]
async fn a_resource_that_an_administrator_took_away_is_not_taken_back() {
    let it = Harness::start().await;
    let order = json!({"kinds": "resource_servers", "resources": "any"});
    let right = it
        .post("/admin/v1/initial-access-tokens", order)
        .await
        .expect(201);
    let both = json!(["https://a.example", "https://b.example"]);
    let mut metadata = json!({"resource": both, "introspection_signed_response_alg": "ES256"});
    let initial = right["initial_access_token"].as_str().unwrap();
    let made = it
        .manage(Method::POST, "/register", initial, &metadata)
        .await
        .expect(201);
    let id = made["client_id"].as_str().unwrap();
    let admin = format!("/admin/v1/resource-servers/{id}");
    let mut description = it.get(&admin).await.expect(200)["description"].clone();
    description["resources"] = json!(["https://a.example"]);
    it.put(&admin, description).await.expect(200);
    let shown = it.get(&admin).await.expect(200);
    assert_eq!(
        shown["registration"]["resources"],
        json!(["https://a.example"])
    );

    metadata["client_id"] = json!(id);
    let path = format!("/register/{id}");
    it.manage(Method::PUT, &path, token(&made), &metadata)
        .await
        .error(400, "invalid_client_metadata");
    metadata["resource"] = json!("https://a.example");
    it.manage(Method::PUT, &path, token(&made), &metadata)
        .await
        .expect(200);
}

#[tokio::test]
async fn scope_that_an_administrator_took_away_is_not_taken_back() {
    let it = Harness::start().await;
    let order = json!({"kinds": "clients", "resources": "any"});
    let right = it.post("/admin/v1/initial-access-tokens", order).await;
    let right = right.expect(201);
    let initial = right["initial_access_token"].as_str().unwrap();
    let mut metadata = json!({"grant_types": ["client_credentials"], "scope": "pay sign"});
    let made = it
        .manage(Method::POST, "/register", initial, &metadata)
        .await
        .expect(201);
    let id = made["client_id"].as_str().unwrap();
    let admin = format!("/admin/v1/clients/{id}");
    let mut description = it.get(&admin).await.expect(200)["description"].clone();
    description["scope"] = json!("pay");
    it.put(&admin, description).await.expect(200);

    metadata["client_id"] = json!(id);
    let path = format!("/register/{id}");
    let refused = it.manage(Method::PUT, &path, token(&made), &metadata).await;
    refused.error(400, "invalid_client_metadata");
    metadata["scope"] = json!("pay");
    let updated = it.manage(Method::PUT, &path, token(&made), &metadata).await;
    assert_eq!(updated.expect(200)["scope"], "pay");
}

#[tokio::test]
async fn where_nothing_is_managed_over_http_no_token_is_handed_out() {
    let it = Harness::configured(|config| config.registration.enabled = false).await;
    it.shop_and_pay().await;
    for path in [SHOP, PAY] {
        let error = it.order(path).await.error(409, "conflict");
        assert!(error.contains("registration.enabled"), "{error}");
    }
    let shown = it.get("/admin/v1/clients/shop").await.expect(200);
    assert_eq!(shown.get("registration"), None);
}

#[tokio::test]
async fn whoever_is_not_there_or_of_the_other_kind_gets_no_token() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    for path in [
        SHOP.replace("shop", "pay"),
        PAY.replace("/pay/", "/shop/"),
        SHOP.replace("shop", "nobody"),
        SHOP.replace("shop", "%20"),
    ] {
        it.order(&path).await.error(404, "not_found");
    }
    it.order(SHOP).await.expect(201);
    it.delete("/admin/v1/clients/shop").await.expect(204);
    it.order(SHOP).await.error(404, "not_found");
    it.post("/admin/v1/clients", shop())
        .await
        .error(409, "conflict");
}
