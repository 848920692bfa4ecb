//! An authorization server that answers as each test wants it to.

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
use avouch_resource_server::{
    Clock, Credentials, HttpsClient, IntrospectError, Introspected, Introspector,
    IntrospectorBuilder, StatementError,
};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

pub(crate) const CLIENT_ID: &str = "https://pay.example/rs";
pub(crate) const SECRET: &str = "s3cret:with%odd +chars";
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) type Answer = Response<BoxBody<Bytes, Infallible>>;
type Handler = Box<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// A request as it arrived.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The server, as the tests hold it; it lives as long as the runtime of the test.
#[derive(Clone)]
pub(crate) struct FakeAs {
    shared: Arc<Shared>,
}

struct Shared {
    issuer: String,
    clock: TestClock,
    metadata: Mutex<Handler>,
    jwks: Mutex<Handler>,
    introspection: Mutex<Handler>,
    token: Mutex<Handler>,
    other: Mutex<Handler>,
    seen: Mutex<Vec<Seen>>,
}

/// Stands still until it is set.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl FakeAs {
    /// On a loopback address with plain HTTP, its issuer ending in `path`.
    pub(crate) async fn start(path: &str) -> Self {
        Self::start_on("127.0.0.1", path).await
    }

    /// On another loopback address.
    pub(crate) async fn start_on(host: &str, path: &str) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let issuer = format!("http://{}{path}", listener.local_addr().unwrap());
        let server = Self::new(issuer);
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(stream));
            }
        });
        server
    }

    pub(crate) fn new(issuer: String) -> Self {
        let origin = origin(&issuer).to_owned();
        let metadata = metadata(&issuer, &origin);
        Self {
            shared: Arc::new(Shared {
                issuer,
                clock: TestClock(Arc::new(AtomicU64::new(NOW))),
                metadata: Mutex::new(Box::new(move |_| json_answer(&metadata))),
                jwks: Mutex::new(Box::new(|_| json_answer(&json!({"keys": []})))),
                introspection: Mutex::new(Box::new(|_| status(500, ""))),
                token: Mutex::new(Box::new(|_| status(500, ""))),
                other: Mutex::new(Box::new(|_| status(404, ""))),
                seen: Mutex::new(Vec::new()),
            }),
        }
    }

    /// Serves one connection.
    pub(crate) async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request: Request<Incoming>| async {
            Ok::<_, Infallible>(self.answer(request).await)
        });
        let connection = hyper::server::conn::http1::Builder::new();
        // A client that goes away is part of some tests.
        let _ = connection
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let seen = Seen {
            method: head.method,
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        };
        self.shared.seen.lock().unwrap().push(seen.clone());
        let handler = match seen.path.as_str() {
            "/jwks" => &self.shared.jwks,
            "/introspect" => &self.shared.introspection,
            "/token" => &self.shared.token,
            path if path.starts_with("/.well-known/oauth-authorization-server") => {
                &self.shared.metadata
            }
            _ => &self.shared.other,
        };
        handler.lock().unwrap()(&seen)
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub(crate) fn origin(&self) -> &str {
        origin(&self.shared.issuer)
    }

    pub(crate) fn clock(&self) -> TestClock {
        self.shared.clock.clone()
    }

    pub(crate) fn set_time(&self, now: u64) {
        self.shared.clock.0.store(now, Ordering::SeqCst);
    }

    pub(crate) fn on_metadata(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.shared.metadata.lock().unwrap() = Box::new(handler);
    }

    pub(crate) fn on_jwks(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.shared.jwks.lock().unwrap() = Box::new(handler);
    }

    pub(crate) fn on_introspection(
        &self,
        handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) {
        *self.shared.introspection.lock().unwrap() = Box::new(handler);
    }

    pub(crate) fn on_token(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.shared.token.lock().unwrap() = Box::new(handler);
    }

    /// Answers at every other path.
    pub(crate) fn on_other(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *self.shared.other.lock().unwrap() = Box::new(handler);
    }

    /// Everything that was ever asked.
    pub(crate) fn all_seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The good metadata with one member changed, or left out if `null`.
    pub(crate) fn change_metadata(&self, member: &str, value: Value) {
        let mut changed = metadata(self.issuer(), self.origin());
        let members = changed.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(member);
        } else {
            members.insert(member.to_owned(), value);
        }
        self.on_metadata(move |_| json_answer(&changed));
    }

    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        let set = jwks(keys).to_json();
        self.on_jwks(move |_| typed("application/jwk-set+json", set.clone()));
    }

    /// Answers every question with this text as a statement.
    pub(crate) fn say(&self, jwt: String) {
        self.on_introspection(move |_| statement(jwt.clone()));
    }

    /// Every request for this path so far.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| seen.path == path)
            .cloned()
            .collect()
    }

    pub(crate) fn builder(&self) -> IntrospectorBuilder {
        self.builder_with(Credentials::client_secret_basic(SECRET))
    }

    pub(crate) fn builder_with(&self, credentials: Credentials) -> IntrospectorBuilder {
        Introspector::builder(self.issuer().parse().unwrap(), CLIENT_ID, credentials)
            .clock(self.shared.clock.clone())
    }

    pub(crate) async fn discover(&self) -> Introspector {
        self.builder().discover().await.unwrap()
    }
}

