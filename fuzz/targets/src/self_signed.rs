//! Signed tokens that bring their key.

use avouch_jose::jws::UnverifiedJws;
use avouch_jose::jws::self_signed::{SelfSignedError, UnverifiedSelfSigned, VerifiedSelfSigned};
use avouch_jose::{Jwk, SignatureAlgorithm, VerificationKey, base64url, strict_json};
use serde_json::Value;

use crate::assembled::{signed, tampered, unsigned};
use crate::jws::check_header;
use crate::published::{SIGNING_KEY, is_signed};

const MAX_LEN: usize = 16 * 1024;
const PAYLOAD: &[u8] = br#"{"jti":"1"}"#;

/// A header, which is rightly signed with one key, whatever key it brings; or a token.
pub fn self_signed(data: &[u8]) {
    if data.starts_with(b"{") {
        header(data);
    } else if let Ok(text) = std::str::from_utf8(data) {
        token(text);
    }
}

fn verify(token: &str) -> Result<VerifiedSelfSigned, SelfSignedError> {
    UnverifiedSelfSigned::parse_bounded(token, MAX_LEN)?.verify()
}

/// Taken exactly if the key in the header is the one that signed, and says nothing against it.
fn header(json: &[u8]) {
    let token = signed(json, PAYLOAD);
    let verified = verify(&token);
    assert_eq!(
        verified.is_ok(),
        brings_the_key(&token, json),
        "{verified:?}"
    );
    assert!(verify(&tampered(&token)).is_err(), "a forgery");
    assert!(verify(&unsigned(json, PAYLOAD)).is_err(), "a forgery");
    if let Ok(verified) = verified {
        assert_eq!(verified.payload(), PAYLOAD);
        assert_eq!(
            verified.jwk().thumbprint(),
            SIGNING_KEY.public_jwk().thumbprint()
        );
        check_header(verified.header(), json);
    }
}

fn brings_the_key(token: &str, json: &[u8]) -> bool {
    // This reader does not look at the key.
    let Ok(unverified) = UnverifiedJws::parse_bounded(token, MAX_LEN) else {
        return false;
    };
    let algorithm = unverified.header().algorithm();
    let members = strict_json::object(json).expect("it was read before");
    let jwk = members.get("jwk").and_then(Value::as_object).cloned();
    let Some(Ok(jwk)) = jwk.map(Jwk::from_object) else {
        return false;
    };
    jwk.material() == SIGNING_KEY.public_jwk().material()
        && [SignatureAlgorithm::Ed25519, SignatureAlgorithm::EdDsa].contains(&algorithm)
        && VerificationKey::from_jwk(&jwk, algorithm).is_ok()
}

/// Nobody makes up a key for which a signature can be made up.
fn token(token: &str) {
    let Ok(verified) = verify(token) else {
        return;
    };
    assert!(is_signed(token), "a forgery");
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| base64url::decode(part).expect("three parts of base64url"))
        .collect();
    check_header(verified.header(), &parts[0]);
    assert_eq!(verified.payload(), parts[1]);
    let header: Value = serde_json::from_slice(&parts[0]).expect("strict JSON is JSON");
    assert_eq!(
        serde_json::from_value::<Jwk>(header["jwk"].clone())
            .ok()
            .as_ref(),
        Some(verified.jwk())
    );
}
