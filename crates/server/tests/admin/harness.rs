//! A server in this process, in a folder of its own, with a clock that stands
//! until it is moved; and a client on its socket.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use avouch_core::time::{Clock, Timestamp};
use avouch_crypto::random::SystemRandom;
use avouch_server::config::{AlgorithmName, Config, DataConfig, SealingConfig};
use avouch_server::{Server, StartError, Surroundings, start};
use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// The instant every test begins at.
pub(crate) const BEGIN: i64 = 1_800_000_000;

pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Harness {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    config: Config,
    clock: Arc<TestClock>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The document of an answer with this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The description of an error with this status and code.
    pub(crate) fn error(self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["error"], code, "{body}");
        body["error_description"].as_str().unwrap().to_owned()
    }
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// With another configuration than the usual.
    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let key = folder.path().join("sealing.key");
        write_private(&key, &"a1".repeat(31), "b2");
        let sealing = SealingConfig {
            key_file: Some(key),
            ..SealingConfig::default()
        };
        let data = DataConfig {
            folder: folder.path().join("data"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let mut config = Config::new(issuer.try_into().unwrap(), data, sealing);
        config.keys.algorithms = vec![AlgorithmName::ES256];
        change(&mut config);
        let clock = Arc::new(TestClock(AtomicI64::new(BEGIN)));
        let server = run(&config, listener, &clock).await.unwrap();
        Self {
            folder,
            server,
            config,
            clock,
        }
    }

    /// Stops, and starts with another configuration on the same data.
    pub(crate) async fn again(self, change: impl FnOnce(&mut Config)) -> Result<Self, StartError> {
        let Self {
            folder,
            server,
            mut config,
            clock,
        } = self;
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        config.issuer = issuer.try_into().unwrap();
        server.stop().await;
        let server = run(&config, listener, &clock).await?;
        Ok(Self {
            folder,
            server,
            config,
            clock,
        })
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn admin_socket(&self) -> &std::path::Path {
        self.server.admin_socket()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let stream = UnixStream::connect(self.server.admin_socket())
            .await
            .unwrap();
        exchange(TokioIo::new(stream), request).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "admin");
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body)).await
    }

    /// A POST that says all in its path.
    pub(crate) async fn order(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(&body)).await
    }

    /// A form to a public endpoint, as the caller with this secret.
    pub(crate) async fn public(&self, path: &str, id: &str, secret: &str, form: &str) -> Answer {
        let stream = TcpStream::connect(self.server.address()).await.unwrap();
        let request = Request::post(path)
            .header("host", self.server.address().to_string())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!(
                "client_id={id}&client_secret={secret}&{form}"
            )));
        exchange(TokioIo::new(stream), request.unwrap()).await
    }

    /// A call to a registration, with its registration access token.
    pub(crate) async fn manage(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Answer {
        let stream = TcpStream::connect(self.server.address()).await.unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.server.address().to_string())
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        exchange(TokioIo::new(stream), request.unwrap()).await
    }

    /// What a public endpoint shows to everybody.
    pub(crate) async fn public_get(&self, path: &str) -> Answer {
        let stream = TcpStream::connect(self.server.address()).await.unwrap();
        let host = self.server.address().to_string();
        let request = Request::get(path).header("host", host).body(Body::empty());
        exchange(TokioIo::new(stream), request.unwrap()).await
    }

    /// A client `shop` and a resource server `pay`; returns the latter's secret.
    pub(crate) async fn shop_and_pay(&self) -> String {
        let pay = self
            .post("/admin/v1/resource-servers", pay())
            .await
            .expect(201);
        self.post("/admin/v1/clients", shop()).await.expect(201);
        pay["client_secret"].as_str().unwrap().to_owned()
    }

    /// A token of `shop` for Erika, good at `pay`.
    pub(crate) async fn token(&self) -> Value {
        self.post("/admin/v1/tokens", order()).await.expect(201)
    }

    /// Whether `pay` is told that the token is active.
    pub(crate) async fn is_active(&self, secret: &str, token: &Value) -> bool {
        let form = format!("token={}", token["access_token"].as_str().unwrap());
        let answer = self
            .public("/introspect", "pay", secret, &form)
            .await
            .expect(200);
        answer["active"].as_bool().unwrap()
    }
}

async fn run(
    config: &Config,
    listener: TcpListener,
    clock: &Arc<TestClock>,
) -> Result<Server, StartError> {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    start(
        config,
        listener,
        Surroundings::new(clock, Arc::new(SystemRandom)),
    )
    .await
}

/// A client's description.
pub(crate) fn shop() -> Value {
    json!({
        "id": "shop",
        "authentication": "client_secret_post",
        "scope": "pay sign",
        "resources": ["https://pay.example"],
    })
}

/// A resource server's description.
pub(crate) fn pay() -> Value {
    json!({
        "id": "pay",
        "authentication": "client_secret_post",
        "resources": ["https://pay.example"],
        "profile": {"signing_algorithm": "ES256"},
        "policy": {"claims": ["iban"]},
    })
}

/// An order for a token.
pub(crate) fn order() -> Value {
    json!({"client": "shop", "subject": "erika", "scope": "pay"})
}

pub(crate) async fn exchange(
    io: impl hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    request: Request<Body>,
) -> Answer {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let response: Response<_> = sender.send_request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

fn write_private(path: &std::path::Path, most: &str, last: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("{most}{last}")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
