//! The issuer identifier of an authorization server (RFC 8414, section 2).

use crate::resource::{authority, has_only_uri_characters};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// How long an issuer may be, in bytes.
pub const MAX_ISSUER_LENGTH: usize = 1024;

/// An `https` URL without query, fragment or user information, kept and compared exactly as
/// given: with or without a trailing slash are two issuers. Plain `http` is for loopback alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

/// Why a string is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// Not an absolute `http` or `https` URL, or too long.
    #[error("the issuer is not an absolute https URL")]
    NotUrl,
    /// `http` to a host that is not this machine.
    #[error("the issuer must use https; http is allowed for loopback only")]
    NotHttps,
    /// A query, a fragment, or a user name before the host.
    #[error("the issuer must not have a query, a fragment or user information")]
    Extra,
}

impl Issuer {
    /// Parses an issuer.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        if text.len() > MAX_ISSUER_LENGTH || !has_only_uri_characters(text) {
            return Err(IssuerError::NotUrl);
        }
        let starts_well = text.starts_with("https://") || text.starts_with("http://");
        // Without a host, `well_known` would put its own path in the place of one.
        if !starts_well || authority(text).is_none() {
            return Err(IssuerError::NotUrl);
        }
        let url = Url::parse(text).map_err(|_| IssuerError::NotUrl)?;
        if text.contains(['?', '#', '@']) {
            return Err(IssuerError::Extra);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(IssuerError::NotHttps);
        }
        Ok(Self(text.to_owned()))
    }

    /// The issuer as given, for `iss` and `issuer`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of an endpoint below the issuer. `path` begins with a slash.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// The well-known URL of RFC 8414, section 3.1: the suffix goes between host and path.
    pub fn well_known(&self, suffix: &str) -> String {
        let (origin, path) = self.split();
        format!(
            "{origin}/.well-known/{suffix}{}",
            path.trim_end_matches('/')
        )
    }

    /// The well-known URL of OpenID Connect Discovery: the suffix goes behind the path.
    pub fn well_known_appended(&self, suffix: &str) -> String {
        format!("{}/.well-known/{suffix}", self.0.trim_end_matches('/'))
    }

    /// The path of the issuer as given, `""` or beginning with a slash.
    pub fn path(&self) -> &str {
        self.split().1
    }

    /// Splits between host and path.
    fn split(&self) -> (&str, &str) {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0.get(authority..).and_then(|rest| rest.find('/'));
        self.0
            .split_at(end.map_or(self.0.len(), |at| authority + at))
    }
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        Self::parse(text)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    #[test]
    fn row_9701_5_04_the_issuer_is_kept_as_given() {
        assert_ne!(
            issuer("https://as.example.com"),
            issuer("https://as.example.com/")
        );
        assert_eq!(
            issuer("https://as.example.com/").as_str(),
            "https://as.example.com/"
        );
    }

    #[test]
    fn row_8414_2_01_only_https_without_query_and_fragment() {
        for (given, error) in [
            ("", IssuerError::NotUrl),
            ("as.example.com", IssuerError::NotUrl),
            ("ftp://as.example.com", IssuerError::NotUrl),
            ("https://", IssuerError::NotUrl),
            ("https:///as.example.com", IssuerError::NotUrl),
            ("https://as.example.com/a b", IssuerError::NotUrl),
            ("http://as.example.com", IssuerError::NotHttps),
            ("http://127.0.0.1.example.com", IssuerError::NotHttps),
            ("http://10.0.0.1", IssuerError::NotHttps),
            ("https://as.example.com?", IssuerError::Extra),
            ("https://as.example.com/#x", IssuerError::Extra),
            ("https://me@as.example.com", IssuerError::Extra),
        ] {
            assert_eq!(Issuer::parse(given), Err(error), "{given:?}");
        }
        for loopback in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert!(Issuer::parse(loopback).is_ok(), "{loopback}");
        }
    }

    #[test]
    fn row_8414_3_01_the_well_known_part_goes_between_host_and_path() {
        let suffix = "oauth-authorization-server";
        for (given, expected) in [
            (
                "https://as.example.com",
                "https://as.example.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://as.example.com/",
                "https://as.example.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://as.example.com:8443/tenant/1",
                "https://as.example.com:8443/.well-known/oauth-authorization-server/tenant/1",
            ),
            (
                "https://as.example.com/a/",
                "https://as.example.com/.well-known/oauth-authorization-server/a",
            ),
        ] {
            assert_eq!(issuer(given).well_known(suffix), expected);
        }
        assert_eq!(
            issuer("https://as.example.com/a").well_known_appended("openid-configuration"),
            "https://as.example.com/a/.well-known/openid-configuration"
        );
    }

    #[test]
    fn endpoints_stand_below_the_issuer() {
        for given in ["https://as.example.com", "https://as.example.com/"] {
            assert_eq!(
                issuer(given).endpoint("/introspect"),
                "https://as.example.com/introspect"
            );
        }
        assert_eq!(
            issuer("https://a.example/b").endpoint("/token"),
            "https://a.example/b/token"
        );
        assert_eq!(issuer("https://a.example/b/").path(), "/b/");
        assert_eq!(issuer("https://a.example").path(), "");
    }

    proptest! {
        #[test]
        fn every_url_made_is_a_url(path in "(/[a-z0-9._~-]{0,8}){0,4}") {
            let issuer = issuer(&format!("https://as.example:8443{path}"));
            for made in [issuer.endpoint("/token"), issuer.well_known("x"), issuer.well_known_appended("x")] {
                prop_assert!(Url::parse(&made).is_ok(), "{}", made);
            }
        }

        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = Issuer::parse(&text);
            let _ = Issuer::parse(&format!("https://{text}"));
        }
    }
}
