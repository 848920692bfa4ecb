//! Tokens of one's own that are bound to a key (RFC 9449).

use super::{Credentials, give_tokens};
use crate::fake_as::{
    Answer, FakeAs, NOW, SECRET, Seen, claims, new_key, new_key_for, sign, start, statement, status,
};
use avouch_jose::SigningKey;
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::{DpopRequest, DpopVerifier, TargetUri, VerifiedDpopProof, single_header};
use avouch_resource_server::{
    DpopError, IntrospectError, Introspector, ServerError, SignatureAlgorithm,
};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

async fn ready() -> (FakeAs, String, SigningKey) {
    let (server, signer, _) = start().await;
    let jwt = sign(&signer, &claims(&server));
    server.say(jwt.clone());
    give_tokens(&server, "DPoP", None);
    (server, jwt, new_key())
}

async fn discover(server: &FakeAs, key: &SigningKey) -> Introspector {
    let key = SigningKey::from_pkcs8(key.algorithm(), &key.to_pkcs8().unwrap()).unwrap();
    let credentials = Credentials::client_secret_basic(SECRET);
    let credentials = Credentials::dpop_access_token(credentials, key);
    server.builder_with(credentials).discover().await.unwrap()
}

/// The proof of a request, as the server checks it.
fn proof(
    origin: &str,
    seen: &Seen,
    token: Option<&str>,
    nonce: Option<&str>,
) -> Result<VerifiedDpopProof, DpopError> {
    let url = TargetUri::parse(&format!("{origin}{}", seen.path)).unwrap();
    let token = token.map(PresentedToken::new);
    let nonces: Vec<_> = nonce.iter().map(|&nonce| nonce.to_owned()).collect();
    let mut request = DpopRequest::new(seen.method.as_str(), &url);
    if let Some(token) = &token {
        request = request.access_token(token);
    }
    if nonce.is_some() {
        request = request.nonces(&nonces);
    }
    let values = seen.headers.get_all("dpop").iter();
    let header = single_header(values.map(http::HeaderValue::as_bytes))?;
    DpopVerifier::new().verify(header.unwrap(), &request, NOW)
}

#[tokio::test]
async fn fetching_and_every_question_have_a_proof_of_their_own() {
    let (server, _, key) = ready().await;
    let introspector = discover(&server, &key).await;
    introspector.introspect("t0ken").await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    let fetched = &server.seen("/token")[0];
    let questions = server.seen("/introspect");
    let origin = server.origin();
    let mut ids = vec![proof(origin, fetched, None, None).unwrap()];
    for question in &questions {
        assert_eq!(question.headers["authorization"], "DPoP own-1");
        ids.push(proof(origin, question, Some("own-1"), None).unwrap());
    }
    let thumbprint = key.public_jwk().thumbprint();
    assert!(
        ids.iter()
            .all(|proof| *proof.jkt().as_bytes() == thumbprint)
    );
    assert!(ids[0].jti() != ids[1].jti() && ids[1].jti() != ids[2].jti());
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_not_taken_for_one() {
    let (server, _, key) = ready().await;
    give_tokens(&server, "Bearer", None);
    let introspector = discover(&server, &key).await;
    let error = introspector.introspect("t0ken").await.unwrap_err();
    let wrong_type = matches!(
        error,
        IntrospectError::Server(ServerError::OwnTokenType { .. })
    );
    assert!(wrong_type, "{error}");
    assert!(server.seen("/introspect").is_empty());
}

fn with_nonce(mut answer: Answer, nonce: &'static str) -> Answer {
    let value = http::HeaderValue::from_static(nonce);
    answer.headers_mut().insert("dpop-nonce", value);
    answer
}

#[tokio::test]
async fn nonces_that_are_asked_for_are_brought_and_kept() {
    let (server, jwt, key) = ready().await;
    let origin = server.origin().to_owned();
    server.on_token({
        let origin = origin.clone();
        move |seen| match proof(&origin, seen, None, Some("n-1")) {
            Ok(_) => {
                crate::fake_as::json_answer(&json!({"access_token": "own-1", "token_type": "DPoP"}))
            }
            Err(_) => with_nonce(status(400, r#"{"error":"use_dpop_nonce"}"#), "n-1"),
        }
    });
    server.on_introspection(
        move |seen| match proof(&origin, seen, Some("own-1"), Some("n-2")) {
            Ok(_) => statement(jwt.clone()),
            Err(_) => with_nonce(status(401, ""), "n-2"),
        },
    );
    let introspector = discover(&server, &key).await;
    introspector.introspect("t0ken").await.unwrap();
    introspector.introspect("t0ken").await.unwrap();
    assert_eq!(server.seen("/token").len(), 2);
    // The first question was repeated with the nonce, the second had it at once.
    assert_eq!(server.seen("/introspect").len(), 3);
}

#[tokio::test]
async fn a_server_that_always_wants_another_nonce_is_not_asked_for_ever() {
    let (server, _, key) = ready().await;
    let count = AtomicU64::new(0);
    server.on_introspection(move |_| {
        let even = count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        with_nonce(status(401, ""), if even { "a" } else { "b" })
    });
    let introspector = discover(&server, &key).await;
    introspector.introspect("t0ken").await.unwrap_err();
    assert_eq!(server.seen("/introspect").len(), 2);
}

#[tokio::test]
async fn a_refusal_with_the_nonce_that_was_shown_is_not_about_the_nonce() {
    let (server, _, key) = ready().await;
    server.on_introspection(|_| with_nonce(status(401, ""), "n"));
    let introspector = discover(&server, &key).await;
    introspector.introspect("t0ken").await.unwrap_err();
    assert_eq!(server.seen("/introspect").len(), 2);
    introspector.introspect("t0ken").await.unwrap_err();
    assert_eq!(server.seen("/introspect").len(), 3);
}

#[tokio::test]
async fn a_key_whose_proofs_are_not_taken_comes_to_light_at_once() {
    let (server, _, _) = ready().await;
    let key = new_key_for(SignatureAlgorithm::Ed25519);
    let credentials = Credentials::client_secret_basic(SECRET);
    let credentials = Credentials::dpop_access_token(credentials, key);
    let error = server.builder_with(credentials).discover().await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the authorization server does not take DPoP proofs signed with Ed25519, but ES256: \
         use a key for one of these"
    );
}
