//! Nested JWTs, and the encrypted ones among the derived answers of RFC 9701.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{
    ContentEncryption, DecryptionKey, EncryptionKey, JwkSet, KeyManagementAlgorithm,
    ProtectedHeader, SignatureAlgorithm, SigningKey, TokenKind, VerificationKey, VerifyError,
    base64url,
    jwe::{self, DecryptError, Decrypter, OpenError},
    jws,
    nested::{self, NestError, NestedJwtEncrypter, UnnestError},
};
use common::{RNG, case, decryption_key, encrypter, vectors};
use serde_json::Value;

#[derive(Debug, PartialEq)]
enum Refused {
    Unnest(UnnestError),
    Parse(jws::ParseError),
    Verify(VerifyError),
}

fn reader(vectors: &Value) -> Decrypter {
    let keys = vectors["rs_decryption_keys"].as_array().unwrap().iter();
    let mut keys: Vec<DecryptionKey> = keys
        .map(|key| DecryptionKey::from_private_jwk(key.to_string().as_bytes()).unwrap())
        .collect();
    // One key, one algorithm: the key that is also used for key wrapping is held twice, under its two names.
    let mut wrapping = vectors["rs_decryption_keys"][1].clone();
    wrapping["alg"] = serde_json::json!("ECDH-ES+A256KW");
    keys.push(DecryptionKey::from_private_jwk(wrapping.to_string().as_bytes()).unwrap());
    Decrypter::new(keys)
}

/// What a reader does who holds its keys, knows the issuer's, and expects a nested JWT.
fn read(vectors: &Value, id: &str) -> Result<Vec<u8>, Refused> {
    let published = JwkSet::parse_published(vectors["as_jwks"].to_string().as_bytes()).unwrap();
    let compact = case(vectors, id)["compact"].as_str().unwrap();
    let inner = nested::decrypt(&reader(vectors), compact).map_err(Refused::Unnest)?;
    let unverified = inner.unverified().map_err(Refused::Parse)?;
    let header = unverified.header();
    let jwk = published.select(header.kid(), header.algorithm()).unwrap();
    let key = VerificationKey::try_from(jwk).unwrap();
    let verified = unverified.verify(&key).map_err(Refused::Verify)?;
    Ok(verified.into_payload())
}

fn refused(id: &str) -> Refused {
    read(&vectors("derived-rfc9701.json"), id).unwrap_err()
}

#[test]
fn the_nested_answers_are_read_through_both_layers() {
    let vectors = vectors("derived-rfc9701.json");
    for id in [
        "ok-nested-oaep256-a128cbc",
        "ok-nested-oaep256-a256gcm",
        "ok-nested-ecdhes-a128cbc",
        "ok-nested-ecdhes-a256kw-a256gcm",
    ] {
        let claims: Value = serde_json::from_slice(&read(&vectors, id).unwrap()).unwrap();
        let case = case(&vectors, id);
        assert_eq!(claims, case["claims"], "{id}");
        let compact = case["compact"].as_str().unwrap();
        let inner = nested::decrypt(&reader(&vectors), compact).unwrap();
        assert_eq!(inner.as_str(), case["inner"].as_str().unwrap(), "{id}");
        assert_eq!(
            inner.outer_header().kid(),
            case["decryption_kid"].as_str(),
            "{id}"
        );
    }
}

#[test]
fn row_8725_3_3_01_encrypted_claims_that_nobody_signed_are_refused() {
    // Its outer header says nothing of a JWT inside.
    assert_eq!(
        refused("bad-encrypted-only"),
        Refused::Unnest(UnnestError::NoContentType)
    );
    // And were it to say so, there is none.
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let header = jwe::ProtectedHeader::new(ContentEncryption::A128Gcm).cty("JWT");
    let encrypter = encrypter(key, &header);
    let inner_jwe = encrypter.encrypt(b"a.b.c", &RNG).unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    let own = DecryptionKey::from_pkcs8(key.algorithm(), &pkcs8).unwrap();
    let reader = Decrypter::new([own]);
    for content in [
        br#"{"iss":"https://as.example.com"}"#.as_slice(),
        b"",
        b"a.b",
        b"\xff.\xff.\xff",
        inner_jwe.as_bytes(),
    ] {
        let token = encrypter.encrypt(content, &RNG).unwrap();
        assert_eq!(
            nested::decrypt(&reader, &token).unwrap_err(),
            UnnestError::NotSigned
        );
    }
}

