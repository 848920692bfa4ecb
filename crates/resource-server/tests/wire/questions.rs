//! What is asked, and what comes of a good answer.

use crate::fake_as::{
    CLIENT_ID, FakeAs, NOW, SECRET, changed, claims, json_answer, new_key, sign, start,
};
use avouch_oauth::Form;
use avouch_oauth::basic::BasicCredentials;
use avouch_resource_server::{
    Clock as _, Credentials, IntrospectError, RequestError, ServerError, SystemClock,
};
use hyper::Method;
use serde_json::json;

#[tokio::test]
async fn an_active_token_comes_with_what_it_allows() {
    let (server, key, introspector) = start().await;
    let jwt = sign(&key, &claims(&server));
    server.say(jwt.clone());
    let answer = introspector.introspect("t0ken").await.unwrap();
    let token = answer.active().unwrap();
    assert_eq!(token.sub.as_deref(), Some("alice"));
    assert_eq!(answer.statement().issuer().as_str(), server.issuer());
    assert_eq!(answer.statement().iat(), NOW);
    assert_eq!(answer.jwt(), jwt);
    assert_eq!(answer.received(), jwt);
}

#[tokio::test]
async fn an_inactive_token_allows_nothing() {
    let (server, key, introspector) = start().await;
    let inactive = changed(&server, "token_introspection", json!({"active": false}));
    server.say(sign(&key, &inactive));
    assert_eq!(
        introspector.introspect("t0ken").await.unwrap().active(),
        None
    );
}

#[tokio::test]
async fn row_9701_4_05_a_statement_is_asked_for() {
    let (server, key, introspector) = start().await;
    server.say(sign(&key, &claims(&server)));
    introspector.introspect("t0ken").await.unwrap();
    let asked = &server.seen("/introspect")[0];
    assert_eq!(asked.method, Method::POST);
    let accept: Vec<_> = asked.headers.get_all("accept").iter().collect();
    assert_eq!(accept, ["application/token-introspection+jwt"]);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(asked.headers["content-type"], form);
}

#[tokio::test]
async fn token_and_basic_credentials_arrive_as_they_were() {
    let (server, key, introspector) = start().await;
    server.say(sign(&key, &claims(&server)));
    introspector.introspect("a+b/c=&d %e\u{fc}").await.unwrap();
    let asked = &server.seen("/introspect")[0];
    let form = Form::parse(&asked.body, &[]).unwrap();
    assert_eq!(form.get("token"), Some("a+b/c=&d %e\u{fc}"));
    assert_eq!(form.get("client_secret"), None);
    let header = asked.headers["authorization"].to_str().unwrap();
    let shown = BasicCredentials::parse(header.strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(shown.client_id, CLIENT_ID);
    assert_eq!(shown.client_secret.expose(), SECRET);
}

#[tokio::test]
async fn credentials_in_the_body_arrive_as_they_were() {
    let (server, key, _) = start().await;
    server.say(sign(&key, &claims(&server)));
    let builder = server.builder_with(Credentials::client_secret_post(SECRET));
    let introspector = builder.discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let asked = &server.seen("/introspect")[0];
    let form = Form::parse(&asked.body, &[]).unwrap();
    assert_eq!(form.get("token"), Some("t0ken"));
    assert_eq!(form.get("client_id"), Some(CLIENT_ID));
    assert_eq!(form.get("client_secret"), Some(SECRET));
    assert!(!asked.headers.contains_key("authorization"));
}

#[tokio::test]
async fn row_7662_4_09_no_answer_is_remembered() {
    let (server, key, introspector) = start().await;
    server.say(sign(&key, &claims(&server)));
    assert!(
        introspector
            .introspect("t0ken")
            .await
            .unwrap()
            .active()
            .is_some()
    );
    let inactive = changed(&server, "token_introspection", json!({"active": false}));
    server.say(sign(&key, &inactive));
    assert!(
        introspector
            .introspect("t0ken")
            .await
            .unwrap()
            .active()
            .is_none()
    );
    assert_eq!(server.seen("/introspect").len(), 2);
}

#[tokio::test]
async fn the_clock_of_the_system_will_do() {
    let server = FakeAs::start("").await;
    let key = new_key();
    server.publish(&[&key]);
    let builder = server.builder().clock(SystemClock);
    let introspector = builder.discover().await.unwrap();
    server.say(sign(
        &key,
        &changed(&server, "iat", SystemClock.now().into()),
    ));
    assert!(introspector.introspect("t0ken").await.is_ok());
}

#[tokio::test]
async fn what_is_no_token_is_not_sent() {
    let (server, _, introspector) = start().await;
    let long = "a".repeat(16 * 1024 + 1);
    for (token, expected) in [
        ("", RequestError::EmptyToken),
        (&long, RequestError::TokenTooLong),
    ] {
        match introspector.introspect(token).await {
            Err(IntrospectError::Request(error)) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(server.seen("/introspect").is_empty());
}

#[tokio::test]
async fn an_unsigned_answer_has_to_be_asked_for_by_that_name() {
    let (server, key, introspector) = start().await;
    server.on_introspection(|_| json_answer(&json!({"active": true, "sub": "alice"})));
    let answer = introspector.introspect_unsigned("t0ken").await.unwrap();
    let token = answer.allegedly_active().unwrap();
    assert_eq!(token.sub.as_deref(), Some("alice"));
    assert_eq!(answer.json(), r#"{"active":true,"sub":"alice"}"#);
    assert_eq!(
        server.seen("/introspect")[0].headers["accept"],
        "application/json"
    );

    server.say(sign(&key, &claims(&server)));
    let error = introspector.introspect_unsigned("t0ken").await.unwrap_err();
    assert!(
        matches!(
            error,
            IntrospectError::Server(ServerError::ContentType { .. })
        ),
        "{error}"
    );
    server.on_introspection(|_| json_answer(&json!({"active": "true"})));
    let error = introspector.introspect_unsigned("t0ken").await.unwrap_err();
    assert!(
        matches!(error, IntrospectError::Server(ServerError::Unsigned(_))),
        "{error}"
    );
}

#[tokio::test]
async fn debug_shows_no_token_no_secret_and_no_claim() {
    let (server, key, introspector) = start().await;
    let jwt = sign(&key, &claims(&server));
    server.say(jwt.clone());
    let signed = introspector.introspect("t0ken").await.unwrap();
    server.on_introspection(|_| json_answer(&json!({"active": true, "sub": "alice"})));
    let unsigned = introspector.introspect_unsigned("t0ken").await.unwrap();
    let shown = format!(
        "{:?} {introspector:?} {signed:?} {unsigned:?}",
        server.builder()
    );
    for hidden in ["t0ken", SECRET, "s3cret", "alice", &jwt] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
