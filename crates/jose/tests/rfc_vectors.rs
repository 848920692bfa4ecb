//! Known answers of the RFCs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_crypto::{PrivateKeyRejected, PublicKeyRejected, random::SystemRandom};
use avouch_jose::{
    Jwk, JwkError, JwkSet, KeyError, ParseError, ProtectedHeader, SignatureAlgorithm, SigningKey,
    VerificationKey, base64url,
    jws::{CriticalError, UnverifiedJws},
};
use common::{case, extra_vectors, public_half, vectors, verify};
use serde_json::Value;

const ML_DSA: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::MlDsa44,
    SignatureAlgorithm::MlDsa65,
    SignatureAlgorithm::MlDsa87,
];

/// Verifies the token of a case, and signs it again where signing has one outcome.
fn check_signature(case: &Value) {
    let id = &case["id"];
    let algorithm: SignatureAlgorithm = case["alg"].as_str().unwrap().parse().unwrap();
    let compact = case["compact"].as_str().unwrap();
    let key = VerificationKey::from_jwk(&public_half(&case["key"]), algorithm).unwrap();
    let verified = verify(compact, &key).unwrap();
    assert_eq!(
        verified.payload(),
        case["payload_text"].as_str().unwrap().as_bytes(),
        "{id}"
    );

    let private =
        SigningKey::from_private_jwk_for(algorithm, case["key"].to_string().as_bytes()).unwrap();
    let (input, signature) = compact.rsplit_once('.').unwrap();
    let again = private.sign(input.as_bytes()).unwrap();
    if case["deterministic"] == true {
        assert_eq!(base64url::encode(again), signature, "{id}");
    } else {
        assert!(
            verify(&format!("{input}.{}", base64url::encode(again)), &key).is_ok(),
            "{id}"
        );
    }
}

#[test]
fn rfc_7515_a_2_to_a_4_verify_and_sign() {
    let vectors = vectors("rfc7515-appendix-a.json");
    for id in ["A.2", "A.3", "A.4"] {
        check_signature(case(&vectors, id));
    }
}

#[test]
fn rfc_7515_a_1_is_keyed_with_a_shared_secret_and_refused() {
    let vectors = vectors("rfc7515-appendix-a.json");
    let case = case(&vectors, "A.1");
    assert_eq!(
        Jwk::parse_public(case["key"].to_string().as_bytes()),
        Err(JwkError::Symmetric)
    );
    let error = UnverifiedJws::parse(case["compact"].as_str().unwrap()).unwrap_err();
    assert_eq!(error, ParseError::UnsupportedAlgorithm);
}

#[test]
fn row_7515_a_5_01_the_unsecured_jws_of_the_rfc_is_refused() {
    let vectors = vectors("rfc7515-appendix-a.json");
    let error =
        UnverifiedJws::parse(case(&vectors, "A.5")["compact"].as_str().unwrap()).unwrap_err();
    assert_eq!(error, ParseError::UnsupportedAlgorithm);
}

#[test]
fn row_8725bis_3_14_01_the_json_serializations_of_the_rfc_are_refused() {
    let vectors = vectors("rfc7515-appendix-a.json");
    for id in ["A.6", "A.7"] {
        let json = case(&vectors, id)["json"].to_string();
        assert!(matches!(
            UnverifiedJws::parse(&json).unwrap_err(),
            ParseError::NotCompact | ParseError::Base64url { .. }
        ));
    }
}

#[test]
fn row_7515_4_1_11_01_appendix_e_is_refused_for_its_critical_header() {
    let vectors = vectors("rfc7515-appendix-a.json");
    let error =
        UnverifiedJws::parse(case(&vectors, "App. E")["compact"].as_str().unwrap()).unwrap_err();
    assert_eq!(error, ParseError::Critical(CriticalError::NotUnderstood));
}

