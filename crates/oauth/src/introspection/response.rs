//! The introspection answer (RFC 7662, section 2.2): one value that JSON and JWT both render.

mod further;
mod read;
mod write;

use super::Audience;
use crate::{AuthorizationDetails, Confirmation, Scope};
use avouch_jose::strict_json::{self, JsonError};

pub use further::{FurtherClaims, ShadowedMember};

/// The members with a meaning of their own here, in the order they are written.
pub const STANDARD_MEMBERS: [&str; 16] = [
    "active",
    "iss",
    "aud",
    "iat",
    "exp",
    "nbf",
    "client_id",
    "scope",
    "sub",
    "username",
    "token_type",
    "jti",
    "cnf",
    "authorization_details",
    "acr",
    "auth_time",
];

/// All that is said of a token that is not active (RFC 9701, section 5).
const INACTIVE: &[u8] = br#"{"active":false}"#;

/// How long an active answer commonly is at most, so that its buffer need not grow.
pub(super) const USUAL: usize = 1024;

/// The claim of RFC 9701, section 5.
const STATEMENT_CLAIM: &str = "token_introspection";

/// What the AS says about a token.
#[derive(Debug, Clone, PartialEq)]
pub enum IntrospectionResponse {
    /// Not active for this caller, and not a word more: neither why, nor since when.
    Inactive,
    /// Active, with what this caller may know.
    Active(Box<ActiveToken>),
}

/// The members of an active answer. All are optional; what is `None` or empty is not sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ActiveToken {
    /// The issuer of the token.
    pub iss: Option<String>,
    /// The resource servers the token is for, narrowed to what the caller may know.
    pub aud: Option<Audience>,
    /// When the token was issued, in seconds.
    pub iat: Option<u64>,
    /// When the token expires, in seconds.
    pub exp: Option<u64>,
    /// When the token begins to be valid, in seconds.
    pub nbf: Option<u64>,
    /// The client the token was issued to.
    pub client_id: Option<String>,
    /// The scope, narrowed for the caller. An empty scope is not sent.
    pub scope: Option<Scope>,
    /// The subject, in the form made for the caller.
    pub sub: Option<String>,
    /// A name of the resource owner for people to read.
    pub username: Option<String>,
    /// How the token is used: `Bearer` or `DPoP`.
    pub token_type: Option<String>,
    /// The identifier of the token.
    pub jti: Option<String>,
    /// The key the token is bound to.
    pub cnf: Option<Confirmation>,
    /// What exactly was allowed, narrowed for the caller. An empty list is not sent.
    pub authorization_details: Option<AuthorizationDetails>,
    /// The authentication context of the login behind the token (RFC 9470).
    pub acr: Option<String>,
    /// When that login happened, in seconds (RFC 9470).
    pub auth_time: Option<u64>,
    /// Members beyond these: claims about the subject, service-specific members.
    pub claims: FurtherClaims,
}

impl IntrospectionResponse {
    /// An active answer.
    pub fn active(token: ActiveToken) -> Self {
        Self::Active(Box::new(token))
    }

    /// Whether the token is active.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    /// The body of a JSON answer. The same value gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let capacity = if self.is_active() {
            USUAL
        } else {
            INACTIVE.len()
        };
        let mut json = Vec::with_capacity(capacity);
        self.write(&mut json);
        json
    }
}

impl IntrospectionResponse {
    /// Reads the body of a JSON answer, strictly. What it says is proven by nothing but the
    /// connection it came over.
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        strict_json::from_slice(json)
    }
}

#[cfg(test)]
mod tests;
