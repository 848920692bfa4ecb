//! Which certificate a request comes with: the one of its connection, or the one that a stated
//! proxy forwards. Nobody else can say anything about it.

mod forwarded;

use std::net::IpAddr;
use std::sync::Arc;

use avouch_core::certificate::PresentedCertificate;
use avouch_oauth::confirmation::Sha256Thumbprint;
use avouch_oauth::error::ErrorCode;
use http::header::HeaderName;
use http::{Extensions, HeaderMap, HeaderValue, Request};

use crate::access::Peer;
use crate::config::TrustedProxies;
use crate::error_reply::ErrorReply;

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// Whose forwarded certificates are taken; by default nobody's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forwarders(Option<TrustedProxies>);

impl Forwarders {
    /// The stated proxies, if they are to be believed in this.
    pub(crate) fn new(believed: bool, proxies: &TrustedProxies) -> Self {
        Self(believed.then(|| proxies.clone()))
    }

    fn include(&self, peer: Option<IpAddr>) -> bool {
        let proxies = self.0.as_ref().zip(peer);
        proxies.is_some_and(|(proxies, peer)| proxies.names(peer))
    }
}

/// The thumbprint of the certificate that a request came with, if it came with
/// one: its sender holds the key.
pub(crate) fn thumbprint(extensions: &Extensions) -> Option<Sha256Thumbprint> {
    let certificate = extensions.get::<Arc<PresentedCertificate>>()?;
    Some(certificate.thumbprint())
}

/// Puts the certificate that counts among the extensions of the request, as
/// `Arc<PresentedCertificate>`, and takes the headers away whoever sent them (RFC 9440 section 4).
///
/// From a proxy that forwards, only what it forwards counts: a certificate of its own connection
/// is its own.
pub(crate) fn settle<B>(
    request: &mut Request<B>,
    peer: &Peer,
    forwarders: &Forwarders,
) -> Result<(), ErrorReply> {
    let own = take(request.headers_mut(), CLIENT_CERT);
    let chain = take(request.headers_mut(), CLIENT_CERT_CHAIN);
    let certificate: Option<Arc<PresentedCertificate>> = if forwarders.include(peer.address) {
        forwarded::read(&own, &chain).map_err(|error| {
            let description = format!("{error}; the proxy in front of this server has to mend it");
            ErrorReply::bad_request(ErrorCode::InvalidRequest, description)
        })?
    } else {
        peer.certificate.clone()
    };
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(certificate);
    }
    Ok(())
}

fn take(headers: &mut HeaderMap, name: HeaderName) -> Vec<HeaderValue> {
    let values = headers.get_all(&name).iter().cloned().collect();
    headers.remove(name);
    values
}

#[cfg(test)]
mod tests;
