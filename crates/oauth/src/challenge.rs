//! The `WWW-Authenticate` header of a 401 (RFC 9110, section 11.6.1).

use crate::authorization::Scheme;
use crate::error::{ErrorCode, allowed_description};
use std::borrow::Cow;
use std::fmt;

/// One challenge. `Display` writes the header's value, visible ASCII whatever went in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge<'a> {
    scheme: Scheme,
    parameters: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Challenge<'a> {
    /// A challenge for a scheme, with its realm.
    pub fn new(scheme: Scheme, realm: &'a str) -> Self {
        Self {
            scheme,
            parameters: vec![("realm", Cow::Borrowed(realm))],
        }
    }

    /// Says what was wrong (RFC 6750, section 3). Left out where no credentials were sent.
    #[must_use]
    pub fn error(self, code: ErrorCode, description: &'a str) -> Self {
        self.with("error", Cow::Borrowed(code.as_str())).with(
            "error_description",
            allowed_description(Cow::Borrowed(description)),
        )
    }

    /// The scope that would be enough.
    #[must_use]
    pub fn scope(self, scope: &crate::Scope) -> Self {
        self.with("scope", Cow::Owned(scope.to_string()))
    }

    /// The algorithms a `DPoP` proof may use (RFC 9449, section 5.1).
    #[must_use]
    pub fn algorithms(self, names: &'a str) -> Self {
        self.with("algs", Cow::Borrowed(names))
    }

    /// Where the metadata of the protected resource is (RFC 9728, section 5.1).
    #[must_use]
    pub fn resource_metadata(self, url: &'a str) -> Self {
        self.with("resource_metadata", Cow::Borrowed(url))
    }

    fn with(mut self, name: &'static str, value: Cow<'a, str>) -> Self {
        self.parameters.push((name, value));
        self
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.as_str())?;
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            write!(f, "{name}=\"")?;
            for character in value.chars() {
                match character {
                    '"' | '\\' => write!(f, "\\{character}")?,
                    ' '..='~' => write!(f, "{character}")?,
                    _ => f.write_str("?")?, // no line break may split the header
                }
            }
            f.write_str("\"")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_scheme_has_its_challenge() {
        assert_eq!(
            Challenge::new(Scheme::Basic, "avouch").to_string(),
            r#"Basic realm="avouch""#
        );
        let bearer = Challenge::new(Scheme::Bearer, "avouch")
            .error(ErrorCode::InvalidToken, "the token has expired");
        assert_eq!(
            bearer.to_string(),
            r#"Bearer realm="avouch", error="invalid_token", error_description="the token has expired""#
        );
        let dpop = Challenge::new(Scheme::DPoP, "avouch").algorithms("ES256 Ed25519");
        assert_eq!(
            dpop.to_string(),
            r#"DPoP realm="avouch", algs="ES256 Ed25519""#
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_out_of_its_quotes(realm in "\\PC*|[\\x00-\\x7f]*") {
            let header = Challenge::new(Scheme::Basic, &realm).to_string();
            prop_assert!(header.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            let inside = header.strip_prefix("Basic realm=\"").unwrap().strip_suffix('"').unwrap();
            let mut escaped = false;
            for character in inside.chars() {
                prop_assert!(escaped || character != '"');
                escaped = !escaped && character == '\\';
            }
            prop_assert!(!escaped);
        }
    }
}
