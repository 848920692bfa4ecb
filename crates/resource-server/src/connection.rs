//! How the authorization server (AS) is reached; the same for all that talk to it.

use crate::client_certificate::ClientCertificate;
use crate::clock::{Clock, SystemClock};
use crate::endpoint::is_plain;
use crate::error::SetupError;
use crate::https_client::{HttpsClient, Schemes};
use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_oauth::Issuer;
use std::time::Duration;

/// How long one exchange with the AS may take.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Connection {
    pub(crate) timeout: Duration,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) random: Box<dyn SecureRandom>,
    trust_anchors_pem: Vec<u8>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            clock: Box::new(SystemClock),
            random: Box::new(SystemRandom),
            trust_anchors_pem: Vec::new(),
        }
    }
}

impl Connection {
    pub(crate) fn trust(&mut self, pem: &[u8]) {
        self.trust_anchors_pem.extend_from_slice(pem);
        self.trust_anchors_pem.push(b'\n');
    }

    /// The HTTP client on board, for this issuer.
    pub(crate) fn client(&self, issuer: &Issuer) -> Result<HttpsClient, SetupError> {
        self.client_for(&[issuer], None)
    }

    /// The same for several servers, with a certificate to show.
    pub(crate) fn client_for(
        &self,
        servers: &[&Issuer],
        certificate: Option<&ClientCertificate>,
    ) -> Result<HttpsClient, SetupError> {
        let schemes = if servers.iter().any(|server| is_plain(server)) {
            Schemes::HttpsAndHttp
        } else {
            Schemes::Https
        };
        HttpsClient::new(schemes, &self.trust_anchors_pem, certificate)
    }
}
