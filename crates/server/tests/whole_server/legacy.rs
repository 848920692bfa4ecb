//! The answer of draft -08, for resource servers that know nothing newer.

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_core::records::{ReleasedScopes, ResourceServer};
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::negotiate::LegacyForm;

use crate::support::{
    Answer, Caller, Running, SIGN, START, STATEMENT, Setup, Token, scope, top_level,
};

const LEGACY: &str = "application/jwt";

/// An RS with the legacy form switched on, and a good token.
async fn desk(change: impl FnOnce(&mut ResourceServer)) -> (Running, Caller, Token) {
    let setup = Setup::new().await;
    let old = setup
        .resource_server_with("old", SIGN, |record| {
            record.profile.value.legacy = LegacyForm::On;
            change(record);
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    (setup.start().await, old, token)
}

async fn ask(server: &Running, caller: &Caller, token: &str) -> Answer {
    server.about(token).by(caller).accept(LEGACY).send().await
}

#[tokio::test]
async fn row_d08_01_the_content_type_is_application_jwt() {
    let (server, old, token) = desk(|_| {}).await;
    for token in [token.text.as_str(), "unknown"] {
        let answer = ask(&server, &old, token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some(LEGACY));
        answer.is_not_cached();
        answer.jwt();
    }
}

#[tokio::test]
async fn row_d08_02_the_members_stand_at_the_top_level() {
    let (server, old, token) = desk(|_| {}).await;
    let claims = ask(&server, &old, &token.text).await.jwt().claims;
    assert_eq!(claims.get("token_introspection"), None);
    assert_eq!(claims["active"], true);
    assert_eq!(claims["client_id"], "shop");
    assert_eq!(claims["scope"], "sign pay read");
}

#[tokio::test]
async fn row_d08_03_the_typ_is_the_same_as_in_the_rfc() {
    let (server, old, token) = desk(|_| {}).await;
    let header = ask(&server, &old, &token.text).await.jwt().header;
    assert_eq!(header["typ"], "token-introspection+jwt");
}

#[tokio::test]
async fn row_d08_04_iss_is_the_issuer_and_aud_the_receiver() {
    let (server, old, token) = desk(|_| {}).await;
    let answer = ask(&server, &old, &token.text).await;
    // Each once: a second `aud` of the token would be a duplicate member.
    let text = avouch_jose::base64url::decode(answer.text().split('.').nth(1).unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.matches("\"iss\":").count(), 1);
    assert_eq!(text.matches("\"aud\":").count(), 1);
    let claims = answer.jwt().claims;
    assert_eq!(claims["iss"], "https://as.example");
    assert_eq!(claims["aud"], "old");
}

#[tokio::test]
async fn row_d08_05_about_a_dead_token_it_holds_four_members() {
    let (server, old, token) = desk(|_| {}).await;
    server.clock.advance(Duration::from_mins(10));
    for token in [token.text.as_str(), "unknown"] {
        let claims = ask(&server, &old, token).await.jwt().claims;
        assert_eq!(top_level(&claims), ["active", "aud", "iat", "iss"]);
        assert_eq!(claims["active"], false);
        assert_eq!(claims["iat"].as_i64(), Some(START + 600));
    }
}

#[tokio::test]
async fn row_d01_03_iss_and_aud_are_there_for_dead_tokens_too() {
    let (server, old, _) = desk(|_| {}).await;
    let claims = ask(&server, &old, "unknown").await.jwt().claims;
    assert_eq!(claims["iss"], "https://as.example");
    assert_eq!(claims["aud"], "old");
}

#[tokio::test]
async fn row_d08_06_iat_is_of_the_answer_and_exp_and_jti_are_of_the_token() {
    let (server, old, token) = desk(|_| {}).await;
    for after in [0, 10] {
        let claims = ask(&server, &old, &token.text).await.jwt().claims;
        assert_eq!(claims["iat"].as_i64(), Some(START + after));
        assert_eq!(claims["exp"].as_i64(), Some(START + 600));
        assert_eq!(claims["jti"], token.record.id.as_str());
        server.clock.advance(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn row_d08_07_scope_is_narrowed() {
    let (server, old, token) = desk(|record| {
        record.policy.value.scopes = ReleasedScopes::Only(scope("pay"));
    })
    .await;
    let claims = ask(&server, &old, &token.text).await.jwt().claims;
    assert_eq!(claims["scope"], "pay");
}

#[tokio::test]
async fn row_d08_08_identity_claims_follow_the_policy() {
    let (server, old, token) = desk(|record| {
        record.policy.value.claims = BTreeSet::from(["birthdate".to_owned()]);
    })
    .await;
    let claims = ask(&server, &old, &token.text).await.jwt().claims;
    assert_eq!(claims["birthdate"], "1964-08-12");
    assert_eq!(claims.get("iban"), None);
}

#[tokio::test]
async fn row_d08_09_it_is_signed_as_registered_and_by_default_with_rs256() {
    for (registered, expected) in [(None, "RS256"), (Some(SignatureAlgorithm::Es256), "ES256")] {
        let (server, old, token) = desk(|record| {
            if let Some(algorithm) = registered {
                record.profile.value.signing_algorithm = algorithm;
            }
        })
        .await;
        let answer = ask(&server, &old, &token.text).await;
        assert_eq!(answer.jwt().header["alg"], expected);
        let jws = avouch_jose::jws::UnverifiedJws::parse(answer.text()).unwrap();
        let algorithm = jws.header().algorithm();
        let keys = server.keys().await;
        let key = keys.select(jws.header().kid(), algorithm).unwrap();
        let key = avouch_jose::VerificationKey::from_jwk(key, algorithm).unwrap();
        assert!(jws.verify(&key).is_ok());
    }
}

#[tokio::test]
async fn row_d08_14_it_is_off_by_default_and_on_for_one_never_without_authentication() {
    let setup = Setup::new().await;
    let old = setup
        .resource_server_with("old", SIGN, |record| {
            record.profile.value.legacy = LegacyForm::On;
        })
        .await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    ask(&server, &sign, &token.text)
        .await
        .is_error(406, "invalid_request");
    assert_eq!(ask(&server, &old, &token.text).await.status, 200);
    let nobody = server.about(&token.text).accept(LEGACY).send().await;
    nobody.is_error(400, "invalid_client");
    let wrong = old.with_secret("wrong");
    ask(&server, &wrong, &token.text)
        .await
        .is_error(401, "invalid_client");
    // The newer form is still there, and preferred where both are named.
    let both = format!("application/jwt, {STATEMENT}");
    let answer = server
        .about(&token.text)
        .by(&old)
        .accept(&both)
        .send()
        .await;
    assert_eq!(answer.header("content-type"), Some(STATEMENT));
}
