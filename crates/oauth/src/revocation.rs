//! The revocation request (RFC 7009, section 2.1).

use crate::form::Form;
use crate::introspection::{RequestError, TokenTypeHint};
use crate::secret::PresentedToken;

/// A request to revoke one token.
#[derive(Debug, Clone)]
pub struct RevocationRequest {
    /// The token to revoke.
    pub token: PresentedToken,
    /// What the caller takes it for; never more than a hint.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl RevocationRequest {
    /// Reads the parameters.
    pub fn parse(form: &Form<'_>) -> Result<Self, RequestError> {
        let request = crate::introspection::IntrospectionRequest::parse(form)?;
        Ok(Self {
            token: request.token,
            token_type_hint: request.token_type_hint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_that_of_introspection() {
        let form = Form::parse(b"token=abc&token_type_hint=refresh_token", &[]).unwrap();
        let request = RevocationRequest::parse(&form).unwrap();
        assert_eq!(request.token.expose(), "abc");
        assert_eq!(request.token_type_hint, Some(TokenTypeHint::RefreshToken));
        let empty = Form::parse(b"token=", &[]).unwrap();
        assert_eq!(
            RevocationRequest::parse(&empty).unwrap_err(),
            RequestError::MissingToken
        );
    }
}
