//! The check of `DPoP` proofs: the examples of RFC 9449, and one forgery per check.
#![expect(
    clippy::unwrap_used,
    reason = "set-up shared by the tests: what fails here fails the test"
)]

mod proofs;
mod properties;
mod requests;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey, base64url, jws};
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::DpopError as E;
use avouch_oauth::dpop::{DpopRequest, DpopVerifier, TargetUri, VerifiedDpopProof};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::LazyLock;

pub(crate) const URL: &str = "https://as.example.com/token";
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| new_key(SignatureAlgorithm::Es256));
pub(crate) static TARGET: LazyLock<TargetUri> = LazyLock::new(|| target(URL));
pub(crate) static TOKEN: LazyLock<PresentedToken> = LazyLock::new(|| PresentedToken::new("t0ken"));

pub(crate) fn new_key(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandom).unwrap()
}

pub(crate) fn target(url: &str) -> TargetUri {
    TargetUri::parse(url).unwrap()
}

pub(crate) fn post() -> DpopRequest<'static> {
    DpopRequest::new("POST", &TARGET)
}

pub(crate) fn jwk(key: &SigningKey) -> Value {
    serde_json::from_str(&key.public_jwk().to_json()).unwrap()
}

pub(crate) fn header() -> Value {
    json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(&KEY)})
}

pub(crate) fn claims() -> Value {
    json!({"jti": "j-1", "htm": "POST", "htu": URL, "iat": NOW})
}

pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
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

pub(crate) fn signed(header: &Value, claims: &Value) -> String {
    forge(&KEY, &header.to_string(), &claims.to_string())
}

pub(crate) fn check(proof: &str) -> Result<VerifiedDpopProof, E> {
    DpopVerifier::new().verify(proof, &post(), NOW)
}

#[track_caller]
pub(crate) fn refused_claims(claims: &Value) -> E {
    check(&signed(&header(), claims)).unwrap_err()
}

#[track_caller]
pub(crate) fn refused_header(header: &Value) -> E {
    check(&signed(header, &claims())).unwrap_err()
}

pub(crate) fn vectors() -> Vec<Value> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/rfc9449-dpop.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}
