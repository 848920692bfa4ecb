//! The table of `Accept` values and policies.

use super::*;
use proptest::prelude::*;

const JSON_OR_JWT: AnswerPolicy = AnswerPolicy {
    protection: Protection::Signed,
    forms: AnswerForms::JsonOrJwt,
    legacy: LegacyForm::Off,
    encrypted_only: false,
};
const ENCRYPTING: AnswerPolicy = AnswerPolicy {
    protection: Protection::SignedAndEncrypted,
    ..JSON_OR_JWT
};
const JWT_ONLY: AnswerPolicy = AnswerPolicy {
    forms: AnswerForms::JwtOnly,
    ..JSON_OR_JWT
};
const ALWAYS_JWT: AnswerPolicy = AnswerPolicy {
    forms: AnswerForms::AlwaysJwt,
    ..JSON_OR_JWT
};
const LEGACY: AnswerPolicy = AnswerPolicy {
    legacy: LegacyForm::On,
    ..JSON_OR_JWT
};

const JWT_TYPE: &str = crate::media_type::TOKEN_INTROSPECTION_JWT;

/// `None` is a request without the header; `JWT` stands for the media type.
fn ask(header: Option<&str>, policy: AnswerPolicy) -> Result<ResponseFormat, NegotiationError> {
    let line = header.map(|header| header.replace("JWT", JWT_TYPE));
    negotiate(&Accept::parse(line.iter().map(String::as_bytes)), &policy)
}

fn refused(policy: AnswerPolicy) -> Result<ResponseFormat, NegotiationError> {
    Err(NegotiationError::NotAcceptable(Offer::of(policy)))
}

#[test]
fn row_9110_12_5_1_01_no_header_gives_json() {
    assert_eq!(ask(None, JSON_OR_JWT), Ok(ResponseFormat::Json));
    assert_eq!(ask(Some(""), JSON_OR_JWT), Ok(ResponseFormat::Json));
}

#[test]
fn row_9110_12_5_1_02_weight_zero_is_not_acceptable() {
    let header = Some("application/json;q=0, */*");
    assert_eq!(ask(header, JSON_OR_JWT), Ok(ResponseFormat::Jwt));
    let header = Some("JWT;q=0, */*");
    assert_eq!(ask(header, JSON_OR_JWT), Ok(ResponseFormat::Json));
    let refused = refused(JSON_OR_JWT);
    assert_eq!(ask(Some("*/*;q=0"), JSON_OR_JWT), refused);
    assert_eq!(ask(Some("JWT;q=0.000"), JSON_OR_JWT), refused);
}

#[test]
fn row_9110_12_5_1_03_the_most_specific_range_decides() {
    let header = Some("*/*;q=1, application/json;q=0.1, JWT;q=0.5");
    assert_eq!(ask(header, JSON_OR_JWT), Ok(ResponseFormat::Jwt));
    let header = Some("*/*;q=0.1, application/*;q=1, application/json;q=0.5");
    assert_eq!(ask(header, JSON_OR_JWT), Ok(ResponseFormat::Jwt));
}

#[test]
fn row_9110_12_5_1_04_the_higher_weight_wins() {
    for (header, expected) in [
        ("JWT;q=0.5, application/json;q=0.6", ResponseFormat::Json),
        ("JWT;q=0.6, application/json;q=0.5", ResponseFormat::Jwt),
        ("JWT;q=0.1", ResponseFormat::Jwt),
        ("JWT;q=0.1, */*;q=0.2", ResponseFormat::Json),
    ] {
        assert_eq!(ask(Some(header), JSON_OR_JWT), Ok(expected), "{header}");
    }
}

#[test]
fn row_9110_12_5_1_04_a_tie_goes_to_the_jwt_if_it_is_named() {
    for (header, expected) in [
        ("JWT, application/json", ResponseFormat::Jwt),
        ("application/json, JWT", ResponseFormat::Jwt),
        ("*/*, JWT", ResponseFormat::Jwt),
        ("JWT, */*", ResponseFormat::Jwt),
        ("application/json, */*", ResponseFormat::Json),
        ("*/*", ResponseFormat::Json),
        ("application/*", ResponseFormat::Json),
        ("application/*, */*", ResponseFormat::Json),
    ] {
        assert_eq!(ask(Some(header), JSON_OR_JWT), Ok(expected), "{header}");
    }
}

#[test]
fn row_9110_12_5_1_05_a_malformed_wish_is_no_wish_for_json() {
    let refused = refused(JSON_OR_JWT);
    assert_eq!(ask(Some("JWT;q=abc"), JSON_OR_JWT), refused);
    let header = Some("JWT;q=abc, application/json");
    assert_eq!(ask(header, JSON_OR_JWT), Ok(ResponseFormat::Json));
    let header = Some("Application/Token-Introspection+JWT");
    let accept = Accept::parse(header.iter().map(|line| line.as_bytes()));
    assert_eq!(negotiate(&accept, &JSON_OR_JWT), Ok(ResponseFormat::Jwt));
}

