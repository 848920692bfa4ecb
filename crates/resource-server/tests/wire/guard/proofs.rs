//! Tokens bound to a key (RFC 9449).

use super::{BASE, Scene, TOKEN, bearer, is_binding, jkt, proof, proof_at, request, with_proof};
use crate::fake_as::{NOW, new_key};
use avouch_resource_server::{
    BindingError, DenialReason, DpopError, ReceivedRequest, RequestGuard, SignatureAlgorithm,
};
use http::StatusCode;
use serde_json::json;

const URL: &str = "https://pay.example/payments";

#[tokio::test]
async fn row_fsp_5_3_4_04_a_bound_token_is_good_with_a_proof_of_its_key() {
    let scene = Scene::bound().await;
    let verified = scene.check(&with_proof(&scene.proof())).await.unwrap();
    assert!(verified.is_sender_constrained());
}

#[tokio::test]
async fn row_9449_7_01_a_bound_token_sent_as_bearer_is_refused() {
    let scene = Scene::bound().await;
    let proof = scene.proof();
    for request in [
        bearer(),
        request(&[("authorization", "Bearer t0ken"), ("dpop", &proof)]),
    ] {
        let denial = scene.denied(&request).await;
        is_binding(&denial, BindingError::Downgraded);
        assert_eq!(denial.response().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn row_9449_7_01_a_token_called_dpop_is_no_bearer_token_though_no_key_is_named() {
    let scene = Scene::bound().await;
    scene.token(&json!({"active": true, "token_type": "DPoP"}));
    is_binding(&scene.denied(&bearer()).await, BindingError::Downgraded);
    let denial = scene.denied(&with_proof(&scene.proof())).await;
    is_binding(&denial, BindingError::NotBound);
}

#[tokio::test]
async fn row_9449_7_01_a_proof_of_another_key_or_for_another_token_is_refused() {
    let scene = Scene::bound().await;
    let stolen = proof(&new_key(), "POST", URL, TOKEN);
    let denial = scene.denied(&with_proof(&stolen)).await;
    is_binding(&denial, BindingError::OtherKey);
    let other = proof(&scene.key, "POST", URL, "other");
    let denial = scene.denied(&with_proof(&other)).await;
    let wrong = DenialReason::Proof(DpopError::WrongAccessTokenHash);
    assert_eq!(denial.reason(), &wrong);
}

#[tokio::test]
async fn row_9449_7_01_a_token_without_binding_does_not_go_with_a_proof() {
    let scene = Scene::unbound().await;
    let denial = scene.denied(&with_proof(&scene.proof())).await;
    is_binding(&denial, BindingError::NotBound);
}

#[tokio::test]
async fn row_9449_4_3_01_a_proof_that_is_not_for_this_request_is_refused_without_a_question() {
    let scene = Scene::bound().await;
    let at = |now| proof_at(now, &scene.key, "POST", URL, TOKEN, None);
    for proof in [
        proof(&scene.key, "GET", URL, TOKEN),
        proof(&scene.key, "POST", "https://sign.example/payments", TOKEN),
        proof(&scene.key, "POST", "https://pay.example/", TOKEN),
        at(NOW - 61),
        at(NOW + 31),
        "no.proof.atall".to_owned(),
        String::new(),
    ] {
        let denial = scene.denied(&with_proof(&proof)).await;
        assert!(
            matches!(denial.reason(), DenialReason::Proof(_)),
            "{denial}"
        );
        let code = denial.reason().code().unwrap();
        assert_eq!(code.as_str(), "invalid_dpop_proof");
    }
    let proof = scene.proof();
    let two = [
        ("authorization", "DPoP t0ken"),
        ("dpop", &proof),
        ("dpop", &proof),
    ];
    let denial = scene.denied(&request(&two)).await;
    assert_eq!(denial.reason(), &DenialReason::Proof(DpopError::Several));
    let denial = scene.denied(&request(&two[..1])).await;
    is_binding(&denial, BindingError::NoProof);
    assert_eq!(scene.questions(), 0);
}

#[tokio::test]
async fn row_9449_4_3_01_the_url_is_that_of_the_guard_and_not_of_the_host_header() {
    let scene = Scene::bound().await;
    let evil = proof(&scene.key, "POST", "https://evil.example/payments", TOKEN);
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("authorization", "DPoP t0ken"),
        ("dpop", &evil),
    ];
    let denial = scene.denied(&request(&headers)).await;
    let reason = denial.reason();
    assert!(
        matches!(reason, DenialReason::Proof(DpopError::WrongUrl { .. })),
        "{reason}"
    );
}

#[tokio::test]
async fn proofs_can_be_narrowed_to_some_algorithms_and_a_shorter_time() {
    let scene = Scene::bound().await;
    let guard = RequestGuard::new(scene.introspector.clone(), BASE).unwrap();
    let strict = guard
        .clone()
        .proof_algorithms([SignatureAlgorithm::Ed25519]);
    let request = with_proof(&scene.proof());
    let checked = strict.check(ReceivedRequest::new(&request)).await;
    let denial = super::denied(checked);
    let reason = DenialReason::Proof(DpopError::AlgorithmNotAllowed(SignatureAlgorithm::Es256));
    assert_eq!(denial.reason(), &reason);
    let challenge = super::header(&denial.response(), "www-authenticate")[0].to_owned();
    assert!(challenge.contains(r#"algs="Ed25519""#), "{challenge}");

    let brief = guard.max_proof_age(5);
    let old = proof_at(NOW - 6, &scene.key, "POST", URL, TOKEN, None);
    let request = with_proof(&old);
    let denial = super::denied(brief.check(ReceivedRequest::new(&request)).await);
    let reason = DenialReason::Proof(DpopError::TooOld { age: 6 });
    assert_eq!(denial.reason(), &reason);
}

#[tokio::test]
async fn row_9700_2_2_01_a_guard_can_insist_on_bound_tokens() {
    let scene = Scene::unbound().await;
    let guard = RequestGuard::new(scene.introspector.clone(), BASE)
        .unwrap()
        .bound_tokens_only();
    let request = bearer();
    let denial = super::denied(guard.check(ReceivedRequest::new(&request)).await);
    assert_eq!(denial.reason(), &DenialReason::NotBound);
    scene.bind(&json!({ "jkt": jkt(&scene.key) }));
    let request = with_proof(&scene.proof());
    assert!(guard.check(ReceivedRequest::new(&request)).await.is_ok());
}
