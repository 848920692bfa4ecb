//! Whom TLS believes.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::fetcher::SetupError;

/// Extra trust anchors that are no certificates in PEM, or one of which is unsound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the extra trust anchors are not certificates in PEM")]
pub struct TrustAnchorError;

/// The certificate authorities of the operating system, and those given on top in PEM.
pub fn trust_anchors(extra_pem: &[u8]) -> Result<RootCertStore, TrustAnchorError> {
    let mut roots = RootCertStore::empty();
    // Files that cannot be read leave fewer to trust, which is the safe direction.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let of_system = roots.len();
    for certificate in CertificateDer::pem_slice_iter(extra_pem) {
        let certificate = certificate.map_err(|_| TrustAnchorError)?;
        roots.add(certificate).map_err(|_| TrustAnchorError)?;
    }
    // Perhaps the wrong file: better told now than as a distrusted server later.
    if roots.len() == of_system && !extra_pem.is_empty() {
        return Err(TrustAnchorError);
    }
    Ok(roots)
}

/// TLS 1.2 or 1.3 towards strangers.
///
/// Sessions are not resumed: a ticket is text of a stranger's choosing that we would send to
/// wherever his name points next. HTTP/1.1 is the one protocol offered, so that a server of
/// another protocol hangs up rather than listen.
pub(crate) fn client_config(roots: RootCertStore) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupError::Tls)?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_anchor_that_is_none_is_told() {
        for broken in [
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n???",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "/etc/ssl/ca.pem",
        ] {
            let made = trust_anchors(broken.as_bytes());
            assert!(matches!(made, Err(TrustAnchorError)), "{broken}");
        }
    }
}
