//! The certificates of both ends, read at the start and looked at again while the server runs.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::certificate::CertificateAuthorities;
use avouch_core::time::{Clock, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::error;

use super::certificate::{CertificateFiles, ServerCertificate};
use super::client_authorities::ClientAuthoritiesFile;
use super::protocol::Question;
use super::watched::{Look, Source, Watched};
use crate::app::App;
use crate::config::{Config, MtlsConfig, TlsConfig};
use crate::metrics::Metrics;
use crate::start::StartError;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Whoever asks for a look hears when it is over.
pub(crate) type Asked = oneshot::Sender<()>;

/// What is in use.
pub(crate) struct Certificates {
    server: Option<Watched<CertificateFiles>>,
    client_authorities: Option<Watched<ClientAuthoritiesFile>>,
}

impl Certificates {
    /// Reads all that is configured.
    pub(crate) fn load(
        tls: &TlsConfig,
        mtls: &MtlsConfig,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        let files = match (&tls.certificate_file, &tls.key_file) {
            (Some(certificate), Some(key)) => Some(CertificateFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            _ => None,
        };
        let authorities = mtls.ca_file.clone().map(ClientAuthoritiesFile);
        Ok(Self {
            server: files.map(|files| Watched::load(files, now)).transpose()?,
            client_authorities: authorities
                .map(|file| Watched::load(file, now))
                .transpose()?,
        })
    }

    /// Whether the server speaks TLS by itself.
    pub(crate) fn is_on(&self) -> bool {
        self.server.is_some()
    }

    /// What handshakes are answered with now.
    pub(super) fn config(&self, question: Question) -> Option<Arc<rustls::ServerConfig>> {
        let server = self.server.as_ref()?;
        Some(server.with(|certificate| certificate.config(question)))
    }

    /// Whose word about the certificates of callers is taken, if anybody's.
    pub(crate) fn client_authorities(&self) -> Option<Arc<CertificateAuthorities>> {
        self.client_authorities.as_ref().map(Watched::held)
    }

    /// Says in the metrics until when the certificate is valid.
    pub(crate) fn show_expiry(&self, metrics: &Metrics) {
        if let Some(server) = &self.server {
            let expiry = server.with(|certificate: &ServerCertificate| certificate.not_after);
            metrics.tls().certificate_expires(expiry.as_secs());
        }
    }

    /// Looks at all files. Blocks on the file system.
    pub(super) fn look(&self, now: Timestamp, metrics: &Metrics) {
        look(self.server.as_ref(), now, metrics);
        look(self.client_authorities.as_ref(), now, metrics);
        self.show_expiry(metrics);
    }
}

/// Whether a server would start with the certificates that the configuration names.
pub fn check_certificates(config: &Config, clock: &dyn Clock) -> Result<(), StartError> {
    Certificates::load(&config.tls, &config.mtls, clock.now()).map(drop)
}

fn look<S: Source>(watched: Option<&Watched<S>>, now: Timestamp, metrics: &Metrics) {
    match watched.map(|watched| watched.look(now)) {
        Some(Look::Taken) => metrics.tls().certificates_read_anew(S::WHAT, "taken"),
        Some(Look::Refused) => metrics.tls().certificates_read_anew(S::WHAT, "refused"),
        Some(Look::AsBefore) | None => {}
    }
}

/// Looks at the files every so often and whenever asked, until the server stops.
pub(crate) async fn renew(
    app: Arc<App>,
    mut asked: mpsc::Receiver<Asked>,
    mut stop: watch::Receiver<bool>,
) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick comes at once, and the files were read just now.
    every.tick().await;
    loop {
        let asked = tokio::select! {
            _ = every.tick() => None,
            Some(asked) = asked.recv() => Some(asked),
            _ = stop.changed() => return,
        };
        let looking = Arc::clone(&app);
        let looked = tokio::task::spawn_blocking(move || {
            looking
                .certificates
                .look(looking.clock.now(), &looking.metrics);
        });
        if let Err(error) = looked.await {
            error!(%error, "the certificates could not be looked at");
        }
        if let Some(asked) = asked {
            // Whoever asked may have gone.
            _ = asked.send(());
        }
    }
}
