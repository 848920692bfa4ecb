//! The check of JWT access tokens, with one forgery per check.
#![expect(
    clippy::unwrap_used,
    reason = "set-up shared by the tests: what fails here fails the test"
)]

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, ProtectedHeader, SelectError, SignatureAlgorithm, SigningKey, jws};
use avouch_oauth::access_token::{AccessTokenError as E, AccessTokenVerifier, VerifiedAccessToken};
use avouch_oauth::introspection::{
    FurtherStatementClaims, IntrospectionResponse, StatementClaims, StatementVerifier,
};
use avouch_oauth::{Issuer, ResourceIdentifier};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const ISSUER: &str = "https://as.example.com/";
const RESOURCE: &str = "https://rs.example.com/api";
const NOW: u64 = 1_800_000_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(new_key);

fn new_key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap()
}

fn resource(text: &str) -> ResourceIdentifier {
    ResourceIdentifier::parse(text).unwrap()
}

fn verifier() -> AccessTokenVerifier {
    AccessTokenVerifier::new(Issuer::parse(ISSUER).unwrap(), resource(RESOURCE))
}

fn keys() -> JwkSet {
    JwkSet {
        keys: vec![KEY.public_jwk().clone()],
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "erika", "aud": RESOURCE, "client_id": "shop",
        "exp": NOW + 600, "iat": NOW, "jti": "j-1",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name).unwrap();
    claims
}

fn signed_as(typ: Option<&str>, claims: &[u8]) -> String {
    let mut header = ProtectedHeader::new(KEY.algorithm()).kid(KEY.kid());
    if let Some(typ) = typ {
        header = header.typ(typ);
    }
    jws::sign(&KEY, &header.encode(), claims).unwrap()
}

fn signed(claims: &Value) -> String {
    signed_as(Some("at+jwt"), claims.to_string().as_bytes())
}

fn check(claims: &Value) -> Result<VerifiedAccessToken, E> {
    verifier().verify(&signed(claims), &keys(), NOW)
}

#[track_caller]
fn refused(claims: &Value) -> E {
    check(claims).unwrap_err()
}

#[test]
fn what_is_right_is_read() {
    let mut full = claims();
    for (name, value) in [
        ("aud", json!(["https://other.example", RESOURCE])),
        ("nbf", json!(NOW)),
        ("scope", json!("read write")),
        ("auth_time", json!(NOW - 60)),
        ("acr", json!("high")),
        ("cnf", json!({"x5t#S256": "A".repeat(43)})),
        ("authorization_details", json!([{"type": "payment"}])),
        ("family_name", json!("Mustermann")),
    ] {
        full[name] = value;
    }
    let token = check(&full).unwrap();
    assert_eq!(token.issuer().as_str(), ISSUER);
    assert_eq!(token.subject(), "erika");
    assert!(token.audience().contains(RESOURCE));
    assert_eq!(token.client_id(), "shop");
    assert_eq!(token.jti(), "j-1");
    assert_eq!(token.expires_at(), NOW + 600);
    assert_eq!((token.issued_at(), token.not_before()), (NOW, Some(NOW)));
    assert!(token.scope().contains("write"));
    assert_eq!(
        (token.auth_time(), token.acr()),
        (Some(NOW - 60), Some("high"))
    );
    assert!(token.confirmation().unwrap().x5t_s256.is_some());
    assert_eq!(token.authorization_details().iter().count(), 1);
    assert_eq!(token.claim("family_name"), Some(&json!("Mustermann")));
    assert_eq!(token.claims().count(), 1);
    assert_eq!(token.header().kid(), Some(KEY.kid()));
    assert!(!format!("{token:?}").contains("Mustermann"));

    let least = check(&claims()).unwrap();
    assert!(least.scope().is_empty() && least.confirmation().is_none());
}

