//! The handshake: within a time, by whoever speaks TLS, and counted where it fails.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use avouch_core::certificate::PresentedCertificate;
use rustls::{Error, InvalidMessage, PeerIncompatible};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::Certificates;
use super::possession::presented;
use super::protocol::Question;

/// How long a handshake may take, from the connection to its last message. Taking it a byte at a
/// time does not buy more.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Answers handshakes with the certificate that is in use when they begin.
#[derive(Clone)]
pub(crate) struct Acceptor {
    certificates: Arc<Certificates>,
    question: Question,
    failed: Arc<dyn Fn(&'static str) + Send + Sync>,
}

/// A connection after its handshake.
pub(crate) struct Secured<S> {
    pub(crate) stream: TlsStream<S>,
    /// The certificate that the other end showed to be its own.
    pub(crate) certificate: Option<Arc<PresentedCertificate>>,
}

impl Acceptor {
    /// `failed` is told of each handshake that fails, by one of a few names.
    pub(crate) fn new(
        certificates: Arc<Certificates>,
        question: Question,
        failed: impl Fn(&'static str) + Send + Sync + 'static,
    ) -> Self {
        Self {
            certificates,
            question,
            failed: Arc::new(failed),
        }
    }

    /// The connection, if its handshake succeeds in time.
    pub(crate) async fn accept<S>(&self, stream: S) -> Option<Secured<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.certificates.config(self.question)?;
        let handshake = TlsAcceptor::from(config).accept(stream).into_fallible();
        let stream = match tokio::time::timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => stream,
            Ok(Err((error, stream))) => {
                debug!(%error, "a TLS handshake failed");
                (self.failed)(reason(&error));
                // Counted by the time the other end learns that it is over.
                drop(stream);
                return None;
            }
            Err(_) => {
                debug!("a TLS handshake took too long");
                (self.failed)("timeout");
                return None;
            }
        };
        let certificate = match stream.get_ref().1.peer_certificates() {
            // The handshake fails with one that cannot be read.
            Some([own, further @ ..]) => presented(own, further).map(Arc::new),
            _ => None,
        };
        Some(Secured {
            stream,
            certificate,
        })
    }
}

/// Every reason why a handshake fails, for metrics that start at zero.
pub(crate) const HANDSHAKE_FAILURES: [&str; 9] = [
    "not_tls",
    "version",
    "cipher_suite",
    "incompatible",
    "client_certificate",
    "refused_by_peer",
    "malformed",
    "closed",
    "timeout",
];

/// A label that no peer can invent; one of [`HANDSHAKE_FAILURES`].
fn reason(error: &io::Error) -> &'static str {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match tls {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => "not_tls",
        Some(Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        )) => "version",
        Some(Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)) => "cipher_suite",
        Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => "incompatible",
        Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => "client_certificate",
        Some(Error::AlertReceived(_)) => "refused_by_peer",
        Some(_) => "malformed",
        None => "closed",
    }
}
