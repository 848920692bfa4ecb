//! The sender's half of an agreement: what is refused of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::{
    PublicKeyRejected,
    content_encryption::{ContentCipher, ContentKey},
};
use avouch_jose::{
    ContentEncryption, DecryptionKey, JwkError, KeyManagementAlgorithm, base64url,
    jwe::{AgreementCurve, DecryptError, EphemeralKeyError, ParseError, UndecryptedJwe},
};
use common::{RNG, decrypt, decryption_key, encrypt, with_header};
use serde_json::{Value, json};

const CBC: ContentEncryption = ContentEncryption::A128CbcHs256;

fn parse_error(token: &str) -> ParseError {
    UndecryptedJwe::parse(token).unwrap_err()
}

fn epk_error(change: impl FnOnce(&mut Value)) -> EphemeralKeyError {
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let token = encrypt(key, CBC, b"content");
    match parse_error(&with_header(&token, |header| change(&mut header["epk"]))) {
        ParseError::EphemeralKey(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn row_8725_3_4_01_an_epk_off_the_curve_is_refused() {
    let zero = base64url::encode([0; 32]);
    let one = base64url::encode([1; 32]);
    for coordinate in [&zero, &one] {
        let error = epk_error(|epk| {
            (epk["x"], epk["y"]) = (json!(coordinate), json!(coordinate));
        });
        assert_eq!(
            error,
            EphemeralKeyError::Unsound(PublicKeyRejected::NotOnCurve)
        );
    }
    // A point of another curve under the name of this one.
    let error = epk_error(|epk| {
        let x = base64url::encode([1; 48]);
        (epk["x"], epk["y"]) = (json!(x), json!(x));
    });
    assert!(matches!(
        error,
        EphemeralKeyError::Unsound(PublicKeyRejected::CoordinateLength { .. })
    ));
}

#[test]
fn row_8725_3_4_01_an_epk_on_another_curve_than_the_key_is_refused() {
    let algorithm = KeyManagementAlgorithm::EcdhEs;
    for theirs in AgreementCurve::ALL {
        for ours in AgreementCurve::ALL
            .into_iter()
            .filter(|ours| *ours != theirs)
        {
            let [theirs, ours] = [theirs, ours]
                .map(|curve| DecryptionKey::generate_on(algorithm, curve, &RNG).unwrap());
            let token = encrypt(&theirs, CBC, b"content");
            assert_eq!(decrypt(&token, &ours), Err(DecryptError::OtherCurve));
        }
    }
}

#[test]
fn row_8725_3_4_01_x25519_points_of_small_order_yield_nothing() {
    let algorithm = KeyManagementAlgorithm::EcdhEs;
    let key = DecryptionKey::generate_on(algorithm, AgreementCurve::X25519, &RNG).unwrap();
    let mut one = [0; 32];
    one[0] = 1;
    let mut p_minus_one = [0xff; 32];
    (p_minus_one[0], p_minus_one[31]) = (0xec, 0x7f);
    for x in [[0; 32], one, p_minus_one] {
        // What both parties would agree on is known to all, so that anyone could have encrypted this.
        let header = json!({
            "alg": algorithm, "enc": "A128GCM",
            "epk": {"kty": "OKP", "crv": "X25519", "x": base64url::encode(x)},
        });
        let header = base64url::encode(header.to_string());
        let mut agreed = vec![0; 16];
        let other_info = b"\0\0\0\x07A128GCM\0\0\0\0\0\0\0\0\0\0\0\x80";
        avouch_crypto::concat_kdf::derive(&[0; 32], other_info, &mut agreed).unwrap();
        let content_key = ContentKey::from_octets(ContentCipher::Aes128Gcm, agreed.into()).unwrap();
        let content = content_key.encrypt(header.as_bytes(), b"x", &RNG).unwrap();
        let rest = [content.iv, content.ciphertext, content.tag].map(base64url::encode);
        let token = format!("{header}..{}", rest.join("."));
        assert_eq!(decrypt(&token, &key), Err(DecryptError::Failed));
    }
}

#[test]
fn row_8725_3_4_01_an_epk_is_a_public_key_and_there() {
    let member =
        |name: &'static str| epk_error(|epk| drop(epk.as_object_mut().unwrap().remove(name)));
    for name in ["kty", "crv", "x", "y"] {
        assert_eq!(
            member(name),
            EphemeralKeyError::Jwk(JwkError::Missing(name))
        );
    }
    for (name, value, error) in [
        ("d", json!("AA"), JwkError::PrivateMember("d")),
        ("crv", json!("P-192"), JwkError::UnsupportedCurve),
        ("crv", json!("X25519"), JwkError::UnsupportedCurve),
        ("kty", json!("oct"), JwkError::UnsupportedKeyType),
        ("kty", json!("OKP"), JwkError::UnsupportedCurve),
    ] {
        assert_eq!(
            epk_error(|epk| epk[name] = value),
            EphemeralKeyError::Jwk(error)
        );
    }
    for value in [json!(null), json!("x"), json!([])] {
        assert_eq!(epk_error(|epk| *epk = value), EphemeralKeyError::Missing);
    }
    let key = decryption_key(KeyManagementAlgorithm::EcdhEs);
    let token = with_header(&encrypt(key, CBC, b""), |header| {
        header.as_object_mut().unwrap().remove("epk");
    });
    assert_eq!(
        parse_error(&token),
        ParseError::EphemeralKey(EphemeralKeyError::Missing)
    );
}
