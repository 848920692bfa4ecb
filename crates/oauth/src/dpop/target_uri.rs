//! The URL a proof is for, as `htu` names it.

use crate::resource::{authority, has_only_uri_characters};
use std::fmt;
use url::Url;

/// An `https` or `http` URL without query and fragment, in normal form, so that two spellings of
/// one URL are equal (RFC 9449, section 4.3; RFC 3986, sections 6.2.2 and 6.2.3): scheme and host
/// in lower case, no default port, no dot segments, no needless percent-encoding, at least `/` for
/// a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUri(Box<str>);

/// The text is not a URL that a request can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute https URL without user information")]
pub struct TargetUriError;

impl TargetUri {
    /// Takes the URL of a request. Query and fragment are dropped.
    pub fn parse(text: &str) -> Result<Self, TargetUriError> {
        if !has_only_uri_characters(text) {
            return Err(TargetUriError);
        }
        let url = Url::parse(text).map_err(|_| TargetUriError)?;
        // The URL parser forgives slashes too few or too many, and user information that is empty.
        let has_host = authority(text).is_some_and(|authority| !authority.contains('@'));
        if !["https", "http"].contains(&url.scheme()) || !has_host {
            return Err(TargetUriError);
        }
        let origin = url.origin().ascii_serialization();
        // In a host the URL parser decodes what may only stand there encoded, or not at all.
        if !has_only_uri_characters(&origin) {
            return Err(TargetUriError);
        }
        Ok(Self(
            format!("{origin}{}", normal_percent(url.path())).into(),
        ))
    }

    /// The URL in normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Decodes what needs no encoding and writes the rest in upper case. Every `%` has two digits.
fn normal_percent(path: &str) -> String {
    let mut parts = path.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
            }
            _ => {
                normal.push('%');
                normal.push_str(&digits.to_ascii_uppercase());
            }
        }
        normal.push_str(rest);
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(text: &str) -> String {
        TargetUri::parse(text).unwrap().to_string()
    }

    #[test]
    fn row_9449_4_3_01_spellings_of_one_url_are_equal() {
        for spelling in [
            "https://as.example.com/a/token",
            "HTTPS://AS.Example.COM/a/token",
            "https://as.example.com:443/a/token",
            "https://as.example.com/a/token?x=1",
            "https://as.example.com/a/token#f",
            "https://as.example.com/a/./b/../token",
            "https://as.example.com/%61/to%6Ben",
            "https://as.example.com/%61/%2e/to%6ben?a=%zz"
                .strip_suffix("%zz")
                .unwrap(),
        ] {
            assert_eq!(
                normal(spelling),
                "https://as.example.com/a/token",
                "{spelling}"
            );
        }
        assert_eq!(normal("https://as.example.com"), "https://as.example.com/");
        assert_eq!(normal("http://127.0.0.1:80/x"), "http://127.0.0.1/x");
        assert_eq!(normal("http://[::1]:8080/x"), "http://[::1]:8080/x");
        assert_eq!(
            normal("https://a.example/%2f%c3%bc"),
            "https://a.example/%2F%C3%BC"
        );
    }

    #[test]
    fn row_9449_4_3_01_other_urls_are_not() {
        let url = normal("https://as.example.com/token");
        for other in [
            "http://as.example.com/token",
            "https://as.example.com:8443/token",
            "https://as.example.com/Token",
            "https://as.example.com/token/",
            "https://as.example.com//token",
            "https://as.example.com/%2Ftoken",
            "https://as.example.com./token",
            "https://rs.example.com/token",
        ] {
            assert_ne!(normal(other), url, "{other}");
        }
    }

    #[test]
    fn what_no_request_goes_to_is_refused() {
        for bad in [
            "",
            "/token",
            "as.example.com/token",
            "https:as.example.com/token",
            "https:/as.example.com/token",
            "https:\\\\as.example.com\\token",
            "https://",
            "https://me@as.example.com/token",
            "https://me:pw@as.example.com/token",
            "ftp://as.example.com/token",
            "urn:example:token",
            " https://as.example.com/token",
            "https://as.example.com/tok\nen",
            "https://as.example.com/%2",
            "https://as.example.com/\u{fc}",
            "https://as.example.com:99999/",
        ] {
            assert_eq!(TargetUri::parse(bad), Err(TargetUriError), "{bad:?}");
        }
    }

    /// Found by a fuzz target: the URL parser takes these for the same as without.
    #[test]
    fn row_9449_4_3_01_a_slash_too_many_or_an_at_sign_makes_no_url_of_a_request() {
        for bad in [
            "https:///as.example.com/token",
            "https:////as.example.com/token",
            "https://@as.example.com/token",
            "https://:@as.example.com/token",
            "https://?as.example.com",
        ] {
            assert_eq!(TargetUri::parse(bad), Err(TargetUriError), "{bad:?}");
        }
    }

    /// Found by a fuzz target: the URL parser decodes the host.
    #[test]
    fn row_9449_4_3_01_a_host_is_one_that_can_be_written_plain() {
        for bad in ["https://as%60.example.com/", "https://as%22.example.com/"] {
            assert_eq!(TargetUri::parse(bad), Err(TargetUriError), "{bad:?}");
        }
        assert_eq!(
            normal("https://%61s.example.com"),
            "https://as.example.com/"
        );
    }

    proptest! {
        #[test]
        fn no_input_panics_and_normal_stays_normal(text in "\\PC*", path in "([a-zA-Z0-9/.%?#:@~-]|%[0-9a-fA-F]{2}){0,30}") {
            let _ = TargetUri::parse(&text);
            for made in [format!("https://{text}"), format!("https://as.example/{path}")] {
                if let Ok(url) = TargetUri::parse(&made) {
                    prop_assert_eq!(TargetUri::parse(url.as_str()), Ok(url.clone()));
                    prop_assert!(!url.as_str().contains(['?', '#']));
                }
            }
        }
    }
}
