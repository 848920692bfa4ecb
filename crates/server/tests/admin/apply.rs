//! Plans, and carrying them out.

use serde_json::{Value, json};

use crate::harness::{Harness, order, pay, shop};

#[tokio::test]
async fn a_plan_shows_and_writes_nothing_and_apply_does_what_it_showed() {
    let it = Harness::start().await;
    let description = json!({"client": [shop()], "resource_server": [pay()]});
    let planned = it
        .post("/admin/v1/plan", description.clone())
        .await
        .expect(200);
    assert_eq!(planned["changes"].as_array().unwrap().len(), 2);
    assert_eq!(planned["changes"][0]["target"], "resource_server");
    assert_eq!(planned["changes"][0]["current"], "absent");
    it.get("/admin/v1/clients/shop")
        .await
        .error(404, "not_found");

    let applied = it
        .post("/admin/v1/apply", description.clone())
        .await
        .expect(200);
    assert_eq!(applied["changes"], planned["changes"]);
    let secrets = applied["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[0]["client_id"], "pay");
    let token = it.token().await;
    assert!(
        it.is_active(secrets[0]["client_secret"].as_str().unwrap(), &token)
            .await
    );

    let again = it.post("/admin/v1/apply", description).await.expect(200);
    assert_eq!(again["secrets"], json!([]));
    assert!(
        again["changes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|change| change["current"] == "same")
    );
}

#[tokio::test]
async fn a_change_names_its_fields_and_keeps_the_secret() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let mut changed = pay();
    changed["policy"]["claims"] = json!(["iban", "name"]);
    let applied = it
        .post("/admin/v1/apply", json!({"resource_server": [changed]}))
        .await
        .expect(200);
    assert_eq!(applied["changes"][0]["current"], "differs");
    assert_eq!(
        applied["changes"][0]["fields"],
        json!([{
            "field": "policy.claims", "from": ["iban"], "to": ["iban", "name"], "weaker": true,
        }])
    );
    let token = it.token().await;
    assert!(it.is_active(&secret, &token).await);
}

#[tokio::test]
async fn a_conflict_midway_says_what_is_written_and_what_is_not() {
    let it = Harness::start().await;
    let server = |id: &str, resource: &str| json!({"id": id, "resources": [resource], "profile": {"signing_algorithm": "ES256"}});
    // An id that was in use is spent, which shows only when it is written.
    let spent = json!({"resource_server": [server("spent", "https://two.example")]});
    it.post("/admin/v1/apply", spent).await.expect(200);
    let gone = it.delete("/admin/v1/resource-servers/spent").await;
    assert_eq!(gone.status.as_u16(), 204);
    let description = json!({
        "resource_server": [
            server("one", "https://one.example"),
            server("spent", "https://two.example"),
            server("three", "https://three.example"),
        ],
        "client": [{"id": "shop"}],
    });
    let answer = it.post("/admin/v1/apply", description).await.expect(409);
    assert_eq!(answer["error"], "conflict");
    assert!(
        answer["error_description"]
            .as_str()
            .unwrap()
            .contains("the id is taken")
    );
    let named = |target: &str, id: &str| json!({"target": target, "id": id});
    assert_eq!(answer["written"], json!([named("resource_server", "one")]));
    assert_eq!(answer["failed"], named("resource_server", "spent"));
    assert_eq!(answer["failed_may_be_written"], false);
    assert_eq!(
        answer["not_written"],
        json!([named("resource_server", "three"), named("client", "shop")])
    );
    assert_eq!(answer["secrets"][0]["client_id"], "one");

    it.get("/admin/v1/resource-servers/one").await.expect(200);
    for id in ["spent", "three"] {
        it.get(&format!("/admin/v1/resource-servers/{id}"))
            .await
            .error(404, "not_found");
    }
}

#[tokio::test]
async fn a_suspension_outlives_a_description_that_says_nothing_of_it() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let path = "/admin/v1/resource-servers/pay";
    let mut description = it.get(path).await.expect(200)["description"].clone();
    let mut apply = async |suspended: Option<Value>| {
        let members = description.as_object_mut().unwrap();
        match suspended {
            Some(suspended) => members.insert("suspended".into(), suspended),
            None => members.remove("suspended"),
        };
        let all = json!({"resource_server": [description.clone()]});
        let answer = it.post("/admin/v1/apply", all).await.expect(200);
        let now = it.get(path).await.expect(200)["description"]["suspended"].clone();
        (answer["changes"][0]["current"].clone(), now)
    };
    let unpaid = json!("unpaid");
    assert_eq!(
        apply(Some(unpaid.clone())).await,
        (json!("differs"), unpaid.clone())
    );
    assert_eq!(apply(None).await, (json!("same"), unpaid));
    assert_eq!(
        apply(Some(json!(false))).await,
        (json!("differs"), Value::Null)
    );
    assert_eq!(
        apply(Some(json!(false))).await,
        (json!("same"), Value::Null)
    );
}

#[tokio::test]
async fn a_resource_that_is_taken_is_told_before_anything_is_written() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let server = |id: &str, resource: &str, shared: bool| {
        json!({
            "id": id, "resources": [resource], "shared": shared,
            "profile": {"signing_algorithm": "ES256"}
        })
    };
    for second in [
        server("two", "https://one.example", false),
        server("two", "https://pay.example", false),
    ] {
        let first = server("one", "https://one.example", false);
        let description = json!({"resource_server": [first, second]});
        for path in ["/admin/v1/plan", "/admin/v1/apply"] {
            let answer = it.post(path, description.clone()).await.expect(409);
            let said = answer["error_description"].as_str().unwrap();
            assert!(
                said.contains("two: ") && said.contains("shared = true"),
                "{said}"
            );
        }
        let one = it.get("/admin/v1/resource-servers/one").await;
        one.error(404, "not_found");
    }
    // Said to be shared, both may.
    let first = server("one", "https://one.example", true);
    let second = server("two", "https://one.example", true);
    let description = json!({"resource_server": [first, second]});
    it.post("/admin/v1/apply", description).await.expect(200);
}

