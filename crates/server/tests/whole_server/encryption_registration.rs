//! Registering for encrypted answers (RFC 9701 section 6), by keys and by `jwks_uri`.

use std::time::Duration;

use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::Decrypter;
use avouch_jose::{DecryptionKey, KeyManagementAlgorithm, nested};
use serde_json::{Value, json};

use crate::support::{Publisher, Running, SIGN, STATEMENT, Setup, caller, register};

async fn desk() -> (Running, String) {
    let setup = Setup::new().await.for_development();
    let token = setup.initial_access_token("both", |_| {}).await;
    (setup.start().await, token)
}

fn key(algorithm: KeyManagementAlgorithm) -> (Value, Decrypter) {
    let key = DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    (jwk, Decrypter::new([key]))
}

fn metadata(further: &Value) -> Value {
    let mut metadata = json!({
        "resource": SIGN, "introspection_encrypted_response_alg": "ECDH-ES"
    });
    for (name, value) in further.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

#[tokio::test]
async fn row_9701_6_07_enc_left_out_is_a128cbc_hs256_and_is_told() {
    let (server, token) = desk().await;
    let (jwk, _) = key(KeyManagementAlgorithm::EcdhEs);
    let answer = register(
        &server,
        &token,
        &metadata(&json!({"jwks": {"keys": [jwk]}})),
    )
    .await;
    let body = answer.is_json(201);
    assert_eq!(body["introspection_encrypted_response_alg"], "ECDH-ES");
    assert_eq!(
        body["introspection_encrypted_response_enc"],
        "A128CBC-HS256"
    );
    assert_eq!(body["jwks"]["keys"][0]["kid"], jwk["kid"]);
}

#[tokio::test]
async fn row_9701_3_06_encryption_without_a_key_that_fits_is_refused() {
    let (server, token) = desk().await;
    let (jwk, _) = key(KeyManagementAlgorithm::EcdhEs);
    let (other, _) = key(KeyManagementAlgorithm::EcdhEsA256Kw);
    let mut to_sign = jwk.clone();
    to_sign["use"] = json!("sig");
    let mut private = jwk.clone();
    private["d"] = json!("AAAA");
    for further in [
        json!({}),
        json!({"jwks": {"keys": []}}),
        json!({"jwks": {}}),
        json!({"jwks": {"keys": [to_sign]}}),
        json!({"jwks": {"keys": [other]}}),
        json!({"jwks": {"keys": [private]}}),
        json!({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}),
        json!({"jwks_uri": "ftp://rs.example/jwks"}),
        json!({"jwks_uri": "https://user@rs.example/jwks"}),
        json!({"jwks_uri": "https://10.0.0.1/jwks"}),
    ] {
        let answer = register(&server, &token, &metadata(&further)).await;
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn row_9701_6_10_enc_values_that_are_not_supported_are_refused() {
    let (server, token) = desk().await;
    let (jwk, _) = key(KeyManagementAlgorithm::EcdhEs);
    for enc in ["none", "A128CBC", "a128gcm", "", "XC20P"] {
        let further = json!({
            "jwks": {"keys": [jwk]}, "introspection_encrypted_response_enc": enc
        });
        let answer = register(&server, &token, &metadata(&further)).await;
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn row_9701_6_09_keys_are_taken_by_value_and_by_reference() {
    let (server, token) = desk().await;
    let (jwk, decrypter) = key(KeyManagementAlgorithm::EcdhEs);
    let keys = json!({"keys": [jwk]});
    let publisher = Publisher::start(keys.clone()).await;
    let by_value = metadata(&json!({"jwks": keys}));
    let by_reference = json!({"jwks_uri": publisher.uri, "resource": "https://second.example"});
    for asked_for in [by_value, metadata(&by_reference)] {
        let sign = caller(&register(&server, &token, &asked_for).await);
        let answer = server.statement(&sign, "unknown").await;
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
        assert!(nested::decrypt(&decrypter, answer.text()).is_ok());
    }
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn row_9701_6_11_without_a_key_to_be_had_it_is_500_and_never_plain() {
    let (server, token) = desk().await;
    let (jwk, decrypter) = key(KeyManagementAlgorithm::EcdhEs);
    let publisher = Publisher::start(json!({"keys": []})).await;
    let further = json!({"jwks_uri": publisher.uri});
    let sign = caller(&register(&server, &token, &metadata(&further)).await);

    let no_key = server.statement(&sign, "unknown").await;
    no_key.is_error(500, "server_error");
    assert!(no_key.text().contains("holds no key for ECDH-ES"));
    // The owner publishes one, and it is found without a new registration.
    publisher.publish(Some(json!({"keys": [jwk]})));
    server.clock.advance(Duration::from_mins(1));
    let answer = server.statement(&sign, "unknown").await;
    assert!(nested::decrypt(&decrypter, answer.text()).is_ok());

    // The key set is gone: what is held is good for its time, and not a moment longer.
    publisher.publish(None);
    let answer = server.statement(&sign, "unknown").await;
    assert_eq!(answer.status, 200);
    server.clock.advance(Duration::from_hours(2));
    let answer = server.statement(&sign, "unknown").await;
    answer.is_error(500, "server_error");
    assert!(answer.text().contains("the document cannot be fetched"));
    assert!(!answer.text().contains(&publisher.uri));
    assert!(!answer.text().contains("active"));
}

#[tokio::test]
async fn row_9701_6_11_who_publishes_a_bad_document_is_told_what_is_wrong_with_it() {
    let (server, token) = desk().await;
    let publisher = Publisher::start(json!({"keys": []})).await;
    let further = json!({"jwks_uri": publisher.uri});
    let sign = caller(&register(&server, &token, &metadata(&further)).await);
    for (content_type, document, told) in [
        ("text/html", json!({"keys": []}), "wrong content type"),
        ("application/json", json!({"keys": 1}), "is not a JWK Set"),
        (
            "application/json",
            json!({"keys": [], "x": "y".repeat(70_000)}),
            "is too long",
        ),
    ] {
        *publisher.content_type.lock().unwrap() = content_type;
        publisher.publish(Some(document));
        // Beyond the time that a failure is kept.
        server.clock.advance(Duration::from_mins(1));
        let answer = server.statement(&sign, "unknown").await;
        answer.is_error(500, "server_error");
        assert!(answer.text().contains(told), "{told}: {}", answer.text());
        for hidden in [publisher.uri.as_str(), "text/html", "127.0.0.1"] {
            assert!(!answer.text().contains(hidden), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn row_8725_3_10_01_a_server_that_is_not_for_development_does_not_look_inward() {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let publisher = Publisher::start(json!({"keys": []})).await;
    let secure = publisher.uri.replace("http://", "https://");
    for uri in [
        publisher.uri.as_str(),
        &secure,
        "https://[::1]/",
        "https://169.254.169.254/",
    ] {
        let further = json!({"jwks_uri": uri});
        let answer = register(&server, &token, &metadata(&further)).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    assert_eq!(publisher.asked(), 0);
}
