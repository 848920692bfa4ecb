//! The HTTP client this library brings along: hyper, with TLS by rustls.

use crate::client_certificate::ClientCertificate;
use crate::connection_problem::ConnectionProblem;
use crate::error::SetupError;
use crate::http::{Cause, Http, HttpError};
use avouch_fetch::trust_anchors;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long an unused connection is kept: shorter than servers usually wait, so that a question
/// seldom meets a connection the other end has just closed.
const IDLE: Duration = Duration::from_secs(15);

/// HTTP/1.1 over TLS 1.2 or 1.3, with connections that are used again.
///
/// Trusts the certificate authorities of the operating system and those given on top. Follows no
/// redirects and asks no proxy.
#[derive(Debug, Clone)]
pub struct HttpsClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Whether plain `http` is spoken at all. To whom is for [`Endpoint`](crate::endpoint::Endpoint).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schemes {
    /// `https` alone.
    Https,
    /// `http` as well, where the issuer itself is on this machine.
    HttpsAndHttp,
}

impl HttpsClient {
    pub(crate) fn new(
        schemes: Schemes,
        extra_anchors_pem: &[u8],
        certificate: Option<&ClientCertificate>,
    ) -> Result<Self, SetupError> {
        let roots = trust_anchors(extra_anchors_pem).map_err(|_| SetupError::TrustAnchor)?;
        if roots.is_empty() && schemes == Schemes::Https {
            return Err(SetupError::NoTrustAnchors);
        }
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls_config(roots, certificate)?);
        let builder = match schemes {
            Schemes::Https => builder.https_only(),
            Schemes::HttpsAndHttp => builder.https_or_http(),
        };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(builder.enable_http1().wrap_connector(tcp));
        Ok(Self { client })
    }
}

impl Http for HttpsClient {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        max_body: usize,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let answer = self.client.request(request.map(Full::new)).await;
        let (head, body) = answer.map_err(no_answer)?.into_parts();
        let body = Limited::new(body, max_body).collect().await;
        let body = body.map_err(|error| no_body(error, max_body))?;
        Ok(http::Response::from_parts(head, body.to_bytes()))
    }
}

/// The provider is named, not taken from the process: what the host program installs there must
/// not change what is trusted here.
fn tls_config(
    roots: RootCertStore,
    certificate: Option<&ClientCertificate>,
) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupError::Tls)?;
    let config = config.with_root_certificates(roots);
    match certificate.cloned() {
        None => Ok(config.with_no_client_auth()),
        Some(ClientCertificate { chain, key }) => config
            .with_client_auth_cert(chain, key)
            .map_err(|_| SetupError::ClientKey),
    }
}

fn no_answer(error: hyper_util::client::legacy::Error) -> HttpError {
    let connecting = error.is_connect();
    if let Some(tls) = tls_error(&error) {
        return HttpError::Tls(match ConnectionProblem::of_tls(tls) {
            Some(problem) => Arc::new(problem),
            None => Arc::new(tls.clone()),
        });
    }
    if let Some(problem) = causes(&error).find_map(ConnectionProblem::of_http) {
        return HttpError::Broken(Arc::new(problem));
    }
    let cause: Cause = match innermost(&error) {
        // The outer layers only say "client error", which helps nobody who reads a log.
        Some(text) => Arc::new(io::Error::other(text)),
        None => Arc::new(error),
    };
    if connecting {
        HttpError::Connect(cause)
    } else {
        HttpError::Broken(cause)
    }
}

fn no_body(error: Box<dyn Error + Send + Sync>, limit: usize) -> HttpError {
    if error.is::<LengthLimitError>() {
        HttpError::BodyTooLong { limit }
    } else {
        HttpError::Broken(error.into())
    }
}

fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The text of what lies deepest, if anything lies beneath.
fn innermost(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).last().map(ToString::to_string)
}

/// What lies beneath an error, the deepest last.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(beneath(error), |cause| beneath(*cause))
}

/// An [`io::Error`] passes over what it wraps when it is asked for its source, so it is unwrapped
/// by hand.
fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
    wrapped.map_or_else(|| error.source(), |inner| Some(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trust_anchor_that_is_none_is_told() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let made = HttpsClient::new(Schemes::Https, broken, None);
        assert!(matches!(made, Err(SetupError::TrustAnchor)));
    }
}
