//! What usually is wrong with a connection, told by name.

use rustls::{CertificateError, InvalidMessage};
use std::error::Error;

/// A usual reason why there is no connection: the [`Cause`](crate::Cause) in
/// [`HttpError::Tls`](crate::HttpError::Tls) and [`HttpError::Broken`](crate::HttpError::Broken).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionProblem {
    /// No trusted authority stands for the server's certificate.
    #[error("the server's certificate is of no authority that is trusted here")]
    UnknownAuthority,
    /// The certificate of an authority (its CA flag is set) was shown as that of a server: what
    /// `openssl req -x509` makes unless told otherwise.
    #[error("the server shows the certificate of an authority (its CA flag is set) as its own")]
    AuthorityAsServer,
    /// What answers does not speak TLS.
    #[error("the other end does not speak TLS; perhaps it speaks plain http")]
    NoTls,
    /// What answers does not speak HTTP.
    #[error("the other end does not answer in HTTP; perhaps it speaks https")]
    NoHttp,
}

impl ConnectionProblem {
    /// What an error of the TLS library is by these names, if it is one of them.
    pub(crate) fn of_tls(error: &rustls::Error) -> Option<Self> {
        match error {
            // The latter where an authority of the same name is trusted.
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            ) => Some(Self::UnknownAuthority),
            rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
                match other.0.downcast_ref()? {
                    webpki::Error::CaUsedAsEndEntity => Some(Self::AuthorityAsServer),
                    _ => None,
                }
            }
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(Self::NoTls),
            _ => None,
        }
    }

    /// The same for the HTTP library.
    pub(crate) fn of_http(error: &(dyn Error + 'static)) -> Option<Self> {
        let error: &hyper::Error = error.downcast_ref()?;
        error.is_parse().then_some(Self::NoHttp)
    }
}
