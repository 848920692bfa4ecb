//! Why a request is not served, by who is to blame.

use super::denial::Denial;
use super::replay::ReplayGuardError;
use crate::error::{AccessTokenCheckError, IntrospectError};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};

/// Why a request is not served. **None of these lets it pass.**
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The client is to blame: 400, 401 or 403.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Nothing could be learnt of the token by asking: 503.
    #[error(transparent)]
    Introspect(#[from] IntrospectError),
    /// Nothing could be learnt of the JWT access token, for want of keys: 503.
    #[error(transparent)]
    AccessTokenCheck(#[from] AccessTokenCheckError),
    /// It cannot be told whether the proof was shown before: 503.
    #[error(transparent)]
    ReplayGuard(#[from] ReplayGuardError),
}

impl GuardError {
    /// The answer to send. What is not the fault of the client it is told nothing of; that is for
    /// the log.
    pub fn response(&self) -> Response<()> {
        match self {
            Self::Denied(denial) => denial.response(),
            Self::Introspect(_) | Self::AccessTokenCheck(_) | Self::ReplayGuard(_) => {
                let mut response = Response::new(());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                let headers = response.headers_mut();
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
        }
    }
}
