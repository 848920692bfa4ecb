//! Properties of encryption that hold for every input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::HashSet;

use avouch_jose::{
    ContentEncryption, KeyManagementAlgorithm, base64url,
    jwe::{ProtectedHeader, UndecryptedJwe},
};
use common::{RNG, decrypt, decryption_key, decryption_keys, encrypt, encrypter};
use proptest::prelude::*;

fn any_encryption() -> impl Strategy<Value = ContentEncryption> {
    prop::sample::select(ContentEncryption::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(token in any::<String>()) {
        let _ = UndecryptedJwe::parse(&token);
    }

    #[test]
    fn no_five_parts_make_the_parser_panic(parts in prop::array::uniform5(any::<Vec<u8>>())) {
        let _ = UndecryptedJwe::parse(&parts.map(base64url::encode).join("."));
    }

    #[test]
    fn no_header_makes_the_parser_or_the_decryption_panic(
        alg in "RSA-OAEP|RSA-OAEP-256|ECDH-ES|ECDH-ES\\+A128KW|[ -~]{0,8}",
        enc in "A128GCM|A128CBC-HS256|[ -~]{0,8}",
        name in "kid|typ|cty|crit|zip|apu|apv|epk|[ -~]{0,8}",
        value in r#"1|true|null|""|\[\]|\{"kty":"EC","crv":"P-256","x":"AA","y":"AA"\}|"[ !#-\[\]-~]{0,8}""#,
        rest in prop::array::uniform4(prop::collection::vec(any::<u8>(), 0..40)),
    ) {
        let x = base64url::encode([9; 32]);
        let header = format!(
            r#"{{"alg":"{alg}","enc":"{enc}","epk":{{"kty":"OKP","crv":"X25519","x":"{x}"}},"{name}":{value}}}"#
        );
        let token = format!("{}.{}", base64url::encode(header), rest.map(base64url::encode).join("."));
        if let Ok(undecrypted) = UndecryptedJwe::parse(&token) {
            let algorithm = undecrypted.header().algorithm();
            let mut keys = decryption_keys().iter();
            // The last of an algorithm lies on X25519, where it has a curve.
            let key = keys.rfind(|key| key.algorithm() == algorithm).unwrap();
            prop_assert!(undecrypted.decrypt(key, &ContentEncryption::ALL).is_err());
        }
    }

    #[test]
    fn content_and_header_come_back_for_every_pair(
        content in any::<Vec<u8>>(),
        encryption in any_encryption(),
        typ in any::<String>(),
        cty in any::<String>(),
    ) {
        let header = ProtectedHeader::new(encryption).typ(&typ).cty(&cty);
        for key in decryption_keys() {
            let token = encrypter(key, &header).encrypt(&content, &RNG).unwrap();
            let decrypted = UndecryptedJwe::parse(&token).unwrap().decrypt(key, &[encryption]).unwrap();
            prop_assert_eq!(decrypted.content(), &content);
            let header = decrypted.header();
            prop_assert_eq!(header.algorithm(), key.algorithm());
            prop_assert_eq!(header.encryption(), encryption);
            prop_assert_eq!(header.kid(), Some(key.kid()));
            prop_assert_eq!(header.typ(), Some(typ.as_str()));
            prop_assert_eq!(header.cty(), Some(cty.as_str()));
        }
    }

    #[test]
    fn parts_of_two_tokens_do_not_make_a_third(at in 0_usize..5, encryption in any_encryption()) {
        for key in decryption_keys() {
            let [a, b] = [(); 2].map(|()| encrypt(key, encryption, b"content"));
            let (mut mixed, b): (Vec<&str>, Vec<&str>) = (a.split('.').collect(), b.split('.').collect());
            if mixed[at] != b[at] {
                mixed[at] = b[at];
                prop_assert!(decrypt(&mixed.join("."), key).is_err());
            }
        }
    }
}

/// Every bit for the algorithms whose reader is quick, one bit in each character for those with RSA.
#[test]
fn every_flipped_bit_of_a_token_is_refused() {
    for key in decryption_keys() {
        for encryption in [ContentEncryption::A128CbcHs256, ContentEncryption::A256Gcm] {
            let token = encrypt(key, encryption, b"{\"a\":1}");
            assert!(decrypt(&token, key).is_ok());
            let x25519 = key.public_jwk().to_json().contains("X25519");
            let step = if x25519 { 1 } else { 8 };
            for bit in (0..token.len() * 8).step_by(step) {
                let mut octets = token.clone().into_bytes();
                octets[bit / 8] ^= 1 << ((bit + bit / 64) % 8);
                // What is no longer text never reaches the parser.
                let Ok(flipped) = String::from_utf8(octets) else {
                    continue;
                };
                let Ok(undecrypted) = UndecryptedJwe::parse(&flipped) else {
                    continue;
                };
                assert!(
                    undecrypted.decrypt(key, &ContentEncryption::ALL).is_err(),
                    "{key:?} {encryption} bit {bit}"
                );
            }
        }
    }
}

/// The parts that must be fresh, of one message; where an algorithm has no such part, it is empty.
fn fresh_parts(token: &str) -> [String; 5] {
    let parts: Vec<&str> = token.split('.').collect();
    let header = base64url::decode(parts[0]).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    let epk = header
        .get("epk")
        .map_or_else(String::new, |epk| epk["x"].to_string());
    [
        epk,
        parts[1].into(),
        parts[2].into(),
        parts[3].into(),
        parts[4].into(),
    ]
}

#[test]
fn row_7516_5_1_01_a_thousand_sealed_messages_differ_in_all_that_must_be_fresh() {
    for (algorithm, encryption) in [
        (
            KeyManagementAlgorithm::RsaOaep256,
            ContentEncryption::A128CbcHs256,
        ),
        (
            KeyManagementAlgorithm::RsaOaep256,
            ContentEncryption::A256Gcm,
        ),
        (
            KeyManagementAlgorithm::EcdhEs,
            ContentEncryption::A128CbcHs256,
        ),
        (
            KeyManagementAlgorithm::EcdhEsA256Kw,
            ContentEncryption::A128Gcm,
        ),
    ] {
        let encrypter = encrypter(decryption_key(algorithm), &ProtectedHeader::new(encryption));
        let mut seen: [HashSet<String>; 5] = Default::default();
        for _ in 0..1000 {
            let token = encrypter.encrypt(b"the same", &RNG).unwrap();
            for (seen, part) in seen.iter_mut().zip(fresh_parts(&token)) {
                seen.insert(part);
            }
        }
        let [epk, encrypted_key, iv, ciphertext, tag] = seen.map(|seen| seen.len());
        assert_eq!(epk, if algorithm.is_rsa() { 1 } else { 1000 });
        let agreed = algorithm == KeyManagementAlgorithm::EcdhEs;
        assert_eq!(encrypted_key, if agreed { 1 } else { 1000 });
        assert_eq!([iv, ciphertext, tag], [1000; 3], "{algorithm} {encryption}");
    }
}

/// The content key shows in nothing but what it encrypts: with the same vector, ciphertexts still differ.
#[test]
fn row_7516_5_1_01_the_content_key_is_fresh_even_if_the_vector_were_not() {
    /// Hands out octets that count the calls, but the same vector always.
    struct SameVector(std::sync::atomic::AtomicU8);

    impl avouch_crypto::random::SecureRandom for SameVector {
        fn fill(&self, octets: &mut [u8]) -> Result<(), avouch_crypto::random::RandomError> {
            let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            octets.fill(if octets.len() == 12 { 0 } else { count });
            Ok(())
        }
    }

    let rng = SameVector(std::sync::atomic::AtomicU8::new(0));
    let key = decryption_key(KeyManagementAlgorithm::RsaOaep256);
    let encrypter = encrypter(key, &ProtectedHeader::new(ContentEncryption::A256Gcm));
    let [a, b] = [(); 2].map(|()| fresh_parts(&encrypter.encrypt(b"the same", &rng).unwrap()));
    assert_eq!(a[2], b[2]);
    assert_ne!(a[3], b[3]);
}
