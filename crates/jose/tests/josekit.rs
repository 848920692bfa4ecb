//! josekit (OpenSSL) as a second opinion: what we sign it verifies, and the reverse. It knows nothing of ML-DSA, for
//! which the known answers of RFC 9964 stand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey, base64url, jws};
use common::{verifier, verify};
use josekit::{
    jwk::Jwk,
    jws::{
        ES256, ES384, ES512, EdDSA, JwsSigner, JwsVerifier, PS256, PS384, PS512, RS256, RS384,
        RS512,
    },
};

fn their_verifier(key: &SigningKey) -> Option<Box<dyn JwsVerifier>> {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&key.public_jwk().to_json()).unwrap();
    // josekit knows the curve by its older name alone.
    if key.algorithm() == SignatureAlgorithm::Ed25519 {
        members.insert("alg".into(), "EdDSA".into());
    }
    let jwk = Jwk::from_map(members).unwrap();
    Some(match key.algorithm() {
        SignatureAlgorithm::Rs256 => Box::new(RS256.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Rs384 => Box::new(RS384.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Rs512 => Box::new(RS512.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Ps256 => Box::new(PS256.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Ps384 => Box::new(PS384.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Ps512 => Box::new(PS512.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Es256 => Box::new(ES256.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Es384 => Box::new(ES384.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Es512 => Box::new(ES512.verifier_from_jwk(&jwk).unwrap()),
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::EdDsa => {
            Box::new(EdDSA.verifier_from_jwk(&jwk).unwrap())
        }
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => {
            return None;
        }
    })
}

fn their_signer(key: &SigningKey) -> Option<Box<dyn JwsSigner>> {
    let der = key.to_pkcs8().unwrap();
    let der = der.as_slice();
    Some(match key.algorithm() {
        SignatureAlgorithm::Rs256 => Box::new(RS256.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Rs384 => Box::new(RS384.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Rs512 => Box::new(RS512.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Ps256 => Box::new(PS256.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Ps384 => Box::new(PS384.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Ps512 => Box::new(PS512.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Es256 => Box::new(ES256.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Es384 => Box::new(ES384.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Es512 => Box::new(ES512.signer_from_der(der).unwrap()),
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::EdDsa => {
            Box::new(EdDSA.signer_from_der(der).unwrap())
        }
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => {
            return None;
        }
    })
}

#[test]
fn what_we_sign_josekit_verifies() {
    for algorithm in SignatureAlgorithm::ALL {
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let header = avouch_jose::ProtectedHeader::new(algorithm).encode();
        let token = jws::sign(&key, &header, br#"{"iss":"us"}"#).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        let Some(verifier) = their_verifier(&key) else {
            continue;
        };
        assert!(
            verifier.verify(input.as_bytes(), &signature).is_ok(),
            "{algorithm}"
        );
        assert!(
            verifier.verify(b"something else", &signature).is_err(),
            "{algorithm}"
        );
    }
}

#[test]
fn what_josekit_signs_we_verify() {
    for algorithm in SignatureAlgorithm::ALL {
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let header = avouch_jose::ProtectedHeader::new(algorithm).encode();
        let input = jws::signing_input(&header, br#"{"iss":"them"}"#);
        let Some(signer) = their_signer(&key) else {
            continue;
        };
        let signature = signer.sign(input.as_bytes()).unwrap();
        let token = jws::append_signature(input, &signature);
        let verified = verify(&token, &verifier(&key)).unwrap();
        assert_eq!(verified.payload(), br#"{"iss":"them"}"#, "{algorithm}");
    }
}
