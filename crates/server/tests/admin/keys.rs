//! Signing keys.

use serde_json::{Value, json};

use crate::harness::{BEGIN, Harness};

fn lives(keys: &Value) -> Vec<&str> {
    keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["life"].as_str().unwrap())
        .collect()
}

async fn published(it: &Harness) -> usize {
    let set = it.public_get("/jwks.json").await.expect(200);
    set["keys"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_rotated_key_is_announced_before_it_signs() {
    let it = Harness::start().await;
    let keys = it.get("/admin/v1/keys").await.expect(200);
    assert_eq!(lives(&keys), ["active"]);
    assert_eq!(keys["keys"][0]["algorithm"], "ES256");
    assert_eq!(keys["keys"][0]["purpose"], "statements");
    it.pass(100);
    let made = it
        .post("/admin/v1/keys/rotate", json!({"algorithm": "ES256"}))
        .await
        .expect(201);
    assert_eq!(made["life"], "next");
    assert_eq!(made["created_at"], BEGIN + 100);
    assert_eq!(made["active_at"], BEGIN + 100 + 86_400);
    assert_eq!(
        lives(&it.get("/admin/v1/keys").await.expect(200)),
        ["active", "next"]
    );
    it.pass(86_400);
    assert_eq!(
        lives(&it.get("/admin/v1/keys").await.expect(200)),
        ["retiring", "active"]
    );
}

#[tokio::test]
async fn a_compromised_key_is_withdrawn_at_once_with_its_elders() {
    let it = Harness::start().await;
    it.post("/admin/v1/keys/rotate", json!({"algorithm": "ES256"}))
        .await
        .expect(201);
    it.pass(86_400);
    assert_eq!(published(&it).await, 2);
    let order = json!({"algorithm": "ES256", "at_once": true});
    let made = it.post("/admin/v1/keys/rotate", order).await.expect(201);
    assert_eq!(made["life"], "active");
    let keys = it.get("/admin/v1/keys").await.expect(200);
    assert_eq!(lives(&keys), ["retired", "retired", "active"]);
    assert_eq!(published(&it).await, 1);
}

#[tokio::test]
async fn a_key_for_an_algorithm_not_kept_is_refused() {
    let it = Harness::start().await;
    for bad in [
        json!({"algorithm": "RS256"}),
        json!({"algorithm": "none"}),
        json!({}),
    ] {
        it.post("/admin/v1/keys/rotate", bad)
            .await
            .error(400, "invalid_request");
    }
}
