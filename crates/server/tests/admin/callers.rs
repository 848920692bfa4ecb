//! Clients and resource servers.

use serde_json::json;

use crate::harness::{BEGIN, Harness, pay, shop};

#[tokio::test]
async fn a_client_is_added_shown_listed_and_removed() {
    let it = Harness::start().await;
    let added = it.post("/admin/v1/clients", shop()).await.expect(201);
    assert_eq!(added["client_id"], "shop");
    assert_eq!(
        added["client_secret"].as_str().unwrap().len(),
        43,
        "256 bits"
    );

    let shown = it.get("/admin/v1/clients/shop").await.expect(200);
    assert_eq!(shown["description"]["scope"], "pay sign");
    assert_eq!(shown["registered_at"], BEGIN);
    assert_eq!(shown["secrets"], json!([{"created_at": BEGIN}]));
    assert!(
        !shown
            .to_string()
            .contains(added["client_secret"].as_str().unwrap())
    );
    let list = it.get("/admin/v1/clients").await.expect(200);
    assert_eq!(list, json!({"clients": [shown]}));

    it.post("/admin/v1/clients", shop())
        .await
        .error(409, "conflict");
    let removed = it.delete("/admin/v1/clients/shop").await;
    assert_eq!(removed.status.as_u16(), 204);
    it.get("/admin/v1/clients/shop")
        .await
        .error(404, "not_found");
    it.delete("/admin/v1/clients/shop")
        .await
        .error(404, "not_found");
    let error = it
        .post("/admin/v1/clients", shop())
        .await
        .error(409, "conflict");
    assert!(error.contains("before it was removed"), "{error}");
}

#[tokio::test]
async fn removing_a_client_kills_its_tokens() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let token = it.token().await;
    it.delete("/admin/v1/clients/shop").await.expect(204);
    assert!(!it.is_active(&secret, &token).await);
}

#[tokio::test]
async fn what_is_shown_can_be_sent_back_changed() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    for (path, field, value) in [
        ("/admin/v1/clients/shop", "scope", json!("pay")),
        (
            "/admin/v1/resource-servers/pay",
            "suspended",
            json!("audit"),
        ),
    ] {
        let mut description = it.get(path).await.expect(200)["description"].clone();
        let same = it.put(path, description.clone()).await.expect(200);
        assert_eq!(same["changes"][0]["current"], "same");
        description[field] = value.clone();
        let changed = it.put(path, description.clone()).await.expect(200);
        assert_eq!(changed["changes"][0]["fields"][0]["field"], field);
        assert_eq!(it.get(path).await.expect(200)["description"][field], value);

        description["id"] = json!("another");
        it.put(path, description.clone())
            .await
            .error(400, "invalid_request");
        let elsewhere = path.replace("shop", "another").replace("/pay", "/another");
        it.put(&elsewhere, description)
            .await
            .error(404, "not_found");
    }
}

#[tokio::test]
async fn a_resource_server_keeps_a_history_of_profile_and_policy() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    it.pass(10);
    let mut changed = pay();
    changed["policy"] = json!({"claims": ["iban", "name"], "subject": "public"});
    it.put("/admin/v1/resource-servers/pay", changed)
        .await
        .expect(200);
    let shown = it.get("/admin/v1/resource-servers/pay").await.expect(200);
    assert_eq!(shown["policy_revision"], 2);
    assert_eq!(shown["profile_revision"], 1);

    it.delete("/admin/v1/resource-servers/pay")
        .await
        .expect(204);
    it.get("/admin/v1/resource-servers/pay")
        .await
        .error(404, "not_found");
    let history = it
        .get("/admin/v1/resource-servers/pay/history")
        .await
        .expect(200);
    assert_eq!(history["id"], "pay");
    assert_eq!(
        history["profiles"][0]["value"]["signing_algorithm"],
        "ES256"
    );
    let policies = history["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 2);
    assert_eq!(policies[0]["value"]["claims"], json!(["iban"]));
    assert_eq!(policies[1]["number"], 2);
    assert_eq!(policies[1]["since"], BEGIN + 10);
    assert_eq!(policies[1]["value"]["subject"], "public");
    it.get("/admin/v1/resource-servers/none/history")
        .await
        .error(404, "not_found");
    it.get("/admin/v1/resource-servers/shop/history")
        .await
        .error(404, "not_found");
}

#[tokio::test]
async fn a_resource_belongs_to_one_unless_shared() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let mut second = pay();
    second["id"] = json!("pay-2");
    let error = it
        .post("/admin/v1/resource-servers", second.clone())
        .await
        .error(409, "conflict");
    assert!(
        error.contains("https://pay.example") && error.contains("shared"),
        "{error}"
    );
    second["shared"] = json!(true);
    it.post("/admin/v1/resource-servers", second)
        .await
        .expect(201);
}

