//! What a resource server may expect instead of the usual: the draft -08 form, another `typ`, and
//! a statement that names its token.

use crate::fake_as::{NOW, changed, claims, refused, sign, sign_as, start, statement, typed};
use avouch_crypto::hash;
use avouch_jose::base64url;
use avouch_resource_server::{
    FailedCheck, IntrospectError, ServerError, StatementError, StatementForm, StatementTyp,
};
use serde_json::json;

#[tokio::test]
async fn row_d08_12_the_draft_form_is_refused_unless_it_is_expected() {
    let (server, key, introspector) = start().await;
    let draft = json!({
        "iss": server.issuer(), "aud": crate::fake_as::CLIENT_ID, "iat": NOW,
        "active": true, "sub": "alice"
    });
    let jwt = sign(&key, &draft);
    let as_draft = jwt.clone();
    server.on_introspection(move |_| typed("application/jwt", as_draft.clone()));
    let error = introspector.introspect("t0ken").await.unwrap_err();
    let refused_type = matches!(
        error,
        IntrospectError::Server(ServerError::ContentType { .. })
    );
    assert!(refused_type, "{error}");
    // Nor does it pass under the newer media type.
    server.on_introspection(move |_| statement(jwt.clone()));
    let error = refused(introspector.introspect("t0ken").await);
    let check = StatementError::Check(FailedCheck::NoTokenIntrospection);
    assert_eq!(error, check);
}

#[tokio::test]
async fn row_d08_12_where_it_is_expected_it_is_asked_for_and_nothing_else_is_taken() {
    let (server, key, _) = start().await;
    let builder = server.builder().form(StatementForm::Draft08);
    let introspector = builder.discover().await.unwrap();
    let draft = json!({
        "iss": server.issuer(), "aud": crate::fake_as::CLIENT_ID, "iat": NOW,
        "active": true, "sub": "alice"
    });
    let jwt = sign(&key, &draft);
    server.on_introspection(move |_| typed("application/jwt", jwt.clone()));
    let answer = introspector.introspect("t0ken").await.unwrap();
    assert_eq!(answer.active().unwrap().sub.as_deref(), Some("alice"));
    let accept = &server.seen("/introspect")[0].headers["accept"];
    assert_eq!(accept, "application/jwt");

    let newer = sign(&key, &claims(&server));
    server.on_introspection(move |_| typed("application/jwt", newer.clone()));
    let error = refused(introspector.introspect("t0ken").await);
    assert_eq!(error, StatementError::Check(FailedCheck::NotDraft08));
    server.on_introspection(|_| typed("application/json", "{\"active\":true}"));
    let error = introspector.introspect("t0ken").await.unwrap_err();
    let json = matches!(
        error,
        IntrospectError::Server(ServerError::JsonInsteadOfJwt)
    );
    assert!(json, "{error}");
}

#[tokio::test]
async fn row_c2id_02_another_typ_is_taken_from_who_was_set_to_it() {
    let (server, key, introspector) = start().await;
    server.say(sign_as(&key, "JWT", &claims(&server)));
    let error = refused(introspector.introspect("t0ken").await);
    assert_eq!(error, StatementError::Check(FailedCheck::WrongTyp));
    let builder = server.builder().typ(StatementTyp::new("JWT").unwrap());
    let expecting = builder.discover().await.unwrap();
    assert!(expecting.introspect("t0ken").await.is_ok());
}

#[tokio::test]
async fn row_9701_5_16_a_statement_that_names_another_token_is_refused() {
    let (server, key, introspector) = start().await;
    let ath = |token: &str| json!(base64url::encode(hash::sha256(token.as_bytes())));
    server.say(sign(&key, &changed(&server, "ath", ath("t0ken"))));
    let answer = introspector.introspect("t0ken").await.unwrap();
    assert!(answer.statement().further().ath.is_some());
    server.say(sign(&key, &changed(&server, "ath", ath("another"))));
    let error = refused(introspector.introspect("t0ken").await);
    assert_eq!(error, StatementError::OtherToken);
}