#[test]
fn further_claims_come_in_the_order_in_which_they_were_sent() {
    let mut sent = json!({"z": 1, "a": 2});
    for (name, value) in claims().as_object().unwrap() {
        sent[name] = value.clone();
    }
    sent["m"] = json!(3);
    let token = check(&sent).unwrap();
    let names: Vec<&str> = token.claims().map(|(name, _)| name).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

#[test]
fn row_9068_4_01_typ_is_at_jwt_in_any_case_with_or_without_application() {
    let claims = claims().to_string();
    let typ = |typ| verifier().verify(&signed_as(typ, claims.as_bytes()), &keys(), NOW);
    for fine in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert!(typ(Some(fine)).is_ok(), "{fine}");
    }
    for other in [
        "JWT",
        "token-introspection+jwt",
        "at+jwt;v=1",
        "jwt",
        "dpop+jwt",
        "",
    ] {
        assert_eq!(typ(Some(other)).unwrap_err(), E::WrongTyp, "{other}");
    }
    assert_eq!(typ(None).unwrap_err(), E::WrongTyp);
}

#[test]
fn row_9068_4_01_iss_and_aud_are_compared_exactly() {
    for iss in [
        json!("https://as.example.com"),
        json!("https://evil.example/"),
        json!([ISSUER]),
    ] {
        assert_eq!(refused(&with("iss", iss)), E::WrongIssuer);
    }
    assert_eq!(refused(&without("iss")), E::WrongIssuer);
    for aud in [
        json!("https://rs.example.com/api/"),
        json!("https://rs.example.com"),
        json!([]),
        json!(["https://other.example"]),
        json!(1),
        json!([RESOURCE, 1]),
        json!(null),
    ] {
        assert_eq!(refused(&with("aud", aud)), E::WrongAudience);
    }
    assert_eq!(refused(&without("aud")), E::WrongAudience);
}

#[test]
fn row_9700_2_3_01_a_token_for_another_resource_server_is_refused() {
    let token = signed(&claims());
    let other = || resource("https://other.example");
    let elsewhere = AccessTokenVerifier::new(Issuer::parse(ISSUER).unwrap(), other());
    assert_eq!(
        elsewhere.verify(&token, &keys(), NOW).unwrap_err(),
        E::WrongAudience
    );
    let both = elsewhere.resource(resource(RESOURCE));
    assert!(both.verify(&token, &keys(), NOW).is_ok());
}

#[test]
fn row_9068_4_01_the_signature_is_by_a_key_of_the_issuer_with_an_allowed_algorithm() {
    let token = signed(&claims());
    let verify = |keys: &JwkSet| verifier().verify(&token, keys, NOW).unwrap_err();
    let stranger = JwkSet {
        keys: vec![new_key().public_jwk().clone()],
    };
    assert_eq!(verify(&stranger), E::NoKey(SelectError::UnknownKid));
    assert_eq!(
        verify(&JwkSet::default()),
        E::NoKey(SelectError::UnknownKid)
    );
    let only_rsa = verifier().algorithms([SignatureAlgorithm::Rs256]);
    assert_eq!(
        only_rsa.verify(&token, &keys(), NOW).unwrap_err(),
        E::AlgorithmNotAllowed(SignatureAlgorithm::Es256)
    );
    let (head, _) = token.rsplit_once('.').unwrap();
    let changed = format!("{head}.{}", "A".repeat(86));
    let error = verifier().verify(&changed, &keys(), NOW).unwrap_err();
    assert!(matches!(error, E::Signature(_)), "{error}");
    for unsigned in [format!("{head}."), head.to_owned(), "avt_opaque".to_owned()] {
        let error = verifier().verify(&unsigned, &keys(), NOW).unwrap_err();
        assert!(
            matches!(error, E::Malformed(_) | E::Signature(_)),
            "{error}"
        );
    }
    let encrypted = verifier().verify("a.b.c.d.e", &keys(), NOW);
    assert_eq!(encrypted.unwrap_err(), E::Encrypted);
}

#[test]
fn row_9068_4_01_times_count_with_a_small_leeway() {
    let token = signed(&with("nbf", json!(NOW)));
    let at = |now| verifier().verify(&token, &keys(), now);
    let end = NOW + 600;
    assert!(at(end - 1).is_ok() && at(end + 9).is_ok());
    assert_eq!(at(end + 10).unwrap_err(), E::Expired { ago: 10 });
    assert!(at(NOW - 10).is_ok());
    assert_eq!(at(NOW - 11).unwrap_err(), E::NotYetValid { ahead: 11 });
    let token = signed(&claims());
    let early = verifier().verify(&token, &keys(), NOW - 11);
    assert_eq!(early.unwrap_err(), E::FromTheFuture { ahead: 11 });
    let none = verifier().leeway(0);
    assert!(none.verify(&token, &keys(), end - 1).is_ok());
    assert!(none.verify(&token, &keys(), end).is_err());
}

