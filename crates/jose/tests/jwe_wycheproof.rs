//! Project Wycheproof on encryption: each case is accepted or refused as it is marked, apart from what our policy
//! forbids.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{ContentEncryption, DecryptionKey, jwe::UndecryptedJwe};
use common::extra_vectors;
use serde_json::Value;

/// What a reader reads who holds this key; `None` if it refuses.
fn read(key: &Value, token: &str) -> Option<Vec<u8>> {
    let key = DecryptionKey::from_private_jwk(key.to_string().as_bytes()).ok()?;
    let undecrypted = UndecryptedJwe::parse(token).ok()?;
    let decrypted = undecrypted.decrypt(&key, &ContentEncryption::ALL).ok()?;
    Some(decrypted.content().to_vec())
}

fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .fold(String::new(), |hex, octet| hex + &format!("{octet:02x}"))
}

/// Runs the encrypted cases of a file; returns their number and those of the valid ones that were refused.
fn refused_though_valid(file: &str) -> Option<(usize, Vec<u64>)> {
    let vectors = extra_vectors(file)?;
    let (mut count, mut refused) = (0, Vec::new());
    for group in vectors["testGroups"].as_array().unwrap() {
        let tests = group["tests"].as_array().unwrap();
        for case in tests.iter().filter(|case| case.get("jwe").is_some()) {
            count += 1;
            let id = case["tcId"].as_u64().unwrap();
            let token = case["jwe"]
                .as_str()
                .map_or_else(|| case["jwe"].to_string(), str::to_owned);
            match (
                case["result"].as_str().unwrap(),
                read(&group["private"], &token),
            ) {
                ("valid", None) => refused.push(id),
                ("valid", Some(content)) => {
                    if let Some(expected) = case["pt"].as_str() {
                        assert_eq!(hex(&content), expected, "{file} {id}");
                    }
                }
                ("invalid", None) => {}
                (marked, read) => panic!("{file} {id}: marked {marked}, read: {read:?}"),
            }
        }
    }
    Some((count, refused))
}

/// Keyed with a shared secret: no such algorithm is spoken here. (135 is compressed besides.)
const SHARED_SECRET: &[u64] = &[
    1, 23, 28, 29, 30, 31, 32, 69, 70, 71, 72, 73, 74, 75, 132, 133, 134, 135,
];
/// `ECDH-ES+A192KW`: the cryptographic library wraps with 128 and 256 bits alone.
const A192KW: &[u64] = &[60, 61];
/// `RSA1_5`.
const RSA1_5: &[u64] = &[100, 101, 102, 103, 104, 105, 112, 128];

#[test]
fn json_web_encryption_cases() {
    let file = "wycheproof/json_web_encryption_test.json";
    let Some((count, refused)) = refused_though_valid(file) else {
        return;
    };
    assert_eq!(count, 139);
    let mut policy = [SHARED_SECRET, A192KW, RSA1_5].concat();
    policy.sort_unstable();
    assert_eq!(refused, policy);
}

#[test]
fn json_web_crypto_cases() {
    let file = "wycheproof/json_web_crypto_test.json";
    let Some((count, refused)) = refused_though_valid(file) else {
        return;
    };
    assert_eq!(count, 34);
    // Keyed with a shared secret.
    assert_eq!(refused, [50]);
}