#[test]
fn rfc_7517_public_keys_are_read_and_private_and_symmetric_ones_refused() {
    let vectors = vectors("rfc7517-keys.json");
    let set = |id: &str| {
        let json = serde_json::json!({ "keys": case(&vectors, id)["keys"] }).to_string();
        JwkSet::parse_registered(json.as_bytes())
    };
    let thumbprints: Vec<String> = set("7517 A.1")
        .unwrap()
        .keys
        .iter()
        .map(Jwk::thumbprint_base64url)
        .collect();
    assert_eq!(
        serde_json::json!(thumbprints),
        case(&vectors, "7517 A.1")["thumbprints_sha256"]
    );
    assert_eq!(set("7517 A.2"), Err(JwkError::PrivateMember("d")));
    assert_eq!(set("7517 A.3"), Err(JwkError::Symmetric));
    let x5c =
        Jwk::parse_public(case(&vectors, "7517 App. B")["key"].to_string().as_bytes()).unwrap();
    assert_eq!(x5c.kid(), Some("1b94c"));
    assert_eq!(x5c.certificates().len(), 1);
    assert_eq!(Jwk::parse_public(x5c.to_json().as_bytes()), Ok(x5c));

    let rsa = case(&vectors, "7517 A.2")["keys"][1].to_string();
    assert_eq!(
        SigningKey::from_private_jwk(rsa.as_bytes()).unwrap().kid(),
        "2011-04-29"
    );
}

#[test]
fn row_7638_3_01_thumbprints_of_keys_of_every_type() {
    let rfc7638 = vectors("rfc7638-thumbprint.json");
    let rsa = case(&rfc7638, "7638-3.1");
    assert_eq!(
        public_half(&rsa["key"]).thumbprint_base64url(),
        rsa["thumbprint"].as_str().unwrap()
    );

    let rfc7517 = vectors("rfc7517-keys.json");
    let sets = case(&rfc7517, "7517 A.1");
    let ec = public_half(&sets["keys"][0]);
    assert_eq!(
        ec.thumbprint_base64url(),
        sets["thumbprints_sha256"][0].as_str().unwrap()
    );

    let rfc8037 = vectors("rfc8037-appendix-a.json");
    let okp = public_half(&case(&rfc8037, "8037-A.1/A.2")["public"]);
    assert_eq!(
        okp.thumbprint_base64url(),
        case(&rfc8037, "8037-A.3")["thumbprint"].as_str().unwrap()
    );

    let rfc9964 = vectors("rfc9964-ml-dsa.json");
    for akp in rfc9964["cases"].as_array().unwrap() {
        assert_eq!(
            public_half(&akp["key"]).thumbprint_base64url(),
            akp["thumbprint"].as_str().unwrap()
        );
    }
}

#[test]
fn rfc_8037_a_4_and_its_rfc_9864_twin_verify_and_sign() {
    let vectors = vectors("rfc8037-appendix-a.json");
    check_signature(case(&vectors, "8037-A.4/A.5"));
    check_signature(case(&vectors, "derived-Ed25519"));
}

/// Signatures of the RFC verify, so the context is empty there as it is here; ours differ each time.
#[test]
fn row_9964_3_01_the_keys_and_signatures_of_the_rfc_are_read_and_made() {
    let vectors = vectors("rfc9964-ml-dsa.json");
    for algorithm in ML_DSA {
        let case = case(&vectors, algorithm.name());
        check_signature(case);
        let key = SigningKey::from_private_jwk(case["key"].to_string().as_bytes()).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.kid(), case["thumbprint"].as_str().unwrap());
        let signature = key.sign(b"x").unwrap();
        assert_eq!(signature.len() as u64, case["signature_octets"]);
        // The seed is what is stored, and makes the whole key again.
        let stored = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(
            stored.public_jwk().material(),
            public_half(&case["key"]).material()
        );
    }
}

#[test]
fn row_9964_3_01_private_keys_that_are_not_the_seed_of_their_public_half_are_refused() {
    let vectors = vectors("rfc9964-ml-dsa.json");
    for algorithm in ML_DSA {
        let whole = &case(&vectors, algorithm.name())["key"];
        let import = |member: &str, value: Value| {
            let mut jwk = whole.clone();
            jwk[member] = value;
            SigningKey::from_private_jwk(jwk.to_string().as_bytes()).unwrap_err()
        };
        let malformed = KeyError::Private(PrivateKeyRejected::Malformed);
        for seed in [&[1; 32][..], &[0; 31], &[0; 33], &[0; 2560], &[]] {
            let seed = serde_json::json!(base64url::encode(seed));
            assert_eq!(import("priv", seed), malformed, "{algorithm}");
        }
        let other = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let other = serde_json::to_value(other.public_jwk()).unwrap();
        assert_eq!(import("pub", other["pub"].clone()), malformed);

        for other in ML_DSA.into_iter().filter(|other| *other != algorithm) {
            let error = import("alg", serde_json::json!(other.name()));
            assert!(
                matches!(
                    error,
                    KeyError::Jwk(JwkError::Unsound(PublicKeyRejected::EncodedLength { .. }))
                ),
                "{algorithm} as {other}: {error}"
            );
            let error = SigningKey::from_private_jwk_for(other, whole.to_string().as_bytes());
            assert_eq!(error.unwrap_err(), KeyError::OtherAlgorithm);
            let error = VerificationKey::from_jwk(&public_half(whole), other).unwrap_err();
            assert_eq!(error, KeyError::OtherAlgorithm);
        }

        let mut jwk = whole.clone();
        let members = jwk.as_object_mut().unwrap();
        members.remove("priv");
        members.insert("d".into(), whole["priv"].clone());
        let error = SigningKey::from_private_jwk(jwk.to_string().as_bytes()).unwrap_err();
        assert_eq!(error, KeyError::Jwk(JwkError::Missing("priv")));
    }
}

