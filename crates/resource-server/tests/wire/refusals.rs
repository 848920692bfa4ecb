//! Servers that refuse, redirect, drown, stall, or are not there.

use crate::fake_as::{Endless, Stalled, claims, sign, start, statement, status};
use avouch_resource_server::{
    Exchange, HttpError, IntrospectError, Introspected, NetworkError, Refusal, RequestError,
    ServerError,
};
use http_body_util::BodyExt as _;
use std::time::Duration;

/// The refusal, and whether it is the request that is blamed.
fn refusal(result: Result<Introspected, IntrospectError>) -> (Refusal, bool) {
    match result {
        Err(IntrospectError::Request(RequestError::Refused(refusal))) => (refusal, true),
        Err(IntrospectError::Server(ServerError::Unable(refusal))) => (refusal, false),
        other => panic!("a refusal was expected, but: {other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code_and_who_is_to_blame() {
    let (server, _, introspector) = start().await;
    for (code, error, ours) in [
        (400, "invalid_request", true),
        (401, "invalid_client", true),
        (403, "unauthorized_client", true),
        (429, "temporarily_unavailable", false),
        (500, "server_error", false),
        (503, "temporarily_unavailable", false),
    ] {
        server.on_introspection(move |_| {
            let mut answer = status(code, &format!(r#"{{"error":"{error}"}}"#));
            answer.headers_mut().insert("retry-after", 3.into());
            answer
        });
        let (refusal, blamed) = refusal(introspector.introspect("t0ken").await);
        assert_eq!(blamed, ours, "{code}");
        assert_eq!(refusal.status(), code);
        assert_eq!(refusal.code(), Some(error));
        assert_eq!(refusal.retry_after(), Some(3));
        assert_eq!(refusal.exchange(), Exchange::Introspection);
    }
}

#[tokio::test]
async fn an_echoed_token_or_secret_does_not_reach_the_error() {
    let (server, _, introspector) = start().await;
    server.on_introspection(|seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        let body = format!(r#"{{"error":"invalid_request","error_description":"{body}"}}"#);
        status(400, &body)
    });
    let error = introspector.introspect("t0ken").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("t0ken"));
    assert_eq!(refusal(Err(error)).0.code(), Some("invalid_request"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, key, introspector) = start().await;
    let jwt = sign(&key, &claims(&server));
    for code in [301, 302, 303, 307, 308] {
        let target = format!("{}/introspect", server.origin());
        let jwt = jwt.clone();
        server.on_introspection(move |_| {
            let mut answer = statement(jwt.clone());
            *answer.status_mut() = code.try_into().unwrap();
            let target = target.parse().unwrap();
            answer.headers_mut().insert("location", target);
            answer
        });
        let before = server.seen("/introspect").len();
        match introspector.introspect("t0ken").await {
            Err(IntrospectError::Server(ServerError::Redirect { status, .. })) => {
                assert_eq!(status, code);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(server.seen("/introspect").len(), before + 1);
    }
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_the_end() {
    let (server, _, introspector) = start().await;
    server.on_introspection(|_| statement("a".repeat(256 * 1024 + 1)));
    let declared = introspector.introspect("t0ken").await;
    server.on_introspection(|_| statement(String::new()).map(|_| Endless.boxed()));
    let endless = introspector.introspect("t0ken").await;
    for result in [declared, endless] {
        match result {
            Err(IntrospectError::Server(ServerError::TooLong { limit, .. })) => {
                assert_eq!(limit, 256 * 1024);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let (server, _, _) = start().await;
    server.on_introspection(|_| statement(String::new()).map(|_| Stalled.boxed()));
    let hour = Duration::from_hours(1);
    let builder = server.builder().request_timeout(hour);
    let introspector = builder.discover().await.unwrap();
    // From here on time flies as soon as nobody has anything to do.
    tokio::time::pause();
    match introspector.introspect("t0ken").await {
        Err(IntrospectError::Network(NetworkError {
            exchange: Exchange::Introspection,
            source: HttpError::Timeout,
            ..
        })) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_broken_answer_is_the_networks_fault() {
    let (server, _, introspector) = start().await;
    server.on_introspection(|_| {
        let mut answer = statement("short".into());
        // More than comes: the test server gives up on the connection by itself.
        answer.headers_mut().insert("content-length", 10.into());
        answer
    });
    match introspector.introspect("t0ken").await {
        Err(IntrospectError::Network(NetworkError {
            source: HttpError::Broken(_),
            ..
        })) => {}
        other => panic!("{other:?}"),
    }
}
