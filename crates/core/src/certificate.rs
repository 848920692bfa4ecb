//! Certificates that callers present (RFC 8705).
//!
//! That the caller holds the private key was shown in the handshake before anything here is
//! asked. What the certificate is worth is judged at the instant of each request: by
//! [`CertificateAuthorities`], or by the thumbprint of one that was registered.

mod authorities;
mod der;
mod distinguished_name;
mod names;
mod of_key;
mod validity;

use std::fmt;

use avouch_crypto::hash::sha256;
use avouch_oauth::confirmation::Sha256Thumbprint;
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

pub use authorities::{AuthoritiesError, CertificateAuthorities, ChainError, VerifiedCertificate};
pub use distinguished_name::{DistinguishedName, DistinguishedNameError};
pub use names::CertificateNames;
pub use of_key::is_of_key;
pub use validity::Validity;

/// The most certificates taken beside the caller's own: more than any chain in use has.
const MOST_FURTHER: usize = 16;

/// What a caller presented: its own certificate, and those it thinks lead to an authority.
///
/// The names in it mean nothing before an authority vouches for them, so they are read from a
/// [`VerifiedCertificate`] alone.
pub struct PresentedCertificate {
    own: CertificateDer<'static>,
    further: Vec<CertificateDer<'static>>,
    thumbprint: Sha256Thumbprint,
    names: CertificateNames,
    validity: Validity,
}

/// Why something presented is no certificate. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentedCertificateError {
    /// Not the DER of one X.509 certificate.
    #[error("this is not one X.509 certificate in DER")]
    Malformed,
    /// More certificates than any chain has.
    #[error("there are more than {MOST_FURTHER} certificates beside the caller's own")]
    TooMany,
}

impl PresentedCertificate {
    /// Reads the caller's own certificate and keeps the others as they are, all in DER.
    pub fn new(own: Vec<u8>, further: Vec<Vec<u8>>) -> Result<Self, PresentedCertificateError> {
        if further.len() > MOST_FURTHER {
            return Err(PresentedCertificateError::TooMany);
        }
        let (names, validity) = {
            let Ok(([], parsed)) = X509Certificate::from_der(&own) else {
                return Err(PresentedCertificateError::Malformed);
            };
            let names =
                CertificateNames::of(&parsed).map_err(|_| PresentedCertificateError::Malformed)?;
            (names, Validity::of(&parsed))
        };
        Ok(Self {
            thumbprint: Sha256Thumbprint::from_bytes(sha256(&own)),
            own: CertificateDer::from(own),
            further: further.into_iter().map(CertificateDer::from).collect(),
            names,
            validity,
        })
    }

    /// The `x5t#S256` of the caller's own certificate (RFC 8705 section 3.1).
    pub fn thumbprint(&self) -> Sha256Thumbprint {
        self.thumbprint
    }

    /// Whether this is the caller's own certificate, octet for octet.
    pub fn is(&self, der: &[u8]) -> bool {
        self.own.as_ref() == der
    }

    /// When the certificate itself says it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

/// Names the certificate by its thumbprint; who it speaks of is nobody's business in a log.
impl fmt::Debug for PresentedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedCertificate({})", self.thumbprint)
    }
}

#[cfg(test)]
mod tests;
