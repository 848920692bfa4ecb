//! Audience, client and times.

use crate::{
    CLIENT, ISSUER, NOW, TOKEN_URL, check, check_with, claims, issuer, public, refused, signed,
    verifier, with, without,
};
use avouch_oauth::client_assertion::ClientAssertion;
use avouch_oauth::client_assertion::ClientAssertionError as E;
use avouch_oauth::proof::ClaimError;
use serde_json::json;

#[test]
fn row_10070_4_01_aud_is_the_issuer_and_nothing_else() {
    let wrong = E::WrongAudience { expected: issuer() };
    for aud in [
        json!(TOKEN_URL),
        json!("https://as.example.com/introspect"),
        json!("https://as.example.com/par"),
        json!("https://as.example.com"),
        json!("https://AS.example.com/"),
        json!("https://evil.example/"),
        json!(""),
        json!(1),
        json!(null),
        json!({"0": ISSUER}),
        json!([]),
        json!([TOKEN_URL]),
        json!([[ISSUER]]),
    ] {
        assert_eq!(refused(&with("aud", aud.clone())), wrong, "{aud}");
    }
    assert_eq!(refused(&without("aud")), wrong);
    for several in [
        json!([ISSUER, TOKEN_URL]),
        json!([TOKEN_URL, ISSUER]),
        json!([ISSUER, ISSUER]),
        json!([ISSUER, 1]),
    ] {
        assert_eq!(
            refused(&with("aud", several)),
            E::SeveralAudiences { expected: issuer() }
        );
    }
    // Reading L-16.
    assert!(check(&signed(&with("aud", json!([ISSUER])))).is_ok());
}

#[test]
fn row_fsp_5_3_2_1_03_only_the_issuer_as_a_string_where_that_is_asked_for() {
    let strict = verifier().string_audience_only();
    let check = |aud| {
        let jwt = signed(&with("aud", aud));
        check_with(&strict, &jwt, public(), NOW)
    };
    assert!(check(json!(ISSUER)).is_ok());
    assert_eq!(check(json!([ISSUER])).unwrap_err(), E::AudienceNotAString);
    for aud in [json!(TOKEN_URL), json!([TOKEN_URL])] {
        let wrong = E::WrongAudience { expected: issuer() };
        assert_eq!(check(aud).unwrap_err(), wrong);
    }
    assert_eq!(
        check(json!([ISSUER, TOKEN_URL])).unwrap_err(),
        E::SeveralAudiences { expected: issuer() }
    );
}

#[test]
fn older_audiences_are_taken_where_configured_and_alone() {
    let older = verifier().older_audiences([TOKEN_URL.to_owned()]);
    let check = |aud| {
        let jwt = signed(&with("aud", aud));
        check_with(&older, &jwt, public(), NOW)
    };
    assert!(check(json!(TOKEN_URL)).is_ok() && check(json!(ISSUER)).is_ok());
    assert!(check(json!([TOKEN_URL])).is_ok());
    assert!(check(json!("https://as.example.com/par")).is_err());
    assert!(check(json!([TOKEN_URL, ISSUER])).is_err());
}

#[test]
fn row_7523_3_01_iss_and_sub_are_the_client_id() {
    for (name, value) in [("iss", json!("bank")), ("sub", json!("erika"))] {
        assert_eq!(refused(&with(name, value)), E::IssuerIsNotSubject);
    }
    for name in ["iss", "sub"] {
        let missing = E::Claim(ClaimError::Missing(name));
        assert_eq!(refused(&without(name)), missing);
        let wrong = E::Claim(ClaimError::NotAString(name));
        assert_eq!(refused(&with(name, json!([CLIENT]))), wrong);
    }
    let assertion = ClientAssertion::parse(&signed(&claims())).unwrap();
    let elsewhere = verifier().verify(&assertion, "bank", public(), NOW);
    assert_eq!(elsewhere.unwrap_err(), E::OtherClient);
}

#[test]
fn row_7523_3_01_exp_is_present_and_not_past() {
    let jwt = signed(&claims());
    let at = |now| check_with(&verifier(), &jwt, public(), now);
    assert!(at(NOW + 59).is_ok());
    assert_eq!(at(NOW + 60).unwrap_err(), E::Expired { ago: 0 });
    assert_eq!(at(NOW + 100).unwrap_err(), E::Expired { ago: 40 });
    assert_eq!(
        refused(&without("exp")),
        E::Claim(ClaimError::Missing("exp"))
    );
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
            assert_eq!(
                refused(&with(name, bad)),
                E::Claim(ClaimError::NotSeconds(name))
            );
        }
    }
    assert!(matches!(
        refused(&with("exp", json!(u64::MAX))),
        E::LivesTooLong { .. }
    ));
    assert!(matches!(refused(&with("exp", json!(0))), E::Expired { .. }));
    for name in ["nbf", "iat"] {
        assert!(check(&signed(&with(name, json!(0)))).is_ok());
        assert!(check(&signed(&with(name, json!(u64::MAX)))).is_err());
    }
    let endless = verifier().max_lifetime(u64::MAX);
    let jwt = signed(&with("exp", json!(u64::MAX)));
    assert!(check_with(&endless, &jwt, public(), 0).is_err()); // its iat is far in the future
    assert!(check_with(&endless, &jwt, public(), NOW).is_ok());
}

#[test]
fn row_7523_3_02_a_far_off_exp_is_refused() {
    for ahead in [331, 86_400, 10 * 365 * 86_400] {
        assert_eq!(
            refused(&with("exp", json!(NOW + ahead))),
            E::LivesTooLong { max: 300 }
        );
    }
    assert!(check(&signed(&with("exp", json!(NOW + 330)))).is_ok());
    let brief = verifier().max_lifetime(60);
    let jwt = signed(&with("exp", json!(NOW + 91)));
    assert_eq!(
        check_with(&brief, &jwt, public(), NOW).unwrap_err(),
        E::LivesTooLong { max: 60 }
    );
}

#[test]
fn row_7523_3_02_jti_is_required_and_of_bounded_length() {
    assert_eq!(
        refused(&without("jti")),
        E::Claim(ClaimError::Missing("jti"))
    );
    assert_eq!(
        refused(&with("jti", json!(7))),
        E::Claim(ClaimError::NotAString("jti"))
    );
    for bad in [String::new(), "j".repeat(257)] {
        assert_eq!(refused(&with("jti", json!(bad))), E::Claim(ClaimError::Jti));
    }
    assert!(check(&signed(&with("jti", json!("j".repeat(256))))).is_ok());
}

#[test]
fn row_fsp_5_3_2_1_06_iat_and_nbf_10_seconds_ahead_are_accepted_and_61_refused() {
    for ahead in [1, 9, 10] {
        for name in ["iat", "nbf"] {
            assert!(check(&signed(&with(name, json!(NOW + ahead)))).is_ok());
        }
    }
    for ahead in [31, 61, 3600] {
        assert_eq!(
            refused(&with("iat", json!(NOW + ahead))),
            E::FromTheFuture { ahead }
        );
        assert_eq!(
            refused(&with("nbf", json!(NOW + ahead))),
            E::NotYetValid { ahead }
        );
    }
}
