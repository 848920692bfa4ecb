//! Resource servers that ask with an access token of their own.

mod bound;

use crate::fake_as::{
    Answer, CLIENT_ID, FakeAs, NOW, SECRET, claims, json_answer, new_key, sign, start, status,
};
use avouch_jose::SigningKey;
use avouch_oauth::Form;
use avouch_resource_server::{
    Credentials, DiscoverError, EndpointError, Exchange, IntrospectError, Introspector,
    RequestError, ServerError, SetupError,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives out `own-1`, `own-2`, and so on.
fn give_tokens(server: &FakeAs, token_type: &'static str, expires_in: Option<u64>) {
    let count = AtomicU64::new(0);
    server.on_token(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = json!({"access_token": format!("own-{number}"), "token_type": token_type});
        if let Some(seconds) = expires_in {
            answer["expires_in"] = seconds.into();
        }
        json_answer(&answer)
    });
}

/// A server that answers well, and who asks it with a bearer token.
async fn ready(expires_in: Option<u64>) -> (FakeAs, SigningKey, Introspector) {
    let (server, key, _) = start().await;
    server.say(sign(&key, &claims(&server)));
    give_tokens(&server, "Bearer", expires_in);
    let introspector = discover(&server).await;
    (server, key, introspector)
}

async fn discover(server: &FakeAs) -> Introspector {
    let credentials = Credentials::access_token(Credentials::client_secret_basic(SECRET));
    server.builder_with(credentials).discover().await.unwrap()
}

