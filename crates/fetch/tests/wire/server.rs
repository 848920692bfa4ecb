//! Servers on loopback that answer with whatever bytes a test wants, and resolvers that say
//! whatever a test wants of a name.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use avouch_fetch::{
    Document, DocumentUrl, Fetch as _, FetchError, GuardedFetcher, GuardedFetcherBuilder, Policy,
    PrivateCause, Resolve,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// The name that every test's document is at.
pub(crate) const HOST: &str = "rs.example";

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;
type Handler = Arc<dyn Fn(Box<dyn Stream>) -> Answering + Send + Sync>;

/// A server on 127.0.0.1; it lives as long as the runtime of the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// The requests it has read, as they came.
    requests: Arc<Mutex<Vec<String>>>,
    /// How often somebody has connected.
    connections: Arc<Mutex<usize>>,
    handshakes: Arc<Mutex<Vec<Handshake>>>,
    authority: Option<Authority>,
}

/// Of which kind, and for which protocol.
pub(crate) type Handshake = (HandshakeKind, Option<Vec<u8>>);

pub(crate) fn authority() -> Authority {
    let mut parameters = CertificateParams::new([]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// An answer with a body of stated length.
pub(crate) fn http(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn json(body: &str) -> String {
    http("200 OK\r\nContent-Type: application/json", body)
}

impl Server {
    /// Gives every request the same answer, over TLS as [`HOST`].
    pub(crate) async fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::handling(move |mut stream| {
            let answer = answer.clone();
            async move {
                // A client that hangs up halfway is part of some tests.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Leaves the connection to the test once the request is read.
    pub(crate) async fn handling<F, A>(handler: F) -> Self
    where
        F: Fn(Box<dyn Stream>) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        Self::start(Some((certificate_for(HOST), authority())), handler).await
    }

    /// Without TLS.
    pub(crate) async fn plain(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(None, move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .await
    }

    /// With a certificate of the test's choosing.
    pub(crate) async fn showing(certificate: CertificateParams, authority: Authority) -> Self {
        Self::start(Some((certificate, authority)), |mut stream| async move {
            let _ = stream.write_all(json("{}").as_bytes()).await;
            let _ = stream.shutdown().await;
        })
        .await
    }

    async fn start<F, A>(identity: Option<(CertificateParams, Authority)>, handler: F) -> Self
    where
        F: Fn(Box<dyn Stream>) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |stream| Box::pin(handler(stream)));
        let acceptor = identity.as_ref().map(acceptor);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            connections: Arc::default(),
            handshakes: Arc::default(),
            authority: identity.map(|(_, authority)| authority),
        };
        let requests = Arc::clone(&server.requests);
        let connections = Arc::clone(&server.connections);
        let handshakes = Arc::clone(&server.handshakes);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
                let (requests, handshakes) = (Arc::clone(&requests), Arc::clone(&handshakes));
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = match acceptor {
                        None => Box::new(tcp),
                        Some(acceptor) => match acceptor.accept(tcp).await {
                            Ok(stream) => {
                                handshakes.lock().unwrap().push(handshake(&stream));
                                Box::new(stream)
                            }
                            Err(_) => return,
                        },
                    };
                    if let Some(request) = read_request(&mut stream).await {
                        requests.lock().unwrap().push(request);
                        handler(stream).await;
                    }
                });
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn handshakes(&self) -> Vec<Handshake> {
        self.handshakes.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// A fetcher that trusts this server's authority, and for which [`HOST`] is at `answers`.
    pub(crate) fn fetcher(&self, policy: Policy, answers: Answers) -> GuardedFetcher<Answers> {
        self.builder(policy, answers).build().unwrap()
    }

    pub(crate) fn builder(
        &self,
        policy: Policy,
        answers: Answers,
    ) -> GuardedFetcherBuilder<Answers> {
        let builder = GuardedFetcher::builder(policy).resolver(answers);
        match &self.authority {
            Some(authority) => builder.extra_trust_anchors(authority.pem()),
            None => builder,
        }
    }

    /// Where the document is.
    pub(crate) fn url(&self) -> DocumentUrl {
        let text = format!("https://{HOST}:{}/jwks?x=1", self.port);
        DocumentUrl::parse(&text, &Policy::public_hosts()).unwrap()
    }

    /// Fetches once, from 127.0.0.1, which is allowed.
    pub(crate) async fn fetch(&self) -> Result<Document, FetchError> {
        let fetcher = self.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
        fetcher.fetch(&self.url()).await
    }

    /// Fetches once, and tells logs why there is nothing.
    pub(crate) async fn cause(&self) -> PrivateCause {
        cause(self.fetch().await)
    }
}

/// Public addresses, and the one that the test's server has.
pub(crate) fn this_server_alone() -> Policy {
    Policy::public_hosts().and_network("127.0.0.1".parse().unwrap())
}

pub(crate) fn cause(fetched: Result<Document, FetchError>) -> PrivateCause {
    let error = fetched.unwrap_err();
    assert_eq!(error.to_string(), "the document could not be fetched");
    error.private_cause().unwrap().clone()
}

fn acceptor((certificate, authority): &(CertificateParams, Authority)) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = certificate.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    config.alpn_protocols = [&b"h2"[..], b"http/1.1", b"smtp"]
        .map(<[u8]>::to_vec)
        .into();
    TlsAcceptor::from(Arc::new(config))
}

fn handshake(stream: &TlsStream<TcpStream>) -> Handshake {
    let connection = stream.get_ref().1;
    let protocol = connection.alpn_protocol().map(<[u8]>::to_vec);
    (connection.handshake_kind().unwrap(), protocol)
}

/// `None` if the other end goes away before it has asked.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(read).ok()
}

/// What names resolve to: the answers in turn, the last one for ever.
#[derive(Clone)]
pub(crate) struct Answers(Arc<Mutex<Script>>);

struct Script {
    answers: VecDeque<Vec<IpAddr>>,
    asked: Vec<String>,
}

impl Answers {
    /// Each answer is a list of addresses, separated by spaces.
    pub(crate) fn in_turn(answers: &[&str]) -> Self {
        let parse = |answer: &&str| {
            let addresses = answer.split_ascii_whitespace();
            addresses.map(|address| address.parse().unwrap()).collect()
        };
        Self(Arc::new(Mutex::new(Script {
            answers: answers.iter().map(parse).collect(),
            asked: Vec::new(),
        })))
    }

    pub(crate) fn always(answer: &str) -> Self {
        Self::in_turn(&[answer])
    }

    /// The names asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

impl Resolve for Answers {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut script = self.0.lock().unwrap();
        script.asked.push(host.to_owned());
        match script.answers.len() {
            0 => Err(io::Error::other("no such name")),
            1 => Ok(script.answers[0].clone()),
            _ => Ok(script.answers.pop_front().unwrap()),
        }
    }
}
