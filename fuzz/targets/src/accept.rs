//! `Accept` and `Content-Type`.

use avouch_oauth::accept::{MAX_RANGES, Quality};
use avouch_oauth::media_type::{self, content_type_is};
use avouch_oauth::negotiate::{AnswerForms, LegacyForm, NegotiationError, Protection};
use avouch_oauth::{Accept, AnswerPolicy, ResponseFormat, negotiate};

const FORMATS: [ResponseFormat; 3] = [
    ResponseFormat::Json,
    ResponseFormat::Jwt,
    ResponseFormat::LegacyJwt,
];

/// The lines of an `Accept`, or one `Content-Type`.
pub fn accept(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&octet| octet == b'\n').collect();
    let accept = Accept::parse(lines.iter().copied());
    for policy in policies() {
        check(&accept, policy);
    }
    let upper = data.to_ascii_uppercase();
    agree(
        &accept,
        &Accept::parse(upper.split(|&octet| octet == b'\n')),
        "case",
    );
    // What comes behind the last range that is kept depends on the order.
    let elements = data.split(|octet| b",\n".contains(octet)).count();
    if elements <= MAX_RANGES {
        agree(
            &accept,
            &Accept::parse(lines.iter().rev().copied()),
            "the order of the lines",
        );
    }
    content_type(data);
}

fn policies() -> Vec<AnswerPolicy> {
    let mut policies = Vec::new();
    for protection in [Protection::Signed, Protection::SignedAndEncrypted] {
        for forms in [
            AnswerForms::JsonOrJwt,
            AnswerForms::JwtOnly,
            AnswerForms::AlwaysJwt,
        ] {
            for legacy in [LegacyForm::Off, LegacyForm::On] {
                policies.extend([false, true].map(|encrypted_only| AnswerPolicy {
                    protection,
                    forms,
                    legacy,
                    encrypted_only,
                }));
            }
        }
    }
    policies
}

/// How welcome a format is, in thousandths.
fn welcome(accept: &Accept<'_>, format: ResponseFormat) -> u16 {
    let (main, sub) = format
        .media_type()
        .split_once('/')
        .expect("a type and a subtype");
    let found = accept.quality(main, sub);
    found
        .map_or(Quality::ZERO, |found| found.quality)
        .thousandths()
}

/// The answer is one that the server offers and the caller takes, and none is more welcome.
fn check(accept: &Accept<'_>, policy: AnswerPolicy) {
    let encrypted = policy.protection == Protection::SignedAndEncrypted;
    let always = policy.forms == AnswerForms::AlwaysJwt;
    let offered = |format| match format {
        ResponseFormat::Json => !encrypted && policy.forms == AnswerForms::JsonOrJwt,
        ResponseFormat::Jwt => true,
        ResponseFormat::LegacyJwt => policy.legacy == LegacyForm::On,
    };
    let more_welcome_than = |least: u16| {
        let mut formats = FORMATS.into_iter();
        formats.any(|format| offered(format) && welcome(accept, format) > least)
    };
    let decision = negotiate(accept, &policy);
    if policy.encrypted_only && !encrypted {
        assert_eq!(decision, Err(NegotiationError::NotSetUpForEncryption));
    } else if let Ok(format) = decision {
        assert!(offered(format), "{format:?} is not on offer: {policy:?}");
        let quality = welcome(accept, format);
        assert!(always || quality > 0, "{format:?} is not taken: {policy:?}");
        // An RS set up for encryption has to name the type: a wildcard that welcomes more does not count.
        let is_best = always || encrypted || !more_welcome_than(quality);
        assert!(is_best, "another than {format:?}: {policy:?}");
    } else {
        let nothing = !always && (encrypted || !more_welcome_than(0));
        assert!(nothing, "refused what is offered and taken: {policy:?}");
    }
}

fn agree(one: &Accept<'_>, other: &Accept<'_>, whatever: &str) {
    for policy in policies() {
        assert_eq!(
            negotiate(one, &policy),
            negotiate(other, &policy),
            "{whatever} must not matter: {policy:?}"
        );
    }
}

fn content_type(header: &[u8]) {
    let types = [
        media_type::FORM,
        media_type::JSON,
        media_type::JWT,
        media_type::TOKEN_INTROSPECTION_JWT,
    ];
    let named = types.map(|expected| content_type_is(header, expected));
    assert!(
        named.into_iter().filter(|is| *is).count() <= 1,
        "two types at once"
    );
    let upper = header.to_ascii_uppercase();
    let spaced = [b" \t", header, b" "].concat();
    assert_eq!(
        named,
        types.map(|expected| content_type_is(&upper, expected))
    );
    assert_eq!(
        named,
        types.map(|expected| content_type_is(&spaced, expected))
    );
}
