//! Introspection answers, as the resource server reads them.

use std::sync::LazyLock;

use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, jws};
use avouch_oauth::Issuer;
use avouch_oauth::introspection::{
    Freshness, IntrospectionResponse, StatementClaims, StatementForm, StatementVerifier,
    VerifiedIntrospection,
};
use avouch_oauth::media_type::TOKEN_INTROSPECTION_JWT_TYP;
use serde_json::Value;

use crate::published::SIGNING_KEY;

const ISSUER: &str = "https://as.example.com/";
const CLIENT_ID: &str = "rs-client-1";
const NOW: u64 = 1_514_797_892;

/// The claims of a statement, rightly signed; and the same octets as a plain answer.
pub fn statement(data: &[u8]) {
    for form in [StatementForm::Rfc9701, StatementForm::Draft08] {
        if let Some(verified) = verify(form, data) {
            check_envelope(&verified, form, data);
            check_rewritten(&verified, form);
        }
    }
    if let Ok(response) = IntrospectionResponse::from_json(data) {
        let written = response.to_json();
        let again =
            IntrospectionResponse::from_json(&written).expect("what was taken is taken again");
        assert_eq!(again.is_active(), response.is_active());
        assert_eq!(again.to_json(), written);
    }
}

fn verify(form: StatementForm, claims: &[u8]) -> Option<VerifiedIntrospection> {
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet {
        keys: vec![SIGNING_KEY.public_jwk().clone()],
    });
    static VERIFIER: LazyLock<StatementVerifier> = LazyLock::new(|| {
        let issuer = Issuer::parse(ISSUER).expect("an issuer");
        StatementVerifier::new(issuer, CLIENT_ID, [SignatureAlgorithm::Ed25519])
    });

    let header = ProtectedHeader::new(SIGNING_KEY.algorithm()).typ(TOKEN_INTROSPECTION_JWT_TYP);
    let token = jws::sign(&SIGNING_KEY, &header.encode(), claims).expect("a signature");
    let verifier = VERIFIER.clone().form(form);
    let verified = verifier.verify(&token, &KEYS, NOW).ok();
    // Who takes any age takes at least what is fresh.
    let patient = verifier.freshness(Freshness::AnyAge);
    assert!(verified.is_none() || patient.verify(&token, &KEYS, NOW).is_ok());
    verified
}

/// What is believed stands in the claims, whoever reads them.
fn check_envelope(verified: &VerifiedIntrospection, form: StatementForm, claims: &[u8]) {
    let claims: Value = serde_json::from_slice(claims).expect("strict JSON is JSON");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["iat"], verified.iat());
    assert!(verified.iat().abs_diff(NOW) <= 60);
    assert!(verified.audience().contains(CLIENT_ID));
    let inside = match form {
        StatementForm::Rfc9701 => &claims["token_introspection"],
        StatementForm::Draft08 => &claims,
    };
    assert_eq!(inside["active"], verified.response().is_active());
}

/// The same written anew is believed again, and says the same.
fn check_rewritten(verified: &VerifiedIntrospection, form: StatementForm) {
    let response = verified.response();
    let claims = StatementClaims {
        iss: ISSUER,
        aud: CLIENT_ID,
        iat: verified.iat(),
        further: verified.further(),
        token_introspection: response,
    };
    let written = match form {
        StatementForm::Rfc9701 => claims.to_json(),
        StatementForm::Draft08 => claims.to_legacy_json(),
    };
    let again = verify(form, &written).expect("what was believed is believed again");
    assert_eq!(again.further(), verified.further());
    // Maps are equal in whatever order.
    let members = |response: &IntrospectionResponse| {
        serde_json::from_slice::<Value>(&response.to_json()).expect("an answer is JSON")
    };
    assert_eq!(members(again.response()), members(response));
}
