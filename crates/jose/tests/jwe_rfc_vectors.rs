//! Known answers of the RFCs for encryption.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::{
    PrivateKeyParts, PublicKeyParts,
    key_agreement::{AgreementCurve, AgreementPrivateKey, AgreementPublicKey},
};
use avouch_jose::{
    ContentEncryption, DecryptionKey, JwkError, SignatureAlgorithm, VerificationKey, base64url,
    jwe::{Decrypter, EncryptionKeyError, ParseError, UndecryptedJwe},
    nested,
};
use common::{case, extra_vectors, public_half, vectors};
use serde_json::{Value, json};

/// Decrypts a token with a private JWK that may not say its `alg`.
fn decrypt(algorithm: &Value, key: &Value, compact: &Value) -> Vec<u8> {
    let algorithm = algorithm.as_str().unwrap().parse().unwrap();
    let key = DecryptionKey::from_private_jwk_for(algorithm, key.to_string().as_bytes()).unwrap();
    let undecrypted = UndecryptedJwe::parse(compact.as_str().unwrap()).unwrap();
    let decrypted = undecrypted.decrypt(&key, &ContentEncryption::ALL).unwrap();
    decrypted.content().to_vec()
}

fn parse_error(compact: &Value) -> ParseError {
    UndecryptedJwe::parse(compact.as_str().unwrap()).unwrap_err()
}

#[test]
fn rfc_7516_a_1_decrypts() {
    let vectors = vectors("rfc7516-appendix-a.json");
    let case = case(&vectors, "A.1");
    assert_eq!(
        decrypt(&case["alg"], &case["key"], &case["compact"]),
        case["plaintext_text"].as_str().unwrap().as_bytes()
    );
}

#[test]
fn row_josedep_01_rfc_7516_a_2_and_rfc_7519_a_1_and_a_2_are_refused() {
    let rfc7516 = vectors("rfc7516-appendix-a.json");
    let rfc7519 = vectors("rfc7519-examples.json");
    for (vectors, id, key) in [
        (&rfc7516, "A.2", "key"),
        (&rfc7519, "7519-A.1", "key"),
        (&rfc7519, "7519-A.2", "decryption_key"),
    ] {
        let case = case(vectors, id);
        assert_eq!(case["alg"], "RSA1_5");
        assert_eq!(
            parse_error(&case["compact"]),
            ParseError::UnsupportedAlgorithm,
            "{id}"
        );
        // Nor is a key for it taken.
        let mut key = case[key].clone();
        key["alg"] = json!("RSA1_5");
        assert_eq!(
            DecryptionKey::from_private_jwk(key.to_string().as_bytes()).unwrap_err(),
            EncryptionKeyError::UnsupportedAlgorithm
        );
    }
}

#[test]
fn rfc_7516_a_3_is_keyed_with_a_shared_secret_and_refused() {
    let vectors = vectors("rfc7516-appendix-a.json");
    let case = case(&vectors, "A.3");
    assert_eq!(
        parse_error(&case["compact"]),
        ParseError::UnsupportedAlgorithm
    );
    let mut key = case["key"].clone();
    key["alg"] = case["alg"].clone();
    assert_eq!(
        DecryptionKey::from_private_jwk(key.to_string().as_bytes()).unwrap_err(),
        EncryptionKeyError::Jwk(JwkError::UnsupportedKeyType)
    );
}

#[test]
fn row_8725bis_3_14_01_the_json_serializations_of_the_rfc_are_refused() {
    let vectors = vectors("rfc7516-appendix-a.json");
    for id in ["A.4", "A.5"] {
        let json = json!(case(&vectors, id)["json"].to_string());
        assert!(matches!(
            parse_error(&json),
            ParseError::NotCompact | ParseError::Base64url { .. }
        ));
    }
}

fn decoded(jwk: &Value, name: &str) -> Vec<u8> {
    base64url::decode(jwk[name].as_str().unwrap()).unwrap()
}

/// Both halves of a P-256 key.
fn p256(jwk: &Value) -> (AgreementPrivateKey, AgreementPublicKey) {
    let parts = PublicKeyParts::Ec {
        x: decoded(jwk, "x"),
        y: decoded(jwk, "y"),
    };
    let d = decoded(jwk, "d");
    let curve = AgreementCurve::P256;
    (
        AgreementPrivateKey::from_parts(curve, &parts, &PrivateKeyParts::Ec { d: &d }).unwrap(),
        AgreementPublicKey::from_parts(curve, &parts).unwrap(),
    )
}

#[test]
fn rfc_7518_appendix_c_from_both_sides() {
    let vectors = vectors("rfc7518-appendix-c.json");
    let case = case(&vectors, "7518-C");
    let other_info: Vec<u8> = serde_json::from_value(case["other_info_octets"].clone()).unwrap();
    let (alice, alice_public) = p256(&case["alice_ephemeral"]);
    let (bob, bob_public) = p256(&case["bob"]);
    let expected = decoded(case, "derived_key_b64u");
    assert_eq!(
        *alice.agree(&bob_public, &other_info, 16).unwrap(),
        expected
    );
    assert_eq!(
        *bob.agree(&alice_public, &other_info, 16).unwrap(),
        expected
    );
}

