//! The introspection request (RFC 7662, section 2.1).

use crate::error::ErrorCode;
use crate::form::Form;
use crate::secret::PresentedToken;

/// How long a presented token may be, in bytes: room for a JWT with an ML-DSA signature.
pub const MAX_TOKEN_LENGTH: usize = 16 * 1024;
/// How long a `nonce` may be, in bytes.
pub const MAX_NONCE_LENGTH: usize = 128;

/// A question about one token.
#[derive(Debug, Clone)]
pub struct IntrospectionRequest {
    /// The token asked about.
    pub token: PresentedToken,
    /// What the caller takes it for; never more than a hint.
    pub token_type_hint: Option<TokenTypeHint>,
    /// `nonce` as it came: no parameter of RFC 7662, so it is read only where it is echoed.
    nonce: Option<String>,
}

/// The registered values of `token_type_hint`; others are ignored (RFC 7009, section 4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenTypeHint {
    /// `access_token`.
    AccessToken,
    /// `refresh_token`.
    RefreshToken,
}

/// Why a form is no request about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// `token` was not sent, or is empty.
    #[error("the parameter token is missing")]
    MissingToken,
    /// `token` is longer than any token of this server.
    #[error("the parameter token is longer than {MAX_TOKEN_LENGTH} bytes")]
    TokenTooLong,
    /// `nonce` cannot be echoed.
    #[error("nonce has at most {MAX_NONCE_LENGTH} visible ASCII characters")]
    Nonce,
}

impl IntrospectionRequest {
    /// Reads the parameters. Unknown ones are ignored.
    pub fn parse(form: &Form<'_>) -> Result<Self, RequestError> {
        let token = form.get("token").ok_or(RequestError::MissingToken)?;
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(RequestError::TokenTooLong);
        }
        Ok(Self {
            token: PresentedToken::new(token),
            token_type_hint: form.get("token_type_hint").and_then(TokenTypeHint::parse),
            nonce: form.get("nonce").map(str::to_owned),
        })
    }

    /// The `nonce` to echo in the statement, for callers that asked to have it echoed. For all
    /// others it is one of the parameters that mean nothing, whatever it holds.
    pub fn nonce(&self) -> Result<Option<&str>, RequestError> {
        match self.nonce.as_deref() {
            Some(nonce)
                if nonce.len() > MAX_NONCE_LENGTH
                    || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Err(RequestError::Nonce)
            }
            nonce => Ok(nonce),
        }
    }
}

impl TokenTypeHint {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::AccessToken, Self::RefreshToken]
            .into_iter()
            .find(|hint| hint.as_str() == name)
    }
}

impl RequestError {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> Result<IntrospectionRequest, RequestError> {
        IntrospectionRequest::parse(&Form::parse(body, &[]).unwrap())
    }

    #[test]
    fn row_7662_2_1_02_the_token_is_required() {
        for body in [&b""[..], b"token=", b"token_type_hint=access_token"] {
            let error = parse(body).unwrap_err();
            assert_eq!(error, RequestError::MissingToken);
            assert_eq!(error.code(), ErrorCode::InvalidRequest);
        }
        assert_eq!(
            parse(b"token=2YotnFZFEjr1zCsicMWpAA")
                .unwrap()
                .token
                .expose(),
            "2YotnFZFEjr1zCsicMWpAA"
        );
    }

    #[test]
    fn row_7009_4_1_2_01_the_known_hints_are_two() {
        let hint = |body: &[u8]| parse(body).unwrap().token_type_hint;
        assert_eq!(
            hint(b"token=a&token_type_hint=access_token"),
            Some(TokenTypeHint::AccessToken)
        );
        assert_eq!(
            hint(b"token=a&token_type_hint=refresh_token"),
            Some(TokenTypeHint::RefreshToken)
        );
        assert_eq!(hint(b"token=a&token_type_hint=saml2"), None);
        assert_eq!(hint(b"token=a"), None);
    }

    #[test]
    fn row_7662_2_1_07_other_parameters_are_ignored() {
        assert!(parse(b"token=a&ip=192.0.2.1&resource=x").is_ok());
    }

    #[test]
    fn the_length_of_a_token_is_bounded() {
        let body = |length: usize| format!("token={}", "a".repeat(length)).into_bytes();
        assert!(parse(&body(MAX_TOKEN_LENGTH)).is_ok());
        assert_eq!(
            parse(&body(MAX_TOKEN_LENGTH + 1)).unwrap_err(),
            RequestError::TokenTooLong
        );
    }

    #[test]
    fn a_nonce_is_short_and_visible() {
        let nonce = |text: &str| {
            let question = parse(format!("token=a&nonce={text}").as_bytes()).unwrap();
            question.nonce().map(|nonce| nonce.map(str::to_owned))
        };
        assert_eq!(nonce("n-0S6_WzA2Mj"), Ok(Some("n-0S6_WzA2Mj".into())));
        assert_eq!(nonce(""), Ok(None));
        assert_eq!(parse(b"token=a").unwrap().nonce(), Ok(None));
        for bad in ["a+b", "%00", "%C3%A4", &"x".repeat(MAX_NONCE_LENGTH + 1)] {
            assert_eq!(nonce(bad), Err(RequestError::Nonce), "{bad}");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        assert!(!format!("{:?}", parse(b"token=s3cret")).contains("s3cret"));
    }
}
