//! Why a document could not be had, sorted by who is to blame.
//!
//! What strangers may read and what logs may read are two things here. Told apart in public,
//! "refused", "timed out" and "not found" would let whoever can register a URL map the networks
//! this server can see. So all that happens beyond our own door has one public text, and the
//! cause is no [`source`](std::error::Error::source) that some chain of errors would print.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use avouch_jose::JwkError;

use crate::address::AddressKind;
use crate::document_url::UrlError;

/// Why a document could not be had. `Display` is fit for strangers; `Debug` and
/// [`private_cause`](Self::private_cause) are for logs.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Of whoever wrote the URL.
    #[error("the URL {0}")]
    Url(#[from] UrlError),
    /// Of whoever answers for the host, or of what lies between.
    #[error("the document could not be fetched")]
    Failed(PrivateCause),
    /// Ours: too much is being fetched already. Nothing was sent.
    #[error("too many documents are being fetched; try again")]
    Busy,
    /// Ours: the fetch was given up, as when the server stops.
    #[error("the fetch was interrupted; try again")]
    Interrupted,
}

/// What went wrong beyond our door: for logs, never for whoever named the URL. Shows nothing of
/// the document.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateCause {
    /// The resolver failed.
    #[error("the host could not be resolved: {0}")]
    Resolve(Arc<io::Error>),
    /// The resolver has no address.
    #[error("the host has no address")]
    NoAddress,
    /// More addresses than a sound host has.
    #[error("the host has more than {limit} addresses")]
    TooManyAddresses {
        /// How many would do.
        limit: usize,
    },
    /// One of the addresses may not be connected to. None was.
    #[error("the host has the address {address}, {kind} that the policy does not allow")]
    Address {
        /// As resolved.
        address: IpAddr,
        /// What kind it is of.
        kind: AddressKind,
    },
    /// Nobody listens, or no way leads there. The last address tried counts.
    #[error("no connection: {0}")]
    Connect(Arc<io::Error>),
    /// The other end is not who it has to be, or does not speak TLS as it should.
    #[error("no trusted connection: {0}")]
    Tls(Arc<io::Error>),
    /// The time for all of it has passed.
    #[error("no complete answer in time")]
    Timeout,
    /// The connection broke, or what came was not HTTP, or its header was too large.
    #[error("the exchange broke off: {0}")]
    Http(Arc<hyper::Error>),
    /// A redirect, which is not followed.
    #[error("answered with a redirect ({0}), which is not followed")]
    Redirect(u16),
    /// Not 200.
    #[error("answered with status {0}")]
    Status(u16),
    /// A `Content-Encoding`, which was not asked for.
    #[error("the document came encoded")]
    Encoded,
    /// Neither `application/json` nor `application/jwk-set+json`.
    #[error(
        "the document has {}; application/jwk-set+json or application/json is needed",
        named(found.as_deref())
    )]
    ContentType {
        /// The content type it has, if it has one that can be shown; of a long one the beginning.
        found: Option<String>,
    },
    /// More than is ever needed. The rest was not read.
    #[error("the document is longer than {limit} bytes")]
    TooLong {
        /// In bytes.
        limit: usize,
    },
    /// Keys were wanted, and the document is no JWK Set.
    #[error("the document is not a usable JWK Set: {0}")]
    NotKeys(JwkError),
}

/// What is wrong with a document that was there to be had. Whoever publishes it may be told, if it
/// is known who asks: it says no more of networks than that a host which the policy lets everybody
/// ask serves something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFault {
    /// It is not said to be JSON.
    ContentType,
    /// It is encoded, as with gzip.
    Encoded,
    /// It is too long.
    TooLong,
    /// It is no JWK Set.
    NotKeys,
}

impl FetchError {
    /// What is wrong with the document itself; `None` if none was had.
    pub fn document_fault(&self) -> Option<DocumentFault> {
        match self.private_cause()? {
            PrivateCause::ContentType { .. } => Some(DocumentFault::ContentType),
            PrivateCause::Encoded => Some(DocumentFault::Encoded),
            PrivateCause::TooLong { .. } => Some(DocumentFault::TooLong),
            PrivateCause::NotKeys(_) => Some(DocumentFault::NotKeys),
            PrivateCause::Resolve(_)
            | PrivateCause::NoAddress
            | PrivateCause::TooManyAddresses { .. }
            | PrivateCause::Address { .. }
            | PrivateCause::Connect(_)
            | PrivateCause::Tls(_)
            | PrivateCause::Timeout
            | PrivateCause::Http(_)
            | PrivateCause::Redirect(_)
            | PrivateCause::Status(_) => None,
        }
    }

    /// For logs: what happened, where the public text does not say.
    pub fn private_cause(&self) -> Option<&PrivateCause> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Url(_) | Self::Busy | Self::Interrupted => None,
        }
    }
}

fn named(content_type: Option<&str>) -> String {
    match content_type {
        Some(found) => format!("the content type {found:?}"),
        None => "no content type, several, or one that is no ASCII text".to_owned(),
    }
}

impl From<PrivateCause> for FetchError {
    fn from(cause: PrivateCause) -> Self {
        Self::Failed(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn row_8725_3_10_01_strangers_learn_nothing_of_the_network_from_errors() {
        for cause in [
            PrivateCause::NoAddress,
            PrivateCause::Address {
                address: IpAddr::from([10, 0, 0, 7]),
                kind: AddressKind::Private,
            },
            PrivateCause::Connect(Arc::new(io::ErrorKind::ConnectionRefused.into())),
            PrivateCause::Timeout,
            PrivateCause::Status(404),
        ] {
            let told = cause.to_string();
            let error = FetchError::from(cause);
            assert_eq!(error.to_string(), "the document could not be fetched");
            assert!(error.source().is_none());
            assert_eq!(error.private_cause().unwrap().to_string(), told);
        }
    }

    #[test]
    fn row_8725_3_10_01_only_a_document_that_was_had_has_a_fault_to_be_told() {
        let content_type = PrivateCause::ContentType { found: None };
        for (cause, fault) in [
            (content_type, Some(DocumentFault::ContentType)),
            (PrivateCause::Encoded, Some(DocumentFault::Encoded)),
            (
                PrivateCause::TooLong { limit: 9 },
                Some(DocumentFault::TooLong),
            ),
            (
                PrivateCause::NotKeys(JwkError::NotASet),
                Some(DocumentFault::NotKeys),
            ),
            (PrivateCause::NoAddress, None),
            (PrivateCause::Timeout, None),
            (PrivateCause::Redirect(302), None),
            (PrivateCause::Status(404), None),
        ] {
            assert_eq!(FetchError::from(cause).document_fault(), fault);
        }
        assert_eq!(FetchError::Busy.document_fault(), None);
    }

    #[test]
    fn logs_learn_what_happened() {
        let cause = PrivateCause::Address {
            address: IpAddr::from([10, 0, 0, 7]),
            kind: AddressKind::Private,
        };
        assert_eq!(
            cause.to_string(),
            "the host has the address 10.0.0.7, a private address that the policy does not allow"
        );
    }
}
