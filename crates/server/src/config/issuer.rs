//! The issuer identifier (RFC 8414 section 2).

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The issuer identifier: an https URL, or http on a loopback host, without
/// query, fragment, user information or trailing slash.
///
/// Others compare it character by character (RFC 8414 section 3.3, RFC 9207
/// section 2.4), so it must be written in the one normal form of the URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Issuer(avouch_oauth::issuer::Issuer);

impl Issuer {
    /// The identifier as it goes over the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same, as the wire vocabulary knows it.
    pub fn on_the_wire(&self) -> &avouch_oauth::issuer::Issuer {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.as_str().to_owned()
    }
}

/// Why a text is not an issuer identifier.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Not a URL at all.
    #[error("this is not a URL ({0}); write one such as https://as.example.com")]
    NotAUrl(#[from] url::ParseError),
    /// Neither https nor http.
    #[error("the scheme must be https, or http on a loopback host")]
    Scheme,
    /// Plain http to a host that others can reach.
    #[error("plain http is allowed on a loopback host only; write https://...")]
    PlainHttp,
    /// User name or password inside; not repeated, for it may be a secret.
    #[error("an issuer has no user name or password; leave them out")]
    UserInformation,
    /// A query or fragment.
    #[error("an issuer has no query and no fragment; leave out what follows `?` or `#`")]
    QueryOrFragment,
    /// Ends in a slash.
    #[error("an issuer does not end in a slash here; write {0}")]
    TrailingSlash(String),
    /// A path that the server cannot serve below.
    #[error(
        "the path of an issuer has segments of letters, digits and - . _ ~ here, and none of \
         them is .well-known"
    )]
    Path,
    /// A URL that is no issuer for another reason, such as its length.
    #[error(transparent)]
    Unusable(#[from] avouch_oauth::issuer::IssuerError),
    /// A URL with another spelling than its normal one.
    #[error("issuers are compared character by character; write {0}")]
    NotNormal(String),
}

impl TryFrom<String> for Issuer {
    type Error = IssuerError;

    fn try_from(text: String) -> Result<Self, IssuerError> {
        let url = Url::parse(&text)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(IssuerError::PlainHttp),
            _ => return Err(IssuerError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(IssuerError::UserInformation);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(IssuerError::QueryOrFragment);
        }
        let normal = url.as_str().trim_end_matches('/');
        if !is_plain_path(url.path()) {
            Err(IssuerError::Path)
        } else if text == normal {
            Ok(Self(avouch_oauth::issuer::Issuer::parse(&text)?))
        } else if text.trim_end_matches('/') == normal {
            Err(IssuerError::TrailingSlash(normal.to_owned()))
        } else {
            Err(IssuerError::NotNormal(normal.to_owned()))
        }
    }
}

/// Whether routes can stand below the path as it is.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |segment: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !segment.is_empty() && segment != ".well-known" && segment.bytes().all(allowed)
    };
    match path.trim_end_matches('/').strip_prefix('/') {
        None => true,
        Some(segments) => segments.split('/').all(is_plain),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_loopback() {
        for good in [
            "https://as.example.com",
            "https://as.example.com:8443/tenant/a",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert_eq!(Issuer::try_from(good.to_owned()).unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_path_is_one_that_can_be_served_below() {
        for bad in [
            "https://as.example/:x",
            "https://as.example/*y",
            "https://as.example/{z}",
            "https://as.example/a//b",
            "https://as.example/%61",
            "https://as.example/.well-known/openid-configuration",
        ] {
            let error = Issuer::try_from(bad.to_owned()).unwrap_err();
            assert!(matches!(error, IssuerError::Path), "{bad}: {error}");
        }
        assert!(Issuer::try_from("https://as.example/t-1/a_b.c~d".to_owned()).is_ok());
    }

    #[test]
    fn every_other_spelling_is_refused_with_the_right_one() {
        for (bad, message) in [
            (
                "as.example.com",
                "this is not a URL (relative URL without a base); write one such as https://as.example.com",
            ),
            (
                "ftp://as.example.com",
                "the scheme must be https, or http on a loopback host",
            ),
            (
                "http://as.example.com",
                "plain http is allowed on a loopback host only; write https://...",
            ),
            (
                "http://localhost.evil.example",
                "plain http is allowed on a loopback host only; write https://...",
            ),
            (
                "https://me:pw@as.example.com",
                "an issuer has no user name or password; leave them out",
            ),
            (
                "https://as.example.com?a=b",
                "an issuer has no query and no fragment; leave out what follows `?` or `#`",
            ),
            (
                "https://as.example.com/#",
                "an issuer has no query and no fragment; leave out what follows `?` or `#`",
            ),
            (
                "https://as.example.com/",
                "an issuer does not end in a slash here; write https://as.example.com",
            ),
            (
                "https://as.example.com/a//",
                "an issuer does not end in a slash here; write https://as.example.com/a",
            ),
            (
                "https://AS.example.com:443",
                "issuers are compared character by character; write https://as.example.com",
            ),
            (
                " https://as.example.com",
                "issuers are compared character by character; write https://as.example.com",
            ),
            (
                "https://as.example.com/a/../b",
                "issuers are compared character by character; write https://as.example.com/b",
            ),
        ] {
            let error = Issuer::try_from(bad.to_owned()).unwrap_err();
            assert_eq!(error.to_string(), message, "{bad}");
        }
    }
}