/// The `Authorization` of every question so far.
fn shown(server: &FakeAs) -> Vec<String> {
    let seen = server.seen("/introspect");
    let values = seen.iter().map(|seen| &seen.headers["authorization"]);
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

fn refuse(server: &FakeAs) {
    server.on_introspection(|_| status(401, r#"{"error":"invalid_token"}"#));
}

#[tokio::test]
async fn the_token_is_fetched_once_and_shown_with_every_question() {
    let (server, _, introspector) = ready(Some(300)).await;
    assert!(server.seen("/token").is_empty());
    introspector.introspect("t0ken").await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(shown(&server), ["Bearer own-1", "Bearer own-1"]);
    let fetched = server.seen("/token");
    assert_eq!(fetched.len(), 1);
    let form = Form::parse(&fetched[0].body, &[]).unwrap();
    assert_eq!(form.get("grant_type"), Some("client_credentials"));
    let basic = fetched[0].headers["authorization"].to_str().unwrap();
    assert!(basic.starts_with("Basic "));
    assert!(!fetched[0].headers.contains_key("dpop"));
    let asked = &server.seen("/introspect")[0];
    let question = Form::parse(&asked.body, &[]).unwrap();
    assert_eq!(question.get("token"), Some("t0ken"));
    assert_eq!(question.get("client_id"), None);
}

#[tokio::test]
async fn a_signed_assertion_fetches_it_as_well() {
    let (server, _, _) = ready(None).await;
    let credentials = Credentials::access_token(Credentials::private_key_jwt(new_key()));
    let builder = server.builder_with(credentials);
    let introspector = builder.discover().await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let fetched = &server.seen("/token")[0];
    let form = Form::parse(&fetched.body, &[]).unwrap();
    assert!(form.get("client_assertion").is_some());
    assert_eq!(form.get("client_id"), Some(CLIENT_ID));
}

#[tokio::test]
async fn it_is_renewed_shortly_before_it_expires() {
    let (server, key, introspector) = ready(Some(300)).await;
    for (now, expected) in [
        (NOW, "Bearer own-1"),
        (NOW + 269, "Bearer own-1"),
        (NOW + 270, "Bearer own-2"),
        // The clock was set back: who knows how old it is.
        (NOW, "Bearer own-3"),
    ] {
        server.set_time(now);
        let mut current = claims(&server);
        current["iat"] = now.into();
        server.say(sign(&key, &current));
        introspector.introspect("t0ken").await.unwrap();
        assert_eq!(shown(&server).pop().unwrap(), expected, "{now}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_and_the_question_asked_once_more() {
    let (server, key, introspector) = ready(None).await;
    introspector.introspect("t0ken").await.unwrap();
    server.set_time(NOW + 10);
    let jwt = sign(&key, &claims(&server));
    server.on_introspection(move |seen| {
        if seen.headers["authorization"] == "Bearer own-1" {
            return status(401, r#"{"error":"invalid_token"}"#);
        }
        crate::fake_as::statement(jwt.clone())
    });
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(
        shown(&server),
        ["Bearer own-1", "Bearer own-1", "Bearer own-2"]
    );
}

#[tokio::test]
async fn a_young_token_that_is_refused_is_not_fetched_again() {
    let (server, _, introspector) = ready(None).await;
    refuse(&server);
    for _ in 0..3 {
        match introspector.introspect("t0ken").await {
            Err(IntrospectError::Request(RequestError::Refused(refusal))) => {
                assert_eq!(refusal.code(), Some("invalid_token"));
                assert_eq!(refusal.exchange(), Exchange::Introspection);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.seen("/token").len(), 1);
    server.set_time(NOW + 10);
    introspector.introspect("t0ken").await.unwrap_err();
    introspector.introspect("t0ken").await.unwrap_err();
    assert_eq!(server.seen("/token").len(), 2);
}

#[tokio::test]
async fn those_who_ask_at_once_fetch_once_and_share_a_failure() {
    let (server, _, introspector) = ready(Some(300)).await;
    let ask = || introspector.introspect("t0ken");
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(server.seen("/token").len(), 1);

    let introspector = discover(&server).await;
    server.on_token(|_| status(503, ""));
    let ask = || introspector.introspect("t0ken");
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert!(a.is_err() && b.is_err() && c.is_err());
    assert_eq!(server.seen("/token").len(), 2);
    // The next one tries again.
    give_tokens(&server, "Bearer", None);
    assert!(introspector.introspect("t0ken").await.is_ok());
}

async fn fetch_error(answer: impl Fn() -> Answer + Send + Sync + 'static) -> IntrospectError {
    let (server, _, introspector) = ready(None).await;
    server.on_token(move |_| answer());
    let error = introspector.introspect("t0ken").await.unwrap_err();
    assert!(server.seen("/introspect").is_empty());
    let shown = format!("{error} {error:?} {introspector:?}");
    assert!(!shown.contains("0wn"), "{shown}");
    error
}

#[tokio::test]
async fn what_is_no_access_token_is_not_shown() {
    let token = |value: Value| move || json_answer(&value);
    for body in [
        json!({"access_token": "0wn"}),
        json!({"token_type": "Bearer"}),
        json!([]),
    ] {
        let error = fetch_error(token(body)).await;
        assert!(
            matches!(error, IntrospectError::Server(ServerError::OwnToken(_))),
            "{error}"
        );
    }
    let dpop = json!({"access_token": "0wn", "token_type": "DPoP"});
    let error = fetch_error(token(dpop)).await;
    let wrong_type = matches!(
        error,
        IntrospectError::Server(ServerError::OwnTokenType { .. })
    );
    assert!(wrong_type, "{error}");
    for bad in ["", "0wn 0wn", "0wn\r\nx: y", "0wn\u{e9}"] {
        let error = fetch_error(token(json!({"access_token": bad, "token_type": "bearer"}))).await;
        let unusable = IntrospectError::Server(ServerError::UnusableOwnToken);
        assert_eq!(error.to_string(), unusable.to_string(), "{bad:?}");
    }
    let error = fetch_error(|| status(401, r#"{"error":"invalid_client"}"#)).await;
    assert_eq!(
        error.to_string(),
        "the request was refused: status 401 for the access token to ask with (invalid_client)"
    );
}

#[tokio::test]
async fn an_echo_of_the_token_does_not_reach_the_error() {
    let (server, _, introspector) = ready(None).await;
    server.on_introspection(|seen| {
        let header = seen.headers["authorization"].to_str().unwrap();
        let body = json!({"error": "invalid_token", "error_description": header});
        status(403, &body.to_string())
    });
    let error = introspector.introspect("t0ken").await.unwrap_err();
    let shown = format!("{error} {error:?} {introspector:?}");
    assert!(!shown.contains("own-1"), "{shown}");
}

#[tokio::test]
async fn what_the_metadata_does_not_list_comes_to_light_at_once() {
    let (server, _, _) = ready(None).await;
    let error = async |credentials| {
        let discovered = server.builder_with(credentials).discover().await;
        discovered.unwrap_err()
    };
    let by_post = Credentials::access_token(Credentials::client_secret_post(SECRET));
    assert_eq!(
        error(by_post).await.to_string(),
        "the authorization server does not take client_secret_post at its token endpoint, \
         but client_secret_basic, private_key_jwt"
    );
    let by_basic = || Credentials::access_token(Credentials::client_secret_basic(SECRET));
    assert_eq!(
        format!("{:?}", by_basic()),
        "Credentials(Bearer token by client_secret_basic)"
    );
    let methods = "introspection_endpoint_auth_methods_supported";
    server.change_metadata(methods, json!(["client_secret_basic"]));
    let found = error(by_basic()).await;
    let expected = DiscoverError::Setup(SetupError::OwnTokenNotSupported {
        scheme: avouch_oauth::authorization::Scheme::Bearer,
    });
    assert_eq!(found.to_string(), expected.to_string());
    server.change_metadata("token_endpoint", Value::Null);
    match error(by_basic()).await {
        DiscoverError::Server(ServerError::Endpoint { member, reason }) => {
            assert_eq!(member, "token_endpoint");
            assert_eq!(reason, EndpointError::Missing);
        }
        other => panic!("{other}"),
    }
    // Who asks without one needs no token endpoint.
    let _: Arc<Introspector> = Arc::new(server.discover().await);
}