#[tokio::test]
async fn a_new_secret_works_and_the_older_one_for_the_overlap() {
    let it = Harness::start().await;
    let old = it.shop_and_pay().await;
    let token = it.token().await;
    let path = "/admin/v1/resource-servers/pay/secret";
    let renewed = it.post(path, json!({"overlap": 60})).await.expect(201);
    let new = renewed["client_secret"].as_str().unwrap();
    assert_eq!(renewed["client_id"], "pay");
    assert!(it.is_active(&old, &token).await && it.is_active(new, &token).await);
    let shown = it.get("/admin/v1/resource-servers/pay").await.expect(200);
    assert_eq!(shown["secrets"][0]["expires_at"], BEGIN + 60);
    it.pass(60);
    let form = "token=x";
    assert_eq!(
        it.public("/introspect", "pay", &old, form)
            .await
            .status
            .as_u16(),
        401
    );
    assert!(it.is_active(new, &token).await);

    // Without an overlap the older one ends at once.
    let last = it.post(path, json!({})).await.expect(201);
    assert_eq!(
        it.public("/introspect", "pay", new, form)
            .await
            .status
            .as_u16(),
        401
    );
    assert!(
        it.is_active(last["client_secret"].as_str().unwrap(), &token)
            .await
    );

    it.post("/admin/v1/clients/shop/secret", json!({"overlap": 5}))
        .await
        .expect(201);
    it.post("/admin/v1/clients/none/secret", json!({}))
        .await
        .error(404, "not_found");
    it.post(path, json!({"overlap": "long"}))
        .await
        .error(400, "invalid_request");
    for _ in 0..7 {
        it.post(path, json!({"overlap": 60})).await.expect(201);
    }
    let error = it
        .post(path, json!({"overlap": 60}))
        .await
        .error(409, "conflict");
    assert!(error.contains("overlap of 0"), "{error}");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let it = Harness::start().await;
    for (kind, list) in [
        ("clients", "clients"),
        ("resource-servers", "resource_servers"),
    ] {
        let path = format!("/admin/v1/{kind}");
        for n in 0..5 {
            let mut one = if kind == "clients" { shop() } else { pay() };
            one["id"] = json!(format!("{list}-{n}"));
            one["resources"] = json!([format!("https://{n}.example")]);
            it.post(&path, one).await.expect(201);
        }
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = it.get(&format!("{path}?limit=2{next}")).await.expect(200);
            let entries = page[list].as_array().unwrap();
            assert!((1..=2).contains(&entries.len()));
            seen.extend(
                entries
                    .iter()
                    .map(|entry| entry["description"]["id"].clone()),
            );
            match page["next"].as_str() {
                Some(id) => next = format!("&after={id}"),
                None => break,
            }
        }
        let all: Vec<_> = (0..5).map(|n| json!(format!("{list}-{n}"))).collect();
        assert_eq!(seen, all);
        for bad in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "page=2",
            "limit=1&limit=2",
        ] {
            it.get(&format!("{path}?{bad}"))
                .await
                .error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn a_description_that_cannot_be_is_refused() {
    let it = Harness::start().await;
    let cases = [
        ("clients", json!({})),
        ("clients", json!({"id": ""})),
        ("clients", json!({"id": "a b"})),
        ("clients", json!({"id": "a", "secret": "mine"})),
        ("clients", json!({"id": "a", "access_token_lifetime": 0})),
        ("clients", json!({"id": "a", "authentication": "none"})),
        ("clients", json!({"id": "a", "resources": "all"})),
        ("resource-servers", json!({"id": "a"})),
        ("resource-servers", json!({"id": "a", "resources": []})),
        ("resource-servers", json!({"id": "a", "resources": ["x#y"]})),
        (
            "resource-servers",
            json!({"id": "a", "resources": ["https://a.example"],
            "profile": {"signing_algorithm": "none"}}),
        ),
        (
            "resource-servers",
            json!({"id": "a", "resources": ["https://a.example"],
            "policy": {"claim": ["a"]}}),
        ),
    ];
    for (kind, description) in cases {
        let path = format!("/admin/v1/{kind}");
        let shown = description.to_string();
        let error = it
            .post(&path, description)
            .await
            .error(400, "invalid_request");
        assert!(!error.is_empty(), "{shown}");
    }
    // One name space: an id of the one kind is no id of the other.
    it.post("/admin/v1/resource-servers", pay())
        .await
        .expect(201);
    let mut client = shop();
    client["id"] = json!("pay");
    it.post("/admin/v1/clients", client)
        .await
        .error(409, "conflict");
    it.get("/admin/v1/clients/pay")
        .await
        .error(404, "not_found");
    it.get("/admin/v1/clients/%FF")
        .await
        .error(400, "invalid_request");
}
