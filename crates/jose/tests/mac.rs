//! JWS with a shared secret: known answers, another library, and what must not pass.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{
    MacAlgorithm, MacKey, SignatureAlgorithm, SigningKey, base64url,
    jws::{self, ParseError, UnverifiedJws},
    mac::{self, UnverifiedMac, VerifiedMac, VerifyMacError},
};
use common::{RNG, case, forge, vectors};
use proptest::prelude::*;

const SECRET: [u8; 64] = [7; 64];
const MAX: usize = 4096;

fn key(algorithm: MacAlgorithm) -> MacKey {
    MacKey::from_shared_secret(algorithm, &SECRET).unwrap()
}

fn verify(token: &str, key: &MacKey) -> Result<VerifiedMac, String> {
    let unverified = UnverifiedMac::parse_bounded(token, MAX).map_err(|error| error.to_string())?;
    unverified.verify(key).map_err(|error| error.to_string())
}

fn parse_error(token: &str) -> ParseError {
    UnverifiedMac::parse_bounded(token, MAX).unwrap_err()
}

/// A token with any header, authenticated with the secret all the same.
fn mac_forge(header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signer = josekit::jws::HS256.signer_from_bytes(SECRET).unwrap();
    let tag = josekit::jws::JwsSigner::sign(&signer, input.as_bytes()).unwrap();
    jws::append_signature(input, &tag)
}

#[test]
fn rfc_7515_a_1_verifies() {
    let vectors = vectors("rfc7515-appendix-a.json");
    let case = case(&vectors, "A.1");
    let secret = base64url::decode(case["key"]["k"].as_str().unwrap()).unwrap();
    let key = MacKey::from_shared_secret(MacAlgorithm::Hs256, &secret).unwrap();
    let verified = verify(case["compact"].as_str().unwrap(), &key).unwrap();
    assert_eq!(
        verified.payload(),
        case["payload_text"].as_str().unwrap().as_bytes()
    );
}

#[test]
fn what_josekit_makes_verifies_and_the_other_way_round() {
    for (ours, theirs) in [
        (MacAlgorithm::Hs256, josekit::jws::HS256),
        (MacAlgorithm::Hs384, josekit::jws::HS384),
        (MacAlgorithm::Hs512, josekit::jws::HS512),
    ] {
        let mut header = josekit::jws::JwsHeader::new();
        header.set_token_type("example+jwt");
        let signer = theirs.signer_from_bytes(SECRET).unwrap();
        let token = josekit::jws::serialize_compact(b"{}", &header, &signer).unwrap();
        let verified = verify(&token, &key(ours)).unwrap();
        assert_eq!(verified.payload(), b"{}");
        assert!(verified.header().is_typ("example+jwt"));

        let token = mac::sign(&key(ours), "example+jwt", b"{\"a\":1}");
        let verifier = theirs.verifier_from_bytes(SECRET).unwrap();
        let (payload, header) = josekit::jws::deserialize_compact(&token, &verifier).unwrap();
        assert_eq!(payload, b"{\"a\":1}");
        assert_eq!(header.token_type(), Some("example+jwt"));
    }
}

#[test]
fn row_8725_3_1_01_a_secret_has_one_algorithm() {
    for made in MacAlgorithm::ALL {
        let token = mac::sign(&key(made), "JWT", b"{}");
        for other in MacAlgorithm::ALL.into_iter().filter(|other| *other != made) {
            let unverified = UnverifiedMac::parse_bounded(&token, MAX).unwrap();
            assert_eq!(
                unverified.verify(&key(other)).unwrap_err(),
                VerifyMacError::AlgorithmMismatch {
                    header: made,
                    key: other
                }
            );
        }
    }
}

