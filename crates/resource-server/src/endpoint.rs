//! Where the authorization server can be asked, as its metadata says.

use avouch_oauth::Issuer;
use http::Uri;
use std::net::IpAddr;

/// A URL that credentials may be sent to: `https`, or `http` to this very machine where the
/// issuer is on it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Uri);

/// Why a URL in the metadata is none to send anything to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The metadata does not have it.
    #[error("is missing")]
    Missing,
    /// Not an absolute URL of a server, or one with user information.
    #[error("is not an absolute URL of a server")]
    NotUrl,
    /// Not `https`, and the issuer is not a loopback address with `http`.
    #[error("does not use https")]
    NotHttps,
}

impl Endpoint {
    /// Parses a URL that stands in the metadata of `issuer`.
    ///
    /// The parser is the very one whose result is connected to, so that no second reading of the
    /// text can disagree.
    pub(crate) fn parse(text: &str, issuer: &Issuer) -> Result<Self, EndpointError> {
        let uri: Uri = text.parse().map_err(|_| EndpointError::NotUrl)?;
        let authority = uri.authority().ok_or(EndpointError::NotUrl)?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(EndpointError::NotUrl);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_plain(issuer) && is_loopback(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(EndpointError::NotHttps),
            _ => Err(EndpointError::NotUrl),
        }
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }
}

/// An issuer with `http` is on this machine: [`Issuer::parse`] takes no other.
pub(crate) fn is_plain(issuer: &Issuer) -> bool {
    issuer.as_str().starts_with("http://")
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str, issuer: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::parse(text, &issuer.parse().unwrap())
    }

    #[test]
    fn plain_http_is_for_an_issuer_on_this_machine() {
        for fine in ["http://127.0.0.1:1/x", "http://[::1]/x", "http://localhost"] {
            assert!(parse(fine, "http://127.0.0.1:8080").is_ok(), "{fine}");
            let refused = parse(fine, "https://as.example.com");
            assert_eq!(refused, Err(EndpointError::NotHttps), "{fine}");
        }
        for elsewhere in ["http://10.0.0.1/x", "http://127.0.0.1.example.com/x"] {
            let refused = parse(elsewhere, "http://127.0.0.1:8080");
            assert_eq!(refused, Err(EndpointError::NotHttps), "{elsewhere}");
        }
    }

    #[test]
    fn only_urls_of_servers_are_endpoints() {
        for wrong in [
            "",
            "/introspect",
            "as.example.com",
            "ftp://as.example.com/x",
            "https://me@as.example.com/x",
            "https:///x",
            "https://as.example.com/a b",
        ] {
            let refused = parse(wrong, "https://as.example.com");
            assert_eq!(refused, Err(EndpointError::NotUrl), "{wrong:?}");
        }
        assert!(
            parse(
                "https://as.example.com/introspect?t=1",
                "https://as.example.com"
            )
            .is_ok()
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = parse(&text, "https://as.example.com");
            let _ = parse(&format!("http://{text}"), "http://localhost");
        }
    }
}
