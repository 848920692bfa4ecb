//! The socket, and what every request over it meets.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::harness::Harness;

#[tokio::test]
async fn the_socket_is_for_its_owner_alone_and_goes_with_the_server() {
    let it = Harness::start().await;
    let socket = it.data().join("admin.sock");
    let metadata = std::fs::metadata(&socket).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        std::fs::metadata(it.data()).unwrap().permissions().mode() & 0o777,
        0o700
    );
    it.server.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn nothing_of_it_is_served_in_public() {
    let it = Harness::start().await;
    for path in [
        "/admin/v1/clients",
        "/admin/v1/tokens",
        "/metrics",
        "/healthz",
    ] {
        assert_eq!(
            it.public(path, "a", "b", "").await.status.as_u16(),
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_bad_body_is_refused_by_what_is_wrong_with_it() {
    let it = Harness::start().await;
    let send = |content_type: &'static str, body: Vec<u8>| {
        let request = Request::post("/admin/v1/clients")
            .header("host", "admin")
            .header("content-type", content_type)
            .body(Body::from(body));
        it.send(request.unwrap())
    };
    let json = "application/json";
    send("text/plain", b"{}".to_vec())
        .await
        .error(415, "invalid_request");
    send(json, vec![b' '; 65 * 1024])
        .await
        .error(413, "invalid_request");
    for body in [
        &b""[..],
        b"{",
        b"[]",
        b"null",
        b"{} {}",
        b"\xff",
        br#"{"id": "a", "id": "b"}"#,
        br#"{"id": 5}"#,
    ] {
        send(json, body.to_vec())
            .await
            .error(400, "invalid_request");
    }
    let deep = [vec![b'['; 5_000], vec![b']'; 5_000]].concat();
    send(json, deep).await.error(400, "invalid_request");
    let mut bare = Request::post("/admin/v1/clients").header("host", "admin");
    bare = bare.header("content-length", "0");
    it.send(bare.body(Body::empty()).unwrap())
        .await
        .error(415, "invalid_request");
}

#[tokio::test]
async fn a_wrong_path_or_method_is_told_as_such() {
    let it = Harness::start().await;
    let error = it.get("/admin/v2/clients").await.error(404, "not_found");
    assert!(error.contains("openapi.json"));
    let answer = it.delete("/admin/v1/clients").await;
    assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
    answer.error(405, "method_not_allowed");
}

#[tokio::test]
async fn no_answer_is_kept_by_a_cache() {
    let it = Harness::start().await;
    let answers = [
        it.get("/admin/v1/clients").await,
        it.post("/admin/v1/clients", json!({"id": "a"})).await,
        it.delete("/admin/v1/clients/a").await,
        it.get("/admin/v1/none").await,
        it.get("/metrics").await,
        it.get("/healthz").await,
    ];
    for answer in answers {
        assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
    }
}

#[tokio::test]
async fn the_server_can_be_observed() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    it.token().await;
    assert_eq!(
        it.get("/healthz").await.expect(200),
        json!({"status": "ok"})
    );
    assert_eq!(it.get("/readyz").await.expect(200), json!({"status": "ok"}));
    let metrics = it.get("/metrics").await;
    assert_eq!(metrics.status.as_u16(), 200);
    assert!(
        metrics.text.contains("avouch_tokens_issued_total 1\n"),
        "{}",
        metrics.text
    );
    assert!(metrics.text.contains(r#"endpoint="admin""#));
}
