//! Where a party publishes its keys (RFC 7591, section 2).

use crate::resource::authority;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// How long a `jwks_uri` may be, in bytes.
pub const MAX_JWKS_URI_LENGTH: usize = 1024;

/// An absolute `https` or `http` URL of a key set, without user information and fragment.
///
/// Whether it may be fetched at all is for the one who fetches to say: the form of a URL does not
/// tell where it leads, and plain `http` is for development.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JwksUri(Box<str>);

/// Why a string is no `jwks_uri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksUriError {
    /// Longer than [`MAX_JWKS_URI_LENGTH`].
    #[error("jwks_uri is longer than {MAX_JWKS_URI_LENGTH} bytes")]
    TooLong,
    /// Not an absolute URL with a host, or one with characters that no URL has.
    #[error("jwks_uri is not an absolute https URL")]
    NotUrl,
    /// `user@` in front of the host: it would be sent there.
    #[error("jwks_uri must not hold user information")]
    UserInformation,
    /// A fragment is never sent.
    #[error("jwks_uri must not have a fragment")]
    Fragment,
}

impl JwksUri {
    /// Takes a URL of the right form.
    pub fn parse(text: &str) -> Result<Self, JwksUriError> {
        if text.len() > MAX_JWKS_URI_LENGTH {
            return Err(JwksUriError::TooLong);
        }
        let plain = text.starts_with("https://") || text.starts_with("http://");
        if !plain
            || !text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        {
            return Err(JwksUriError::NotUrl);
        }
        let authority = authority(text).ok_or(JwksUriError::NotUrl)?;
        let url = Url::parse(text).map_err(|_| JwksUriError::NotUrl)?;
        if authority.contains('@') {
            return Err(JwksUriError::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(JwksUriError::Fragment);
        }
        Ok(Self(text.into()))
    }

    /// The URL as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and path: for logs. A query may hold what opens the document.
    pub fn without_query(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

/// Without the query, which may hold what is not for logs.
impl fmt::Debug for JwksUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.without_query();
        f.debug_tuple("JwksUri").field(&shown).finish()
    }
}

impl FromStr for JwksUri {
    type Err = JwksUriError;

    fn from_str(text: &str) -> Result<Self, JwksUriError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for JwksUri {
    type Error = JwksUriError;

    fn try_from(text: String) -> Result<Self, JwksUriError> {
        Self::parse(&text)
    }
}

impl From<JwksUri> for String {
    fn from(uri: JwksUri) -> Self {
        uri.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_plain_absolute_url_is_taken() {
        for good in [
            "https://rs.example/jwks",
            "http://127.0.0.1:1/",
            "https://[::1]/k?a=b",
        ] {
            assert_eq!(JwksUri::parse(good).unwrap().as_str(), good);
        }
        let long = format!("https://rs.example/{}", "x".repeat(MAX_JWKS_URI_LENGTH));
        for (bad, error) in [
            ("", JwksUriError::NotUrl),
            ("/jwks", JwksUriError::NotUrl),
            ("https:rs.example", JwksUriError::NotUrl),
            ("https:\\\\rs.example", JwksUriError::NotUrl),
            ("https://", JwksUriError::NotUrl),
            ("https:///rs.example", JwksUriError::NotUrl),
            ("https://rs.example/a b", JwksUriError::NotUrl),
            (" https://rs.example", JwksUriError::NotUrl),
            ("file:///etc/passwd", JwksUriError::NotUrl),
            ("gopher://rs.example", JwksUriError::NotUrl),
            ("https://user@rs.example", JwksUriError::UserInformation),
            ("https://@rs.example", JwksUriError::UserInformation),
            ("https://:secret@rs.example", JwksUriError::UserInformation),
            ("https://rs.example#keys", JwksUriError::Fragment),
            (&long, JwksUriError::TooLong),
        ] {
            assert_eq!(JwksUri::parse(bad), Err(error), "{bad}");
        }
    }

    #[test]
    fn a_query_is_not_shown() {
        let uri = JwksUri::parse("https://rs.example/jwks?key=s3cret").unwrap();
        assert_eq!(uri.as_str(), "https://rs.example/jwks?key=s3cret");
        assert_eq!(uri.without_query(), "https://rs.example/jwks");
        assert_eq!(format!("{uri:?}"), r#"JwksUri("https://rs.example/jwks")"#);
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = JwksUri::parse(&text);
        }
    }
}
