//! Signing keys.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

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
    // A second one would take the place of the first before it ever signed.
    let again = it
        .post("/admin/v1/keys/rotate", json!({"algorithm": "ES256"}))
        .await;
    let said = again.error(409, "conflict");
    assert!(said.contains(made["kid"].as_str().unwrap()), "{said}");
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

/// The caller goes away at every point of its request's life. What was begun is finished: the key
/// that signs is always one that the database knows as active, and every write has its event.
#[tokio::test]
async fn a_rotation_is_finished_though_nobody_waits_for_it() {
    let it = Harness::start().await;
    let body = r#"{"algorithm":"ES256","at_once":true}"#;
    let request = format!(
        "POST /admin/v1/keys/rotate HTTP/1.1\r\nHost: admin\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for patience in 0..40 {
        let mut stream = UnixStream::connect(it.admin_socket()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
    }
    // Whatever was begun ends before one that is waited for.
    it.post(
        "/admin/v1/keys/rotate",
        json!({"algorithm": "ES256", "at_once": true}),
    )
    .await
    .expect(201);
    loop {
        let keys = it.get("/admin/v1/keys").await.expect(200);
        let known: Vec<_> = keys["keys"].as_array().unwrap().clone();
        let active: Vec<_> = known.iter().filter(|key| key["life"] == "active").collect();
        let set = it.public_get("/jwks.json").await.expect(200);
        let again = it.get("/admin/v1/keys").await.expect(200);
        if again != keys {
            continue; // one of them was still under way
        }
        assert_eq!(active.len(), 1, "{keys}");
        assert_eq!(set["keys"].as_array().unwrap().len(), 1, "{set}");
        assert_eq!(set["keys"][0]["kid"], active[0]["kid"]);
        break;
    }
}