#[tokio::test]
async fn what_the_settings_do_not_allow_is_refused_where_it_is_written() {
    let it = Harness::start().await;
    for (description, says) in [
        (
            json!({"client": [{"id": "long", "access_token_lifetime": 999_999_999}]}),
            "tokens.longest_lifetime",
        ),
        (
            json!({"resource_server": [{
                "id": "rs", "resources": ["https://rs.example"],
                "profile": {"signing_algorithm": "PS512"}
            }]}),
            "keys.algorithms",
        ),
    ] {
        for path in ["/admin/v1/plan", "/admin/v1/apply"] {
            let answer = it.post(path, description.clone()).await.expect(400);
            let said = answer["error_description"].as_str().unwrap();
            assert!(said.contains(says), "{said}");
        }
    }
}

#[tokio::test]
async fn a_description_that_contradicts_itself_or_the_database_is_refused_whole() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let twice = json!({"client": [{"id": "a"}, {"id": "a"}]});
    let turned = json!({"client": [{"id": "new"}, {"id": "pay"}]});
    let unknown = json!({"clients": []});
    let many: Vec<_> = (0..1001).map(|n| json!({"id": format!("c-{n}")})).collect();
    for path in ["/admin/v1/plan", "/admin/v1/apply"] {
        it.post(path, twice.clone())
            .await
            .error(400, "invalid_request");
        it.post(path, turned.clone()).await.error(409, "conflict");
        it.post(path, unknown.clone())
            .await
            .error(400, "invalid_request");
        it.post(path, json!({"client": many}))
            .await
            .error(400, "invalid_request");
    }
    it.get("/admin/v1/clients/new")
        .await
        .error(404, "not_found");
}

/// `pay` as it would be after it registered encryption by itself.
fn encrypting() -> Value {
    let mut pay = pay();
    pay["profile"]["encryption"] = json!({
        "alg": "ECDH-ES", "jwks_uri": "https://pay.example/jwks"
    });
    pay["profile"]["forms"] = json!("jwt_only");
    pay["policy"] = json!({"scopes": {"only": "pay"}, "claims": ["iban"]});
    pay
}

#[tokio::test]
async fn what_weakens_is_marked_and_encryption_is_not_taken_by_silence() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let strong = json!({"resource_server": [encrypting()]});
    it.post("/admin/v1/apply", strong).await.expect(200);

    let mut weak = pay();
    weak["policy"] = json!({"scopes": {"only": "pay sign"}, "claims": []});
    let description = json!({"resource_server": [weak]});
    let planned = it.post("/admin/v1/plan", description.clone()).await;
    let planned = planned.expect(200);
    let fields = planned["changes"][0]["fields"].as_array().unwrap().clone();
    let marked = |wanted: bool| {
        let of = fields
            .iter()
            .filter(|field| (field.get("weaker") == Some(&json!(true))) == wanted);
        of.map(|field| field["field"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        marked(true),
        ["profile.encryption", "profile.forms", "policy.scopes.only"]
    );
    assert_eq!(marked(false), ["policy.claims"]);

    let path = "/admin/v1/resource-servers/pay";
    let refused = it.post("/admin/v1/apply", description.clone()).await;
    let refused = refused.error(409, "conflict");
    assert!(refused.contains("pay are encrypted"), "{refused}");
    assert!(refused.contains("--allow-weaker"), "{refused}");
    it.put(path, weak.clone()).await.error(409, "conflict");
    for unclear in ["?allow_weaker=perhaps", "?allow=true"] {
        let path = format!("/admin/v1/apply{unclear}");
        let answer = it.post(&path, description.clone()).await;
        answer.error(400, "invalid_request");
    }
    let kept = it.get(path).await.expect(200)["description"]["profile"].clone();
    assert_eq!(kept["encryption"]["alg"], "ECDH-ES");

    // Everything else is carried out, marked or not.
    let mut open = encrypting();
    open["profile"]["forms"] = json!("json_or_jwt");
    open["policy"]["scopes"] = json!("all");
    let applied = it.put(path, open).await.expect(200);
    assert_eq!(applied["changes"][0]["fields"][0]["weaker"], true);
    let meant = it
        .post("/admin/v1/apply?allow_weaker=true", description)
        .await
        .expect(200);
    assert_eq!(meant["changes"][0]["current"], "differs");
    let kept = it.get(path).await.expect(200)["description"]["profile"].clone();
    assert_eq!(kept.get("encryption"), None);
}

#[tokio::test]
async fn what_a_scope_means_changes_with_the_next_token_and_is_marked() {
    let it = Harness::start().await;
    let mut anywhere = shop();
    anywhere["resources"] = json!("any");
    let description = json!({"client": [anywhere], "resource_server": [pay()]});
    it.post("/admin/v1/apply", description).await.expect(200);
    let refused = it.post("/admin/v1/tokens", order()).await;
    refused.error(400, "invalid_target");

    let mut meant = pay();
    meant["access_tokens"] = json!({"for_scopes": "pay"});
    let description = json!({"resource_server": [meant]});
    let applied = it.post("/admin/v1/apply", description).await.expect(200);
    assert_eq!(
        applied["changes"][0]["fields"],
        json!([{"field": "access_tokens.for_scopes", "from": null, "to": "pay", "weaker": true}])
    );
    let issued = it.post("/admin/v1/tokens", order()).await.expect(201);
    assert_eq!(issued["resources"], pay()["resources"]);
}
