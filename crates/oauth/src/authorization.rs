//! The `Authorization` header: which scheme, which credentials (RFC 9110, section 11.6.2).

use crate::basic::{BasicCredentials, BasicError};
use crate::header::Cursor;
use crate::introspection::MAX_TOKEN_LENGTH;
use crate::secret::PresentedToken;
use std::fmt;

/// The authentication schemes this server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RFC 7617, with the encoding of RFC 6749, section 2.3.1.
    Basic,
    /// RFC 6750.
    Bearer,
    /// RFC 9449.
    DPoP,
}

/// What a caller presents in its `Authorization` header.
#[derive(Debug, Clone)]
pub enum Authorization {
    /// A client identifier and secret.
    Basic(BasicCredentials),
    /// A bearer token.
    Bearer(PresentedToken),
    /// A token bound to a key; it says nothing without the proof in the `DPoP` header.
    DPoP(PresentedToken),
    /// Some other scheme: credentials we cannot use.
    Other,
}

/// Why the header cannot be used. No variant holds any credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// No scheme, or no credentials behind it.
    #[error("the Authorization header is malformed")]
    Malformed,
    /// The `Basic` credentials are broken.
    #[error(transparent)]
    Basic(BasicError),
    /// The token behind `Bearer` or `DPoP` has characters no token can have, or is too long.
    #[error("the {0} token is malformed")]
    Token(Scheme),
}

impl Scheme {
    /// The name as it is written in `WWW-Authenticate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Bearer => "Bearer",
            Self::DPoP => "DPoP",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Basic, Self::Bearer, Self::DPoP]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Authorization {
    /// Parses the value of the header. Scheme names are compared without case.
    pub fn parse(value: &[u8]) -> Result<Self, AuthorizationError> {
        let mut cursor = Cursor::new(value.trim_ascii());
        let name = cursor.token().ok_or(AuthorizationError::Malformed)?;
        let Some(scheme) = Scheme::parse(name) else {
            return Ok(Self::Other);
        };
        if !cursor.eat(b' ') {
            return Err(AuthorizationError::Malformed);
        }
        while cursor.eat(b' ') {}
        let credentials = cursor.rest();
        match scheme {
            Scheme::Basic => std::str::from_utf8(credentials)
                .map_err(|_| BasicError::NotBase64)
                .and_then(BasicCredentials::parse)
                .map(Self::Basic)
                .map_err(AuthorizationError::Basic),
            Scheme::Bearer => token68(credentials)
                .map(Self::Bearer)
                .ok_or(AuthorizationError::Token(scheme)),
            Scheme::DPoP => token68(credentials)
                .map(Self::DPoP)
                .ok_or(AuthorizationError::Token(scheme)),
        }
    }

    /// The scheme the caller tried, if we know it.
    pub fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::Basic(_) => Some(Scheme::Basic),
            Self::Bearer(_) => Some(Scheme::Bearer),
            Self::DPoP(_) => Some(Scheme::DPoP),
            Self::Other => None,
        }
    }
}

impl AuthorizationError {
    /// The scheme the caller tried, for the challenge of the 401 (RFC 6749, section 5.2).
    pub fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::Malformed => None,
            Self::Basic(_) => Some(Scheme::Basic),
            Self::Token(scheme) => Some(*scheme),
        }
    }
}

/// RFC 6750, section 2.1 (`b64token`): letters, digits, `-._~+/`, then only `=`.
fn token68(credentials: &[u8]) -> Option<PresentedToken> {
    let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    let body = credentials.iter().take_while(|byte| is_body(byte)).count();
    let padding = credentials.get(body..)?;
    let well_formed = body > 0
        && padding.iter().all(|&byte| byte == b'=')
        && credentials.len() <= MAX_TOKEN_LENGTH;
    let text = std::str::from_utf8(credentials).ok()?;
    well_formed.then(|| PresentedToken::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn schemes_are_told_apart_without_case() {
        let basic = Authorization::parse(b"bAsIc czZCaGRSa3F0MzpnWDFmQmF0M2JW").unwrap();
        assert!(matches!(basic, Authorization::Basic(c) if c.client_id == "s6BhdRkqt3"));
        let bearer = Authorization::parse(b"BEARER  mF_9.B5f-4.1JqM").unwrap();
        assert!(matches!(bearer, Authorization::Bearer(t) if t.expose() == "mF_9.B5f-4.1JqM"));
        let dpop = Authorization::parse(b"dpop abc==").unwrap();
        assert!(matches!(dpop, Authorization::DPoP(t) if t.expose() == "abc=="));
        assert!(matches!(
            Authorization::parse(b"Negotiate abc"),
            Ok(Authorization::Other)
        ));
    }

    #[test]
    fn broken_headers_name_the_scheme_tried() {
        let scheme = |value: &[u8]| Authorization::parse(value).unwrap_err().scheme();
        assert_eq!(scheme(b""), None);
        assert_eq!(scheme(b"Bearer"), None);
        assert_eq!(scheme(b"Bearer a b"), Some(Scheme::Bearer));
        assert_eq!(scheme(b"Bearer =a"), Some(Scheme::Bearer));
        assert_eq!(scheme(b"DPoP \xff"), Some(Scheme::DPoP));
        assert_eq!(scheme(b"Basic %%%"), Some(Scheme::Basic));
        let long = [b"Bearer ".to_vec(), vec![b'a'; MAX_TOKEN_LENGTH + 1]].concat();
        assert_eq!(scheme(&long), Some(Scheme::Bearer));
    }

    proptest! {
        #[test]
        fn no_input_panics(value in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Authorization::parse(&value);
            let _ = Authorization::parse(&[b"Basic ".to_vec(), value.clone()].concat());
            let _ = Authorization::parse(&[b"Bearer ".to_vec(), value].concat());
        }
    }
}