#[test]
fn row_8725_2_1_01_secrets_and_key_pairs_do_not_stand_in_for_each_other() {
    // A header that names an HMAC is no JWS for a public key, whatever it is authenticated with.
    for algorithm in MacAlgorithm::ALL {
        let token = mac::sign(&key(algorithm), "JWT", b"{}");
        assert_eq!(
            UnverifiedJws::parse(&token).unwrap_err(),
            ParseError::UnsupportedAlgorithm
        );
    }
    // A header that names a signature is no JWS for a secret.
    for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::Ed25519] {
        let signing = SigningKey::generate(algorithm, &RNG).unwrap();
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        assert_eq!(
            parse_error(&forge(&signing, &header, b"{}")),
            ParseError::UnsupportedAlgorithm
        );
        assert_eq!(
            parse_error(&mac_forge(&header, "{}")),
            ParseError::UnsupportedAlgorithm
        );
    }
}

#[test]
fn row_7515_a_5_01_none_is_no_mac() {
    for name in ["none", "None", "NONE", "", "hs256"] {
        let token = mac_forge(&format!(r#"{{"alg":"{name}"}}"#), "{}");
        assert_eq!(parse_error(&token), ParseError::UnsupportedAlgorithm);
        let (input, _) = token.rsplit_once('.').unwrap();
        assert!(verify(&format!("{input}."), &key(MacAlgorithm::Hs256)).is_err());
    }
    let honest = mac::sign(&key(MacAlgorithm::Hs256), "JWT", b"{}");
    let (input, _) = honest.rsplit_once('.').unwrap();
    assert!(verify(&format!("{input}."), &key(MacAlgorithm::Hs256)).is_err());
}

#[test]
fn headers_are_read_as_strictly_as_those_of_signatures() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","typ":1}"#,
        r#"{"typ":"JWT"}"#,
        "[]",
    ] {
        let token = mac_forge(header, "{}");
        assert!(
            UnverifiedMac::parse_bounded(&token, MAX).is_err(),
            "{header}"
        );
    }
    let long = mac_forge(r#"{"alg":"HS256"}"#, &"x".repeat(MAX));
    assert_eq!(parse_error(&long), ParseError::TooLong);
}

#[test]
fn debug_shows_no_payload() {
    let token = mac::sign(&key(MacAlgorithm::Hs256), "JWT", br#"{"sub":"erika"}"#);
    let unverified = UnverifiedMac::parse_bounded(&token, MAX).unwrap();
    assert_eq!(unverified.unverified_payload(), br#"{"sub":"erika"}"#);
    let shown = format!("{unverified:?}");
    let verified = unverified.verify(&key(MacAlgorithm::Hs256)).unwrap();
    for shown in [shown, format!("{verified:?}")] {
        assert!(
            shown.contains("Hs256") && !shown.contains("erika"),
            "{shown}"
        );
    }
}

#[test]
fn every_flipped_bit_of_a_token_is_refused() {
    let key = key(MacAlgorithm::Hs256);
    let token = mac::sign(&key, "JWT", b"{\"a\":1}");
    for bit in 0..token.len() * 8 {
        let mut octets = token.clone().into_bytes();
        octets[bit / 8] ^= 1 << (bit % 8);
        // What is no longer text never reaches the parser.
        if let Ok(flipped) = String::from_utf8(octets) {
            assert!(verify(&flipped, &key).is_err(), "bit {bit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(token in "\\PC*", header in "\\PC*") {
        let _ = UnverifiedMac::parse_bounded(&token, MAX);
        let _ = UnverifiedMac::parse_bounded(&format!("{}..", base64url::encode(header)), MAX);
    }

    #[test]
    fn another_secret_does_not_verify(secret in any::<[u8; 32]>()) {
        prop_assume!(secret != SECRET[..32]);
        let token = mac::sign(&key(MacAlgorithm::Hs256), "JWT", b"{}");
        let other = MacKey::from_shared_secret(MacAlgorithm::Hs256, &secret).unwrap();
        prop_assert!(verify(&token, &other).is_err());
    }
}