#[test]
fn rfc_8037_a_6_agrees_and_the_cookbook_token_on_x25519_decrypts() {
    let vectors = vectors("rfc8037-appendix-a.json");
    let agreement = case(&vectors, "8037-A.6");
    let half = |jwk: &Value| PublicKeyParts::X25519 {
        x: decoded(jwk, "x"),
    };
    let curve = AgreementCurve::X25519;
    let bob = AgreementPrivateKey::from_parts(
        curve,
        &half(&agreement["bob_public"]),
        &PrivateKeyParts::X25519 {
            d: &decoded(agreement, "bob_private_d"),
        },
    )
    .unwrap();
    let epk = AgreementPublicKey::from_parts(curve, &half(&agreement["epk"])).unwrap();
    let other_info = b"\0\0\0\x0eECDH-ES+A128KW\0\0\0\0\0\0\0\0\0\0\0\x80";
    assert_eq!(
        *bob.agree(&epk, other_info, 16).unwrap(),
        decoded(agreement, "kek_b64u_computed_here")
    );

    let token = case(&vectors, "cookbook-x25519");
    assert_eq!(
        decrypt(&token["alg"], &token["key"], &token["compact"]),
        token["plaintext_text"].as_str().unwrap().as_bytes()
    );
}

/// The encrypted examples of RFC 7520: with a public key they decrypt.
#[test]
fn rfc_7520_section_5_decrypts_as_far_as_policy_allows() {
    let Some(vectors) = extra_vectors("rfc7520-cookbook.json") else {
        return;
    };
    let data = |id: &str| &case(&vectors, id)["data"];
    for id in ["7520-5.2", "7520-5.4", "7520-5.5"] {
        let (input, output) = (&data(id)["input"], &data(id)["output"]);
        assert_eq!(
            decrypt(&input["alg"], &input["key"], &output["compact"]),
            input["plaintext"].as_str().unwrap().as_bytes(),
            "{id}"
        );
    }
    // RSA1_5, a password, shared secrets.
    for id in ["7520-5.1", "7520-5.3", "7520-5.6", "7520-5.7", "7520-5.8"] {
        assert_eq!(
            parse_error(&data(id)["output"]["compact"]),
            ParseError::UnsupportedAlgorithm,
            "{id}"
        );
    }
    // These exist in JSON serialization alone.
    for id in ["7520-5.10", "7520-5.11", "7520-5.12", "7520-5.13"] {
        let output = data(id)["output"].as_object().unwrap();
        assert!(!output.contains_key("compact"), "{id}");
        for serialization in output.values() {
            assert!(UndecryptedJwe::parse(&serialization.to_string()).is_err());
        }
    }
}

#[test]
fn the_password_of_rfc_7520_section_5_3_opens_nothing() {
    let Some(vectors) = extra_vectors("rfc7520-cookbook.json") else {
        return;
    };
    let compact = &case(&vectors, "7520-5.3")["data"]["output"]["compact"];
    assert_eq!(parse_error(compact), ParseError::UnsupportedAlgorithm);
}

#[test]
fn the_compressed_example_of_rfc_7520_section_5_9_is_refused() {
    let Some(vectors) = extra_vectors("rfc7520-cookbook.json") else {
        return;
    };
    let compact = &case(&vectors, "7520-5.9")["data"]["output"]["compact"];
    assert_eq!(parse_error(compact), ParseError::Compressed);
}

/// RFC 7520 section 6: PS256 inside RSA-OAEP with A128GCM.
#[test]
fn rfc_7520_section_6_is_unnested() {
    let Some(vectors) = extra_vectors("rfc7520-cookbook.json") else {
        return;
    };
    let data = &case(&vectors, "7520-6")["data"];
    let (sign, encrypt) = (&data["sign"], &data["encrypt"]);
    let key = DecryptionKey::from_private_jwk_for(
        encrypt["input"]["alg"].as_str().unwrap().parse().unwrap(),
        encrypt["input"]["key"].to_string().as_bytes(),
    );
    let reader = Decrypter::new([key.unwrap()]);
    let token = encrypt["output"]["compact"].as_str().unwrap();
    let inner = nested::decrypt(&reader, token).unwrap();
    assert_eq!(inner.as_str(), sign["output"]["compact"].as_str().unwrap());
    let signer = public_half(&sign["input"]["key"]);
    let signer = VerificationKey::from_jwk(&signer, SignatureAlgorithm::Ps256).unwrap();
    assert_eq!(
        inner
            .unverified()
            .unwrap()
            .verify(&signer)
            .unwrap()
            .payload(),
        sign["input"]["payload"].as_str().unwrap().as_bytes()
    );
}