#[test]
fn row_9110_15_5_7_01_nothing_on_offer_is_not_acceptable() {
    for header in ["text/html", "application/jwt", "application/xml, text/*"] {
        for policy in [JSON_OR_JWT, ENCRYPTING, JWT_ONLY] {
            assert_eq!(ask(Some(header), policy), refused(policy), "{header}");
        }
    }
}

#[test]
fn row_9110_15_5_7_01_a_refusal_names_what_would_be_given() {
    for (policy, offered) in [
        (JSON_OR_JWT, "JWT or application/json"),
        (LEGACY, "JWT or application/jwt or application/json"),
        (JWT_ONLY, "JWT"),
        (ENCRYPTING, "JWT"),
        (
            AnswerPolicy {
                legacy: LegacyForm::On,
                ..ENCRYPTING
            },
            "JWT or application/jwt",
        ),
    ] {
        let refusal = ask(Some("text/html"), policy).unwrap_err().to_string();
        let offered = format!("ask for {}", offered.replace("JWT", JWT_TYPE));
        assert!(refusal.ends_with(&offered), "{refusal}");
    }
}

#[test]
fn row_d01_02_an_encrypting_rs_must_name_the_jwt() {
    for header in [
        None,
        Some("application/json"),
        Some("*/*"),
        Some("application/*"),
        Some("JWT;q=0, */*"),
    ] {
        for forms in [AnswerForms::JsonOrJwt, AnswerForms::JwtOnly] {
            let policy = AnswerPolicy {
                forms,
                ..ENCRYPTING
            };
            let refused = Err(NegotiationError::EncryptedRequired);
            assert_eq!(ask(header, policy), refused, "{header:?}");
        }
    }
    assert_eq!(ask(Some("JWT"), ENCRYPTING), Ok(ResponseFormat::Jwt));
    let reluctant = Some("application/json, JWT;q=0.1");
    assert_eq!(ask(reluctant, ENCRYPTING), Ok(ResponseFormat::Jwt));
}

#[test]
fn row_c2id_01_always_jwt_ignores_accept() {
    for header in [
        None,
        Some("application/json"),
        Some("text/html"),
        Some("JWT;q=0"),
        Some("JWT"),
    ] {
        for protection in [Protection::Signed, Protection::SignedAndEncrypted] {
            let policy = AnswerPolicy {
                protection,
                ..ALWAYS_JWT
            };
            let given = ask(header, policy);
            assert_eq!(given, Ok(ResponseFormat::Jwt), "{header:?}");
        }
    }
    for header in [None, Some("application/json")] {
        assert_eq!(
            ask(header, JSON_OR_JWT),
            Ok(ResponseFormat::Json),
            "{header:?}"
        );
    }
}

#[test]
fn row_c2id_01_always_jwt_means_the_draft_form_for_who_is_set_to_it() {
    let policy = AnswerPolicy {
        legacy: LegacyForm::On,
        ..ALWAYS_JWT
    };
    for header in [
        None,
        Some("application/json"),
        Some("*/*"),
        Some("text/html"),
    ] {
        let given = ask(header, policy);
        assert_eq!(given, Ok(ResponseFormat::LegacyJwt), "{header:?}");
    }
    assert_eq!(ask(Some("JWT"), policy), Ok(ResponseFormat::Jwt));
    let both = Some("application/jwt, JWT");
    assert_eq!(ask(both, policy), Ok(ResponseFormat::Jwt));
}

#[test]
fn where_only_encrypted_answers_are_given_the_others_are_refused_at_once() {
    for header in [None, Some("application/json"), Some("JWT")] {
        for forms in [AnswerForms::JsonOrJwt, AnswerForms::AlwaysJwt] {
            let plain = AnswerPolicy {
                forms,
                encrypted_only: true,
                ..JSON_OR_JWT
            };
            let refused = Err(NegotiationError::NotSetUpForEncryption);
            assert_eq!(ask(header, plain), refused, "{header:?}");
        }
    }
    let encrypting = AnswerPolicy {
        encrypted_only: true,
        ..ENCRYPTING
    };
    assert_eq!(ask(Some("JWT"), encrypting), Ok(ResponseFormat::Jwt));
}

