//! The introspection answer (RFC 7662, section 2.2): one value that JSON and JWT both render.

mod read;
mod write;

use super::Audience;
use crate::{AuthorizationDetails, Confirmation, Scope};
use avouch_jose::strict_json::{self, JsonError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

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

/// Members that shadow none of [`STANDARD_MEMBERS`], nor the claim `token_introspection`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct FurtherClaims(Map<String, Value>);

/// A further claim has the name of a standard member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} has a meaning of its own and cannot be set freely")]
pub struct ShadowedMember(pub String);

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
        match self {
            Self::Inactive => br#"{"active":false}"#.to_vec(),
            Self::Active(_) => crate::json::to_vec(self, 1024),
        }
    }
}

impl IntrospectionResponse {
    /// Reads the body of a JSON answer, strictly. What it says is proven by nothing but the
    /// connection it came over.
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        strict_json::from_slice(json)
    }
}

impl TryFrom<Map<String, Value>> for FurtherClaims {
    type Error = ShadowedMember;

    fn try_from(claims: Map<String, Value>) -> Result<Self, ShadowedMember> {
        Self::new(claims)
    }
}

impl FurtherClaims {
    /// Takes over the claims, if none has the name of a standard member.
    pub fn new(claims: Map<String, Value>) -> Result<Self, ShadowedMember> {
        match claims.keys().find(|name| is_standard(name)) {
            Some(name) => Err(ShadowedMember(name.clone())),
            None => Ok(Self(claims)),
        }
    }

    /// Those whose name passes.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| keep(name));
        Self(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// The value of a claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The claims, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// Shows names alone: the values are the subject's business.
impl fmt::Debug for FurtherClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The claim that holds the answer in a statement is no member either: in the shape of draft -08,
/// where members stand at the top level, it would read as an answer within the answer.
fn is_standard(name: &str) -> bool {
    name == STATEMENT_CLAIM || STANDARD_MEMBERS.contains(&name)
}

#[cfg(test)]
mod tests;
