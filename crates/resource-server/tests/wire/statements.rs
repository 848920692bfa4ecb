//! Statements that must not be believed, one per check, and answers that are no statements.

use crate::fake_as::{
    CLIENT_ID, FakeAs, NOW, changed, claims, json_answer, new_key, new_key_for, refused, sign,
    sign_as, start, statement, status, typed,
};
use avouch_jose::{ParseError, SignatureAlgorithm, base64url};
use avouch_resource_server::{
    ClockWindow, FailedCheck, IntrospectError, ServerError, StatementError,
};
use serde_json::{Value, json};

/// What becomes of a statement with these claims, well signed.
async fn refused_claims(member: &str, value: Value) -> StatementError {
    let (server, key, introspector) = start().await;
    server.say(sign(&key, &changed(&server, member, value)));
    refused(introspector.introspect("t0ken").await)
}

/// What becomes of a text as a statement.
async fn refused_text(make: impl Fn(&FakeAs, String) -> String) -> StatementError {
    let (server, key, introspector) = start().await;
    let good = sign(&key, &claims(&server));
    server.say(make(&server, good));
    refused(introspector.introspect("t0ken").await)
}

#[tokio::test]
async fn row_9701_8_1_03_the_signature_must_be_right() {
    let error = refused_text(|server, good| {
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let admin = changed(
            server,
            "token_introspection",
            json!({"active": true, "sub": "root"}),
        );
        format!(
            "{header}.{}.{signature}",
            base64url::encode(admin.to_string())
        )
    })
    .await;
    assert!(
        matches!(error, StatementError::Check(FailedCheck::Signature(_))),
        "{error}"
    );
}

#[tokio::test]
async fn every_algorithm_that_is_advertised_and_allowed_is_believed_and_no_other() {
    for algorithm in SignatureAlgorithm::ALL {
        let server = FakeAs::start("").await;
        server.change_metadata(
            "introspection_signing_alg_values_supported",
            json!([algorithm]),
        );
        let key = new_key_for(algorithm);
        server.publish(&[&key]);
        server.say(sign(&key, &claims(&server)));
        let unless_told = server.discover().await;
        let answer = unless_told.introspect("t0ken").await.unwrap();
        assert!(answer.active().is_some(), "{algorithm}");
        let alone = server.builder().algorithms([algorithm]);
        let alone = alone.discover().await.unwrap();
        assert!(alone.introspect("t0ken").await.is_ok(), "{algorithm}");

        // Now it says that it signs with all, and this reader wants all but one.
        let all = SignatureAlgorithm::ALL;
        server.change_metadata("introspection_signing_alg_values_supported", json!(all));
        let others: Vec<_> = all.into_iter().filter(|one| *one != algorithm).collect();
        let others = server
            .builder()
            .algorithms(others)
            .discover()
            .await
            .unwrap();
        assert_eq!(
            refused(others.introspect("t0ken").await),
            StatementError::Check(FailedCheck::AlgorithmNotAllowed(algorithm))
        );
    }
}

#[tokio::test]
async fn row_9701_8_1_03_the_key_must_be_one_of_the_authorization_server() {
    let (server, _, introspector) = start().await;
    server.say(sign(&new_key(), &claims(&server)));
    let error = refused(introspector.introspect("t0ken").await);
    assert!(
        matches!(error, StatementError::Check(FailedCheck::NoKey(_))),
        "{error}"
    );
}

#[tokio::test]
async fn row_9701_8_1_03_alg_none_is_refused() {
    let error = refused_text(|server, _| {
        let header = r#"{"typ":"token-introspection+jwt","alg":"none"}"#;
        let claims = claims(server).to_string();
        format!(
            "{}.{}.",
            base64url::encode(header),
            base64url::encode(claims)
        )
    })
    .await;
    let unsupported = FailedCheck::Malformed(ParseError::UnsupportedAlgorithm);
    assert_eq!(error, StatementError::Check(unsupported));
}

#[tokio::test]
async fn row_9701_8_1_03_the_algorithm_must_be_allowed() {
    let (server, key, _) = start().await;
    let builder = server.builder().algorithms([SignatureAlgorithm::Rs256]);
    let introspector = builder.discover().await.unwrap();
    server.say(sign(&key, &claims(&server)));
    let error = refused(introspector.introspect("t0ken").await);
    let expected = FailedCheck::AlgorithmNotAllowed(SignatureAlgorithm::Es256);
    assert_eq!(error, StatementError::Check(expected));
}

#[tokio::test]
async fn row_9701_8_1_03_typ_must_be_that_of_a_statement() {
    let (server, key, introspector) = start().await;
    for typ in ["at+jwt", "JWT", "logout+jwt"] {
        server.say(sign_as(&key, typ, &claims(&server)));
        let error = refused(introspector.introspect("t0ken").await);
        assert_eq!(error, StatementError::Check(FailedCheck::WrongTyp), "{typ}");
    }
}

#[tokio::test]
async fn row_9701_8_1_03_iss_must_be_the_issuer() {
    let error = refused_claims("iss", json!("https://evil.example")).await;
    let shown = error.to_string();
    assert!(
        shown.starts_with("the statement is from https://evil.example, not from http://127.0.0.1:"),
        "{shown}"
    );
    let error = refused_claims("iss", Value::Null).await;
    assert_eq!(error, StatementError::Check(FailedCheck::WrongIssuer));
}

