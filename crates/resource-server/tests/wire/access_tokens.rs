//! JWT access tokens, checked with the keys the authorization server publishes.

use crate::fake_as::{FakeAs, NOW, claims, new_key, sign, sign_as, start, status};
use avouch_jose::SigningKey;
use avouch_resource_server::{
    AccessTokenCheckError, AccessTokenChecker, AccessTokenError, DiscoverError, FailedCheck,
    HttpsClient, IntrospectError, ResourceIdentifier, ServerError, SignatureAlgorithm,
    StatementError, VerifiedAccessToken,
};
use serde_json::{Value, json};

const RESOURCE: &str = "https://pay.example/api";

fn resource(text: &str) -> ResourceIdentifier {
    text.parse().unwrap()
}

fn token_claims(server: &FakeAs) -> Value {
    json!({
        "iss": server.issuer(), "sub": "erika", "aud": RESOURCE, "client_id": "shop",
        "exp": NOW + 600, "iat": NOW, "jti": "j-1", "scope": "pay",
    })
}

fn token(key: &SigningKey, server: &FakeAs) -> String {
    sign_as(key, "at+jwt", &token_claims(server))
}

/// A server that publishes one key, and who checks its tokens without asking.
async fn checking() -> (FakeAs, SigningKey, AccessTokenChecker<HttpsClient>) {
    let (server, key, _) = start().await;
    let checker = AccessTokenChecker::builder(server.issuer().parse().unwrap(), resource(RESOURCE))
        .clock(server.clock())
        .discover()
        .await
        .unwrap();
    (server, key, checker)
}

fn refused(checked: Result<VerifiedAccessToken, AccessTokenCheckError>) -> AccessTokenError {
    match checked {
        Err(AccessTokenCheckError::Token(error)) => error,
        other => panic!("a token had to be refused, but: {other:?}"),
    }
}

#[tokio::test]
async fn row_9068_4_01_a_good_token_is_taken_without_a_question() {
    let (server, key, checker) = checking().await;
    let token = checker.check(&token(&key, &server)).await.unwrap();
    assert_eq!(token.subject(), "erika");
    assert_eq!(token.scope().to_string(), "pay");
    assert_eq!(server.seen("/introspect").len(), 0);
}

#[tokio::test]
async fn row_9701_8_1_01_an_introspection_answer_is_refused_as_an_access_token() {
    let (server, key, checker) = checking().await;
    let mut both = token_claims(&server);
    both["token_introspection"] = json!({"active": true});
    for (answer, error) in [
        (sign(&key, &claims(&server)), AccessTokenError::WrongTyp),
        // Dressed up as near as can be.
        (
            sign(&key, &token_claims(&server)),
            AccessTokenError::WrongTyp,
        ),
        (
            sign_as(&key, "at+jwt", &both),
            AccessTokenError::IntrospectionAnswer,
        ),
    ] {
        assert_eq!(refused(checker.check(&answer).await), error);
    }
}

#[tokio::test]
async fn row_8725_3_11_01_an_access_token_is_refused_as_an_introspection_answer() {
    let (server, key, introspector) = start().await;
    server.say(token(&key, &server));
    let answer = introspector.introspect("t0ken").await;
    assert!(
        matches!(
            answer,
            Err(IntrospectError::Statement(StatementError::Check(
                FailedCheck::WrongTyp
            )))
        ),
        "{answer:?}"
    );
}

#[tokio::test]
async fn row_9700_2_3_01_a_token_for_another_resource_is_refused() {
    let (server, key, checker) = checking().await;
    let mut claims = token_claims(&server);
    claims["aud"] = json!("https://sign.example/api");
    let token = sign_as(&key, "at+jwt", &claims);
    let error = refused(checker.check(&token).await);
    assert_eq!(error, AccessTokenError::WrongAudience);
    let wider = checker.resource(resource("https://sign.example/api"));
    assert!(wider.check(&token).await.is_ok());
}

#[tokio::test]
async fn the_clock_is_that_of_the_checker() {
    let (server, key, checker) = checking().await;
    let token = token(&key, &server);
    server.set_time(NOW + 609);
    assert!(checker.check(&token).await.is_ok());
    server.set_time(NOW + 610);
    let error = refused(checker.check(&token).await);
    assert_eq!(error, AccessTokenError::Expired { ago: 10 });
}

#[tokio::test]
async fn one_who_asks_and_checks_fetches_the_keys_once_for_both() {
    let (server, old, introspector) = start().await;
    let checker = introspector.access_tokens(resource(RESOURCE));
    let new = new_key();
    server.publish(&[&old, &new]);
    server.set_time(NOW + 10);
    assert!(checker.check(&token(&new, &server)).await.is_ok());
    server.say(sign(&new, &claims(&server)));
    assert!(introspector.introspect("t0ken").await.is_ok());
    assert_eq!(server.seen("/jwks").len(), 2);
}

#[tokio::test]
async fn strangers_with_made_up_keys_cannot_turn_us_against_the_server() {
    let (server, _, checker) = checking().await;
    let before = server.seen("/jwks").len();
    for (seconds, fetches) in [(0, 0), (10, 1), (19, 1), (20, 2)] {
        server.set_time(NOW + seconds);
        for _ in 0..5 {
            let error = refused(checker.check(&token(&new_key(), &server)).await);
            assert!(matches!(error, AccessTokenError::NoKey(_)), "{error}");
        }
        assert_eq!(server.seen("/jwks").len() - before, fetches);
    }
    // What is not signed by name makes nobody fetch.
    server.set_time(NOW + 40);
    for text in ["", "avt_x", "a.b.c", "a.b.c.d.e"] {
        refused(checker.check(text).await);
    }
    assert_eq!(server.seen("/jwks").len() - before, 2);
}

#[tokio::test]
async fn without_keys_nothing_is_taken_and_the_server_is_to_blame() {
    let (server, key, checker) = checking().await;
    let token = token(&key, &server);
    server.on_jwks(|_| status(503, ""));
    server.set_time(NOW + 600);
    match checker.check(&token).await {
        Err(AccessTokenCheckError::Server(ServerError::Unable(refusal))) => {
            assert_eq!(refusal.status(), 503);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wrong_settings_come_to_light_at_the_start() {
    let server = FakeAs::start("").await;
    let builder = || {
        let issuer = server.issuer().parse().unwrap();
        AccessTokenChecker::builder(issuer, resource(RESOURCE)).clock(server.clock())
    };
    server.change_metadata("introspection_endpoint", Value::Null);
    assert!(builder().discover().await.is_ok(), "nothing is asked there");
    server.change_metadata("jwks_uri", Value::Null);
    let without = builder().discover().await;
    assert!(matches!(
        without,
        Err(DiscoverError::Server(ServerError::Endpoint { .. }))
    ));
}

#[tokio::test]
async fn algorithms_can_be_settled_on() {
    let (server, key, introspector) = start().await;
    let checker = introspector
        .access_tokens(resource(RESOURCE))
        .algorithms([SignatureAlgorithm::Rs256])
        .leeway(0);
    let error = refused(checker.check(&token(&key, &server)).await);
    assert_eq!(
        error,
        AccessTokenError::AlgorithmNotAllowed(SignatureAlgorithm::Es256)
    );
}
