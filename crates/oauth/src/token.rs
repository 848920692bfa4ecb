//! The token request and answer (RFC 6749, section 4.4; RFC 8707; RFC 9396).

use crate::authorization_details::{AuthorizationDetails, AuthorizationDetailsError};
use crate::error::ErrorCode;
use crate::form::Form;
use crate::resource::{ResourceError, ResourceIdentifier};
use crate::scope::{Scope, ScopeError};
use crate::secret::IssuedSecret;
use serde::{Deserialize, Serialize};

/// How many resources one request may name.
pub const MAX_RESOURCES: usize = 16;

/// The names that [`Form::parse`] must let repeat at the token endpoint.
pub const REPEATABLE: &[&str] = &["resource"];

/// A request for tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRequest {
    /// What the client shows in return.
    pub grant: TokenGrant,
    /// The scope asked for; `None` leaves it to the server.
    pub scope: Option<Scope>,
    /// The resource servers the token is for, each once, in the order given.
    pub resources: Vec<ResourceIdentifier>,
    /// What exactly is asked for; empty if not sent.
    pub authorization_details: AuthorizationDetails,
}

/// The grant types this server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenGrant {
    /// `client_credentials`: the client acts for itself.
    ClientCredentials,
}

/// Why a form is no token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    /// `grant_type` was not sent.
    #[error("the parameter grant_type is missing")]
    MissingGrantType,
    /// A grant type this server does not know.
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    /// The scope is malformed.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// A resource is malformed.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// More than [`MAX_RESOURCES`].
    #[error("more than {MAX_RESOURCES} resources are asked for")]
    TooManyResources,
    /// The authorization details are malformed.
    #[error(transparent)]
    AuthorizationDetails(#[from] AuthorizationDetailsError),
}

/// The answer to a token request. `Debug` does not show the token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: IssuedSecret,
    /// How the token is used: `Bearer` or `DPoP`.
    pub token_type: String,
    /// How long the token lives, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The scope granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The details granted.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
}

impl TokenRequest {
    /// Reads the parameters; the form must have been parsed with [`REPEATABLE`].
    pub fn parse(form: &Form<'_>) -> Result<Self, TokenRequestError> {
        let grant = match form.get("grant_type") {
            None => return Err(TokenRequestError::MissingGrantType),
            Some("client_credentials") => TokenGrant::ClientCredentials,
            Some(_) => return Err(TokenRequestError::UnsupportedGrantType),
        };
        let mut resources = Vec::new();
        for text in form.all("resource") {
            let resource = ResourceIdentifier::parse(text)?;
            if !resources.contains(&resource) {
                resources.push(resource);
            }
            if resources.len() > MAX_RESOURCES {
                return Err(TokenRequestError::TooManyResources);
            }
        }
        let details = form
            .get("authorization_details")
            .map(AuthorizationDetails::parse);
        Ok(Self {
            grant,
            scope: form.get("scope").map(Scope::parse).transpose()?,
            resources,
            authorization_details: details.transpose()?.unwrap_or_default(),
        })
    }
}

impl TokenGrant {
    /// The value of `grant_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }
}

impl TokenRequestError {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::MissingGrantType => ErrorCode::InvalidRequest,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::Scope(_) => ErrorCode::InvalidScope,
            Self::Resource(_) | Self::TooManyResources => ErrorCode::InvalidTarget,
            Self::AuthorizationDetails(_) => ErrorCode::InvalidAuthorizationDetails,
        }
    }
}

impl TokenResponse {
    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(body: &str) -> Result<TokenRequest, TokenRequestError> {
        TokenRequest::parse(&Form::parse(body.as_bytes(), REPEATABLE).unwrap())
    }

    #[test]
    fn a_full_request_is_read() {
        let request = parse(
            "grant_type=client_credentials&scope=sign+pay&resource=https%3A%2F%2Fsign.example\
             &resource=https%3A%2F%2Fpay.example&resource=https%3A%2F%2Fsign.example",
        )
        .unwrap();
        assert_eq!(request.grant.as_str(), "client_credentials");
        assert_eq!(request.scope.unwrap().to_string(), "sign pay");
        let resources: Vec<_> = request
            .resources
            .iter()
            .map(ResourceIdentifier::as_str)
            .collect();
        assert_eq!(resources, ["https://sign.example", "https://pay.example"]);
    }

    #[test]
    fn every_fault_has_its_code() {
        let many: Vec<_> = (0..=MAX_RESOURCES)
            .map(|i| format!("resource=urn:x:{i}"))
            .collect();
        let many = many.join("&");
        for (rest, code) in [
            ("", ErrorCode::InvalidRequest),
            ("grant_type=", ErrorCode::InvalidRequest),
            ("grant_type=password", ErrorCode::UnsupportedGrantType),
            (
                "grant_type=client_credentials&scope=a++b",
                ErrorCode::InvalidScope,
            ),
            (
                "grant_type=client_credentials&authorization_details=x",
                ErrorCode::InvalidAuthorizationDetails,
            ),
            (
                &format!("grant_type=client_credentials&{many}"),
                ErrorCode::InvalidTarget,
            ),
        ] {
            assert_eq!(parse(rest).unwrap_err().code(), code, "{rest}");
        }
    }

    #[test]
    fn row_8707_2_01_a_bad_resource_is_invalid_target() {
        for bad in ["resource", "%23", "https://a.example/%23x"] {
            let error =
                parse(&format!("grant_type=client_credentials&resource={bad}")).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidTarget);
        }
    }

    #[test]
    fn the_answer_has_what_was_granted_and_debug_hides_the_token() {
        let response = TokenResponse {
            access_token: IssuedSecret::new("s3cret"),
            token_type: "Bearer".into(),
            expires_in: Some(300),
            scope: Some(Scope::parse("pay").unwrap()),
            authorization_details: AuthorizationDetails::default(),
        };
        assert_eq!(
            String::from_utf8(response.to_json()).unwrap(),
            r#"{"access_token":"s3cret","token_type":"Bearer","expires_in":300,"scope":"pay"}"#
        );
        assert!(!format!("{response:?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn no_input_panics(scope in "\\PC*", resource in "\\PC*") {
            let body = url::form_urlencoded::Serializer::new(String::from("grant_type=client_credentials"))
                .append_pair("scope", &scope)
                .append_pair("resource", &resource)
                .finish();
            let _ = parse(&body);
        }
    }
}
