//! The request a proof is for: method, URL, access token, nonce.

use crate::{
    KEY, NOW, TARGET, TOKEN, URL, check, claims, header, jwk, new_key, post, refused_claims,
    signed, target, with, without,
};
use avouch_crypto::random::{RandomError, SecureRandom, SystemRandom};
use avouch_jose::{SignatureAlgorithm, SigningKey, base64url};
use avouch_oauth::authorization::Scheme;
use avouch_oauth::confirmation::Sha256Thumbprint;
use avouch_oauth::dpop::DpopError as E;
use avouch_oauth::dpop::{BindingError, DpopVerifier, NewDpopProof, NonceKey, check_binding};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::proof::{ClaimError, MakeProofError};
use avouch_oauth::{Confirmation, PresentedToken};
use serde_json::{Value, json};
use std::num::NonZeroU64;

#[test]
fn row_9449_4_3_01_htm_is_the_method_with_case() {
    for other in ["GET", "post", "POST ", ""] {
        assert_eq!(
            refused_claims(&with(claims(), "htm", json!(other))),
            E::WrongMethod
        );
    }
    assert_eq!(
        refused_claims(&without(claims(), "htm")),
        E::Claim(ClaimError::Missing("htm"))
    );
}

#[test]
fn row_9449_4_3_01_htu_is_the_url_without_query_and_fragment() {
    for fine in [
        URL,
        "HTTPS://AS.example.com:443/token",
        "https://as.example.com/token?a=b#c",
        "https://as.example.com/%74oken",
    ] {
        assert!(check(&signed(&header(), &with(claims(), "htu", json!(fine)))).is_ok());
    }
    let wrong = E::WrongUrl {
        expected: target(URL),
    };
    for other in [
        "https://as.example.com/introspect",
        "https://as.example.com/token/",
        "https://as.example.com:8443/token",
        "http://as.example.com/token",
        "https://rs.example.com/token",
        "/token",
        "",
    ] {
        assert_eq!(
            refused_claims(&with(claims(), "htu", json!(other))),
            wrong,
            "{other}"
        );
    }
    assert_eq!(
        refused_claims(&with(claims(), "htu", json!([URL]))),
        E::Claim(ClaimError::NotAString("htu"))
    );
}

#[test]
fn row_9449_7_01_ath_is_that_of_the_access_token() {
    let request = post().access_token(&TOKEN);
    let check = |proof: &str| DpopVerifier::new().verify(proof, &request, NOW);
    let sent = NewDpopProof::new("POST", &TARGET)
        .access_token(&TOKEN)
        .sign(&KEY, NOW, &SystemRandom)
        .unwrap();
    let proof = check(sent.expose()).unwrap();
    assert!(proof.is_for(&TOKEN) && !proof.is_for(&PresentedToken::new("other")));
    let other = PresentedToken::new("other");
    let other = NewDpopProof::new("POST", &TARGET).access_token(&other);
    let other = other.sign(&KEY, NOW, &SystemRandom).unwrap();
    assert_eq!(check(other.expose()).unwrap_err(), E::WrongAccessTokenHash);
    let none = signed(&header(), &claims());
    assert_eq!(check(&none).unwrap_err(), E::WrongAccessTokenHash);
    for bad in ["", "t0ken", "AAAA"] {
        let bad = signed(&header(), &with(claims(), "ath", json!(bad)));
        assert_eq!(check(&bad).unwrap_err(), E::WrongAccessTokenHash);
    }
    let padded = format!(
        "{}=",
        base64url::encode(avouch_crypto::hash::sha256(b"t0ken"))
    );
    let padded = signed(&header(), &with(claims(), "ath", json!(padded)));
    assert_eq!(check(&padded).unwrap_err(), E::WrongAccessTokenHash);
}

