//! Values that the stories share.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use avouch_core::id::{ClientId, SubjectId};
use avouch_core::issuance::SubjectOrder;
use avouch_core::records::{Authentication, LegalBasis};
use avouch_core::time::{Clock, Timestamp};
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde_json::{Value, json};

/// What the first RS serves.
pub(crate) const SIGN: &str = "https://sign.example/api";
/// What the second RS serves.
pub(crate) const PAY: &str = "https://pay.example/api";
/// When every story begins: 2026-11-22T00:00:00Z.
pub(crate) const START: i64 = 1_795_305_600;
/// The claims that the login system knows of Erika.
pub(crate) const CLAIMS: [&str; 3] = ["birthdate", "family_name", "iban"];

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn new() -> Self {
        // Not on the full second, so that a fraction on the wire would show.
        Self(AtomicI64::new(START * 1_000_000 + 123_456))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn resource(text: &str) -> ResourceIdentifier {
    ResourceIdentifier::parse(text).unwrap()
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn claims(value: Value) -> FurtherClaims {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn details(value: Value) -> AuthorizationDetails {
    AuthorizationDetails::from_value(value).unwrap()
}

/// A token for Erika at the first RS, with something in every member.
pub(crate) fn order() -> SubjectOrder {
    SubjectOrder {
        client: ClientId::new("shop").unwrap(),
        subject: SubjectId::new("erika").unwrap(),
        scope: Some(scope("sign pay read")),
        resources: vec![resource(SIGN)],
        claims: claims(json!({
            "birthdate": "1964-08-12",
            "family_name": "Mustermann",
            "iban": "DE02120300000000202051",
        })),
        authorization_details: details(json!([
            {"type": "signature", "document": "contract"},
            {"type": "payment", "amount": "99.00"},
        ])),
        legal_basis: Some(LegalBasis::new("consent 4711").unwrap()),
        authentication: Some(Authentication {
            acr: Some("high".to_owned()),
            auth_time: Some(1_795_305_000),
        }),
        confirmation: None,
        not_before: None,
        lifetime: Some(Duration::from_mins(10)),
    }
}