/// A server that publishes one key, and who asks it.
pub(crate) async fn start() -> (FakeAs, SigningKey, Introspector<HttpsClient>) {
    let server = FakeAs::start("").await;
    let key = new_key();
    server.publish(&[&key]);
    let introspector = server.discover().await;
    (server, key, introspector)
}

pub(crate) fn new_key() -> SigningKey {
    new_key_for(SignatureAlgorithm::Es256)
}

pub(crate) fn new_key_for(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandom).unwrap()
}

pub(crate) fn jwks(keys: &[&SigningKey]) -> JwkSet {
    JwkSet {
        keys: keys.iter().map(|key| key.public_jwk().clone()).collect(),
    }
}

/// The claims of a good statement about an active token.
pub(crate) fn claims(server: &FakeAs) -> Value {
    json!({
        "iss": server.issuer(),
        "aud": CLIENT_ID,
        "iat": NOW,
        "token_introspection": {"active": true, "sub": "alice", "scope": "pay"},
    })
}

/// The claims with one member changed, or left out if `null`.
pub(crate) fn changed(server: &FakeAs, member: &str, value: Value) -> Value {
    let mut claims = claims(server);
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    claims
}

pub(crate) fn sign(key: &SigningKey, claims: &Value) -> String {
    sign_as(key, "token-introspection+jwt", claims)
}

pub(crate) fn sign_as(key: &SigningKey, typ: &str, claims: &Value) -> String {
    let header = ProtectedHeader::new(key.algorithm())
        .typ(typ)
        .kid(key.kid());
    jws::sign(key, &header.encode(), claims.to_string().as_bytes()).unwrap()
}

/// The error of a statement that is refused.
pub(crate) fn refused(result: Result<Introspected, IntrospectError>) -> StatementError {
    match result {
        Err(IntrospectError::Statement(error)) => error,
        other => panic!("a statement had to be refused, but: {other:?}"),
    }
}

pub(crate) fn metadata(issuer: &str, origin: &str) -> Value {
    json!({
        "issuer": issuer,
        "introspection_endpoint": format!("{origin}/introspect"),
        "token_endpoint": format!("{origin}/token"),
        "jwks_uri": format!("{origin}/jwks"),
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt", "Bearer", "DPoP"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["ES256", "HS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "introspection_signing_alg_values_supported": ["RS256", "ES256"],
    })
}

fn origin(issuer: &str) -> &str {
    let host = issuer.find("://").unwrap() + 3;
    let end = issuer[host..]
        .find('/')
        .map_or(issuer.len(), |at| host + at);
    &issuer[..end]
}

pub(crate) fn json_answer(body: &Value) -> Answer {
    typed("application/json", body.to_string())
}

pub(crate) fn statement(jwt: String) -> Answer {
    typed("application/token-introspection+jwt", jwt)
}

pub(crate) fn typed(content_type: &str, body: impl Into<Bytes>) -> Answer {
    Response::builder()
        .header("content-type", content_type)
        .body(Full::new(body.into()).boxed())
        .unwrap()
}

pub(crate) fn status(status: u16, body: &str) -> Answer {
    let mut answer = typed("application/json", body.to_owned());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

/// A body that never comes.
pub(crate) struct Stalled;

/// A body that never ends.
pub(crate) struct Endless;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 4096])))))
    }
}
