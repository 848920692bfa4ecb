//! What a refused client is told (RFC 6750, section 3; RFC 9449, sections 7.1 and 9).

use super::{BASE, Scene, TOKEN, bearer, denied, header, proof_at, request, with_proof};
use crate::fake_as::NOW;
use avouch_resource_server::{
    DenialReason, DpopError, NonceKey, ReceivedRequest, RequestGuard, Scope,
};
use http::StatusCode;
use std::num::NonZeroU64;

const URL: &str = "https://pay.example/payments";

#[tokio::test]
async fn without_a_token_both_schemes_are_offered_and_no_fault_is_found() {
    let scene = Scene::bound().await;
    let response = scene.denied(&request(&[])).await.response();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenges = header(&response, "www-authenticate");
    assert_eq!(challenges[0], r#"Bearer realm="https://pay.example/""#);
    let dpop = r#"DPoP realm="https://pay.example/", algs=""#;
    assert!(challenges[1].starts_with(dpop), "{}", challenges[1]);
    assert!(challenges[1].contains("ES256"));
    assert_eq!(challenges.len(), 2);
    assert_eq!(header(&response, "cache-control"), ["no-store"]);
    assert!(header(&response, "dpop-nonce").is_empty());
}

#[tokio::test]
async fn the_scheme_that_was_tried_comes_first_with_the_error() {
    let scene = Scene::bound().await;
    let response = scene.denied(&bearer()).await.response();
    let challenges = header(&response, "www-authenticate");
    assert!(
        challenges[0].starts_with(r#"Bearer realm="https://pay.example/", error="invalid_token", error_description="the access token is bound to a key: "#),
        "{}",
        challenges[0]
    );
    assert!(challenges[1].starts_with("DPoP ") && !challenges[1].contains("error"));

    let used = with_proof(&scene.proof());
    scene.check(&used).await.unwrap();
    let response = scene.denied(&used).await.response();
    let challenges = header(&response, "www-authenticate");
    assert!(challenges[0].starts_with("DPoP "), "{}", challenges[0]);
    assert!(challenges[0].contains(r#"error="invalid_dpop_proof""#));
    assert!(!challenges[1].contains("error"));
}

#[tokio::test]
async fn row_fsp_5_3_4_02_a_token_that_does_not_reach_far_enough_is_told_the_scope() {
    let scene = Scene::bound().await;
    let verified = scene.check(&with_proof(&scene.proof())).await.unwrap();
    let scope = |text| Scope::parse(text).unwrap();
    assert!(verified.require_scope(&scope("pay")).is_ok());
    for wanted in ["pay refund", "refund", "PAY"] {
        let denial = verified.require_scope(&scope(wanted)).unwrap_err();
        let response = denial.response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let challenge = header(&response, "www-authenticate")[0];
        assert!(challenge.starts_with("DPoP "), "{challenge}");
        assert!(challenge.contains(r#"error="insufficient_scope""#));
        assert!(challenge.contains(&format!(r#"scope="{wanted}""#)));
    }
    scene.token(&serde_json::json!({"active": true}));
    let without = scene.check(&bearer()).await.unwrap();
    assert!(without.require_scope(&scope("pay")).is_err());
}

#[tokio::test]
async fn a_nonce_that_is_asked_for_comes_with_the_refusal_and_then_works() {
    let scene = Scene::bound().await;
    let key = NonceKey::new(&[7; 32], NonZeroU64::new(60).unwrap());
    let guard = RequestGuard::new(scene.introspector.clone(), BASE)
        .unwrap()
        .nonces(key);
    let request = with_proof(&scene.proof());
    let denial = denied(guard.check(ReceivedRequest::new(&request)).await);
    assert_eq!(denial.reason(), &DenialReason::Proof(DpopError::NoNonce));
    let response = denial.response();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = header(&response, "www-authenticate")[0];
    assert!(
        challenge.contains(r#"error="use_dpop_nonce""#),
        "{challenge}"
    );
    let nonces = header(&response, "dpop-nonce");
    assert_eq!(nonces.len(), 1);
    assert_eq!(guard.dpop_nonce().as_deref(), Some(nonces[0]));
    assert_eq!(scene.questions(), 0);

    let proof = |nonce| with_proof(&proof_at(NOW, &scene.key, "POST", URL, TOKEN, Some(nonce)));
    let request = proof(nonces[0]);
    guard.check(ReceivedRequest::new(&request)).await.unwrap();
    let request = proof("made-up");
    let denial = denied(guard.check(ReceivedRequest::new(&request)).await);
    assert_eq!(denial.reason(), &DenialReason::Proof(DpopError::WrongNonce));
}
