//! Properties that hold for every input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::LazyLock;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{
    ProtectedHeader, SignError, SignatureAlgorithm, SigningKey, VerificationKey, base64url,
    jws::{self, UnverifiedJws},
};
use common::{verifier, verify};
use proptest::prelude::*;

static KEY: LazyLock<(SigningKey, VerificationKey)> =
    LazyLock::new(|| pair(SignatureAlgorithm::Ed25519));

fn pair(algorithm: SignatureAlgorithm) -> (SigningKey, VerificationKey) {
    let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
    let verifier = verifier(&key);
    (key, verifier)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(token in any::<String>()) {
        let _ = UnverifiedJws::parse(&token);
    }

    #[test]
    fn no_three_parts_make_the_parser_panic(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let token = [header, payload, signature].map(base64url::encode).join(".");
        let _ = UnverifiedJws::parse(&token);
    }

    #[test]
    fn no_header_makes_the_parser_panic(
        alg in "none|Ed25519|[ -~]{0,8}",
        name in "kid|typ|cty|crit|b64|jwk|[ -~]{0,8}",
        value in r#"1|true|null|""|\[\]|\["x","x"\]|\{"a":\{\}\}|"[ !#-\[\]-~]{0,8}""#,
    ) {
        let header = format!(r#"{{"alg":"{alg}","{name}":{value}}}"#);
        let _ = UnverifiedJws::parse(&format!("{}..", base64url::encode(header)));
    }

    #[test]
    fn payload_and_header_come_back(payload in any::<Vec<u8>>(), kid in any::<String>(), typ in any::<String>()) {
        let (key, verifier) = &*KEY;
        let header = ProtectedHeader::new(key.algorithm()).kid(&kid).typ(&typ).encode();
        let token = jws::sign(key, &header, &payload).unwrap();
        let verified = verify(&token, verifier).unwrap();
        prop_assert_eq!(verified.payload(), payload);
        prop_assert_eq!(verified.header().kid(), Some(kid.as_str()));
        prop_assert_eq!(verified.header().typ(), Some(typ.as_str()));
    }

    #[test]
    fn halves_of_two_tokens_do_not_make_a_third(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
        prop_assume!(a != b);
        let (key, verifier) = &*KEY;
        let header = ProtectedHeader::new(key.algorithm()).encode();
        let (a, b) = (jws::sign(key, &header, &a).unwrap(), jws::sign(key, &header, &b).unwrap());
        let mixed = format!("{}.{}", a.rsplit_once('.').unwrap().0, b.rsplit_once('.').unwrap().1);
        prop_assert!(verify(&mixed, verifier).is_err());
    }
}

#[test]
fn every_flipped_bit_of_a_token_is_refused() {
    for algorithm in [
        SignatureAlgorithm::Ed25519,
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Rs256,
        SignatureAlgorithm::Ps256,
        SignatureAlgorithm::MlDsa44,
    ] {
        let (key, verifier) = pair(algorithm);
        let token = jws::sign(
            &key,
            &ProtectedHeader::new(algorithm).encode(),
            b"{\"a\":1}",
        )
        .unwrap();
        assert!(verify(&token, &verifier).is_ok());
        for bit in 0..token.len() * 8 {
            let mut octets = token.clone().into_bytes();
            octets[bit / 8] ^= 1 << (bit % 8);
            // What is no longer text never reaches the parser.
            if let Ok(flipped) = String::from_utf8(octets) {
                assert!(
                    verify(&flipped, &verifier).is_err(),
                    "{algorithm} bit {bit}"
                );
            }
        }
    }
}

#[test]
fn a_header_for_another_algorithm_is_not_signed() {
    let (key, _) = &*KEY;
    let header = ProtectedHeader::new(SignatureAlgorithm::EdDsa).encode();
    assert_eq!(
        jws::sign(key, &header, b"{}").unwrap_err(),
        SignError::AlgorithmMismatch {
            header: SignatureAlgorithm::EdDsa,
            key: SignatureAlgorithm::Ed25519
        }
    );
}
