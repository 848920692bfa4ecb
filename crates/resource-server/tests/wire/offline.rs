//! Statements checked again, long after.

use crate::fake_as::{CLIENT_ID, NOW, claims, jwks, new_key, sign, start};
use avouch_resource_server::{
    ClockWindow, Expectations, FailedCheck, Freshness, SignatureAlgorithm, StatementError,
    verify_statement,
};

#[tokio::test]
async fn a_kept_statement_can_be_checked_years_later() {
    let (server, key, introspector) = start().await;
    server.say(sign(&key, &claims(&server)));
    let kept = introspector
        .introspect("t0ken")
        .await
        .unwrap()
        .jwt()
        .to_owned();

    let expected = Expectations::new(server.issuer().parse().unwrap(), CLIENT_ID);
    let keys = jwks(&[&key]);
    let statement = verify_statement(&kept, &keys, &expected, Freshness::Archived).unwrap();
    assert_eq!(statement.iat(), NOW);
    assert!(statement.audience().contains(CLIENT_ID));

    let later = Freshness::Received(NOW + 100_000_000);
    assert_eq!(
        verify_statement(&kept, &keys, &expected, later).unwrap_err(),
        StatementError::Check(FailedCheck::TooOld { age: 100_000_000 })
    );
    let window = ClockWindow {
        past: 100_000_000,
        future: 0,
    };
    let patient = expected.clone().clock_window(window);
    assert!(verify_statement(&kept, &keys, &patient, later).is_ok());
}

#[tokio::test]
async fn age_is_all_that_an_archive_excuses() {
    let (server, key, _) = start().await;
    let jwt = sign(&key, &claims(&server));
    let expected = Expectations::new(server.issuer().parse().unwrap(), CLIENT_ID);
    let check = |keys: &[_], expected: &Expectations| {
        verify_statement(&jwt, &jwks(keys), expected, Freshness::Archived)
    };
    assert!(check(&[&key], &expected).is_ok());

    let stranger = new_key();
    let error = check(&[&stranger], &expected).unwrap_err();
    assert!(
        matches!(error, StatementError::Check(FailedCheck::NoKey(_))),
        "{error}"
    );
    let forged = new_key().with_kid(key.kid());
    let error = check(&[&forged], &expected).unwrap_err();
    assert!(
        matches!(error, StatementError::Check(FailedCheck::Signature(_))),
        "{error}"
    );

    let other = Expectations::new("https://as.example".parse().unwrap(), CLIENT_ID);
    let error = check(&[&key], &other).unwrap_err();
    assert!(
        matches!(error, StatementError::OtherIssuer { .. }),
        "{error}"
    );
    let other = Expectations::new(server.issuer().parse().unwrap(), "sign");
    let error = check(&[&key], &other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the statement is for https://pay.example/rs, not for sign"
    );

    let error = check(&[&key], &expected.algorithms([SignatureAlgorithm::Rs256])).unwrap_err();
    let expected = FailedCheck::AlgorithmNotAllowed(SignatureAlgorithm::Es256);
    assert_eq!(error, StatementError::Check(expected));
}
