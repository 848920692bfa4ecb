//! Error answers (RFC 6749, section 5.2, and the registries around it).

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// How long a description may be, in bytes; longer ones are cut.
pub const MAX_DESCRIPTION_LENGTH: usize = 400;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// A registered error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl ErrorCode {
            /// Every code this server can send.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

error_codes! {
    /// RFC 6749: the request is malformed.
    InvalidRequest = "invalid_request",
    /// RFC 6749: the caller did not authenticate, or failed to.
    InvalidClient = "invalid_client",
    /// RFC 6749: the grant or refresh token is no good.
    InvalidGrant = "invalid_grant",
    /// RFC 6749: the caller may not do this.
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749: this server does not know the grant type.
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749: the scope is malformed, unknown or too wide.
    InvalidScope = "invalid_scope",
    /// RFC 6749: a fault of ours.
    ServerError = "server_error",
    /// RFC 6749: overloaded or under maintenance.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// RFC 6750: the caller's own token is no good.
    InvalidToken = "invalid_token",
    /// RFC 6750: the caller's own token does not reach far enough.
    InsufficientScope = "insufficient_scope",
    /// RFC 7009: this kind of token cannot be revoked.
    UnsupportedTokenType = "unsupported_token_type",
    /// RFC 7591: a redirect URI is not acceptable.
    InvalidRedirectUri = "invalid_redirect_uri",
    /// RFC 7591: a metadata value is not acceptable.
    InvalidClientMetadata = "invalid_client_metadata",
    /// RFC 7591: the software statement is no good.
    InvalidSoftwareStatement = "invalid_software_statement",
    /// RFC 7591: the software statement is good but not wanted.
    UnapprovedSoftwareStatement = "unapproved_software_statement",
    /// RFC 8707: the resource is malformed, unknown or not allowed.
    InvalidTarget = "invalid_target",
    /// RFC 9396: the authorization details are malformed, unknown or not allowed.
    InvalidAuthorizationDetails = "invalid_authorization_details",
    /// RFC 9449: the `DPoP` proof is no good.
    InvalidDpopProof = "invalid_dpop_proof",
    /// RFC 9449: the proof needs the nonce sent along.
    UseDpopNonce = "use_dpop_nonce",
}

/// An error answer: always plain JSON, whatever the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    error: ErrorCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<Cow<'static, str>>,
}

/// An error answer as another server sent it, whose code we may not know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReceivedError {
    /// The code.
    pub error: String,
    /// The description, unchecked text.
    #[serde(default)]
    pub error_description: Option<String>,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ErrorBody {
    /// An error without a description.
    pub fn bare(error: ErrorCode) -> Self {
        Self {
            error,
            error_description: None,
        }
    }

    /// An error with a description. What the grammar forbids is replaced, so that no text can
    /// break the answer; that it holds no token or secret is the caller's duty.
    pub fn new(error: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error,
            error_description: Some(allowed_description(description.into())),
        }
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.error
    }

    /// The description, if any, in allowed characters.
    pub fn description(&self) -> Option<&str> {
        self.error_description.as_deref()
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 128)
    }
}

/// Shows the code and the description with everything but printable ASCII replaced.
impl fmt::Display for ReceivedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&allowed_description(Cow::Borrowed(&self.error)))?;
        match &self.error_description {
            Some(text) => write!(f, ": {}", allowed_description(Cow::Borrowed(text))),
            None => Ok(()),
        }
    }
}

/// RFC 6749, section 5.2: `%x20-21 / %x23-5B / %x5D-7E`. Quotes become apostrophes, the rest `?`.
pub(crate) fn allowed_description(text: Cow<'_, str>) -> Cow<'_, str> {
    let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.len() <= MAX_DESCRIPTION_LENGTH && text.bytes().all(allowed) {
        return text;
    }
    let replaced = text
        .chars()
        .take(MAX_DESCRIPTION_LENGTH)
        .map(|character| match character {
            '"' | '`' => '\'',
            _ if u8::try_from(character).is_ok_and(allowed) => character,
            _ => '?',
        });
    Cow::Owned(replaced.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn row_6749_5_2_01_codes_are_the_registered_ones() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert!(
                code.as_str()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
        }
    }

    #[test]
    fn the_body_is_plain_json() {
        let body = ErrorBody::new(ErrorCode::InvalidRequest, "the parameter token is missing");
        assert_eq!(
            String::from_utf8(body.to_json()).unwrap(),
            r#"{"error":"invalid_request","error_description":"the parameter token is missing"}"#
        );
        let bare = ErrorBody::bare(ErrorCode::ServerError);
        assert_eq!(bare.to_json(), br#"{"error":"server_error"}"#);
    }

    #[test]
    fn row_6749_5_2_01_forbidden_characters_are_replaced() {
        let body = ErrorBody::new(ErrorCode::InvalidRequest, "a \"b\" \\ c\r\n\u{fc}");
        assert_eq!(body.description(), Some("a 'b' ? c???"));
    }

    proptest! {
        #[test]
        fn row_6749_5_2_01_every_description_keeps_the_grammar(text in "\\PC*|[\\x00-\\x7f]*") {
            let body = ErrorBody::new(ErrorCode::InvalidRequest, text);
            let description = body.description().unwrap();
            prop_assert!(description.len() <= MAX_DESCRIPTION_LENGTH);
            prop_assert!(description.bytes().all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\'));
        }
    }
}
