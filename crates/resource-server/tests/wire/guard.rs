//! The guard before a resource server: whole requests, good and bad.

mod answers;
mod certificates;
mod proofs;
mod replays;
mod tokens;

use crate::fake_as::{FakeAs, NOW, changed, new_key, sign, start};
use avouch_crypto::random::SystemRandom;
use avouch_jose::SigningKey;
use avouch_oauth::PresentedToken;
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_resource_server::{
    Denial, DenialReason, GuardError, Introspected, Introspector, ReceivedRequest, RequestGuard,
    Sha256Thumbprint, VerifiedRequest,
};
use http::Request;
use serde_json::{Value, json};

const BASE: &str = "https://pay.example";
const TOKEN: &str = "t0ken";

/// A server that answers about every token alike, the guard that asks it, and the client's key.
struct Scene {
    server: FakeAs,
    signer: SigningKey,
    introspector: Introspector,
    guard: RequestGuard<Introspector>,
    key: SigningKey,
}

impl Scene {
    /// The token is bound to the key of the client.
    async fn bound() -> Self {
        let scene = Self::set().await;
        scene.bind(&json!({ "jkt": jkt(&scene.key) }));
        scene
    }

    /// The token is bound to nothing.
    async fn unbound() -> Self {
        let scene = Self::set().await;
        scene.token(&json!({"active": true, "scope": "pay"}));
        scene
    }

    async fn set() -> Self {
        let (server, signer, introspector) = start().await;
        Self {
            guard: RequestGuard::new(introspector.clone(), BASE).unwrap(),
            server,
            signer,
            introspector,
            key: new_key(),
        }
    }

    fn token(&self, answer: &Value) {
        let claims = changed(&self.server, "token_introspection", answer.clone());
        self.server.say(sign(&self.signer, &claims));
    }

    fn bind(&self, cnf: &Value) {
        self.token(&json!({"active": true, "scope": "pay", "cnf": cnf}));
    }

    /// A proof by the client for the request of [`with_proof`].
    fn proof(&self) -> String {
        proof(&self.key, "POST", "https://pay.example/payments", TOKEN)
    }

    async fn check(
        &self,
        request: &Request<()>,
    ) -> Result<VerifiedRequest<Introspected>, GuardError> {
        self.guard.check(ReceivedRequest::new(request)).await
    }

    /// Why a request is not served.
    async fn denied(&self, request: &Request<()>) -> Denial {
        denied(self.check(request).await)
    }

    fn questions(&self) -> usize {
        self.server.seen("/introspect").len()
    }
}

fn denied<T>(checked: Result<VerifiedRequest<T>, GuardError>) -> Denial {
    match checked {
        Err(GuardError::Denied(denial)) => denial,
        Err(other) => panic!("the client is not to blame for {other}"),
        Ok(_) => panic!("the request had to be refused"),
    }
}

fn jkt(key: &SigningKey) -> String {
    Sha256Thumbprint::from_bytes(key.public_jwk().thumbprint()).to_string()
}

fn proof(key: &SigningKey, method: &str, url: &str, token: &str) -> String {
    proof_at(NOW, key, method, url, token, None)
}

fn proof_at(
    now: u64,
    key: &SigningKey,
    method: &str,
    url: &str,
    token: &str,
    nonce: Option<&str>,
) -> String {
    let (url, token) = (TargetUri::parse(url).unwrap(), PresentedToken::new(token));
    let mut proof = NewDpopProof::new(method, &url).access_token(&token);
    if let Some(nonce) = nonce {
        proof = proof.nonce(nonce);
    }
    let proof = proof.sign(key, now, &SystemRandom).unwrap();
    proof.expose().to_owned()
}

/// `POST /payments` with these headers.
fn request(headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post("/payments?urgent=1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn with_proof(proof: &str) -> Request<()> {
    request(&[("authorization", "DPoP t0ken"), ("dpop", proof)])
}

fn bearer() -> Request<()> {
    request(&[("authorization", "Bearer t0ken")])
}

fn header<'a>(response: &'a http::Response<()>, name: &str) -> Vec<&'a str> {
    let values = response.headers().get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

fn is_binding(denial: &Denial, expected: avouch_resource_server::BindingError) {
    assert_eq!(denial.reason(), &DenialReason::Binding(expected));
}
