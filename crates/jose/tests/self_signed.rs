//! Tokens that bring their key: they prove the key and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{
    JwkError, KeyError, SignatureAlgorithm, SigningKey,
    jws::{
        ParseError,
        self_signed::{self, SelfSignedError, UnverifiedSelfSigned, VerifiedSelfSigned},
    },
};
use common::{RNG, case, forge, vectors};
use serde_json::{Value, json};

const MAX: usize = 16 * 1024;

fn key(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &RNG).unwrap()
}

fn verify(token: &str) -> Result<VerifiedSelfSigned, SelfSignedError> {
    UnverifiedSelfSigned::parse_bounded(token, MAX)?.verify()
}

fn public(key: &SigningKey) -> Value {
    serde_json::from_str(&key.public_jwk().to_json()).unwrap()
}

/// Signed by `key` whatever the header says.
fn with_jwk(key: &SigningKey, jwk: &Value) -> String {
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm(), "jwk": jwk});
    forge(key, header.to_string(), b"{}")
}

#[test]
fn every_algorithm_proves_its_key() {
    for algorithm in SignatureAlgorithm::ALL {
        let key = key(algorithm);
        let token = self_signed::sign(&key, "dpop+jwt", b"{}").unwrap();
        let verified = verify(&token).unwrap();
        assert_eq!(verified.payload(), b"{}");
        assert_eq!(verified.header().algorithm(), algorithm);
        assert!(verified.header().is_typ("dpop+jwt"));
        assert_eq!(verified.jwk().kid(), None);
        assert_eq!(
            verified.jwk().thumbprint(),
            key.public_jwk().thumbprint(),
            "{algorithm}"
        );
    }
}

#[test]
fn the_proofs_of_rfc_9449_verify() {
    let vectors = vectors("rfc9449-dpop.json");
    for id in ["dpop-proof-1", "dpop-proof-2", "dpop-proof-3"] {
        let case = case(&vectors, id);
        let verified = verify(case["compact"].as_str().unwrap()).unwrap();
        assert_eq!(verified.jwk().thumbprint_base64url(), case["jkt"]);
    }
}

#[test]
fn a_private_or_symmetric_key_in_the_header_is_refused() {
    let key = key(SignatureAlgorithm::Es256);
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut jwk = public(&key);
        jwk[member] = json!("AAAA");
        assert_eq!(
            verify(&with_jwk(&key, &jwk)).unwrap_err(),
            SelfSignedError::Key(KeyError::Jwk(JwkError::PrivateMember(member)))
        );
    }
    let secret = json!({"kty": "oct", "k": "AAAA"});
    assert_eq!(
        verify(&with_jwk(&key, &secret)).unwrap_err(),
        SelfSignedError::Key(KeyError::Jwk(JwkError::Symmetric))
    );
}

#[test]
fn a_key_that_is_missing_or_does_not_fit_is_refused() {
    let (p256, ed25519) = (
        key(SignatureAlgorithm::Es256),
        key(SignatureAlgorithm::Ed25519),
    );
    for none in [json!(null), json!("key"), json!([public(&p256)])] {
        assert_eq!(
            verify(&with_jwk(&p256, &none)).unwrap_err(),
            SelfSignedError::NoKey
        );
    }
    let bare = forge(&p256, r#"{"alg":"ES256"}"#, b"{}");
    assert_eq!(verify(&bare).unwrap_err(), SelfSignedError::NoKey);

    let mut foreign = public(&ed25519);
    foreign.as_object_mut().unwrap().remove("alg");
    assert_eq!(
        verify(&with_jwk(&p256, &foreign)).unwrap_err(),
        SelfSignedError::Key(KeyError::WrongKeyType(SignatureAlgorithm::Es256))
    );
    let mut encrypting = public(&p256);
    encrypting["use"] = json!("enc");
    assert_eq!(
        verify(&with_jwk(&p256, &encrypting)).unwrap_err(),
        SelfSignedError::Key(KeyError::NotForSignatures)
    );
    let mut off_curve = public(&p256);
    off_curve["y"] = off_curve["x"].clone();
    assert!(matches!(
        verify(&with_jwk(&p256, &off_curve)),
        Err(SelfSignedError::Key(_))
    ));
}

#[test]
fn the_key_of_another_is_not_proven() {
    let (mine, theirs) = (
        key(SignatureAlgorithm::Es256),
        key(SignatureAlgorithm::Es256),
    );
    assert!(matches!(
        verify(&with_jwk(&mine, &public(&theirs))),
        Err(SelfSignedError::Signature(_))
    ));
    assert!(verify(&with_jwk(&mine, &public(&mine))).is_ok());
}

#[test]
fn secrets_none_and_crit_are_refused() {
    let key = key(SignatureAlgorithm::Es256);
    let jwk = public(&key);
    for alg in ["none", "HS256", "HS512", ""] {
        let header = json!({"alg": alg, "jwk": jwk});
        assert_eq!(
            verify(&forge(&key, header.to_string(), b"{}")).unwrap_err(),
            SelfSignedError::Malformed(ParseError::UnsupportedAlgorithm)
        );
    }
    for crit in [json!(["jwk"]), json!(["x"]), json!([])] {
        let header = json!({"alg": "ES256", "jwk": jwk, "crit": crit, "x": 1});
        assert!(matches!(
            verify(&forge(&key, header.to_string(), b"{}")),
            Err(SelfSignedError::Malformed(ParseError::Critical(_)))
        ));
    }
    let token = with_jwk(&key, &jwk);
    assert_eq!(
        UnverifiedSelfSigned::parse_bounded(&token, token.len() - 1).unwrap_err(),
        SelfSignedError::Malformed(ParseError::TooLong)
    );
}

#[test]
fn every_flipped_bit_of_a_token_is_refused() {
    let token = self_signed::sign(&key(SignatureAlgorithm::Ed25519), "dpop+jwt", b"{}").unwrap();
    assert!(verify(&token).is_ok());
    for bit in 0..token.len() * 8 {
        let mut octets = token.clone().into_bytes();
        octets[bit / 8] ^= 1 << (bit % 8);
        if let Ok(flipped) = String::from_utf8(octets) {
            assert!(verify(&flipped).is_err(), "bit {bit}");
        }
    }
}
