//! A request as it arrived, read as far as the guard needs it.

use super::denial::DenialReason;
use avouch_oauth::PresentedToken;
use avouch_oauth::authorization::{Authorization, AuthorizationError, Scheme};
use avouch_oauth::dpop::{DpopError, TargetUri, single_header};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};
use std::fmt;
use url::form_urlencoded;

/// RFC 9449, section 4.1.
const DPOP: &str = "dpop";
/// RFC 6750, section 2.3: how a token would be named in a URL, where none is taken.
const ACCESS_TOKEN: &str = "access_token";

/// A request as it arrived: method, path, headers, and the client certificate if there is one.
/// `Debug` shows the method alone.
#[derive(Clone, Copy)]
pub struct ReceivedRequest<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    certificate: Option<&'a [u8]>,
}

impl<'a> ReceivedRequest<'a> {
    /// Of a whole request; its body is not looked at.
    pub fn new<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            certificate: None,
        }
    }

    /// Of a request without its body.
    pub fn from_parts(parts: &'a Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            certificate: None,
        }
    }

    /// The certificate, in DER, that the client showed in the TLS handshake **and proved to hold
    /// the key of**. It need not lead to any authority. A header is no place to take it from,
    /// unless the proxy that sets it also removes it from what comes in.
    #[must_use]
    pub fn client_certificate(mut self, der: Option<&'a [u8]>) -> Self {
        self.certificate = der;
        self
    }

    pub(super) fn certificate(&self) -> Option<&'a [u8]> {
        self.certificate
    }

    pub(super) fn method(&self) -> &'a str {
        self.method.as_str()
    }

    /// The URL as the client sees it, without its query.
    pub(super) fn url(&self, base: &TargetUri) -> Result<TargetUri, DenialReason> {
        let path = self.uri.path();
        if !path.starts_with('/') {
            return Err(DenialReason::NoUrl);
        }
        let base = base.as_str().trim_end_matches('/');
        TargetUri::parse(&format!("{base}{path}")).map_err(|_| DenialReason::NoUrl)
    }

    /// The token, from where it may stand (RFC 6750, section 2.1; RFC 9449, section 7.1).
    pub(super) fn access_token(&self) -> Result<(Scheme, PresentedToken), DenialReason> {
        if self.has_token_in_url() {
            return Err(DenialReason::TokenInUrl);
        }
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(DenialReason::NoToken);
        };
        if values.next().is_some() {
            return Err(DenialReason::SeveralTokens);
        }
        match Authorization::parse(value.as_bytes()) {
            Ok(Authorization::Bearer(token)) => Ok((Scheme::Bearer, token)),
            Ok(Authorization::DPoP(token)) => Ok((Scheme::DPoP, token)),
            Ok(Authorization::Basic(_) | Authorization::Other)
            | Err(AuthorizationError::Basic(_)) => Err(DenialReason::NoToken),
            Err(error) => Err(DenialReason::Malformed(error)),
        }
    }

    pub(super) fn dpop_proof(&self) -> Result<Option<&'a str>, DpopError> {
        let values = self.headers.get_all(DPOP).iter();
        single_header(values.map(http::HeaderValue::as_bytes))
    }

    fn has_token_in_url(&self) -> bool {
        let query = self.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == ACCESS_TOKEN)
    }
}

impl fmt::Debug for ReceivedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("method", self.method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(uri: &str) -> Request<()> {
        Request::builder().uri(uri).body(()).unwrap()
    }

    fn url(base: &str, uri: &str) -> Result<String, DenialReason> {
        let base = TargetUri::parse(base).unwrap();
        let request = request(uri);
        let url = ReceivedRequest::new(&request).url(&base)?;
        Ok(url.as_str().to_owned())
    }

    #[test]
    fn the_url_is_below_the_base_whatever_the_request_says_of_hosts() {
        let base = "https://pay.example";
        assert_eq!(url(base, "/a?b=c").unwrap(), "https://pay.example/a");
        assert_eq!(
            url(base, "http://evil.example/a").unwrap(),
            "https://pay.example/a"
        );
        assert_eq!(
            url("https://pay.example/v1/", "/a").unwrap(),
            "https://pay.example/v1/a"
        );
        assert_eq!(
            url(base, "//evil/a").unwrap(),
            "https://pay.example//evil/a"
        );
    }

    #[test]
    fn what_has_no_path_has_no_url() {
        for uri in ["*", "evil.example:443"] {
            assert_eq!(
                url("https://pay.example", uri),
                Err(DenialReason::NoUrl),
                "{uri}"
            );
        }
    }

    #[test]
    fn a_token_in_the_url_is_found_under_any_spelling() {
        for (uri, found) in [
            ("/?access_token=x", true),
            ("/?a=b&access_token", true),
            ("/?%61ccess_token=x", true),
            ("/?access+token=x&access_tokens=y", false),
            ("/access_token=x", false),
        ] {
            let request = request(uri);
            let read = ReceivedRequest::new(&request).access_token();
            let expected = if found {
                DenialReason::TokenInUrl
            } else {
                DenialReason::NoToken
            };
            assert_eq!(read.err(), Some(expected), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(value in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut request = request("/");
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                request.headers_mut().insert(AUTHORIZATION, value.clone());
                request.headers_mut().insert(DPOP, value);
            }
            let _ = ReceivedRequest::new(&request).access_token();
            let _ = ReceivedRequest::new(&request).dpop_proof();
        }
    }
}
