use avouch_crypto::random::SystemRandom;
use serde_json::{Value, json};

use super::*;
use crate::{
    EncryptionKey, JwkError, SignatureAlgorithm, SigningKey,
    jwe::{ContentEncryption, Encrypter, ProtectedHeader, UndecryptedJwe},
};

fn round_trip(key: &DecryptionKey) {
    let recipient = EncryptionKey::try_from(key.public_jwk()).unwrap();
    let header = ProtectedHeader::new(ContentEncryption::A256Gcm);
    let token = Encrypter::new(recipient, &header)
        .encrypt(b"content", &SystemRandom)
        .unwrap();
    let opened = UndecryptedJwe::parse(&token)
        .unwrap()
        .decrypt(key, &[ContentEncryption::A256Gcm]);
    assert_eq!(opened.unwrap().content(), b"content");
}

/// One key of each algorithm, on each curve where it has one.
fn keys() -> Vec<DecryptionKey> {
    let mut keys = Vec::new();
    for algorithm in KeyManagementAlgorithm::ALL {
        if algorithm.is_rsa() {
            keys.push(DecryptionKey::generate(algorithm, &SystemRandom).unwrap());
        } else {
            keys.extend(
                AgreementCurve::ALL.map(|curve| {
                    DecryptionKey::generate_on(algorithm, curve, &SystemRandom).unwrap()
                }),
            );
        }
    }
    keys
}

#[test]
fn every_key_decrypts_survives_pkcs8_and_shows_nothing_private() {
    for key in keys() {
        round_trip(&key);
        let stored = DecryptionKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(stored.public_jwk(), key.public_jwk());
        round_trip(&stored);

        assert_eq!(key.kid(), key.public_jwk().thumbprint_base64url());
        let public: Value = serde_json::from_str(&key.public_jwk().to_json()).unwrap();
        assert_eq!(public["use"], "enc");
        assert_eq!(public["alg"], key.algorithm().name());
        assert!(Jwk::parse_public(public.to_string().as_bytes()).is_ok());
        assert_eq!(
            format!("{key:?}"),
            format!(
                "DecryptionKey {{ alg: \"{}\", kid: \"{}\", .. }}",
                key.algorithm(),
                key.kid()
            )
        );
    }
}

#[test]
fn a_stored_key_is_never_read_as_one_of_another_kind() {
    let ec = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &SystemRandom).unwrap();
    let pkcs8 = ec.to_pkcs8().unwrap();
    assert!(DecryptionKey::from_pkcs8(KeyManagementAlgorithm::RsaOaep256, &pkcs8).is_err());
    assert!(DecryptionKey::from_pkcs8(KeyManagementAlgorithm::EcdhEs, &pkcs8[1..]).is_err());
    let error = DecryptionKey::generate_rsa(KeyManagementAlgorithm::EcdhEs, RsaKeySize::Bits2048);
    assert_eq!(
        error.unwrap_err(),
        EncryptionKeyError::WrongKeyType(KeyManagementAlgorithm::EcdhEs)
    );
    let error = DecryptionKey::generate_on(
        KeyManagementAlgorithm::RsaOaep,
        AgreementCurve::P256,
        &SystemRandom,
    );
    assert!(error.is_err());
}

/// Bob's key of RFC 7518 appendix C, with changes.
fn import(change: impl FnOnce(&mut Value)) -> Result<DecryptionKey, EncryptionKeyError> {
    let mut jwk = json!({
        "kty": "EC", "crv": "P-256", "alg": "ECDH-ES", "use": "enc", "kid": "bob",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    });
    change(&mut jwk);
    DecryptionKey::from_private_jwk(jwk.to_string().as_bytes())
}

fn import_error(change: impl FnOnce(&mut Value)) -> EncryptionKeyError {
    import(change).unwrap_err()
}

#[test]
fn a_private_jwk_is_imported_under_its_own_name() {
    let key = import(|_| ()).unwrap();
    assert_eq!(key.kid(), "bob");
    round_trip(&key);
    let operations = json!(["deriveKey"]);
    round_trip(&import(|jwk| jwk["key_ops"] = operations).unwrap());
}