#[test]
fn row_7519_4_1_01_times_are_numbers_and_extremes_do_no_harm() {
    for name in ["exp", "nbf", "iat"] {
        for bad in [
            json!("123"),
            json!(-1),
            json!(1e300),
            json!(1.5),
            json!(null),
            json!([]),
        ] {
            assert_eq!(refused(&with(name, bad)), E::Claim(name));
        }
    }
    assert!(check(&with("exp", json!(u64::MAX))).is_ok());
    assert!(matches!(refused(&with("exp", json!(0))), E::Expired { .. }));
    let far = refused(&with("nbf", json!(u64::MAX)));
    assert!(matches!(far, E::NotYetValid { .. }));
}

#[test]
fn row_9701_8_1_01_every_required_claim_must_be_there() {
    for name in ["exp", "iat", "sub", "client_id", "jti"] {
        assert_eq!(refused(&without(name)), E::Claim(name));
        assert_eq!(refused(&with(name, json!({}))), E::Claim(name));
    }
    for (name, bad) in [
        ("scope", json!(["read"])),
        ("cnf", json!("x")),
        ("cnf", json!({"jkt": "short"})),
        ("auth_time", json!("1")),
        ("acr", json!(1)),
        ("authorization_details", json!({})),
    ] {
        assert_eq!(refused(&with(name, bad)), E::Claim(name));
    }
}

#[test]
fn row_9701_8_1_01_an_introspection_answer_is_no_access_token_whatever_its_typ() {
    let statement = StatementClaims {
        iss: ISSUER,
        aud: RESOURCE,
        iat: NOW,
        further: FurtherStatementClaims::default(),
        token_introspection: &IntrospectionResponse::Inactive,
    };
    let answer = signed_as(Some("token-introspection+jwt"), &statement.to_json());
    let error = verifier().verify(&answer, &keys(), NOW).unwrap_err();
    assert_eq!(error, E::WrongTyp);
    let disguised = signed_as(Some("at+jwt"), &statement.to_json());
    let error = verifier().verify(&disguised, &keys(), NOW).unwrap_err();
    assert_eq!(error, E::Claim("exp"));
    let both = with("token_introspection", json!({"active": true}));
    assert_eq!(refused(&both), E::IntrospectionAnswer);
}

#[test]
fn row_8725_3_11_01_an_access_token_is_no_statement() {
    let statements = StatementVerifier::new(
        Issuer::parse(ISSUER).unwrap(),
        RESOURCE,
        SignatureAlgorithm::ALL,
    );
    assert!(statements.verify(&signed(&claims()), &keys(), NOW).is_err());
}

#[test]
fn payloads_are_one_strict_object() {
    let twice = format!("{{\"iss\":\"{ISSUER}\",\"iss\":\"{ISSUER}\"}}");
    for bad in ["", "[]", "null", "{} {}", "\u{feff}{}", twice.as_str()] {
        let token = signed_as(Some("at+jwt"), bad.as_bytes());
        let error = verifier().verify(&token, &keys(), NOW).unwrap_err();
        assert!(matches!(error, E::Claims(_)), "{bad}: {error}");
    }
}

proptest! {
    #[test]
    fn no_token_makes_it_panic(text in "\\PC{0,200}", payload in "\\PC{0,80}") {
        prop_assert!(verifier().verify(&text, &keys(), NOW).is_err());
        let token = signed_as(Some("at+jwt"), payload.as_bytes());
        prop_assert!(verifier().verify(&token, &keys(), NOW).is_err());
    }

    #[test]
    fn no_tampering_passes(at in 0_usize..1000, byte in 0_u8..0x80) {
        let token = signed(&claims());
        let mut changed = token.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        prop_assert!(verifier().verify(&changed, &keys(), NOW).is_err());
    }

    #[test]
    fn any_claim_of_any_type_is_read_or_refused(name in "exp|nbf|iat|aud|sub|scope|cnf|[a-z]{1,8}",
                                                 number in any::<i64>(), text in "\\PC{0,20}") {
        for value in [json!(number), json!(text), json!([text, number]), json!({text: number})] {
            let _ = check(&with(&name, value));
        }
    }
}
