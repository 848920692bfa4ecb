use avouch_crypto::random::SystemRandom;

use super::*;
use crate::{VerificationKey, base64url};

fn round_trip(key: &SigningKey) -> Result<(), Box<dyn std::error::Error>> {
    let signature = key.sign(b"statement")?;
    let verifier = VerificationKey::try_from(key.public_jwk())?;
    verifier.public_key().verify(b"statement", &signature)?;
    assert!(
        verifier
            .public_key()
            .verify(b"Statement", &signature)
            .is_err()
    );
    Ok(())
}

#[test]
fn every_algorithm_generates_signs_and_survives_pkcs8() {
    for algorithm in SignatureAlgorithm::ALL {
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        assert_eq!(key.kid(), key.public_jwk().thumbprint_base64url());
        round_trip(&key).unwrap();
        let stored = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(stored.public_jwk(), key.public_jwk());
        round_trip(&stored).unwrap();
    }
}

#[test]
fn a_stored_key_is_never_read_as_one_of_another_kind() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    for algorithm in SignatureAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| *algorithm != SignatureAlgorithm::Es256)
    {
        assert!(
            SigningKey::from_pkcs8(algorithm, &pkcs8).is_err(),
            "{algorithm}"
        );
    }
    assert!(SigningKey::from_pkcs8(SignatureAlgorithm::Es256, &pkcs8[1..]).is_err());
}

#[test]
fn rsa_keys_come_in_sizes_and_others_do_not() {
    let key = SigningKey::generate_rsa(SignatureAlgorithm::Ps256, RsaKeySize::Bits3072).unwrap();
    assert!(matches!(key.public_jwk().material(), KeyMaterial::Rsa { n, .. } if n.len() == 384));
    let error =
        SigningKey::generate_rsa(SignatureAlgorithm::Es256, RsaKeySize::Bits3072).unwrap_err();
    assert_eq!(error, KeyError::Generation(KeyGenerationError::NotRsa));
}

#[test]
fn debug_shows_algorithm_and_kid_alone() {
    let key = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom)
        .unwrap()
        .with_kid("k");
    assert_eq!(
        format!("{key:?}"),
        r#"SigningKey { alg: "Ed25519", kid: "k", .. }"#
    );
}

const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[test]
fn a_private_jwk_is_imported_for_the_algorithm_it_names() {
    let jwk =
        |extra: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","d":"{D}","x":"{X}"{extra}}}"#);
    let import = |extra: &str| SigningKey::from_private_jwk(jwk(extra).as_bytes());
    let key = import(r#","alg":"Ed25519","kid":"mine""#).unwrap();
    assert_eq!(
        (key.algorithm(), key.kid()),
        (SignatureAlgorithm::Ed25519, "mine")
    );
    assert_eq!(import("").unwrap_err(), KeyError::NoAlgorithm);
    assert_eq!(
        import(r#","alg":"HS256""#).unwrap_err(),
        KeyError::UnsupportedAlgorithm
    );
    assert_eq!(
        import(r#","alg":"ES256""#).unwrap_err(),
        KeyError::WrongKeyType(SignatureAlgorithm::Es256)
    );
    assert_eq!(
        import(r#","alg":"Ed25519","use":"enc""#).unwrap_err(),
        KeyError::NotForSignatures
    );
    assert_eq!(
        import(r#","alg":"Ed25519","key_ops":["verify"]"#).unwrap_err(),
        KeyError::NotForSignatures
    );

    let eddsa = jwk(r#","alg":"EdDSA""#);
    let error = SigningKey::from_private_jwk_for(SignatureAlgorithm::Ed25519, eddsa.as_bytes())
        .unwrap_err();
    assert_eq!(error, KeyError::OtherAlgorithm);
}

#[test]
fn halves_of_different_keys_are_not_joined() {
    let other = base64url::encode([9; 32]);
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","d":"{other}","x":"{X}"}}"#);
    let error = SigningKey::from_private_jwk(jwk.as_bytes()).unwrap_err();
    assert_eq!(error, KeyError::Private(PrivateKeyRejected::Malformed));
}

#[test]
fn row_9864_2_2_01_an_ed448_key_is_never_used_as_ed25519_nor_one_name_for_the_other() {
    let ed448 = format!(
        r#"{{"kty":"OKP","crv":"Ed448","alg":"Ed25519","x":"{}"}}"#,
        base64url::encode([1; 57])
    );
    assert_eq!(
        Jwk::parse_public(ed448.as_bytes()),
        Err(JwkError::UnsupportedCurve)
    );
    let long = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","x":"{}"}}"#,
        base64url::encode([1; 57])
    );
    assert!(matches!(
        Jwk::parse_public(long.as_bytes()),
        Err(JwkError::Unsound(_))
    ));
    let x25519 = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{X}"}}"#);
    let x25519 = Jwk::parse_public(x25519.as_bytes()).unwrap();
    let ed25519 = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom).unwrap();
    for algorithm in [SignatureAlgorithm::Ed25519, SignatureAlgorithm::EdDsa] {
        let error = VerificationKey::from_jwk(&x25519, algorithm).unwrap_err();
        assert_eq!(error, KeyError::WrongKeyType(algorithm));
    }
    let error =
        VerificationKey::from_jwk(ed25519.public_jwk(), SignatureAlgorithm::EdDsa).unwrap_err();
    assert_eq!(error, KeyError::OtherAlgorithm);
}
