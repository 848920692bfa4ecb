//! The derived answers of RFC 9701, as far as the signature goes: claims are for the floor above to judge.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use avouch_jose::{
    JwkSet, ParseError, SelectError, VerificationKey, VerifyError, jws::CriticalError,
    jws::UnverifiedJws,
};
use common::{case, vectors};
use serde_json::Value;

#[derive(Debug, PartialEq)]
enum Refused {
    Parse(ParseError),
    Select(SelectError),
    Verify(VerifyError),
}

/// What a reader does who knows the issuer's published keys.
fn read(vectors: &Value, id: &str) -> Result<Vec<u8>, Refused> {
    let published = JwkSet::parse_published(vectors["as_jwks"].to_string().as_bytes()).unwrap();
    let compact = &case(vectors, id)["compact"];
    let compact = compact
        .as_str()
        .map_or_else(|| compact.to_string(), str::to_owned);
    let unverified = UnverifiedJws::parse(&compact).map_err(Refused::Parse)?;
    let header = unverified.header();
    let jwk = published
        .select(header.kid(), header.algorithm())
        .map_err(Refused::Select)?;
    let key = VerificationKey::try_from(jwk).unwrap();
    Ok(unverified
        .verify(&key)
        .map_err(Refused::Verify)?
        .into_payload())
}

fn refused(vectors: &Value, id: &str) -> Refused {
    read(vectors, id).unwrap_err()
}

#[test]
fn every_signed_answer_is_read_and_every_other_refused() {
    let vectors = vectors("derived-rfc9701.json");
    let ids: Vec<&str> = vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 51);
    // Rightly signed; what is wrong with the bad ones is in `typ` or in the claims.
    let signed_but_wrong = [
        "bad-typ-at-jwt",
        "bad-typ-jwt",
        "bad-typ-missing",
        "bad-iss",
        "bad-aud",
        "bad-no-aud",
        "bad-no-iat",
        "bad-iat-string",
        "bad-no-token-introspection",
        "bad-token-introspection-string",
        "bad-active-string",
        "bad-inactive-with-members",
        "bad-top-level-sub-exp",
        "bad-legacy-shape-in-rfc-mode",
        "bad-encrypt-then-sign",
    ];
    for id in ids {
        let nested = id.contains("nested");
        let expected = (id.starts_with("ok-") && !nested) || signed_but_wrong.contains(&id);
        let result = read(&vectors, id);
        assert_eq!(result.is_ok(), expected, "{id}: {result:?}");
        if let (Ok(payload), Some(claims)) = (result, case(&vectors, id).get("claims")) {
            assert_eq!(
                serde_json::from_slice::<Value>(&payload).unwrap(),
                *claims,
                "{id}"
            );
        }
    }
}

#[test]
fn row_8725_3_1_01_a_key_verifies_its_own_algorithm_alone() {
    let vectors = vectors("derived-rfc9701.json");
    assert_eq!(
        refused(&vectors, "bad-kid-other-key"),
        Refused::Select(SelectError::NoneFits)
    );
    assert_eq!(
        refused(&vectors, "bad-key-used-with-other-alg"),
        Refused::Select(SelectError::NoneFits)
    );
}

#[test]
fn row_8725_2_1_01_a_public_key_is_no_shared_secret() {
    let vectors = vectors("derived-rfc9701.json");
    for id in ["bad-alg-confusion-pem", "bad-alg-confusion-der"] {
        assert_eq!(
            refused(&vectors, id),
            Refused::Parse(ParseError::UnsupportedAlgorithm),
            "{id}"
        );
    }
}

#[test]
fn row_7515_a_5_01_no_spelling_of_none_is_accepted() {
    let vectors = vectors("derived-rfc9701.json");
    for id in ["bad-alg-none", "bad-alg-noNE"] {
        assert_eq!(
            refused(&vectors, id),
            Refused::Parse(ParseError::UnsupportedAlgorithm),
            "{id}"
        );
    }
}

#[test]
fn row_7515_4_1_11_01_critical_headers_are_refused() {
    let vectors = vectors("derived-rfc9701.json");
    let critical = |id: &str| match refused(&vectors, id) {
        Refused::Parse(ParseError::Critical(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(critical("bad-crit-unknown"), CriticalError::NotUnderstood);
    assert_eq!(critical("bad-crit-empty"), CriticalError::Empty);
}

#[test]
fn row_7515_4_01_a_header_that_says_alg_twice_is_refused() {
    let vectors = vectors("derived-rfc9701.json");
    assert!(matches!(
        refused(&vectors, "bad-duplicate-header-member"),
        Refused::Parse(ParseError::HeaderJson(
            avouch_jose::strict_json::JsonError::DuplicateMember { .. }
        ))
    ));
}

#[test]
fn row_7515_2_01_padding_and_line_breaks_are_refused() {
    let vectors = vectors("derived-rfc9701.json");
    for id in ["bad-padding", "bad-whitespace"] {
        assert!(
            matches!(
                refused(&vectors, id),
                Refused::Parse(ParseError::Base64url { .. })
            ),
            "{id}"
        );
    }
}

#[test]
fn row_8725bis_3_14_01_other_serializations_and_part_counts_are_refused() {
    let vectors = vectors("derived-rfc9701.json");
    assert_eq!(
        refused(&vectors, "bad-four-parts"),
        Refused::Parse(ParseError::NotCompact)
    );
    assert!(matches!(
        refused(&vectors, "bad-json-serialization"),
        Refused::Parse(ParseError::NotCompact | ParseError::Base64url { .. })
    ));
}

#[test]
fn row_7515_4_1_2_01_a_key_in_the_header_proves_nothing() {
    let vectors = vectors("derived-rfc9701.json");
    let refused = refused(&vectors, "bad-jwk-in-header");
    assert!(
        matches!(
            refused,
            Refused::Verify(VerifyError::Signature(_)) | Refused::Select(_)
        ),
        "{refused:?}"
    );
}
