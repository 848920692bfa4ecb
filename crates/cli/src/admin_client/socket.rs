//! The Unix socket in the data folder, whose file mode is its guard.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::{AdminClientError, Asked};

/// The most octets an answer may have.
const LONGEST_ANSWER: usize = 16 << 20;
/// How long one request may take: making an RSA key is the slowest.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);

/// Where a server listens. Connects with each request.
#[derive(Debug)]
pub(super) struct Socket(PathBuf);

impl Socket {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) async fn reach(&self) -> Result<(), AdminClientError> {
        self.connect().await.map(drop)
    }

    async fn connect(&self) -> Result<UnixStream, AdminClientError> {
        UnixStream::connect(&self.0)
            .await
            .map_err(|error| AdminClientError::NotReached {
                socket: self.0.clone(),
                error,
            })
    }

    pub(super) async fn exchange(
        &self,
        asked: Asked<'_>,
    ) -> Result<(StatusCode, Bytes), AdminClientError> {
        tokio::time::timeout(TIMEOUT, self.exchange_unbounded(asked))
            .await
            .unwrap_or(Err(AdminClientError::TimedOut))
    }

    async fn exchange_unbounded(
        &self,
        asked: Asked<'_>,
    ) -> Result<(StatusCode, Bytes), AdminClientError> {
        let request = Request::builder()
            .method(asked.method)
            .uri(asked.path)
            // HTTP wants one; over the socket it means nothing.
            .header(HOST, "admin")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(asked.body))
            .map_err(|error| AdminClientError::Unwritable(error.into()))?;
        let broken = |error: hyper::Error| AdminClientError::Broken(error.into());
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
        let driving = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER);
        let body = body
            .collect()
            .await
            .map_err(AdminClientError::Broken)?
            .to_bytes();
        driving.abort();
        Ok((status, body))
    }
}
