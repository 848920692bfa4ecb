//! Whose word about callers is taken (RFC 8705 section 2.1).

use std::time::Duration;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::{CertificateNames, PresentedCertificate};
use crate::time::Timestamp;

/// The certificate authorities that vouch for callers.
#[derive(Debug)]
pub struct CertificateAuthorities(Vec<TrustAnchor<'static>>);

/// Why a text names no authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// Not PEM.
    #[error("this is not PEM")]
    NotPem,
    /// PEM without a certificate.
    #[error("there is no certificate in it")]
    Empty,
    /// One of the certificates cannot be an authority's.
    #[error("certificate number {number} in it is not an X.509 certificate of version 3")]
    Unusable {
        /// Which, counted from one.
        number: usize,
    },
}

/// A certificate with a chain to an authority that held at the instant it was asked about. Only
/// [`CertificateAuthorities::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedCertificate<'a>(&'a PresentedCertificate);

/// Why no authority vouches for a certificate: for events, never for the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no authority vouches for the certificate: {0}")]
pub struct ChainError(webpki::Error);

#[cfg(test)]
impl ChainError {
    /// One of them, for tests of what is said about it.
    pub(crate) fn of_an_unknown_issuer() -> Self {
        Self(webpki::Error::UnknownIssuer)
    }
}

impl CertificateAuthorities {
    /// Reads the certificates of the authorities from PEM text.
    pub fn from_pem(pem: &[u8]) -> Result<Self, AuthoritiesError> {
        let mut anchors = Vec::new();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let certificate = certificate.map_err(|_| AuthoritiesError::NotPem)?;
            let anchor = anchor_from_trusted_cert(&certificate)
                .map_err(|_| AuthoritiesError::Unusable { number: index + 1 })?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            return Err(AuthoritiesError::Empty);
        }
        Ok(Self(anchors))
    }

    /// Follows the chain from the certificate to an authority, as of `now`: signatures, times,
    /// constraints, and that it may authenticate a client. Revocation lists are not asked.
    pub fn verify<'a>(
        &self,
        presented: &'a PresentedCertificate,
        now: Timestamp,
    ) -> Result<VerifiedCertificate<'a>, ChainError> {
        let own = EndEntityCert::try_from(&presented.own).map_err(ChainError)?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now.numeric_date()));
        own.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &self.0,
            &presented.further,
            at,
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(ChainError)?;
        Ok(VerifiedCertificate(presented))
    }
}

impl<'a> VerifiedCertificate<'a> {
    /// Who the authority says it is.
    pub fn names(&self) -> &'a CertificateNames {
        &self.0.names
    }
}
