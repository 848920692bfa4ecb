//! Whose key, which algorithm, and no key of a stranger.

use crate::{
    CLIENT, ES256, KEY, KEYS, NOW, check, check_with, claims, forge, header, issuer, new_key,
    secret, set, signed, verifier, with,
};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, MacAlgorithm, MacKey, ParseError, SelectError, SignatureAlgorithm, mac};
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_assertion::ClientAssertionError as E;
use avouch_oauth::client_assertion::{
    AssertionAlgorithm, ClientAssertion, ClientKeys, NewClientAssertion,
};
use serde_json::{Value, json};

#[test]
fn row_7523_3_01_the_signature_is_by_a_key_of_that_client() {
    let stranger = new_key();
    let claims = claims().to_string();
    // Another client's key under its own name, under none, and under the name of the right one.
    let own_name = json!({"alg": "ES256", "kid": stranger.kid()}).to_string();
    assert_eq!(
        check(&forge(&stranger, &own_name, &claims)).unwrap_err(),
        E::NoKey(SelectError::UnknownKid)
    );
    for header in [header(None), r#"{"alg":"ES256"}"#.to_owned()] {
        let error = check(&forge(&stranger, &header, &claims)).unwrap_err();
        assert!(matches!(error, E::Signature(_)), "{error}");
    }
    assert!(check(&forge(&KEY, r#"{"alg":"ES256"}"#, &claims)).is_ok());
    let none = JwkSet::default();
    let keys = ClientKeys::Public {
        keys: &none,
        algorithms: ES256,
    };
    let error = check_with(&verifier(), &signed(&self::claims()), keys, NOW).unwrap_err();
    assert_eq!(error, E::NoKey(SelectError::UnknownKid));
}

#[test]
fn row_8725_3_8_01_the_key_of_another_client_with_the_same_kid_does_not_do() {
    let twin = new_key().with_kid(KEY.kid());
    let other_client = set(&twin);
    let jwt = forge(&twin, &header(None), &claims().to_string());
    assert!(matches!(check(&jwt).unwrap_err(), E::Signature(_)));
    let keys = ClientKeys::Public {
        keys: &other_client,
        algorithms: ES256,
    };
    let assertion = ClientAssertion::parse(&jwt).unwrap();
    assert_eq!(
        verifier()
            .verify(&assertion, "bank", keys, NOW)
            .unwrap_err(),
        E::OtherClient
    );
}

#[test]
fn row_8725_3_1_01_only_algorithms_of_the_client_are_used() {
    let jwt = signed(&claims());
    let es256 = AssertionAlgorithm::Signature(SignatureAlgorithm::Es256);
    for algorithms in [&[][..], &[SignatureAlgorithm::Ps256]] {
        let keys = ClientKeys::Public {
            keys: &KEYS,
            algorithms,
        };
        assert_eq!(
            check_with(&verifier(), &jwt, keys, NOW).unwrap_err(),
            E::AlgorithmNotAllowed(es256)
        );
    }
    // Another algorithm in the header than the key is for.
    let keys = ClientKeys::Public {
        keys: &KEYS,
        algorithms: &SignatureAlgorithm::ALL,
    };
    let lie = json!({"alg": "PS256", "kid": KEY.kid()}).to_string();
    let jwt = forge(&KEY, &lie, &claims().to_string());
    assert_eq!(
        check_with(&verifier(), &jwt, keys, NOW).unwrap_err(),
        E::NoKey(SelectError::NoneFits)
    );
}

#[test]
fn row_8725_2_1_01_no_public_key_is_a_secret() {
    // What an attacker has: the public key in every form, used as if it were a secret.
    let jwk = KEY.public_jwk().to_json();
    let published = KEYS.to_json();
    for secret in [jwk.as_bytes(), published.as_bytes()] {
        let mac_key = MacKey::from_shared_secret(MacAlgorithm::Hs256, secret).unwrap();
        let forged = NewClientAssertion::new(CLIENT, &issuer())
            .authenticate(&mac_key, NOW, &SystemRandom)
            .unwrap();
        let hs256 = AssertionAlgorithm::Mac(MacAlgorithm::Hs256);
        for algorithms in [ES256, &SignatureAlgorithm::ALL] {
            let keys = ClientKeys::Public {
                keys: &KEYS,
                algorithms,
            };
            assert_eq!(
                check_with(&verifier(), forged.expose(), keys, NOW).unwrap_err(),
                E::AlgorithmNotAllowed(hs256)
            );
        }
    }
    // And the reverse: what is signed is not taken where a secret is expected.
    let key = secret(MacAlgorithm::Hs256);
    let es256 = AssertionAlgorithm::Signature(SignatureAlgorithm::Es256);
    let error = check_with(
        &verifier(),
        &signed(&claims()),
        ClientKeys::Secret(&key),
        NOW,
    );
    assert_eq!(error.unwrap_err(), E::AlgorithmNotAllowed(es256));
}

#[test]
fn a_secret_authenticates_with_its_own_algorithm() {
    for algorithm in MacAlgorithm::ALL {
        let key = secret(algorithm);
        let sent = NewClientAssertion::new(CLIENT, &issuer())
            .authenticate(&key, NOW, &SystemRandom)
            .unwrap();
        let check =
            |key: &MacKey| check_with(&verifier(), sent.expose(), ClientKeys::Secret(key), NOW);
        let verified = check(&key).unwrap();
        assert_eq!(verified.client_id(), CLIENT);
        assert_eq!(verified.method(), AuthenticationMethod::ClientSecretJwt);
        for other in MacAlgorithm::ALL.into_iter().filter(|o| *o != algorithm) {
            assert_eq!(
                check(&secret(other)).unwrap_err(),
                E::AlgorithmNotAllowed(AssertionAlgorithm::Mac(algorithm))
            );
        }
        let wrong = MacKey::from_shared_secret(algorithm, &[b'x'; 64]).unwrap();
        assert!(matches!(check(&wrong).unwrap_err(), E::Mac(_)));
    }
    // The checks of the claims are the same.
    let key = secret(MacAlgorithm::Hs256);
    let late = with("exp", json!(NOW)).to_string();
    let jwt = mac::sign(&key, "JWT", late.as_bytes());
    assert_eq!(
        check_with(&verifier(), &jwt, ClientKeys::Secret(&key), NOW).unwrap_err(),
        E::Expired { ago: 0 }
    );
    let jwt = mac::sign(&key, "at+jwt", claims().to_string().as_bytes());
    assert_eq!(ClientAssertion::parse(&jwt).unwrap_err(), E::WrongTyp);
}

#[test]
fn row_7515_a_5_01_none_authenticates_nobody() {
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": name}).to_string();
        let signed = forge(&KEY, &header, &claims().to_string());
        let (input, _) = signed.rsplit_once('.').unwrap();
        for jwt in [signed.as_str(), &format!("{input}.")] {
            assert_eq!(
                check(jwt).unwrap_err(),
                E::Malformed(ParseError::UnsupportedAlgorithm),
                "{name:?}"
            );
        }
    }
    let jwt = signed(&claims());
    let (input, _) = jwt.rsplit_once('.').unwrap();
    assert!(matches!(
        check(&format!("{input}.")).unwrap_err(),
        E::Signature(_)
    ));
}

#[test]
fn keys_that_the_assertion_brings_are_never_used() {
    let attacker = new_key();
    let jwk: Value = serde_json::from_str(&attacker.public_jwk().to_json()).unwrap();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
    ] {
        for kid in [None, Some(KEY.kid()), Some(attacker.kid())] {
            let mut header = json!({"alg": "ES256"});
            header[name] = value.clone();
            if let Some(kid) = kid {
                header["kid"] = json!(kid);
            }
            let error = check(&forge(
                &attacker,
                &header.to_string(),
                &claims().to_string(),
            ));
            let error = error.unwrap_err();
            assert!(matches!(error, E::Signature(_) | E::NoKey(_)), "{error}");
        }
        // Beside a signature by the registered key they do no harm: nothing looks at them.
        let mut header = json!({"alg": "ES256", "kid": KEY.kid()});
        header[name] = value;
        assert!(check(&forge(&KEY, &header.to_string(), &claims().to_string())).is_ok());
    }
}
