//! An HTTP client of the caller's.

use crate::fake_as::{FakeAs, NOW, claims, jwks, metadata, new_key, sign};
use avouch_resource_server::{Http, HttpError, IntrospectError, ServerError};
use bytes::Bytes;
use hyper::{Request, Response};

/// Answers from memory, and does not care how long an answer may be.
struct Canned {
    metadata: String,
    jwks: String,
    answer: String,
}

impl Http for Canned {
    async fn send(&self, request: Request<Bytes>, _: usize) -> Result<Response<Bytes>, HttpError> {
        let (content_type, body) = match request.uri().path() {
            "/jwks" => ("application/json", &self.jwks),
            "/introspect" => ("application/token-introspection+jwt", &self.answer),
            _ => ("application/json", &self.metadata),
        };
        let answer = Response::builder().header("content-type", content_type);
        Ok(answer.body(Bytes::from(body.clone())).unwrap())
    }
}

async fn ask(answer: impl Fn(String) -> String) -> Result<u64, IntrospectError> {
    let server = FakeAs::new("https://as.example".to_owned());
    let key = new_key();
    let http = Canned {
        metadata: metadata(server.issuer(), server.issuer()).to_string(),
        jwks: jwks(&[&key]).to_json(),
        answer: answer(sign(&key, &claims(&server))),
    };
    let introspector = server.builder().discover_over(http).await.unwrap();
    let answer = introspector.introspect("t0ken").await?;
    Ok(answer.statement().iat())
}

#[tokio::test]
async fn the_callers_own_client_will_do() {
    assert_eq!(ask(|good| good).await.unwrap(), NOW);
}

#[tokio::test]
async fn a_client_that_forgets_the_limit_is_reminded() {
    match ask(|_| "a".repeat(256 * 1024 + 1)).await {
        Err(IntrospectError::Server(ServerError::TooLong { .. })) => {}
        other => panic!("{other:?}"),
    }
}
