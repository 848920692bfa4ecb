//! Project Wycheproof: each case is accepted or refused as it is marked, apart from what our policy forbids.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::PublicKeyRejected;
use avouch_jose::{JwkError, JwkSet, SelectError, VerificationKey, jws::UnverifiedJws};
use common::extra_vectors;
use serde_json::{Value, json};

/// What a reader does who holds these keys.
fn accepts(keys: &Value, token: &str) -> bool {
    let read = || -> Result<(), Box<dyn std::error::Error>> {
        let set = JwkSet::parse_published(keys.to_string().as_bytes())?;
        let unverified = UnverifiedJws::parse(token)?;
        let header = unverified.header();
        let algorithm = header.algorithm();
        let jwk = set
            .select(header.kid(), algorithm)
            .or_else(|error| match error {
                // Some cases carry no `kid`; the key is then the one at hand.
                SelectError::UnknownKid => set.select(None, algorithm),
                other => Err(other),
            })?;
        unverified.verify(&VerificationKey::from_jwk(jwk, algorithm)?)?;
        Ok(())
    };
    read().is_ok()
}

/// Runs a file; returns the numbers of the valid cases that were refused.
fn refused_though_valid(file: &str) -> Option<Vec<u64>> {
    let vectors = extra_vectors(file)?;
    let mut refused = Vec::new();
    let mut count = 0;
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        let keys = if key.get("keys").is_some() {
            key.clone()
        } else {
            json!({ "keys": [key] })
        };
        for case in group["tests"].as_array().unwrap() {
            count += 1;
            let id = case["tcId"].as_u64().unwrap();
            let token = case["jws"]
                .as_str()
                .map_or_else(|| case["jws"].to_string(), str::to_owned);
            match (case["result"].as_str().unwrap(), accepts(&keys, &token)) {
                ("valid", false) => refused.push(id),
                ("valid", true) | ("invalid", false) => {}
                (marked, accepted) => panic!("{file} {id}: marked {marked}, accepted: {accepted}"),
            }
        }
    }
    assert_eq!(count, vectors["numberOfTests"].as_u64().unwrap());
    Some(refused)
}

/// Keyed with a shared secret: no such algorithm is spoken here. (372 and 373 hold stray characters besides.)
const SHARED_SECRET: &[u64] = &[1, 348, 352, 357, 358, 359, 372, 373, 376, 377];
/// The key says `"alg":"ES521"`. There is no such algorithm; P-521 goes with ES512.
const MISNAMED_ALGORITHM: &[u64] = &[347, 351];
/// The key says `"alg":"PS256"` and the token is signed with PS384: one key, one algorithm (RFC 8725 section 3.1).
const OTHER_ALGORITHM: &[u64] = &[346, 350];

#[test]
fn json_web_signature_cases() {
    let Some(refused) = refused_though_valid("wycheproof/json_web_signature_test.json") else {
        return;
    };
    let mut policy = [SHARED_SECRET, MISNAMED_ALGORITHM, OTHER_ALGORITHM].concat();
    policy.sort_unstable();
    assert_eq!(refused, policy);
}

#[test]
fn json_web_key_cases() {
    let Some(refused) = refused_though_valid("wycheproof/json_web_key_test.json") else {
        return;
    };
    // Keyed with a shared secret, all of them; the one valid RSA case is accepted.
    assert_eq!(refused, [2, 13, 14, 15]);
}

/// That the refusals above are for the right reason, where the reason is the key.
#[test]
fn unsound_keys_are_named_as_such() {
    let Some(vectors) = extra_vectors("wycheproof/json_web_key_test.json") else {
        return;
    };
    let registered = |comment: &str| {
        let mut groups = vectors["testGroups"].as_array().unwrap().iter();
        let group = groups.find(|group| group["comment"] == comment).unwrap();
        JwkSet::parse_registered(group["public"].to_string().as_bytes()).unwrap_err()
    };
    assert_eq!(
        registered("jws_rsa_roca_key"),
        JwkError::Unsound(PublicKeyRejected::RsaBrokenGenerator)
    );
    assert_eq!(
        registered("keysize_too_small"),
        JwkError::Unsound(PublicKeyRejected::RsaTooShort(1024))
    );
    assert_eq!(
        registered("exponentOne"),
        JwkError::Unsound(PublicKeyRejected::RsaExponent)
    );
    assert_eq!(
        registered("invalid_point"),
        JwkError::Unsound(PublicKeyRejected::NotOnCurve)
    );
    assert!(matches!(
        registered("wrong_curve"),
        JwkError::Unsound(PublicKeyRejected::CoordinateLength { .. })
    ));
    assert_eq!(registered("wrong_kty"), JwkError::Missing("n"));
}
