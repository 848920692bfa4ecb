//! Grants: what was allowed, by whom, to whom, and on what legal basis.

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{ClientId, GrantId, SubjectId};
use crate::time::Timestamp;

/// What a resource owner, or a client for itself, was granted. Tokens are
/// issued under a grant and never reach further than it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// The client it was given to.
    pub client: ClientId,
    /// The resource owner; `None` for a client acting for itself.
    pub subject: Option<SubjectId>,
    /// The most a token under this grant may allow.
    pub scope: Scope,
    /// The resources a token under this grant may be good for.
    pub resources: Vec<ResourceIdentifier>,
    /// Verified claims about the subject. Kept here and not with the token, so
    /// that narrowing the grant takes them from every token at once.
    pub claims: FurtherClaims,
    /// What was granted in detail (RFC 9396).
    pub authorization_details: AuthorizationDetails,
    /// Why claims may be released at all (RFC 9701 section 9). Without it no
    /// claim leaves.
    pub legal_basis: Option<LegalBasis>,
    /// The login behind the grant (RFC 9470), where there was one.
    pub authentication: Option<Authentication>,
    /// When it was given.
    pub created_at: Timestamp,
}

// By hand: claims, details and subject are personal data.
impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("id", &self.id)
            .field("client", &self.client)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// What of a grant stands in answers about its tokens, and whether it still does. The token says
/// which grant it is, and whose.
#[derive(Clone, PartialEq)]
pub struct UnderlyingGrant {
    /// The resource owner; `None` for a client acting for itself.
    pub subject: Option<SubjectId>,
    /// Verified claims about the subject.
    pub claims: FurtherClaims,
    /// Why claims may be released at all.
    pub legal_basis: Option<LegalBasis>,
    /// The login behind the grant, where there was one.
    pub authentication: Option<Authentication>,
    /// When the grant was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl From<&Grant> for UnderlyingGrant {
    /// As it is before any revocation.
    fn from(grant: &Grant) -> Self {
        Self {
            subject: grant.subject.clone(),
            claims: grant.claims.clone(),
            legal_basis: grant.legal_basis.clone(),
            authentication: grant.authentication.clone(),
            revoked_at: None,
        }
    }
}

// By hand: claims and subject are personal data.
impl std::fmt::Debug for UnderlyingGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnderlyingGrant")
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}

/// The login a grant rests on (RFC 9470 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    /// The authentication context class (`acr`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When the user logged in (`auth_time`), in seconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
}

/// The operator's reference to what allows personal data to be released: a
/// consent record, a contract, a statute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LegalBasis(Box<str>);

/// Why a string names no legal basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LegalBasisError {
    /// Nothing but white space.
    #[error("a legal basis must not be blank: name the consent, contract or law it rests on")]
    Blank,
    /// Longer than 512 octets.
    #[error("a legal basis has at most 512 characters: give a reference, not the text")]
    TooLong,
    /// Holds control characters.
    #[error("a legal basis holds no control characters")]
    Control,
}

impl LegalBasis {
    /// Checks and keeps a reference.
    pub fn new(text: &str) -> Result<Self, LegalBasisError> {
        if text.trim().is_empty() {
            return Err(LegalBasisError::Blank);
        }
        if text.len() > 512 {
            return Err(LegalBasisError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(LegalBasisError::Control);
        }
        Ok(Self(text.into()))
    }

    /// The reference as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LegalBasis {
    type Error = LegalBasisError;

    fn try_from(text: String) -> Result<Self, LegalBasisError> {
        Self::new(&text)
    }
}

impl From<LegalBasis> for String {
    fn from(basis: LegalBasis) -> Self {
        basis.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_basis_says_something() {
        assert!(LegalBasis::new("consent 2026-11/4711").is_ok());
        assert_eq!(LegalBasis::new("  "), Err(LegalBasisError::Blank));
        assert_eq!(
            LegalBasis::new(&"x".repeat(513)),
            Err(LegalBasisError::TooLong)
        );
        assert_eq!(LegalBasis::new("a\nb"), Err(LegalBasisError::Control));
    }
}