#[test]
fn row_9964_3_01_alg_is_part_of_the_key_whatever_is_asked_for() {
    let vectors = vectors("rfc9964-ml-dsa.json");
    for algorithm in ML_DSA {
        let mut jwk = case(&vectors, algorithm.name())["key"].clone();
        jwk.as_object_mut().unwrap().remove("alg");
        let missing = KeyError::Jwk(JwkError::Missing("alg"));
        let json = jwk.to_string();
        let error = SigningKey::from_private_jwk(json.as_bytes()).unwrap_err();
        assert_eq!(error, missing);
        let error = SigningKey::from_private_jwk_for(algorithm, json.as_bytes()).unwrap_err();
        assert_eq!(error, missing);
    }
}

#[test]
fn rfc_8037_a_6_is_a_key_for_encryption_and_verifies_nothing() {
    let vectors = vectors("rfc8037-appendix-a.json");
    let bob = public_half(&case(&vectors, "8037-A.6")["bob_public"]);
    assert_eq!(bob.kid(), Some("Bob"));
    for algorithm in SignatureAlgorithm::ALL {
        assert!(!bob.fits(algorithm), "{algorithm}");
        assert!(
            VerificationKey::from_jwk(&bob, algorithm).is_err(),
            "{algorithm}"
        );
    }
}

#[test]
fn row_9864_2_2_01_a_token_under_one_name_is_not_verified_under_the_other() {
    let vectors = vectors("rfc8037-appendix-a.json");
    for (id, other) in [
        ("8037-A.4/A.5", SignatureAlgorithm::Ed25519),
        ("derived-Ed25519", SignatureAlgorithm::EdDsa),
    ] {
        let case = case(&vectors, id);
        let key = VerificationKey::from_jwk(&public_half(&case["key"]), other).unwrap();
        assert!(
            verify(case["compact"].as_str().unwrap(), &key).is_err(),
            "{id}"
        );
    }
}

/// RS256 has one outcome and our headers one order of members, so the whole token comes out as it was made.
#[test]
fn a_derived_rfc_9701_answer_is_made_again_octet_for_octet() {
    let vectors = vectors("derived-rfc9701.json");
    let compact = case(&vectors, "ok-rs256-active")["compact"]
        .as_str()
        .unwrap();
    let key = SigningKey::from_private_jwk(vectors["as_keys"][0].to_string().as_bytes()).unwrap();
    let payload = base64url::decode(compact.split('.').nth(1).unwrap()).unwrap();
    let header = ProtectedHeader::new(key.algorithm())
        .typ("token-introspection+jwt")
        .kid(key.kid())
        .encode();
    assert_eq!(
        avouch_jose::jws::sign(&key, &header, &payload).unwrap(),
        compact
    );
}

#[test]
fn rfc_7520_signatures_verify_and_sign() {
    let Some(vectors) = extra_vectors("rfc7520-cookbook.json") else {
        return;
    };
    for id in ["7520-4.1", "7520-4.2", "7520-4.3"] {
        let data = &case(&vectors, id)["data"];
        let (input, output) = (&data["input"], &data["output"]);
        check_signature(&serde_json::json!({
            "id": id,
            "alg": input["alg"],
            "key": input["key"],
            "compact": output["compact"],
            "payload_text": input["payload"],
            "deterministic": data["reproducible"] == true,
        }));
        for serialization in ["json", "json_flat"] {
            assert!(
                UnverifiedJws::parse(&output[serialization].to_string()).is_err(),
                "{id} {serialization}"
            );
        }
    }
    let hmac = &case(&vectors, "7520-4.4")["data"]["output"]["compact"];
    assert_eq!(
        UnverifiedJws::parse(hmac.as_str().unwrap()).unwrap_err(),
        ParseError::UnsupportedAlgorithm
    );
}
