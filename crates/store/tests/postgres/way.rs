//! A way to the database that can be closed, blocked and listened on: what a
//! network does.

use std::net::SocketAddr;
use std::sync::Arc;

use avouch_store::{DatabaseUrl, PostgresOptions};
use rcgen::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;

/// What the way does to those on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything passes.
    Open,
    /// Nothing passes, and nobody is told.
    Blocked,
    /// Who is on it is thrown off, who comes is turned away.
    Closed,
}

/// A listener in front of the database.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    state: watch::Sender<(State, u32)>,
    serving: JoinHandle<()>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Way {
    pub(crate) async fn to(options: &PostgresOptions) -> Self {
        Self::with(options, None).await
    }

    /// One that speaks TLS on this side, as PostgreSQL does.
    pub(crate) async fn over_tls(
        options: &PostgresOptions,
        own: CertifiedKey<rcgen::KeyPair>,
    ) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        Self::with(options, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn with(options: &PostgresOptions, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, watched) = watch::channel((State::Open, 0));
        let database = database(options);
        let serving = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(near, database, tls.clone(), watched.clone()));
            }
        });
        Self {
            address,
            state,
            serving,
        }
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_modify(|now| now.0 = state);
    }

    /// Throws everybody off who is on it now.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|now| now.1 += 1);
    }

    /// The same options, over this way.
    pub(crate) fn options(&self, options: &PostgresOptions, query: &str) -> PostgresOptions {
        let text = options.url.as_str();
        let (before, after) = text.split_once('@').unwrap();
        let database = after.split_once('/').unwrap().1;
        let port = self.address.port();
        let url = format!("{before}@localhost:{port}/{database}{query}");
        PostgresOptions {
            url: DatabaseUrl::parse(&url).unwrap(),
            ..options.clone()
        }
    }
}

/// Where the server of the tests listens: its URL names one host and port.
fn database(options: &PostgresOptions) -> SocketAddr {
    let text = options.url.as_str();
    let after = text.split_once('@').unwrap().1;
    after.split_once('/').unwrap().0.parse().unwrap()
}

async fn carry(
    near: TcpStream,
    database: SocketAddr,
    tls: Option<TlsAcceptor>,
    mut state: watch::Receiver<(State, u32)>,
) {
    if state.borrow().0 == State::Closed {
        return;
    }
    let Ok(far) = TcpStream::connect(database).await else {
        return;
    };
    match tls {
        None => relay(near, far, &mut state).await,
        Some(tls) => {
            if let Some(near) = accept_tls(near, &tls).await {
                relay(near, far, &mut state).await;
            }
        }
    }
}

/// What PostgreSQL does with the request for TLS that comes first.
async fn accept_tls(
    mut near: TcpStream,
    tls: &TlsAcceptor,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut request = [0; 8];
    near.read_exact(&mut request).await.ok()?;
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "SSLRequest");
    near.write_all(b"S").await.ok()?;
    tls.accept(near).await.ok()
}

/// Carries until the way closes; while it is blocked, holds on to everything.
async fn relay(
    mut near: impl AsyncRead + AsyncWrite + Unpin,
    mut far: TcpStream,
    state: &mut watch::Receiver<(State, u32)>,
) {
    let (mut near_buffer, mut far_buffer) = (vec![0; 8192], vec![0; 8192]);
    let begun = state.borrow().1;
    loop {
        let (now, cuts) = *state.borrow_and_update();
        match now {
            _ if cuts != begun => return,
            State::Closed => return,
            State::Blocked => {
                if state.changed().await.is_err() {
                    return;
                }
            }
            State::Open => {
                let (mut far_read, mut far_write) = far.split();
                tokio::select! {
                    changed = state.changed() => if changed.is_err() { return },
                    read = near.read(&mut near_buffer) => {
                        let octets = &near_buffer[..read.unwrap_or(0)];
                        if octets.is_empty() || far_write.write_all(octets).await.is_err() {
                            return;
                        }
                    }
                    read = far_read.read(&mut far_buffer) => {
                        let octets = &far_buffer[..read.unwrap_or(0)];
                        if octets.is_empty() || pass(&mut near, octets).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

async fn pass(near: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> std::io::Result<()> {
    near.write_all(octets).await?;
    near.flush().await
}