#[tokio::test]
async fn row_9701_8_1_03_aud_must_be_this_resource_server() {
    let error = refused_claims("aud", json!("sign")).await;
    let expected = StatementError::OtherAudience {
        found: "sign".into(),
        expected: CLIENT_ID.into(),
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "the statement is for sign, not for https://pay.example/rs"
    );
    let error = refused_claims("aud", Value::Null).await;
    assert_eq!(error, StatementError::Check(FailedCheck::WrongAudience));
}

#[tokio::test]
async fn row_9701_8_1_03_iat_must_lie_within_the_window() {
    let (server, key, introspector) = start().await;
    let check = async |iat: u64| {
        server.say(sign(&key, &changed(&server, "iat", iat.into())));
        introspector.introspect("t0ken").await
    };
    assert!(check(NOW - 60).await.is_ok());
    assert!(check(NOW + 10).await.is_ok());
    assert_eq!(
        refused(check(NOW - 61).await),
        StatementError::Check(FailedCheck::TooOld { age: 61 })
    );
    assert_eq!(
        refused(check(NOW + 11).await),
        StatementError::Check(FailedCheck::FromTheFuture { ahead: 11 })
    );
    assert_eq!(
        refused_claims("iat", json!("now")).await,
        StatementError::Check(FailedCheck::NoIssuedAt)
    );
}

#[tokio::test]
async fn the_window_is_the_callers_to_set() {
    let (server, key, _) = start().await;
    let window = ClockWindow { past: 5, future: 0 };
    let introspector = server
        .builder()
        .clock_window(window)
        .discover()
        .await
        .unwrap();
    server.say(sign(&key, &changed(&server, "iat", (NOW - 6).into())));
    let error = refused(introspector.introspect("t0ken").await);
    assert_eq!(error, StatementError::Check(FailedCheck::TooOld { age: 6 }));
}

#[tokio::test]
async fn row_9701_8_1_03_the_answer_must_have_its_shape() {
    for (value, expected) in [
        (Value::Null, FailedCheck::NoTokenIntrospection),
        (json!("active"), FailedCheck::NoTokenIntrospection),
        (json!({"active": "true"}), FailedCheck::NoActive),
        (json!({"sub": "alice"}), FailedCheck::NoActive),
        (
            json!({"active": false, "sub": "alice"}),
            FailedCheck::InactiveWithMembers,
        ),
    ] {
        let error = refused_claims("token_introspection", value.clone()).await;
        assert_eq!(error, StatementError::Check(expected), "{value}");
    }
}

#[tokio::test]
async fn what_is_no_jwt_is_told() {
    let error = refused_text(|_, _| "not a JWT".into()).await;
    assert!(
        matches!(error, StatementError::Check(FailedCheck::Malformed(_))),
        "{error}"
    );
    let error = refused_text(|_, _| "a.b.c.d.e".into()).await;
    assert_eq!(error, StatementError::Check(FailedCheck::Encrypted));
}

#[tokio::test]
async fn plain_json_is_no_answer_where_a_statement_was_asked_for() {
    let (server, _, introspector) = start().await;
    server.on_introspection(|_| json_answer(&json!({"active": true})));
    match introspector.introspect("t0ken").await {
        Err(IntrospectError::Server(ServerError::JsonInsteadOfJwt)) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_content_type_must_be_that_of_a_statement() {
    let (server, key, introspector) = start().await;
    let jwt = sign(&key, &claims(&server));
    for wrong in ["application/jwt", "text/plain", "application/at+jwt", ""] {
        let jwt = jwt.clone();
        server.on_introspection(move |_| typed(wrong, jwt.clone()));
        match introspector.introspect("t0ken").await {
            Err(IntrospectError::Server(ServerError::ContentType { .. })) => {}
            other => panic!("{wrong}: {other:?}"),
        }
    }
    server.on_introspection(move |_| {
        let mut twice = statement(jwt.clone());
        let other = "application/json".parse().unwrap();
        twice.headers_mut().append("content-type", other);
        twice
    });
    match introspector.introspect("t0ken").await {
        Err(IntrospectError::Server(ServerError::ContentType { .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_200_is_an_answer() {
    let (server, key, introspector) = start().await;
    let jwt = sign(&key, &claims(&server));
    for code in [201, 203, 204, 404, 500] {
        let jwt = jwt.clone();
        server.on_introspection(move |_| {
            let mut answer = statement(if code == 204 {
                String::new()
            } else {
                jwt.clone()
            });
            *answer.status_mut() = status(code, "").status();
            answer
        });
        assert!(introspector.introspect("t0ken").await.is_err(), "{code}");
    }
}

#[tokio::test]
async fn a_statement_that_is_not_text_is_told() {
    let (server, _, introspector) = start().await;
    let media_type = "application/token-introspection+jwt";
    server.on_introspection(move |_| typed(media_type, &b"\xff\xfe"[..]));
    match introspector.introspect("t0ken").await {
        Err(IntrospectError::Server(ServerError::NotText)) => {}
        other => panic!("{other:?}"),
    }
}
