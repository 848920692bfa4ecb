//! The way to a session: of several hosts, the one that takes writes and is not
//! behind.
//!
//! Hosts are tried in turn, beginning with the one that was right last. One that
//! fails or is refused gives way to the next at once; one that says nothing is
//! not waited for long before the next is tried beside it. So a host that is
//! gone without a word keeps nobody from the one that took its place.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_postgres::{AsyncMessage, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::open::PostgresError;
use super::options::PostgresOptions;
use super::session;
use super::timeline::{Era, Newest};

/// How long one host has for itself before the next is tried beside it.
const ALONE: Duration = Duration::from_millis(500);

/// Where PostgreSQL says that it does not wait for the standbys any longer.
const GAVE_UP_WAITING: &str = "SyncRepWaitForLSN";

/// Makes sessions with one database.
pub(super) struct Connector {
    options: PostgresOptions,
    hosts: Vec<tokio_postgres::Config>,
    tls: Option<MakeRustlsConnect>,
    /// The host that was right last.
    right: AtomicUsize,
    pub(super) newest: Newest,
}

/// A connection that was set up, with a server that was judged.
pub(super) struct Session {
    pub(super) client: ClientWrapper,
    pub(super) era: Era,
}

impl Connector {
    /// Reads whom to trust, and connects to nobody yet.
    pub(super) fn new(options: &PostgresOptions) -> Result<Arc<Self>, PostgresError> {
        Ok(Arc::new(Self {
            hosts: options.hosts(),
            tls: options.url.authorities().map(tls).transpose()?,
            options: options.clone(),
            right: AtomicUsize::new(0),
            newest: Newest::default(),
        }))
    }

    /// A session with the server that is to be worked with.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Session, PostgresError> {
        let count = self.hosts.len();
        let first = self.right.load(Ordering::Relaxed);
        let mut waiting = (0..count).map(|host| (first + host) % count);
        let mut tried = JoinSet::new();
        let mut refused: Option<PostgresError> = None;
        loop {
            if let Some(host) = waiting.next() {
                let connector = Arc::clone(self);
                tried.spawn(async move { (host, connector.begin_with(host).await) });
            }
            let ended = if waiting.len() == 0 {
                tried.join_next().await
            } else {
                match tokio::time::timeout(ALONE, tried.join_next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                }
            };
            match ended {
                Some(Ok((host, Ok(session)))) => {
                    self.right.store(host, Ordering::Relaxed);
                    return Ok(session);
                }
                Some(Ok((_, Err(error)))) => {
                    let tells_more = |known: &PostgresError| weight(&error) > weight(known);
                    if refused.as_ref().is_none_or(tells_more) {
                        refused = Some(error);
                    }
                }
                // A try that panicked is one that came to nothing.
                Some(Err(_)) => {}
                None => {
                    return Err(refused.unwrap_or_else(|| PostgresError::silent(&self.options)));
                }
            }
        }
    }

    /// Asks every host, so that the newest timeline is known before any is
    /// worked with: a process that was just started remembers none.
    pub(super) async fn look_around(self: &Arc<Self>) {
        if self.hosts.len() == 1 {
            return;
        }
        let mut asked = JoinSet::new();
        for host in 0..self.hosts.len() {
            let connector = Arc::clone(self);
            asked.spawn(async move { connector.begin_with(host).await.is_ok() });
        }
        // What is wrong with a host is told when it is the one to be used.
        while asked.join_next().await.is_some() {}
    }

    async fn begin_with(&self, host: usize) -> Result<Session, PostgresError> {
        let beginning = async {
            let client = self.connect(host).await?;
            let timeline = session::begin(&client, &self.options).await?;
            let era = self.newest.judge(timeline)?;
            Ok(Session { client, era })
        };
        // The client library's own limit ends with the handshake of TCP.
        tokio::time::timeout(self.options.connect, beginning)
            .await
            .unwrap_or_else(|_| Err(PostgresError::silent(&self.options)))
    }

    async fn connect(&self, host: usize) -> Result<ClientWrapper, PostgresError> {
        let Some(config) = self.hosts.get(host) else {
            return Err(PostgresError::silent(&self.options));
        };
        let told = |error| PostgresError::unreachable(&self.options, &error);
        Ok(match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(told)?;
                ClientWrapper::new(client, tokio::spawn(converse(connection)))
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await.map_err(told)?;
                ClientWrapper::new(client, tokio::spawn(converse(connection)))
            }
        })
    }
}

/// Of several refusals the one that says most is told.
fn weight(error: &PostgresError) -> u8 {
    match error {
        PostgresError::Unreachable { .. } => 0,
        PostgresError::ReadOnly => 1,
        _ => 2,
    }
}

/// A connection that was not judged: for what makes or drops a schema.
pub(super) async fn connect(options: &PostgresOptions) -> Result<ClientWrapper, PostgresError> {
    let connector = Connector::new(options)?;
    let mut refused = PostgresError::silent(options);
    for host in 0..connector.hosts.len() {
        match tokio::time::timeout(options.connect, connector.connect(host)).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => refused = error,
            Err(_) => {}
        }
    }
    Err(refused)
}

/// Has the conversation go on until the client is dropped. What ends it before
/// is told to whoever uses the client.
///
/// **A commit that no standby has must not look like one that some have.** If an
/// administrator cancels a commit that waits for its standbys, PostgreSQL
/// answers it as done, after a warning. The conversation ends with the warning,
/// so that the answer comes to nobody: the outcome is unknown.
async fn converse<S>(mut connection: Connection<Socket, S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(GAVE_UP_WAITING)
        {
            tracing::error!(
                "the database was told not to wait for its standbys: a change may be on the \
                 primary alone, and is not acknowledged"
            );
            return;
        }
    }
}

/// Checks certificate and name of the server, against these authorities alone.
fn tls(path: &Path) -> Result<MakeRustlsConnect, PostgresError> {
    let refused = |account: String| PostgresError::Authorities {
        path: path.to_owned(),
        account,
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("there is no certificate in it".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(io::Error::other(error).to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
