//! Resource indicators: which resource server a token is for (RFC 8707).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// How long a resource identifier may be, in bytes.
pub const MAX_RESOURCE_LENGTH: usize = 2048;

/// An absolute URI without fragment, kept and compared exactly as it was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ResourceIdentifier(Box<str>);

/// Why a string is no resource identifier (`invalid_target`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Longer than [`MAX_RESOURCE_LENGTH`].
    #[error("the resource is longer than {MAX_RESOURCE_LENGTH} bytes")]
    TooLong,
    /// A `#`.
    #[error("the resource must not have a fragment")]
    Fragment,
    /// A byte that no URI may have, or a percent sign without two hexadecimal digits.
    #[error("the resource has a character that must be percent-encoded")]
    Character,
    /// No scheme, or not a URI for another reason.
    #[error("the resource is not an absolute URI")]
    NotAbsolute,
}

impl ResourceIdentifier {
    /// Parses a `resource` parameter (RFC 8707, section 2).
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        if text.len() > MAX_RESOURCE_LENGTH {
            return Err(ResourceError::TooLong);
        }
        if text.contains('#') {
            return Err(ResourceError::Fragment);
        }
        if !has_only_uri_characters(text) {
            return Err(ResourceError::Character);
        }
        let url = Url::parse(text).map_err(|_| ResourceError::NotAbsolute)?;
        // The URL parser forgives `https:host` and `https:///host`; RFC 3986 reads a path.
        let rest = text.split_once(':').map_or("", |(_, rest)| rest);
        let may_lack_host = !url.is_special() || url.scheme() == "file";
        if rest.is_empty() || !(may_lack_host || authority(text).is_some()) {
            return Err(ResourceError::NotAbsolute);
        }
        Ok(Self(text.into()))
    }

    /// Takes what [`parse`](Self::parse) has passed and that was kept since. Looked at again are
    /// its length and characters, but not whether it is a URI. `None` if it cannot have passed.
    pub fn from_kept(text: &str) -> Option<Self> {
        let fits = text.len() <= MAX_RESOURCE_LENGTH && text.contains(':');
        let may_be = fits && !text.contains('#') && has_only_uri_characters(text);
        may_be.then(|| Self(text.into()))
    }

    /// The identifier as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResourceIdentifier {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        Self::parse(text)
    }
}

impl fmt::Display for ResourceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResourceIdentifier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What stands behind `//` and names a host (RFC 3986, section 3.2); `None` if nothing does.
///
/// The URL parser skips slashes until it finds a host. Who reads by the RFC finds another or none.
pub(crate) fn authority(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once(':')?;
    rest.strip_prefix("//")?
        .split(['/', '?', '#'])
        .next()
        .filter(|authority| !authority.is_empty())
}

/// RFC 3986, section 2: unreserved, reserved, and whole percent-encodings.
pub(crate) fn has_only_uri_characters(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                let digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                digit(bytes.next()) && digit(bytes.next())
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn row_8707_2_01_absolute_uris_without_fragment_are_taken_as_given() {
        for given in [
            "https://rs.example.com/resource",
            "https://RS.example.com:443",
            "https://rs.example.com/?tenant=1",
            "urn:example:pay",
            "api://4f1c",
        ] {
            assert_eq!(ResourceIdentifier::parse(given).unwrap().as_str(), given);
        }
    }

    #[test]
    fn row_8707_2_01_everything_else_is_refused() {
        let long = format!("https://rs.example/{}", "a".repeat(MAX_RESOURCE_LENGTH));
        for (given, error) in [
            ("", ResourceError::NotAbsolute),
            ("/resource", ResourceError::NotAbsolute),
            ("rs.example.com", ResourceError::NotAbsolute),
            ("//rs.example.com", ResourceError::NotAbsolute),
            ("https:rs.example.com", ResourceError::NotAbsolute),
            ("https:/rs.example.com", ResourceError::NotAbsolute),
            ("https:///rs.example.com", ResourceError::NotAbsolute),
            ("https:/rs.example.com://a", ResourceError::NotAbsolute),
            ("urn:", ResourceError::NotAbsolute),
            ("https://", ResourceError::NotAbsolute),
            ("https://rs.example.com/#", ResourceError::Fragment),
            ("https://rs.example.com/#a", ResourceError::Fragment),
            (" https://rs.example.com", ResourceError::Character),
            ("https://rs.example.com/a b", ResourceError::Character),
            ("https://rs.exa\nmple.com", ResourceError::Character),
            ("https:\\\\rs.example.com", ResourceError::Character),
            ("https://rs.example.com/%2", ResourceError::Character),
            ("https://r\u{fc}.example.com", ResourceError::Character),
            (&long, ResourceError::TooLong),
        ] {
            assert_eq!(ResourceIdentifier::parse(given), Err(error), "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = ResourceIdentifier::parse(&text);
            let _ = ResourceIdentifier::parse(&format!("https:{text}"));
        }

        #[test]
        fn what_is_taken_is_kept(path in "[a-zA-Z0-9/._~-]{0,40}") {
            let text = format!("https://rs.example/{path}");
            let parsed = ResourceIdentifier::parse(&text).unwrap();
            prop_assert_eq!(parsed.as_str(), text);
        }
    }
}
