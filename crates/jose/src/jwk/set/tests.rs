use avouch_crypto::{PublicKeyRejected, random::SystemRandom};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{SigningKey, jwk::KeyUse};

fn key(algorithm: SignatureAlgorithm, kid: &str) -> Jwk {
    let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
    key.with_kid(kid).public_jwk().clone()
}

fn set_of(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

#[test]
fn row_fsp_5_4_3_01_among_twin_kids_type_use_algorithm_and_curve_decide() {
    let p256 = key(SignatureAlgorithm::Es256, "twin");
    let p384 = key(SignatureAlgorithm::Es384, "twin");
    let ed25519 = key(SignatureAlgorithm::Ed25519, "twin");
    let ml_dsa = key(SignatureAlgorithm::MlDsa65, "twin");
    let stronger = key(SignatureAlgorithm::MlDsa87, "twin");
    let mut encryption = key(SignatureAlgorithm::Es256, "twin");
    (encryption.key_use, encryption.alg) = (Some(KeyUse::Encryption), None);
    let mut eddsa = key(SignatureAlgorithm::EdDsa, "twin");
    eddsa.alg = Some(String::from("EdDSA"));
    let keys = vec![
        encryption,
        eddsa.clone(),
        p384.clone(),
        ed25519.clone(),
        stronger,
        ml_dsa.clone(),
        p256.clone(),
    ];
    let set = JwkSet { keys };

    assert_eq!(set.find("twin").count(), 7);
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::Es256),
        Ok(&p256),
        "`use` and `crv`"
    );
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::Es384),
        Ok(&p384),
        "`crv`"
    );
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::Ed25519),
        Ok(&ed25519),
        "`kty` and `alg`"
    );
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::EdDsa),
        Ok(&eddsa),
        "`alg`"
    );
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::MlDsa65),
        Ok(&ml_dsa),
        "`kty` and `alg`"
    );
    assert_eq!(
        set.select(Some("twin"), SignatureAlgorithm::Rs256),
        Err(SelectError::NoneFits)
    );
}

#[test]
fn twins_that_nothing_tells_apart_are_not_tried_in_turn() {
    let set = JwkSet {
        keys: vec![
            key(SignatureAlgorithm::Es256, "a"),
            key(SignatureAlgorithm::Es256, "a"),
        ],
    };
    assert_eq!(
        set.select(Some("a"), SignatureAlgorithm::Es256),
        Err(SelectError::Ambiguous)
    );
    let once = set.keys[0].clone();
    let set = JwkSet {
        keys: vec![once.clone(), once.clone()],
    };
    assert_eq!(set.select(Some("a"), SignatureAlgorithm::Es256), Ok(&once));
}

#[test]
fn a_token_without_kid_gets_the_only_key_that_fits() {
    let (es, ed) = (
        key(SignatureAlgorithm::Es256, "a"),
        key(SignatureAlgorithm::Ed25519, "b"),
    );
    let set = JwkSet {
        keys: vec![es.clone(), ed],
    };
    assert_eq!(set.select(None, SignatureAlgorithm::Es256), Ok(&es));
    assert_eq!(
        set.select(None, SignatureAlgorithm::Es512),
        Err(SelectError::NoneFits)
    );
    assert_eq!(
        set.select(Some("c"), SignatureAlgorithm::Es256),
        Err(SelectError::UnknownKid)
    );
    assert_eq!(
        JwkSet::default().select(None, SignatureAlgorithm::Es256),
        Err(SelectError::UnknownKid)
    );
}

#[test]
fn a_key_without_kid_goes_by_its_thumbprint_and_one_with_kid_by_that_alone() {
    let (mut nameless, named) = (
        key(SignatureAlgorithm::Es256, "a"),
        key(SignatureAlgorithm::Es256, "b"),
    );
    nameless.kid = None;
    let (thumbprint, of_named) = (
        nameless.thumbprint_base64url(),
        named.thumbprint_base64url(),
    );
    let set = JwkSet {
        keys: vec![nameless.clone(), named.clone()],
    };
    let select = |kid: &str| set.select(Some(kid), SignatureAlgorithm::Es256);
    assert_eq!(select(&thumbprint), Ok(&nameless));
    assert_eq!(select("b"), Ok(&named));
    for unknown in [of_named.as_str(), "a", "", &thumbprint.to_lowercase()] {
        assert_eq!(select(unknown), Err(SelectError::UnknownKid), "{unknown}");
    }
    assert_eq!(
        set.select(Some(&thumbprint), SignatureAlgorithm::Es384),
        Err(SelectError::NoneFits)
    );
    // The same key again under that very name is one key.
    let mut again = nameless.clone();
    again.kid = Some(thumbprint.clone());
    let set = JwkSet {
        keys: vec![nameless.clone(), again],
    };
    let selected = set.select(Some(&thumbprint), SignatureAlgorithm::Es256);
    assert_eq!(selected, Ok(&nameless));
}