#[test]
fn a_private_jwk_must_fit_in_every_respect() {
    use EncryptionKeyError as Error;

    assert_eq!(
        import_error(|jwk| jwk["alg"] = json!("RSA-OAEP-256")),
        Error::WrongKeyType(KeyManagementAlgorithm::RsaOaep256)
    );
    for alg in ["RSA1_5", "ES256", "ECDH-ES+A192KW"] {
        assert_eq!(
            import_error(|jwk| jwk["alg"] = json!(alg)),
            Error::UnsupportedAlgorithm
        );
    }
    let without_alg = |jwk: &mut Value| drop(jwk.as_object_mut().unwrap().remove("alg"));
    assert_eq!(import_error(without_alg), Error::NoAlgorithm);
    assert_eq!(
        import_error(|jwk| jwk["use"] = json!("sig")),
        Error::NotForEncryption
    );
    assert_eq!(
        import_error(|jwk| jwk["key_ops"] = json!(["encrypt"])),
        Error::NotForEncryption
    );
    let without_d = |jwk: &mut Value| drop(jwk.as_object_mut().unwrap().remove("d"));
    assert_eq!(import_error(without_d), Error::Jwk(JwkError::Missing("d")));
    assert_eq!(
        import_error(|jwk| jwk["d"] = json!("AQ")),
        Error::Private(PrivateKeyRejected::Malformed)
    );
    let other = "r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8";
    assert_eq!(
        import_error(|jwk| jwk["d"] = json!(other)),
        Error::Private(PrivateKeyRejected::Malformed)
    );
    let json = import(|_| ()).unwrap().public_jwk().to_json();
    assert!(
        DecryptionKey::from_private_jwk_for(KeyManagementAlgorithm::EcdhEs, json.as_bytes())
            .is_err()
    );
}

#[test]
fn a_recipients_key_must_fit_in_every_respect() {
    let key = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &SystemRandom).unwrap();
    let bind = |jwk: &Jwk, algorithm| EncryptionKey::from_jwk(jwk, algorithm).unwrap_err();
    assert_eq!(
        bind(key.public_jwk(), KeyManagementAlgorithm::EcdhEsA128Kw),
        EncryptionKeyError::OtherAlgorithm
    );
    let mut bare = key.public_jwk().clone();
    (bare.alg, bare.key_use) = (None, None);
    assert_eq!(
        bind(&bare, KeyManagementAlgorithm::RsaOaep256),
        EncryptionKeyError::WrongKeyType(KeyManagementAlgorithm::RsaOaep256)
    );
    assert_eq!(
        EncryptionKey::try_from(&bare).unwrap_err(),
        EncryptionKeyError::NoAlgorithm
    );
    for operations in [vec![], vec!["deriveBits"]] {
        bare.key_ops = Some(operations.into_iter().map(str::to_owned).collect());
        assert!(EncryptionKey::from_jwk(&bare, KeyManagementAlgorithm::EcdhEs).is_ok());
    }
    bare.key_ops = Some(vec![String::from("verify")]);
    assert_eq!(
        bind(&bare, KeyManagementAlgorithm::EcdhEs),
        EncryptionKeyError::NotForEncryption
    );

    let signing = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom).unwrap();
    let mut ed25519 = signing.public_jwk().clone();
    assert_eq!(
        EncryptionKey::try_from(&ed25519).unwrap_err(),
        EncryptionKeyError::UnsupportedAlgorithm
    );
    assert_eq!(
        bind(&ed25519, KeyManagementAlgorithm::EcdhEs),
        EncryptionKeyError::NotForEncryption
    );
    (ed25519.alg, ed25519.key_use) = (None, None);
    assert_eq!(
        bind(&ed25519, KeyManagementAlgorithm::EcdhEs),
        EncryptionKeyError::WrongKeyType(KeyManagementAlgorithm::EcdhEs)
    );
}
