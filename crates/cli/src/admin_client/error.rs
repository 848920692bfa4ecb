//! Why the admin API gave no answer, or not the wanted one.

use std::io;
use std::path::PathBuf;

use avouch_server::admin::api::{ErrorAnswer, PartlyApplied};
use http::StatusCode;
use thiserror::Error;

use super::remote::RemoteError;
use super::socket::TIMEOUT;

/// Why there is no answer, or not the wanted one.
#[derive(Debug, Error)]
pub(crate) enum AdminClientError {
    /// Nobody listens, or not to us.
    #[error("no server answers on {}: {error}", socket.display())]
    NotReached {
        /// Where.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The server refused; in its own words.
    #[error("{}", .0.error_description)]
    Refused(ErrorAnswer),
    /// A description was carried out in part.
    #[error("{}", .0.error.error_description)]
    Partly(Box<PartlyApplied>),
    /// The connection broke: whether the request took effect is not known.
    #[error("the connection broke before the answer was complete: {0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// No answer in time: whether the request took effect is not known.
    #[error("the server did not answer within {} seconds", TIMEOUT.as_secs())]
    TimedOut,
    /// An answer that says nothing this version understands.
    #[error("the server answered {0} with what this version does not understand")]
    Unreadable(StatusCode),
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Unwritable(Box<dyn std::error::Error + Send + Sync>),
    /// What only happens over TCP.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl AdminClientError {
    /// Whether the socket is there for another user alone.
    pub(crate) fn is_anothers(&self) -> bool {
        matches!(self, Self::NotReached { error, .. }
            if error.kind() == io::ErrorKind::PermissionDenied)
    }
}