#[test]
fn a_published_set_passes_over_what_it_cannot_use_and_a_registered_one_says_what_is_wrong() {
    let good = key(SignatureAlgorithm::Es256, "good");
    let usable = serde_json::to_value(&good).unwrap();
    let mut leaked = usable.clone();
    leaked["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    for (other, error) in [
        (
            json!({"kty":"LMS","alg":"HSS-LMS","pub":"AA"}),
            JwkError::UnsupportedKeyType,
        ),
        (
            json!({"kty":"AKP","alg":"SLH-DSA-SHA2-128s","pub":"AA"}),
            JwkError::UnsupportedAkpAlgorithm,
        ),
        (
            json!({"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}),
            JwkError::Unsound(PublicKeyRejected::EncodedLength {
                expected: 1312,
                found: 1,
            }),
        ),
        (json!({"kty":"oct","k":"AyM1"}), JwkError::Symmetric),
        (leaked, JwkError::PrivateMember("d")),
        (
            json!(1),
            JwkError::Json(strict_json::JsonError::NotAnObject),
        ),
    ] {
        let set = set_of(&[other, usable.clone()]);
        assert_eq!(
            JwkSet::parse_published(&set).unwrap().keys,
            std::slice::from_ref(&good),
            "{error}"
        );
        assert_eq!(JwkSet::parse_registered(&set), Err(error));
    }
    assert_eq!(
        JwkSet::parse_registered(&set_of(&[usable])).unwrap().keys,
        [good]
    );
}

#[test]
fn a_set_is_an_object_with_a_bounded_array_of_keys() {
    for json in ["{}", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
        assert_eq!(
            JwkSet::parse_published(json.as_bytes()),
            Err(JwkError::NotASet),
            "{json}"
        );
    }
    let many = vec![json!({"kty":"oct"}); MAX_KEYS + 1];
    assert_eq!(
        JwkSet::parse_published(&set_of(&many)),
        Err(JwkError::NotASet)
    );
    assert_eq!(
        JwkSet::parse_published(&set_of(&many[1..])).unwrap(),
        JwkSet::default()
    );
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(MAX_SET_LEN));
    assert_eq!(
        JwkSet::parse_published(long.as_bytes()),
        Err(JwkError::NotASet)
    );
}

#[test]
fn row_7517_9_01_a_published_set_shows_nothing_private_and_every_key_is_named_once() {
    let signing: Vec<SigningKey> = SignatureAlgorithm::ALL
        .into_iter()
        .map(|alg| SigningKey::generate(alg, &SystemRandom).unwrap())
        .collect();
    let set = JwkSet::for_publication(signing.iter().map(|key| key.public_jwk().clone()).collect())
        .unwrap();
    let json: Value = serde_json::from_str(&set.to_json()).unwrap();
    let keys = json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), SignatureAlgorithm::ALL.len());
    let mut kids: Vec<&str> = Vec::new();
    for (key, algorithm) in keys.iter().zip(SignatureAlgorithm::ALL) {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            assert!(key.get(member).is_none(), "{algorithm} shows {member}");
        }
        assert_eq!(key["alg"], algorithm.name());
        assert_eq!(key["use"], "sig");
        kids.push(key["kid"].as_str().unwrap());
    }
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), keys.len());
}

#[test]
fn row_7517_9_01_keys_that_would_break_this_are_not_published() {
    let (a, b) = (
        key(SignatureAlgorithm::Es256, "a"),
        key(SignatureAlgorithm::Es256, "b"),
    );
    let publish =
        |keys: &[&Jwk]| JwkSet::for_publication(keys.iter().map(|key| (*key).clone()).collect());
    assert!(publish(&[&a, &b]).is_ok());
    assert_eq!(
        publish(&[&a, &b.clone().with_kid("a")]),
        Err(PublicationError::TwinKid)
    );
    assert_eq!(
        publish(&[&a, &a.clone().with_kid("c")]),
        Err(PublicationError::SameKey)
    );
    for strip in [
        |key: &mut Jwk| key.kid = None,
        |key: &mut Jwk| key.alg = None,
        |key: &mut Jwk| key.key_use = None,
    ] {
        let mut unnamed = b.clone();
        strip(&mut unnamed);
        assert_eq!(publish(&[&a, &unnamed]), Err(PublicationError::Unnamed));
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(json: Vec<u8>) {
        let _ = JwkSet::parse_published(&json);
    }
}
