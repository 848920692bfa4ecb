//! Signed tokens.

use std::fmt::Display;

use avouch_jose::jws::{self, JwsHeader, UnverifiedJws, VerifyError};
use avouch_jose::{SignatureAlgorithm, TokenKind, VerificationKey, base64url};
use serde_json::Value;

use crate::published::{SIGNING_KEY, VERIFICATION_KEYS, is_signed};

/// A token; or a header, which goes around base64url and is rightly signed.
pub fn jws(data: &[u8]) {
    if data.starts_with(b"{") {
        header(data);
    } else if let Ok(text) = std::str::from_utf8(data) {
        token(text);
    }
}

/// What verifies was signed, and nothing changed since.
fn token(token: &str) {
    let Ok(unverified) = UnverifiedJws::parse(token) else {
        return;
    };
    assert_eq!(TokenKind::of(token), Some(TokenKind::Jws));
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| base64url::decode(part).expect("three parts of base64url"))
        .collect();
    let encoded: Vec<String> = parts.iter().map(base64url::encode).collect();
    assert_eq!(encoded.join("."), token, "a second spelling");
    check_header(unverified.header(), &parts[0]);
    let algorithm = unverified.header().algorithm();
    for key in &*VERIFICATION_KEYS {
        let unverified = UnverifiedJws::parse(token).expect("as before");
        match unverified.verify(key) {
            Ok(verified) => {
                assert_eq!(key.algorithm(), algorithm, "the header chose");
                assert_eq!(verified.payload(), parts[1]);
                assert!(is_signed(token), "a forgery");
            }
            Err(VerifyError::AlgorithmMismatch { .. }) => assert_ne!(key.algorithm(), algorithm),
            Err(VerifyError::Signature(_)) => assert_eq!(key.algorithm(), algorithm),
        }
    }
}

/// A header that is taken says what any reader of JSON finds in it.
fn header(json: &[u8]) {
    const PAYLOAD: &[u8] = br#"{"iss":"https://as.example.com/"}"#;

    let input = format!("{}.{}", base64url::encode(json), base64url::encode(PAYLOAD));
    let token = match UnverifiedJws::parse(&format!("{input}.")) {
        Err(_) => return,
        Ok(unverified) => {
            check_header(unverified.header(), json);
            let signature = SIGNING_KEY.sign(input.as_bytes()).expect("a signature");
            jws::append_signature(input, &signature)
        }
    };
    let unverified = UnverifiedJws::parse(&token).expect("as before");
    let algorithm = unverified.header().algorithm();
    let key = VerificationKey::try_from(SIGNING_KEY.public_jwk()).expect("the other half");
    match unverified.verify(&key) {
        Ok(verified) => {
            assert_eq!(algorithm, SignatureAlgorithm::Ed25519);
            assert_eq!(verified.payload(), PAYLOAD);
        }
        Err(_) => assert_ne!(algorithm, SignatureAlgorithm::Ed25519),
    }
}

pub(crate) fn check_header<A: Copy + Display>(header: &JwsHeader<A>, json: &[u8]) {
    let members: Value = serde_json::from_slice(json).expect("strict JSON is JSON");
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    assert_eq!(Some(header.algorithm().to_string().as_str()), text("alg"));
    assert_eq!(header.kid(), text("kid"));
    assert_eq!(header.typ(), text("typ"));
    assert_eq!(header.cty(), text("cty"));
    for refused in ["crit", "b64"] {
        assert!(members.get(refused).is_none(), "{refused}");
    }
    assert!(header.typ().is_none_or(|typ| header.is_typ(typ)));
}
