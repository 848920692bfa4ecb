//! Access tokens.

use avouch_core::id::{ClientId, GrantId, SubjectId, TokenId};
use avouch_core::records::{Authentication, LegalBasis};
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::Confirmation;
use avouch_oauth::introspection::FurtherClaims;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use avouch_oauth::secret::IssuedSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// An order for a token for a subject, who has logged in and agreed elsewhere.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// The client the token is for.
    #[schemars(with = "schema::Identifier")]
    pub client: ClientId,
    /// The resource owner, as the operator's login system knows them.
    #[schemars(with = "schema::Subject")]
    pub subject: SubjectId,
    /// What it may allow, values separated by spaces; all the client is
    /// registered for if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub scope: Option<Scope>,
    /// The resources it is good for (RFC 8707); all the client is registered
    /// for if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<schema::Resource>")]
    pub resources: Vec<ResourceIdentifier>,
    /// Verified claims about the subject, by name.
    #[serde(default, skip_serializing_if = "FurtherClaims::is_empty")]
    #[schemars(with = "schema::Claims")]
    pub claims: FurtherClaims,
    /// What was agreed in detail (RFC 9396).
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    #[schemars(with = "Vec<schema::AuthorizationDetail>")]
    pub authorization_details: AuthorizationDetails,
    /// A reference to what allows the claims to be released: a consent, a
    /// contract, a law. Needed where there are claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub legal_basis: Option<LegalBasis>,
    /// The login behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Authentication>")]
    pub authentication: Option<Authentication>,
    /// Seconds it lives; the client's or the server's default if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<u64>,
    /// From when on it is good, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// The key it is bound to (RFC 7800): `jkt` or `x5t#S256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Confirmation>")]
    pub cnf: Option<Confirmation>,
}

// By hand: subject, claims and details are personal data.
impl std::fmt::Debug for IssueToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssueToken")
            .field("client", &self.client)
            .field("scope", &self.scope)
            .field("resources", &self.resources)
            .finish_non_exhaustive()
    }
}

impl IssueToken {
    /// An order with nothing but what must be said.
    pub fn new(client: ClientId, subject: SubjectId) -> Self {
        Self {
            client,
            subject,
            scope: None,
            resources: Vec::new(),
            claims: FurtherClaims::default(),
            authorization_details: AuthorizationDetails::default(),
            legal_basis: None,
            authentication: None,
            lifetime: None,
            not_before: None,
            cnf: None,
        }
    }
}

/// A token that was issued and is durably kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IssuedToken {
    /// The token itself: given out this once.
    #[schemars(with = "String")]
    pub access_token: IssuedSecret,
    /// `Bearer`, or `DPoP` for one that is bound to such a key.
    pub token_type: String,
    /// Seconds it lives from now on.
    pub expires_in: u64,
    /// What it allows.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// The resources it is good for.
    #[schemars(with = "Vec<schema::Resource>")]
    pub resources: Vec<ResourceIdentifier>,
    /// Its `jti`: names it without being it.
    #[schemars(with = "schema::Identifier")]
    pub jti: TokenId,
    /// The grant it hangs on: revoke that and it is dead.
    #[schemars(with = "schema::Identifier")]
    pub grant: GrantId,
}

/// The token a question or an order is about.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenReference {
    /// The token itself.
    #[schemars(with = "String")]
    pub token: IssuedSecret,
}

/// What a token is worth, for an administrator.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokenState {
    /// Whether it is good at the resource servers in its audience.
    pub active: bool,
    /// Why not, such as `expired`, `grant_revoked` or `never_issued`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is kept of it, if anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenEntry>,
}

/// What is kept of a token. Of claims and details only the names.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct TokenEntry {
    /// Its `jti`.
    #[schemars(with = "schema::Identifier")]
    pub jti: TokenId,
    /// The grant it hangs on.
    #[schemars(with = "schema::Identifier")]
    pub grant: GrantId,
    /// The client it was issued to.
    #[schemars(with = "schema::Identifier")]
    pub client: ClientId,
    /// The resource owner; absent for a client acting for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Subject>")]
    pub subject: Option<SubjectId>,
    /// `Bearer` or `DPoP`.
    pub token_type: String,
    /// What it allows.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// The resources it is good for.
    #[schemars(with = "Vec<schema::Resource>")]
    pub resources: Vec<ResourceIdentifier>,
    /// The names of the claims it can release.
    pub claims: Vec<String>,
    /// The types of its authorization details.
    pub authorization_details_types: Vec<String>,
    /// What allows the claims to be released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// When it was issued.
    pub issued_at: u64,
    /// From when on it is good, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// From when on it is good no longer.
    pub expires_at: u64,
    /// When it was revoked by itself, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<u64>,
}

// By hand: the subject and the legal basis are personal data.
impl std::fmt::Debug for TokenEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenEntry")
            .field("jti", &self.jti)
            .field("grant", &self.grant)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// What became of a token that was revoked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokedToken {
    /// Its `jti`.
    #[schemars(with = "schema::Identifier")]
    pub jti: TokenId,
    /// Whether this request killed it.
    pub outcome: super::Outcome,
}
