//! The seam to HTTP: bring your own, or use [`HttpsClient`](crate::HttpsClient).

use bytes::Bytes;
use std::error::Error;
use std::sync::Arc;

/// One HTTP exchange. Implement it where the program already has a client of its own.
///
/// The rest of the library relies on an implementation to
///
/// - check the certificate of the server, and its name, for every `https` URL (RFC 7662,
///   section 4);
/// - follow no redirect: the answer to a redirected request is not the answer of the
///   authorization server, and the request holds credentials;
/// - read no more than `max_body` bytes of a body, and fail with [`HttpError::BodyTooLong`]
///   rather than cut it;
/// - add no credentials or cookies of its own, and keep the request out of every log: its header
///   or body holds a secret, and its body a token;
/// - leave the body as it came, without decoding.
///
/// A time limit need not be kept: the library drops the future when its own has passed.
pub trait Http: Send + Sync + 'static {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(
        &self,
        request: http::Request<Bytes>,
        max_body: usize,
    ) -> impl Future<Output = Result<http::Response<Bytes>, HttpError>> + Send;
}

/// What lies beneath an [`HttpError`].
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The server could not be reached: its name, the route, or nobody listening.
    #[error("no connection: {0}")]
    Connect(#[source] Cause),
    /// The other end is not who it has to be, or does not speak TLS as it should.
    #[error("no trusted connection: {0}")]
    Tls(#[source] Cause),
    /// The time allowed has passed.
    #[error("no complete answer in time")]
    Timeout,
    /// The body is longer than allowed.
    #[error("the answer is longer than {limit} bytes")]
    BodyTooLong {
        /// In bytes.
        limit: usize,
    },
    /// The connection broke, or what came was not HTTP.
    #[error("the exchange broke off: {0}")]
    Broken(#[source] Cause),
}
