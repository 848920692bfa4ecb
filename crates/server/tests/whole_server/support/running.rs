//! A server that is serving, and the requests of every story.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use avouch_core::time::Clock;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, SignatureAlgorithm};
use avouch_oauth::introspection::{IntrospectionResponse, StatementVerifier};
use avouch_server::config::Config;
use avouch_server::{Server, Surroundings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::request::{Asked, exchange, exchange_lenient};
use super::{Answer, Caller, STATEMENT, TestClock};

/// A server under test. Its folder goes with it.
pub(crate) struct Running {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    config: Config,
    reach: Reach,
}

/// Where the server may fetch published keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// As every server.
    PublicHosts,
    /// From this machine too, as `--dev`.
    Development,
}

fn surroundings(clock: &Arc<TestClock>, reach: Reach) -> Surroundings {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let surroundings = Surroundings::new(clock, Arc::new(SystemRandom));
    match reach {
        Reach::PublicHosts => surroundings,
        Reach::Development => surroundings.dangerous_for_development(),
    }
}

/// A server that was stopped, with all it needs to start again.
pub(crate) struct Stopped {
    pub(crate) config: Config,
    clock: Arc<TestClock>,
    pub(crate) folder: TempDir,
    reach: Reach,
}

impl Stopped {
    pub(crate) async fn start(self) -> Running {
        Running::start(self.config, self.clock, self.folder, self.reach).await
    }

    /// Why it does not start.
    pub(crate) async fn fails_to_start(&self) -> String {
        let surroundings = surroundings(&self.clock, self.reach);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let starting = avouch_server::start(&self.config, listener, surroundings);
        starting.await.unwrap_err().to_string()
    }
}

impl Running {
    pub(crate) async fn start(
        config: Config,
        clock: Arc<TestClock>,
        folder: TempDir,
        reach: Reach,
    ) -> Self {
        let surroundings = surroundings(&clock, reach);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let starting = avouch_server::start(&config, listener, surroundings);
        Self {
            server: starting.await.unwrap(),
            clock,
            folder,
            config,
            reach,
        }
    }

    /// Stops and starts again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let stopped = self.stop().await;
        stopped.start().await
    }

    /// Stops the server; its folder stays.
    pub(crate) async fn stop(self) -> Stopped {
        self.server.stop().await;
        Stopped {
            config: self.config,
            clock: self.clock,
            folder: self.folder,
            reach: self.reach,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join(avouch_server::DATABASE_FILE)
    }

    /// The present, in seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().numeric_date()
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> Asked {
        Asked::new(self.address(), method, target)
    }

    pub(crate) fn post(&self, target: &str) -> Asked {
        self.request("POST", target)
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send().await
    }

    /// Sends these very bytes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Answer {
        exchange(self.address(), bytes).await
    }

    /// Sends these very bytes to a server that may stop reading.
    pub(crate) async fn raw_lenient(&self, bytes: &[u8]) -> Answer {
        exchange_lenient(self.address(), bytes).await
    }

    /// Sends these very bytes and takes whatever comes back until the connection ends.
    pub(crate) async fn raw_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut received = Vec::new();
        // Bytes that were not read may end the connection with a reset.
        let _ = stream.read_to_end(&mut received).await;
        received
    }

    /// The value of a line of `/metrics` on the admin socket.
    pub(crate) async fn metric(&self, name: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.server.admin_socket())
            .await
            .unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let line = text.lines().find(|line| line.starts_with(name));
        line.map(|line| line.rsplit(' ').next().unwrap().to_owned())
    }

    /// A request where certificates are asked for.
    pub(crate) fn mtls_post(&self, target: &str) -> Asked {
        Asked::new(self.server.mtls_address().unwrap(), "POST", target)
    }

    /// The usual question, for adding to.
    pub(crate) fn about(&self, token: &str) -> Asked {
        self.post("/introspect").form(&[("token", token)])
    }

    /// Asks without `Accept`.
    pub(crate) async fn introspect(&self, caller: &Caller, token: &str) -> Answer {
        self.about(token).by(caller).send().await
    }

    /// Asks for a statement.
    pub(crate) async fn statement(&self, caller: &Caller, token: &str) -> Answer {
        self.about(token).by(caller).accept(STATEMENT).send().await
    }

    /// Checks a statement as its receiver would, against the keys served now.
    #[track_caller]
    pub(crate) fn verify(
        &self,
        keys: &JwkSet,
        caller: &Caller,
        answer: &Answer,
        algorithm: SignatureAlgorithm,
    ) -> IntrospectionResponse {
        let issuer = self.server.issuer().clone();
        let verifier = StatementVerifier::new(issuer, &caller.id, [algorithm]);
        let now = self.clock.now().numeric_date();
        verifier
            .verify(answer.text(), keys, now)
            .unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
            .into_response()
    }

    /// The keys served now.
    pub(crate) async fn keys(&self) -> JwkSet {
        let answer = self.get("/jwks.json").await;
        assert_eq!(answer.status, 200);
        JwkSet::parse_published(&answer.body).unwrap()
    }
}