#[test]
fn row_8725_3_3_01_the_inner_signature_is_checked_like_any_other() {
    assert_eq!(
        refused("bad-nested-inner-none"),
        Refused::Parse(jws::ParseError::UnsupportedAlgorithm)
    );
    assert!(matches!(
        refused("bad-nested-inner-changed"),
        Refused::Verify(VerifyError::Signature(_))
    ));
}

#[test]
fn row_8725_3_3_01_jws_and_jwe_are_told_apart_and_neither_passes_for_the_other() {
    let vectors = vectors("derived-rfc9701.json");
    let compact = |id: &str| case(&vectors, id)["compact"].as_str().unwrap();
    let signed = compact("ok-rs256-active");
    let encrypted = compact("ok-nested-oaep256-a128cbc");
    assert_eq!(TokenKind::of(signed), Some(TokenKind::Jws));
    assert_eq!(TokenKind::of(encrypted), Some(TokenKind::Jwe));
    assert_eq!(
        refused("ok-rs256-active"),
        Refused::Unnest(UnnestError::Open(OpenError::Parse(
            jwe::ParseError::NotCompact
        )))
    );
    assert_eq!(
        jws::UnverifiedJws::parse(encrypted).unwrap_err(),
        jws::ParseError::NotCompact
    );
    // Signed last: a JWS in a place for a JWE.
    assert_eq!(
        refused("bad-encrypt-then-sign"),
        Refused::Unnest(UnnestError::Open(OpenError::Parse(
            jwe::ParseError::NotCompact
        )))
    );
}

#[test]
fn row_8725_3_3_01_the_outer_key_and_algorithms_are_the_verifiers() {
    let vectors = vectors("derived-rfc9701.json");
    let compact = case(&vectors, "ok-nested-oaep256-a128cbc")["compact"]
        .as_str()
        .unwrap();
    let strict = reader(&vectors).allow(&[ContentEncryption::A256Gcm]);
    assert_eq!(
        nested::decrypt(&strict, compact).unwrap_err(),
        UnnestError::Open(OpenError::Decrypt(DecryptError::EncryptionNotAllowed(
            ContentEncryption::A128CbcHs256
        )))
    );
    assert_eq!(
        nested::decrypt(&Decrypter::new([]), compact).unwrap_err(),
        UnnestError::Open(OpenError::NoKey)
    );
}

#[test]
fn row_josedep_01_a_nested_answer_with_rsa1_5_is_refused() {
    assert_eq!(
        refused("bad-nested-rsa15"),
        Refused::Unnest(UnnestError::Open(OpenError::Parse(
            jwe::ParseError::UnsupportedAlgorithm
        )))
    );
}

#[test]
fn row_7516_11_5_01_a_changed_and_a_short_tag_look_the_same() {
    for id in ["bad-nested-tag", "bad-nested-short-tag"] {
        assert_eq!(
            refused(id),
            Refused::Unnest(UnnestError::Open(OpenError::Decrypt(DecryptError::Failed))),
            "{id}"
        );
    }
}

#[test]
fn row_7519_5_2_01_a_nested_jwt_without_cty_is_refused() {
    assert_eq!(
        refused("bad-nested-no-cty"),
        Refused::Unnest(UnnestError::NoContentType)
    );
}

fn own_pair() -> (SigningKey, String) {
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &RNG).unwrap();
    let header = ProtectedHeader::new(key.algorithm())
        .typ("example+jwt")
        .encode();
    let jws = jws::sign(&key, &header, br#"{"iss":"us"}"#).unwrap();
    (key, jws)
}

