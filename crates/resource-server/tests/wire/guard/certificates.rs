//! Tokens bound to a client certificate (RFC 8705), and to what nobody here knows.

use super::{Scene, bearer, denied, is_binding, jkt, with_proof};
use avouch_crypto::hash;
use avouch_resource_server::{BindingError, DenialReason, ReceivedRequest, Sha256Thumbprint};
use http::StatusCode;
use serde_json::{Value, json};

const OWN: &[u8] = b"a certificate in DER";

fn x5t(certificate: &[u8]) -> String {
    Sha256Thumbprint::from_bytes(hash::sha256(certificate)).to_string()
}

async fn denial(scene: &Scene, certificate: Option<&[u8]>) -> DenialReason {
    let request = bearer();
    let received = ReceivedRequest::new(&request).client_certificate(certificate);
    let denial = denied(scene.guard.check(received).await);
    assert_eq!(denial.response().status(), StatusCode::UNAUTHORIZED);
    let code = denial.reason().code().unwrap();
    assert_eq!(code.as_str(), "invalid_token");
    denial.reason().clone()
}

#[tokio::test]
async fn row_8705_3_02_the_certificate_of_the_connection_must_be_the_one_of_the_token() {
    let scene = Scene::bound().await;
    scene.bind(&json!({ "x5t#S256": x5t(OWN) }));
    let request = bearer();
    let received = ReceivedRequest::new(&request).client_certificate(Some(OWN));
    let verified = scene.guard.check(received).await.unwrap();
    assert!(verified.is_sender_constrained());

    let other = denial(&scene, Some(b"another certificate")).await;
    assert_eq!(other, DenialReason::OtherCertificate);
    assert_eq!(denial(&scene, None).await, DenialReason::NoCertificate);
}

#[tokio::test]
async fn row_8705_3_02_a_proof_does_not_stand_in_for_the_certificate() {
    let scene = Scene::bound().await;
    scene.bind(&json!({ "x5t#S256": x5t(OWN) }));
    let denial = scene.denied(&with_proof(&scene.proof())).await;
    is_binding(&denial, BindingError::NotBound);
}

#[tokio::test]
async fn row_fsp_5_3_4_04_where_both_bind_both_are_checked() {
    let scene = Scene::bound().await;
    scene.bind(&json!({ "jkt": jkt(&scene.key), "x5t#S256": x5t(OWN) }));
    let both = with_proof(&scene.proof());
    let received = ReceivedRequest::new(&both);
    assert_eq!(
        denied(scene.guard.check(received).await).reason(),
        &DenialReason::NoCertificate
    );
    let downgraded = bearer();
    let received = ReceivedRequest::new(&downgraded).client_certificate(Some(OWN));
    let denial = denied(scene.guard.check(received).await);
    is_binding(&denial, BindingError::Downgraded);
    let received = ReceivedRequest::new(&both).client_certificate(Some(OWN));
    assert!(scene.guard.check(received).await.is_ok());
}

#[tokio::test]
async fn row_9701_8_1_02_a_binding_that_cannot_be_checked_is_a_no() {
    let scene = Scene::bound().await;
    let jkt = jkt(&scene.key);
    let cases: [Value; 4] = [
        json!({}),
        json!({"kid": "k"}),
        json!({"jkt": jkt, "x5u": "https://shop.example/c"}),
        json!({"x5t#S256": x5t(OWN), "jwk": {"kty": "EC"}}),
    ];
    for cnf in cases {
        scene.bind(&cnf);
        for request in [bearer(), with_proof(&scene.proof())] {
            let received = ReceivedRequest::new(&request).client_certificate(Some(OWN));
            let denial = denied(scene.guard.check(received).await);
            assert_eq!(denial.reason(), &DenialReason::UnknownBinding, "{cnf}");
        }
    }
}
