//! The check of client assertions, with one forgery per check.
#![expect(
    clippy::unwrap_used,
    reason = "set-up shared by the tests: what fails here fails the test"
)]

mod claims;
mod envelope;
mod keys;
mod properties;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, MacAlgorithm, MacKey, SignatureAlgorithm, SigningKey, base64url, jws};
use avouch_oauth::Issuer;
use avouch_oauth::client_assertion::ClientAssertionError as E;
use avouch_oauth::client_assertion::{
    ClientAssertion, ClientAssertionVerifier, ClientKeys, VerifiedClientAssertion,
};
use serde_json::{Value, json};
use std::sync::LazyLock;

pub(crate) const ISSUER: &str = "https://as.example.com/";
pub(crate) const TOKEN_URL: &str = "https://as.example.com/token";
pub(crate) const CLIENT: &str = "shop";
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ES256: &[SignatureAlgorithm] = &[SignatureAlgorithm::Es256];
pub(crate) const SECRET: [u8; 64] = [b's'; 64];

pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(new_key);
pub(crate) static KEYS: LazyLock<JwkSet> = LazyLock::new(|| set(&KEY));

pub(crate) fn new_key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap()
}

pub(crate) fn set(key: &SigningKey) -> JwkSet {
    JwkSet {
        keys: vec![key.public_jwk().clone()],
    }
}

pub(crate) fn secret(algorithm: MacAlgorithm) -> MacKey {
    MacKey::from_shared_secret(algorithm, &SECRET).unwrap()
}

pub(crate) fn issuer() -> Issuer {
    Issuer::parse(ISSUER).unwrap()
}

pub(crate) fn verifier() -> ClientAssertionVerifier {
    ClientAssertionVerifier::new(issuer())
}

pub(crate) fn public() -> ClientKeys<'static> {
    ClientKeys::Public {
        keys: &KEYS,
        algorithms: ES256,
    }
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "j-1",
    })
}

pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub(crate) fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

/// Under any header at all, signed with any key.
pub(crate) fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    jws::append_signature(input, &signature)
}

pub(crate) fn header(typ: Option<&str>) -> String {
    let mut header = json!({"alg": "ES256", "kid": KEY.kid()});
    if let Some(typ) = typ {
        header["typ"] = json!(typ);
    }
    header.to_string()
}

pub(crate) fn signed(claims: &Value) -> String {
    forge(&KEY, &header(None), &claims.to_string())
}

pub(crate) fn check_with(
    verifier: &ClientAssertionVerifier,
    jwt: &str,
    keys: ClientKeys<'_>,
    now: u64,
) -> Result<VerifiedClientAssertion, E> {
    verifier.verify(&ClientAssertion::parse(jwt)?, CLIENT, keys, now)
}

pub(crate) fn check(jwt: &str) -> Result<VerifiedClientAssertion, E> {
    check_with(&verifier(), jwt, public(), NOW)
}

#[track_caller]
pub(crate) fn refused(claims: &Value) -> E {
    check(&signed(claims)).unwrap_err()
}
