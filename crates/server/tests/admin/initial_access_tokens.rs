//! Initial access tokens.

use axum::body::Body;
use http::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::harness::{BEGIN, Harness};

const PATH: &str = "/admin/v1/initial-access-tokens";

/// The status of a registration with this token.
async fn register(it: &Harness, token: &Value) -> u16 {
    let stream = TcpStream::connect(it.server.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = Request::post("/register")
        .header("host", it.server.address().to_string())
        .header("content-type", "application/json")
        .header(
            "authorization",
            format!("Bearer {}", token.as_str().unwrap()),
        )
        .body(Body::from(r#"{"grant_types": ["client_credentials"]}"#))
        .unwrap();
    sender
        .send_request(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn a_token_registers_as_often_as_it_may() {
    let it = Harness::start().await;
    let order = json!({"kinds": "clients", "resources": "any", "uses": 2});
    let made = it.post(PATH, order).await.expect(201);
    let token = &made["initial_access_token"];
    assert!(token.as_str().unwrap().starts_with("avi_"));
    let list = it.get(PATH).await.expect(200);
    assert_eq!(
        list["initial_access_tokens"],
        json!([{
            "id": made["id"], "kinds": "clients", "resources": "any", "sharing": "exclusive",
            "uses_left": 2, "created_at": BEGIN,
        }])
    );
    assert_eq!(register(&it, token).await, 201);
    assert_eq!(
        it.get(PATH).await.expect(200)["initial_access_tokens"][0]["uses_left"],
        1
    );
    assert_eq!(register(&it, token).await, 201);
    assert_eq!(register(&it, token).await, 401);
}

#[tokio::test]
async fn a_token_ends_at_its_end_or_when_removed() {
    let it = Harness::start().await;
    let order = json!({
        "kinds": "both", "resources": ["https://a.example"], "sharing": "shared",
        "uses": "unlimited", "expires_in": 60,
    });
    let short = it.post(PATH, order.clone()).await.expect(201);
    let withdrawn = it.post(PATH, order).await.expect(201);
    assert_eq!(short["expires_at"], BEGIN + 60);
    let path = format!("{PATH}/{}", withdrawn["id"].as_str().unwrap());
    it.delete(&path).await.expect(204);
    it.delete(&path).await.error(404, "not_found");
    assert_eq!(register(&it, &withdrawn["initial_access_token"]).await, 401);
    it.pass(59);
    assert_eq!(register(&it, &short["initial_access_token"]).await, 201);
    it.pass(1);
    assert_eq!(register(&it, &short["initial_access_token"]).await, 401);
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused() {
    let it = Harness::start().await;
    for bad in [
        json!({}),
        json!({"kinds": "clients"}),
        json!({"kinds": "all", "resources": "any"}),
        json!({"kinds": "clients", "resources": "some"}),
        json!({"kinds": "clients", "resources": "any", "uses": 0}),
        json!({"kinds": "clients", "resources": "any", "uses": "many"}),
        json!({"kinds": "clients", "resources": "any", "expires_in": 0}),
    ] {
        it.post(PATH, bad).await.error(400, "invalid_request");
    }
    it.delete(&format!("{PATH}/iat-none"))
        .await
        .error(404, "not_found");
}
