//! The check of signed answers, against known answers and one forgery per check.
#![expect(
    clippy::unwrap_used,
    reason = "set-up shared by the tests: what fails here fails the test"
)]

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
use avouch_oauth::Issuer;
use avouch_oauth::introspection::{
    Freshness, FurtherStatementClaims, IntrospectionResponse, StatementClaims, StatementError,
    StatementForm, StatementTyp, StatementVerifier, VerifiedIntrospection,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const ISSUER: &str = "https://as.example.com/";
const CLIENT_ID: &str = "rs-client-1";
const NOW: u64 = 1_514_797_892;

fn verifier() -> StatementVerifier {
    let algorithms = [
        SignatureAlgorithm::Rs256,
        SignatureAlgorithm::Ps256,
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::Ed25519,
    ];
    StatementVerifier::new(Issuer::parse(ISSUER).unwrap(), CLIENT_ID, algorithms)
}

mod known_answers {
    use super::*;

    static VECTORS: LazyLock<Value> = LazyLock::new(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/derived-rfc9701.json"
        );
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    });

    fn keys() -> JwkSet {
        JwkSet::parse_published(VECTORS["as_jwks"].to_string().as_bytes()).unwrap()
    }

    fn cases() -> impl Iterator<Item = &'static Value> {
        VECTORS["cases"].as_array().unwrap().iter()
    }

    fn case(id: &str) -> &'static Value {
        cases().find(|case| case["id"] == id).unwrap()
    }

    fn verify(case: &Value) -> Result<VerifiedIntrospection, StatementError> {
        verifier().verify(case["compact"].as_str().unwrap(), &keys(), NOW)
    }

    #[test]
    fn row_9701_8_1_03_what_is_right_is_believed() {
        let mut count = 0;
        for case in cases().filter(|case| case["expect"] == "valid") {
            if case["inner"].is_string() {
                continue;
            }
            let id = &case["id"];
            let verified = verify(case).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(verified.issuer().as_str(), ISSUER);
            assert!(verified.audience().contains(CLIENT_ID));
            assert_eq!(verified.iat(), NOW);
            let response: Value = serde_json::from_slice(&verified.response().to_json()).unwrap();
            assert_eq!(response, case["claims"]["token_introspection"], "{id}");
            count += 1;
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn row_9701_8_1_03_what_is_wrong_is_refused() {
        let mut count = 0;
        for case in cases().filter(|case| case["expect"].as_str().unwrap().starts_with("invalid")) {
            // RFC 9701, section 5: a SHOULD NOT for the AS; a reader takes no notice.
            if case["id"] == "bad-top-level-sub-exp" {
                continue;
            }
            assert!(verify(case).is_err(), "{}", case["id"]);
            count += 1;
        }
        assert_eq!(count, 37);
    }

    #[test]
    fn row_9701_8_1_03_each_fault_has_its_own_error() {
        use StatementError as E;
        for (id, expected) in [
            ("bad-typ-at-jwt", E::WrongTyp),
            ("bad-typ-jwt", E::WrongTyp),
            ("bad-typ-missing", E::WrongTyp),
            ("bad-iss", E::WrongIssuer),
            ("bad-aud", E::WrongAudience),
            ("bad-no-aud", E::WrongAudience),
            ("bad-no-iat", E::NoIssuedAt),
            ("bad-iat-string", E::NoIssuedAt),
            ("bad-no-token-introspection", E::NoTokenIntrospection),
            ("bad-token-introspection-string", E::NoTokenIntrospection),
            ("bad-legacy-shape-in-rfc-mode", E::NoTokenIntrospection),
            ("bad-active-string", E::NoActive),
            ("bad-inactive-with-members", E::InactiveWithMembers),
        ] {
            assert_eq!(verify(case(id)).unwrap_err(), expected, "{id}");
        }
        for id in ["bad-payload-changed", "bad-jwk-in-header"] {
            let error = verify(case(id)).unwrap_err();
            assert!(
                matches!(error, E::Signature(_) | E::NoKey(_)),
                "{id}: {error}"
            );
        }
        for id in [
            "bad-alg-none",
            "bad-alg-noNE",
            "bad-alg-confusion-pem",
            "bad-crit-empty",
            "bad-padding",
        ] {
            let error = verify(case(id)).unwrap_err();
            assert!(matches!(error, E::Malformed(_)), "{id}: {error}");
        }
        for id in ["bad-kid-other-key", "bad-key-used-with-other-alg"] {
            let error = verify(case(id)).unwrap_err();
            assert!(matches!(error, E::NoKey(_)), "{id}: {error}");
        }
    }

    #[test]
    fn an_encrypted_answer_is_named_as_such() {
        let nested: Vec<_> = cases().filter(|case| case["inner"].is_string()).collect();
        assert!(!nested.is_empty());
        for case in nested {
            assert_eq!(verify(case).unwrap_err(), StatementError::Encrypted);
        }
    }
}

mod own_statements {
    use super::*;

    static KEY: LazyLock<SigningKey> =
        LazyLock::new(|| SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap());

    fn keys() -> JwkSet {
        JwkSet {
            keys: vec![KEY.public_jwk().clone()],
        }
    }

    fn sign(payload: &[u8]) -> String {
        let header = ProtectedHeader::new(KEY.algorithm())
            .typ("token-introspection+jwt")
            .kid(KEY.kid())
            .encode();
        jws::sign(&KEY, &header, payload).unwrap()
    }

    fn good() -> Value {
        json!({"iss": ISSUER, "aud": CLIENT_ID, "iat": NOW, "token_introspection": {"active": true}})
    }

    fn verify(claims: &Value) -> Result<VerifiedIntrospection, StatementError> {
        verifier().verify(&sign(claims.to_string().as_bytes()), &keys(), NOW)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = good();
        claims[name] = value;
        claims
    }

    #[test]
    fn what_is_built_is_verified() {
        let built = StatementClaims {
            iss: ISSUER,
            aud: CLIENT_ID,
            iat: NOW,
            further: FurtherStatementClaims::default(),
            token_introspection: &IntrospectionResponse::Inactive,
        };
        let verified = verifier()
            .verify(&sign(&built.to_json()), &keys(), NOW)
            .unwrap();
        assert_eq!(verified.header().algorithm(), SignatureAlgorithm::Es256);
        assert_eq!(verified.header().kid(), Some(KEY.kid()));
        assert_eq!(verified.into_response(), IntrospectionResponse::Inactive);
    }

    #[test]
    fn row_9701_5_16_claims_about_the_statement_are_read_and_are_strings() {
        let mut claims = good();
        for name in ["jti", "ath", "nonce"] {
            claims[name] = json!(format!("the {name}"));
        }
        let verified = verify(&claims).unwrap();
        let further = verified.further();
        assert_eq!(further.jti, Some("the jti"));
        assert_eq!(further.ath, Some("the ath"));
        assert_eq!(further.nonce, Some("the nonce"));
        assert_eq!(
            verify(&with("nonce", json!(1))).unwrap_err(),
            StatementError::NotAString("nonce")
        );
    }

    #[test]
    fn row_c2id_02_another_typ_is_believed_by_who_expects_it_and_by_nobody_else() {
        let header = ProtectedHeader::new(KEY.algorithm())
            .typ("JWT")
            .kid(KEY.kid());
        let jwt = jws::sign(&KEY, &header.encode(), good().to_string().as_bytes()).unwrap();
        let expecting = verifier().typ(StatementTyp::new("JWT").unwrap());
        assert!(expecting.verify(&jwt, &keys(), NOW).is_ok());
        let refused = verifier().verify(&jwt, &keys(), NOW).unwrap_err();
        assert_eq!(refused, StatementError::WrongTyp);
        let registered = sign(good().to_string().as_bytes());
        let refused = expecting.verify(&registered, &keys(), NOW).unwrap_err();
        assert_eq!(refused, StatementError::WrongTyp);
    }

    #[test]
    fn row_d08_12_the_draft_form_is_read_by_who_expects_it_and_iss_and_aud_are_checked() {
        let reader = verifier().form(StatementForm::Draft08);
        let read =
            |claims: &Value| reader.verify(&sign(claims.to_string().as_bytes()), &keys(), NOW);
        let draft = json!({
            "iss": ISSUER, "aud": CLIENT_ID, "iat": NOW,
            "active": true, "jti": "t-1", "exp": NOW + 60, "scope": "read"
        });
        let verified = read(&draft).unwrap();
        assert_eq!(verified.further(), FurtherStatementClaims::default());
        match verified.into_response() {
            IntrospectionResponse::Active(token) => {
                assert_eq!(token.jti.as_deref(), Some("t-1"));
                assert_eq!((token.iss, token.aud, token.iat), (None, None, None));
            }
            IntrospectionResponse::Inactive => panic!("it is active"),
        }
        let inactive = json!({"iss": ISSUER, "aud": CLIENT_ID, "iat": NOW, "active": false});
        let response = read(&inactive).unwrap().into_response();
        assert_eq!(response, IntrospectionResponse::Inactive);

        let changed = |name: &str, value: Value| {
            let mut claims = draft.clone();
            claims[name] = value;
            read(&claims).unwrap_err()
        };
        assert_eq!(
            changed("iss", json!("https://other.example")),
            StatementError::WrongIssuer
        );
        assert_eq!(
            changed("aud", json!("another")),
            StatementError::WrongAudience
        );
        assert_eq!(
            changed("active", json!(false)),
            StatementError::InactiveWithMembers
        );
        assert_eq!(changed("active", json!("true")), StatementError::NoActive);
        assert_eq!(
            changed("token_introspection", json!({"active": true})),
            StatementError::NotDraft08
        );
        // And the reader of RFC 9701 takes none of it.
        assert_eq!(
            verify(&draft).unwrap_err(),
            StatementError::NoTokenIntrospection
        );
    }

    #[test]
    fn row_9701_8_1_03_iat_has_a_window() {
        let at = |iat: u64| verify(&with("iat", json!(iat)));
        assert!(at(NOW - 60).is_ok());
        assert_eq!(
            at(NOW - 61).unwrap_err(),
            StatementError::TooOld { age: 61 }
        );
        assert!(at(NOW + 10).is_ok());
        assert_eq!(
            at(NOW + 11).unwrap_err(),
            StatementError::FromTheFuture { ahead: 11 }
        );
        let saved = verifier().freshness(Freshness::AnyAge);
        let old = sign(with("iat", json!(1)).to_string().as_bytes());
        assert_eq!(saved.verify(&old, &keys(), NOW).unwrap().iat(), 1);
    }

    #[test]
    fn row_7519_4_1_01_iat_is_a_whole_number() {
        for bad in [
            json!("1514797892"),
            json!(-1),
            json!(1e300),
            json!(1_514_797_892.5),
            json!(null),
            json!([]),
        ] {
            assert_eq!(
                verify(&with("iat", bad)).unwrap_err(),
                StatementError::NoIssuedAt
            );
        }
        let huge = verify(&with("iat", json!(u64::MAX))).unwrap_err();
        assert!(matches!(huge, StatementError::FromTheFuture { .. }));
    }

    #[test]
    fn row_7519_4_1_01_aud_is_a_string_or_an_array() {
        for fine in [
            json!(CLIENT_ID),
            json!([CLIENT_ID]),
            json!(["other", CLIENT_ID]),
        ] {
            assert!(verify(&with("aud", fine)).is_ok());
        }
        for bad in [
            json!("other"),
            json!(["other"]),
            json!([]),
            json!([1]),
            json!([CLIENT_ID, 1]),
            json!(null),
            json!({}),
        ] {
            assert_eq!(
                verify(&with("aud", bad)).unwrap_err(),
                StatementError::WrongAudience
            );
        }
    }

    #[test]
    fn row_9701_5_17_a_reader_ignores_other_top_level_claims() {
        let mut claims = with("sub", json!("somebody"));
        claims["exp"] = json!(1);
        assert!(verify(&claims).is_ok());
    }

    #[test]
    fn row_8725_3_1_01_an_algorithm_not_settled_on_is_refused() {
        let strict = StatementVerifier::new(
            Issuer::parse(ISSUER).unwrap(),
            CLIENT_ID,
            [SignatureAlgorithm::Rs256],
        );
        let token = sign(good().to_string().as_bytes());
        assert_eq!(
            strict.verify(&token, &keys(), NOW).unwrap_err(),
            StatementError::AlgorithmNotAllowed(SignatureAlgorithm::Es256)
        );
    }

    #[test]
    fn row_7515_4_01_duplicate_claims_are_refused() {
        let twice = format!(
            r#"{{"iss":"{ISSUER}","aud":"other","aud":"{CLIENT_ID}","iat":{NOW},"token_introspection":{{"active":true}}}}"#
        );
        let error = verifier()
            .verify(&sign(twice.as_bytes()), &keys(), NOW)
            .unwrap_err();
        assert!(matches!(error, StatementError::Claims(_)), "{error}");
    }

    #[test]
    fn a_member_of_the_wrong_type_is_refused_without_showing_it() {
        let claims = with(
            "token_introspection",
            json!({"active": true, "exp": "s3cret"}),
        );
        let error = verify(&claims).unwrap_err();
        assert!(matches!(error, StatementError::Response(_)), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*|[a-zA-Z0-9_.-]*") {
            prop_assert!(verifier().verify(&text, &keys(), NOW).is_err());
        }

        #[test]
        fn no_claims_panic(payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(verifier().verify(&sign(&payload), &keys(), NOW).is_err());
        }

        #[test]
        fn row_9701_8_1_03_one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
            let token = sign(good().to_string().as_bytes());
            let at = at.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != token);
            prop_assert!(verifier().verify(&changed, &keys(), NOW).is_err());
        }
    }
}