#[test]
fn row_9449_7_01_a_bound_token_goes_with_its_key_and_never_as_bearer() {
    let prove = |key: &SigningKey, token: &PresentedToken| {
        let sent = NewDpopProof::new("POST", &TARGET)
            .access_token(token)
            .sign(key, NOW, &SystemRandom)
            .unwrap();
        let request = post().access_token(token);
        DpopVerifier::new()
            .verify(sent.expose(), &request, NOW)
            .unwrap()
    };
    let thief = new_key(SignatureAlgorithm::Es256);
    let (proof, theirs) = (prove(&KEY, &TOKEN), prove(&thief, &TOKEN));
    let other_token = prove(&KEY, &PresentedToken::new("other"));
    let without_token = check(&signed(&header(), &claims())).unwrap();
    let bound = Confirmation::jkt(Sha256Thumbprint::from_bytes(KEY.public_jwk().thumbprint()));
    let bound = Some(&bound);
    let by_certificate = Confirmation::x5t_s256(Sha256Thumbprint::from_bytes([1; 32]));
    for (scheme, confirmation, proof, expected) in [
        (Scheme::DPoP, bound, Some(&proof), Ok(())),
        (Scheme::DPoP, bound, None, Err(BindingError::NoProof)),
        (
            Scheme::DPoP,
            bound,
            Some(&theirs),
            Err(BindingError::OtherKey),
        ),
        (
            Scheme::DPoP,
            bound,
            Some(&other_token),
            Err(BindingError::OtherToken),
        ),
        (
            Scheme::DPoP,
            bound,
            Some(&without_token),
            Err(BindingError::OtherToken),
        ),
        (
            Scheme::DPoP,
            None,
            Some(&proof),
            Err(BindingError::NotBound),
        ),
        (
            Scheme::DPoP,
            Some(&by_certificate),
            Some(&proof),
            Err(BindingError::NotBound),
        ),
        (Scheme::Bearer, bound, None, Err(BindingError::Downgraded)),
        (
            Scheme::Bearer,
            bound,
            Some(&proof),
            Err(BindingError::Downgraded),
        ),
        (Scheme::Bearer, None, None, Ok(())),
        (Scheme::Bearer, Some(&by_certificate), None, Ok(())),
    ] {
        assert_eq!(check_binding(&TOKEN, scheme, confirmation, proof), expected);
    }
    assert_eq!(BindingError::Downgraded.code(), ErrorCode::InvalidToken);
    assert_eq!(BindingError::NoProof.code(), ErrorCode::InvalidDpopProof);
}

#[test]
fn row_9449_8_01_a_nonce_is_asked_for_and_then_taken() {
    let nonces = NonceKey::new(&[9; 32], NonZeroU64::new(300).unwrap());
    let accepted = nonces.accepted(NOW);
    let request = post().nonces(&accepted);
    let check = |proof: &str| DpopVerifier::new().verify(proof, &request, NOW);
    let sign = |nonce: Option<&str>| {
        let mut proof = NewDpopProof::new("POST", &TARGET);
        if let Some(nonce) = nonce {
            proof = proof.nonce(nonce);
        }
        proof.sign(&KEY, NOW, &SystemRandom).unwrap()
    };
    let first = check(sign(None).expose()).unwrap_err();
    assert_eq!(first, E::NoNonce);
    assert_eq!(first.code(), ErrorCode::UseDpopNonce);
    assert!(check(sign(Some(&nonces.current(NOW))).expose()).is_ok());
    assert!(check(sign(Some(&nonces.current(NOW - 300))).expose()).is_ok());
    for old in [nonces.current(NOW - 600).as_str(), "", "made-up"] {
        let error = check(sign(Some(old)).expose()).unwrap_err();
        assert_eq!(error, E::WrongNonce);
        assert_eq!(error.code(), ErrorCode::UseDpopNonce);
    }
    // Who has more wrong than the nonce is not sent on an errand.
    let stale = signed(&header(), &with(claims(), "iat", json!(NOW - 100)));
    let error = check(&stale).unwrap_err();
    assert_eq!(error, E::TooOld { age: 100 });
    assert_eq!(error.code(), ErrorCode::InvalidDpopProof);
    // Where none is asked for, one does no harm.
    assert!(self::check(sign(Some("whatever")).expose()).is_ok());
}

#[test]
fn what_is_made_is_what_the_rfc_shows() {
    let sent = NewDpopProof::new("POST", &TARGET).sign(&KEY, NOW, &SystemRandom);
    let sent = sent.unwrap();
    let mut parts = sent
        .expose()
        .split('.')
        .map(|part| base64url::decode(part).unwrap());
    let made: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(made["typ"], "dpop+jwt");
    assert_eq!(made["alg"], "ES256");
    for member in ["kty", "crv", "x", "y"] {
        assert_eq!(made["jwk"][member], jwk(&KEY)[member]);
    }
    assert!(made["jwk"].get("d").is_none() && made["jwk"].get("kid").is_none());
    let made: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    let jti = made["jti"].as_str().unwrap();
    assert_eq!(jti.len(), 22);
    assert_eq!(without(made.clone(), "jti"), without(claims(), "jti"));
    let again = NewDpopProof::new("POST", &TARGET).sign(&KEY, NOW, &SystemRandom);
    assert_ne!(check(again.unwrap().expose()).unwrap().jti(), jti);
    assert!(!format!("{sent:?}").contains(sent.expose()));
}

#[test]
fn without_chance_nothing_is_made() {
    struct Broken;
    impl SecureRandom for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }
    let error = NewDpopProof::new("POST", &TARGET).sign(&KEY, NOW, &Broken);
    assert_eq!(error.unwrap_err(), MakeProofError::Random(RandomError));
}
