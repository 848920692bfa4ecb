//! Clients of the admin API over TCP: their tokens, and how they call.

use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_oauth::secret::PresentedToken;
use avouch_server::config::Config;
use axum::body::Body;
use http::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::harness::{Answer, BEGIN, Harness, exchange, shop};

pub(crate) const CLIENTS: &str = "/admin/v1/clients";

pub(crate) struct Desk {
    pub(crate) it: Harness,
    /// The resource identifier of the admin API.
    pub(crate) admin: String,
    pub(crate) key: SigningKey,
}

/// A token, and how to send it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) token: String,
    pub(crate) scheme: &'static str,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::configured(|_| {}).await
    }

    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let it = Harness::configured(|config| {
            config.admin.listen = Some("127.0.0.1:0".parse().unwrap());
            change(config);
        });
        let it = it.await;
        Self {
            admin: format!("http://{}", it.server.admin_address().unwrap()),
            it,
            key: new_key(),
        }
    }

    /// Started again under another name.
    pub(crate) async fn renamed(self, name: &str) -> Self {
        let change = |config: &mut Config| config.admin.url = Some(name.parse().unwrap());
        Self {
            it: self.it.again(change).await.unwrap(),
            admin: name.to_owned(),
            key: self.key,
        }
    }

    /// A client that the socket's user makes; its secret.
    pub(crate) async fn client(&self, id: &str, scope: &str, resources: Value) -> String {
        let client = client(id, scope, resources);
        let added = self.it.post(CLIENTS, client).await.expect(201);
        added["client_secret"].as_str().unwrap().to_owned()
    }

    /// The answer of the token endpoint to a proof of possession, if it is to be bound.
    pub(crate) async fn ask(&self, id: &str, secret: &str, bound: bool, form: &str) -> Answer {
        let address = self.it.server.address();
        let mut request = Request::post("/token")
            .header("host", address.to_string())
            .header("content-type", "application/x-www-form-urlencoded");
        if bound {
            let url = format!("http://{address}/token");
            request = request.header("dpop", proof(&self.key, "POST", &url, None, None));
        }
        let form =
            format!("client_id={id}&client_secret={secret}&grant_type=client_credentials{form}");
        let stream = TcpStream::connect(address).await.unwrap();
        exchange(
            TokioIo::new(stream),
            request.body(Body::from(form)).unwrap(),
        )
        .await
    }

    pub(crate) fn resource(&self) -> String {
        format!("&resource={}", self.admin)
    }

    /// A client that administers, with a bound token.
    pub(crate) async fn administrator(&self, id: &str, scope: &str) -> (Held, String) {
        let secret = self.client(id, scope, json!([self.admin])).await;
        let answer = self.ask(id, &secret, true, &self.resource()).await;
        (held(answer), secret)
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let address = self.it.server.admin_address().unwrap();
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(path)
            .header("host", "whatever.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let stream = TcpStream::connect(address).await.unwrap();
        exchange(TokioIo::new(stream), request.body(body).unwrap()).await
    }

    /// With a token, and a fresh proof where its scheme wants one.
    pub(crate) async fn call(
        &self,
        held: &Held,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let bare = path.split('?').next().unwrap();
        let url = format!("{}{bare}", self.admin);
        let proof = proof(&self.key, method, &url, Some(&held.token), None);
        let authorization = format!("{} {}", held.scheme, held.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        if held.scheme == "DPoP" {
            headers.push(("dpop", proof.as_str()));
        }
        self.send(method, path, &headers, body).await
    }

    pub(crate) async fn get(&self, held: &Held, path: &str) -> Answer {
        self.call(held, "GET", path, None).await
    }

    pub(crate) async fn post(&self, held: &Held, path: &str, body: Value) -> Answer {
        self.call(held, "POST", path, Some(&body)).await
    }
}

/// A proof at the instant of the test's beginning.
pub(crate) fn proof(
    key: &SigningKey,
    method: &str,
    url: &str,
    token: Option<&str>,
    nonce: Option<&str>,
) -> String {
    let url = TargetUri::parse(url).unwrap();
    let token = token.map(PresentedToken::new);
    let mut proof = NewDpopProof::new(method, &url);
    if let Some(token) = &token {
        proof = proof.access_token(token);
    }
    if let Some(nonce) = nonce {
        proof = proof.nonce(nonce);
    }
    let now = u64::try_from(BEGIN).unwrap();
    let proof = proof.sign(key, now, &SystemRandom).unwrap();
    proof.expose().to_owned()
}

pub(crate) fn new_key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap()
}

/// A client that gets tokens for itself.
pub(crate) fn client(id: &str, scope: &str, resources: Value) -> Value {
    let mut client = shop();
    client["id"] = json!(id);
    client["scope"] = json!(scope);
    client["resources"] = resources;
    client["grant_types"] = json!(["client_credentials"]);
    client
}

pub(crate) fn held(answer: Answer) -> Held {
    let body = answer.expect(200);
    Held {
        token: body["access_token"].as_str().unwrap().to_owned(),
        scheme: if body["token_type"] == "DPoP" {
            "DPoP"
        } else {
            "Bearer"
        },
    }
}

pub(crate) fn challenges(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("www-authenticate").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

/// Demands a 401 for a bad token.
#[track_caller]
pub(crate) fn refused(answer: Answer) {
    assert!(challenges(&answer)[0].contains("error=\"invalid_token\""));
    answer.error(401, "invalid_token");
}
