//! What the tests share: known answers, and tokens that no honest issuer would make.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::{fs, path::PathBuf, sync::LazyLock};

use avouch_crypto::random::SystemRandom;
use avouch_jose::{
    ContentEncryption, DecryptionKey, EncryptionKey, Jwk, KeyManagementAlgorithm, SigningKey,
    VerificationKey, base64url,
    jwe::{self, AgreementCurve, DecryptError, Encrypter, UndecryptedJwe},
    jws,
    jws::VerifiedJws,
};
use serde_json::Value;

/// A file of `/tests/vectors`.
pub(crate) fn vectors(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(file);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A file of the folder that `AVOUCH_EXTRA_VECTORS` names; `None`, with a note, where it is unset.
pub(crate) fn extra_vectors(file: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("AVOUCH_EXTRA_VECTORS") else {
        println!("skipped: AVOUCH_EXTRA_VECTORS is not set");
        return None;
    };
    Some(serde_json::from_slice(&fs::read(PathBuf::from(folder).join(file)).unwrap()).unwrap())
}

/// The case with this id.
pub(crate) fn case<'a>(vectors: &'a Value, id: &str) -> &'a Value {
    let mut cases = vectors["cases"].as_array().unwrap().iter();
    cases
        .find(|case| case["id"] == id)
        .unwrap_or_else(|| panic!("no case {id}"))
}

/// A token with any header at all, rightly signed.
pub(crate) fn forge(key: &SigningKey, header: impl AsRef<[u8]>, payload: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    jws::append_signature(input, &signature)
}

/// The key pair's other half.
pub(crate) fn verifier(key: &SigningKey) -> VerificationKey {
    VerificationKey::try_from(key.public_jwk()).unwrap()
}

/// Parse and verify in one go; the error in words.
pub(crate) fn verify(token: &str, key: &VerificationKey) -> Result<VerifiedJws, String> {
    let unverified = jws::UnverifiedJws::parse(token).map_err(|error| error.to_string())?;
    unverified.verify(key).map_err(|error| error.to_string())
}

/// The public half of a JWK that may be a private one.
pub(crate) fn public_half(jwk: &Value) -> Jwk {
    let mut members = jwk.as_object().unwrap().clone();
    for name in ["d", "p", "q", "dp", "dq", "qi", "priv"] {
        members.remove(name);
    }
    Jwk::from_object(members).unwrap()
}

pub(crate) const RNG: SystemRandom = SystemRandom;

static DECRYPTION_KEYS: LazyLock<Vec<DecryptionKey>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    for algorithm in KeyManagementAlgorithm::ALL {
        if algorithm.is_rsa() {
            keys.push(DecryptionKey::generate(algorithm, &RNG).unwrap());
        } else {
            keys.extend(
                AgreementCurve::ALL
                    .map(|curve| DecryptionKey::generate_on(algorithm, curve, &RNG).unwrap()),
            );
        }
    }
    keys
});

/// One key of each algorithm, on each curve where it has one.
pub(crate) fn decryption_keys() -> &'static [DecryptionKey] {
    &DECRYPTION_KEYS
}

/// The first key of an algorithm: on P-256 where it lies on a curve.
pub(crate) fn decryption_key(algorithm: KeyManagementAlgorithm) -> &'static DecryptionKey {
    let mut keys = DECRYPTION_KEYS.iter();
    keys.find(|key| key.algorithm() == algorithm).unwrap()
}

/// Encrypts to the key pair's other half.
pub(crate) fn encrypter(key: &DecryptionKey, header: &jwe::ProtectedHeader) -> Encrypter {
    Encrypter::new(EncryptionKey::try_from(key.public_jwk()).unwrap(), header)
}

/// A token for the key pair's other half.
pub(crate) fn encrypt(
    key: &DecryptionKey,
    encryption: ContentEncryption,
    content: &[u8],
) -> String {
    encrypter(key, &jwe::ProtectedHeader::new(encryption))
        .encrypt(content, &RNG)
        .unwrap()
}

/// Parse and decrypt in one go, for tokens that parse.
pub(crate) fn decrypt(token: &str, key: &DecryptionKey) -> Result<Vec<u8>, DecryptError> {
    let undecrypted = UndecryptedJwe::parse(token).unwrap();
    let decrypted = undecrypted.decrypt(key, &ContentEncryption::ALL)?;
    Ok(decrypted.content().to_vec())
}

/// A token with one of its five parts replaced.
pub(crate) fn with_part(token: &str, at: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[at] = part;
    parts.join(".")
}

/// A token with its header changed.
pub(crate) fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let header = base64url::decode(token.split('.').next().unwrap()).unwrap();
    let mut header = serde_json::from_slice(&header).unwrap();
    change(&mut header);
    with_part(token, 0, &base64url::encode(header.to_string()))
}
