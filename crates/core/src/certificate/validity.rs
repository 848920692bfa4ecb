//! The time in which a certificate says it is valid (RFC 5280 section 4.1.2.5).

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::PresentedCertificateError;
use crate::time::Timestamp;

/// From one instant to another, both included; they are whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first instant.
    pub not_before: Timestamp,
    /// The last.
    pub not_after: Timestamp,
}

impl Validity {
    /// Reads it from a certificate in DER.
    pub fn of_der(der: &[u8]) -> Result<Self, PresentedCertificateError> {
        match X509Certificate::from_der(der) {
            Ok(([], certificate)) => Ok(Self::of(&certificate)),
            _ => Err(PresentedCertificateError::Malformed),
        }
    }

    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self {
            not_before: Timestamp::from_secs(validity.not_before.timestamp()),
            not_after: Timestamp::from_secs(validity.not_after.timestamp()),
        }
    }

    /// Whether `now` lies within.
    pub fn includes(self, now: Timestamp) -> bool {
        (self.not_before.as_secs()..=self.not_after.as_secs()).contains(&now.as_secs())
    }
}