#[test]
fn row_fms_5_5_1_02_a_jwt_only_endpoint_gives_no_json() {
    let refused = Err(NegotiationError::JwtRequired);
    assert_eq!(ask(Some("application/json"), JWT_ONLY), refused);
    assert_eq!(ask(Some("JWT;q=0, */*"), JWT_ONLY), refused);
    for header in [
        None,
        Some("*/*"),
        Some("application/json, */*;q=0.1"),
        Some("JWT"),
    ] {
        assert_eq!(ask(header, JWT_ONLY), Ok(ResponseFormat::Jwt), "{header:?}");
    }
}

#[test]
fn row_d08_14_the_legacy_form_is_off_unless_switched_on() {
    let header = Some("application/jwt");
    let refused = refused(AnswerPolicy::default());
    assert_eq!(ask(header, AnswerPolicy::default()), refused);
    assert_eq!(ask(header, LEGACY), Ok(ResponseFormat::LegacyJwt));
    let both = Some("application/jwt, JWT, application/json");
    assert_eq!(ask(both, LEGACY), Ok(ResponseFormat::Jwt));
    let older = Some("application/json, application/jwt");
    assert_eq!(ask(older, LEGACY), Ok(ResponseFormat::LegacyJwt));
    assert_eq!(ask(Some("*/*"), LEGACY), Ok(ResponseFormat::Json));
    assert_eq!(ask(None, LEGACY), Ok(ResponseFormat::Json));
}

#[test]
fn row_d08_01_each_form_has_its_content_type() {
    assert_eq!(ResponseFormat::LegacyJwt.media_type(), "application/jwt");
    assert_eq!(
        ResponseFormat::Jwt.media_type(),
        "application/token-introspection+jwt"
    );
    assert_eq!(ResponseFormat::Json.media_type(), "application/json");
}

fn element() -> impl Strategy<Value = String> {
    let range = prop::sample::select(vec![
        JWT_TYPE,
        "application/json",
        "application/jwt",
        "application/*",
        "*/*",
        "text/html",
        "broken",
    ]);
    (range, prop::option::of(0u16..=1000)).prop_map(|(range, weight)| match weight {
        Some(weight) => format!("{range};q={}.{:03}", weight / 1000, weight % 1000),
        None => range.to_owned(),
    })
}

fn policy() -> impl Strategy<Value = AnswerPolicy> {
    (
        prop::sample::select(vec![Protection::Signed, Protection::SignedAndEncrypted]),
        prop::sample::select(vec![
            AnswerForms::JsonOrJwt,
            AnswerForms::JwtOnly,
            AnswerForms::AlwaysJwt,
        ]),
        prop::sample::select(vec![LegacyForm::Off, LegacyForm::On]),
        any::<bool>(),
    )
        .prop_map(|(protection, forms, legacy, encrypted_only)| AnswerPolicy {
            protection,
            forms,
            legacy,
            encrypted_only,
        })
}

proptest! {
    #[test]
    fn row_d01_01_json_goes_only_where_json_may(
        elements in prop::collection::vec(element(), 0..6),
        policy in policy(),
    ) {
        let header = elements.join(",");
        let answer = ask(Some(&header), policy);
        if policy.protection == Protection::SignedAndEncrypted || policy.forms != AnswerForms::JsonOrJwt {
            prop_assert_ne!(answer, Ok(ResponseFormat::Json));
        }
        if policy.legacy == LegacyForm::Off {
            prop_assert_ne!(answer, Ok(ResponseFormat::LegacyJwt));
        }
        let always = policy.forms == AnswerForms::AlwaysJwt;
        if policy.protection == Protection::SignedAndEncrypted && answer.is_ok() && !always {
            prop_assert!(header.contains("jwt"));
        }
        let refused = policy.encrypted_only && policy.protection == Protection::Signed;
        if always || refused {
            prop_assert_eq!(answer.is_err(), refused);
        }
    }

    #[test]
    fn row_9110_12_5_1_04_order_and_lines_do_not_matter(
        elements in prop::collection::vec(element(), 0..6),
        policy in policy(),
    ) {
        let mut reversed = elements.clone();
        reversed.reverse();
        let one_line = ask(Some(&elements.join(" , ")), policy);
        prop_assert_eq!(ask(Some(&reversed.join(",")), policy), one_line);
        let lines = Accept::parse(elements.iter().map(String::as_bytes));
        prop_assert_eq!(negotiate(&lines, &policy), one_line);
    }

    #[test]
    fn what_is_answered_is_acceptable(
        elements in prop::collection::vec(element(), 1..6),
        policy in policy(),
    ) {
        prop_assume!(policy.forms != AnswerForms::AlwaysJwt);
        let accept = Accept::parse(elements.iter().map(String::as_bytes));
        if let Ok(format) = negotiate(&accept, &policy) {
            let (main, sub) = format.media_type().split_once('/').unwrap();
            prop_assert!(accept.quality(main, sub).unwrap().quality > Quality::ZERO);
        }
    }
}