#[test]
fn row_7519_5_2_01_our_nested_jwts_say_cty_jwt_and_hold_the_jws_as_it_was() {
    let (signer, jws) = own_pair();
    for key in common::decryption_keys() {
        for encryption in ContentEncryption::ALL {
            let recipient = || EncryptionKey::try_from(key.public_jwk()).unwrap();
            let plain = NestedJwtEncrypter::new(recipient(), encryption);
            assert_eq!(
                (plain.algorithm(), plain.encryption(), plain.kid()),
                (key.algorithm(), encryption, Some(key.kid()))
            );
            let typed = NestedJwtEncrypter::with_typ(recipient(), encryption, "example+jwt");
            for (encrypter, typ) in [(plain, None), (typed, Some("example+jwt"))] {
                let token = encrypter.encrypt(&jws, &RNG).unwrap();
                let header = base64url::decode(token.split('.').next().unwrap()).unwrap();
                let header: Value = serde_json::from_slice(&header).unwrap();
                assert_eq!(header["cty"], "JWT");
                assert_eq!(header["kid"], key.kid());
                assert_eq!(header.get("typ").and_then(Value::as_str), typ);

                let own =
                    DecryptionKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap();
                let inner = nested::decrypt(&Decrypter::new([own]), &token).unwrap();
                assert_eq!(inner.as_str(), jws);
                let verified = inner
                    .unverified()
                    .unwrap()
                    .verify(&common::verifier(&signer));
                assert_eq!(verified.unwrap().payload(), br#"{"iss":"us"}"#);
            }
        }
    }
}

#[test]
fn cty_is_read_without_regard_to_case_or_prefix() {
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let (_, jws) = own_pair();
    let read = |cty: &str| {
        let header = jwe::ProtectedHeader::new(ContentEncryption::A128Gcm).cty(cty);
        let token = encrypter(key, &header)
            .encrypt(jws.as_bytes(), &RNG)
            .unwrap();
        let own = DecryptionKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap();
        nested::decrypt(&Decrypter::new([own]), &token).map(drop)
    };
    for cty in ["JWT", "jwt", "application/jwt"] {
        assert_eq!(read(cty), Ok(()), "{cty}");
    }
    for cty in ["", "JWS", "json", "example+jwt"] {
        assert_eq!(read(cty), Err(UnnestError::NoContentType), "{cty}");
    }
}

#[test]
fn who_encrypts_the_same_way_to_the_same_key_has_one_identity_and_nobody_else_has_it() {
    let encrypter = |key: &DecryptionKey, encryption| {
        let recipient = EncryptionKey::try_from(key.public_jwk()).unwrap();
        NestedJwtEncrypter::new(recipient, encryption)
    };
    let mut identities = Vec::new();
    for key in common::decryption_keys() {
        for encryption in ContentEncryption::ALL {
            let one = encrypter(key, encryption);
            assert_eq!(one.identity(), encrypter(key, encryption).identity());
            identities.push(*one.identity());
        }
    }
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let mut renamed = serde_json::to_value(key.public_jwk()).unwrap();
    renamed["kid"] = "another".into();
    let renamed = EncryptionKey::try_from(&serde_json::from_value(renamed).unwrap()).unwrap();
    let renamed = NestedJwtEncrypter::new(renamed, ContentEncryption::A128Gcm);
    identities.push(*renamed.identity());
    let recipient = EncryptionKey::try_from(key.public_jwk()).unwrap();
    let typed = NestedJwtEncrypter::with_typ(recipient, ContentEncryption::A128Gcm, "a+jwt");
    identities.push(*typed.identity());
    let all = identities.len();
    identities.sort_unstable();
    identities.dedup();
    assert_eq!(identities.len(), all);
}

#[test]
fn what_nobody_signed_is_not_nested() {
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let recipient = EncryptionKey::try_from(key.public_jwk()).unwrap();
    let encrypter = NestedJwtEncrypter::new(recipient, ContentEncryption::A128Gcm);
    for unsigned in ["", r#"{"iss":"us"}"#, "a.b.c.d.e"] {
        assert_eq!(
            encrypter.encrypt(unsigned, &RNG).unwrap_err(),
            NestError::NotSigned
        );
    }
}

#[test]
fn debug_shows_nothing_of_what_is_inside() {
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let recipient = EncryptionKey::try_from(key.public_jwk()).unwrap();
    let encrypter = NestedJwtEncrypter::new(recipient, ContentEncryption::A128Gcm);
    let (_, jws) = own_pair();
    let token = encrypter.encrypt(&jws, &RNG).unwrap();
    let own = DecryptionKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap();
    let inner = nested::decrypt(&Decrypter::new([own]), &token).unwrap();
    let shown = format!("{inner:?} {encrypter:?}");
    assert!(!shown.contains(jws.split('.').next().unwrap()), "{shown}");
    assert!(shown.contains("ECDH-ES"), "{shown}");
}
