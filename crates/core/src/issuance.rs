//! Issuing access tokens: for a subject, as an existing login system orders,
//! and for a client itself (RFC 6749 section 4.4).

mod for_client;
mod for_subject;

use std::time::Duration;

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::Confirmation;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use thiserror::Error;

use crate::id::{GrantId, TokenId};
use crate::opaque_token::{OpaqueToken, TokenKind, TokenMint};
use crate::records::{AccessToken, AllowedResources, Client, Grant};
use crate::storage::{CallerStore, StoreError, TokenStore};
use crate::time::Timestamp;

pub use for_client::issue_for_client;
pub use for_subject::{SubjectOrder, issue_for_subject};

/// How long access tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Where neither client nor order says otherwise.
    pub default: Duration,
    /// The most that can be ordered.
    pub longest: Duration,
}

/// A token that was issued and is durably kept.
#[derive(Debug)]
pub struct Issued {
    /// The token: for its owner's eyes.
    pub token: OpaqueToken,
    /// What is kept of it.
    pub record: AccessToken,
}

/// Why no token was issued, by who has to act.
#[derive(Debug, Error)]
pub enum IssueError {
    /// More scope than the client is registered for.
    #[error("the scope value {0} is not among those the client is registered for")]
    Scope(String),
    /// No resource named, and the client has no list of its own.
    #[error("name the resource the token is for: this client is registered for any")]
    NoResource,
    /// The client is registered for no resource at all.
    #[error("this client is registered for no resource: register it for some, or for any")]
    NoResourceOpen,
    /// A resource that no RS serves or this client may not ask for.
    #[error("the resource {0} is not served here or not open to this client")]
    Resource(ResourceIdentifier),
    /// A life time of zero, or beyond the server's longest.
    #[error("the lifetime must be between 1 and {} seconds", longest.as_secs())]
    Lifetime {
        /// The server's longest.
        longest: Duration,
    },
    /// A start after the end.
    #[error("not_before must lie before the token's expiry")]
    NotBefore,
    /// Claims without a legal basis (RFC 9701 section 9).
    #[error("claims about a subject need a legal_basis: name the consent, contract or law")]
    NoLegalBasis,
    /// There is no such client.
    #[error("there is no client {0}")]
    UnknownClient(String),
    /// No random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed; whether the token was kept is not known, and it is not given out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the issuing functions work with.
pub struct Issuance<'a, S> {
    /// Where tokens and callers are kept.
    pub store: &'a S,
    /// Makes the tokens.
    pub mint: &'a TokenMint,
    /// Where randomness comes from.
    pub random: &'a dyn SecureRandom,
    /// How long tokens live.
    pub lifetimes: Lifetimes,
    /// The instant of issue.
    pub now: Timestamp,
}

/// What the new token is to hold beside what its grant says.
struct TokenTerms {
    scope: Scope,
    audience: Vec<ResourceIdentifier>,
    authorization_details: AuthorizationDetails,
    confirmation: Option<Confirmation>,
    not_before: Option<Timestamp>,
    lifetime: Duration,
}

impl<S: TokenStore + CallerStore> Issuance<'_, S> {
    /// Keeps the grant with a fresh token; only then is the token given out.
    async fn issue(&self, grant: &Grant, terms: TokenTerms) -> Result<Issued, IssueError> {
        let expires_at = self.now.after(terms.lifetime);
        if terms.not_before.is_some_and(|start| start >= expires_at) {
            return Err(IssueError::NotBefore);
        }
        let token = self.mint.mint(TokenKind::Access, self.random)?;
        let record = AccessToken {
            hash: token.hash(),
            id: TokenId::generate(self.random)?,
            grant: grant.id.clone(),
            client: grant.client.clone(),
            scope: terms.scope,
            audience: terms.audience,
            authorization_details: terms.authorization_details,
            confirmation: terms.confirmation,
            issued_at: self.now,
            not_before: terms.not_before,
            expires_at,
            revoked_at: None,
        };
        self.store.issue(grant, &record).await?;
        Ok(Issued { token, record })
    }

    fn fresh_grant_id(&self) -> Result<GrantId, IssueError> {
        Ok(GrantId::generate(self.random)?)
    }

    /// The audience of the new token (RFC 8707 section 2.2).
    async fn audience(
        &self,
        client: &Client,
        asked: &[ResourceIdentifier],
    ) -> Result<Vec<ResourceIdentifier>, IssueError> {
        let resources = match (&client.resources, asked) {
            (AllowedResources::Any, []) => return Err(IssueError::NoResource),
            (AllowedResources::Only(all), _) if all.is_empty() => {
                return Err(IssueError::NoResourceOpen);
            }
            (AllowedResources::Only(all), []) => all.as_slice(),
            (AllowedResources::Any, asked) => asked,
            (AllowedResources::Only(all), asked) => {
                match asked.iter().find(|resource| !all.contains(resource)) {
                    Some(closed) => return Err(IssueError::Resource(closed.clone())),
                    None => asked,
                }
            }
        };
        let mut audience = Vec::with_capacity(resources.len());
        for resource in resources {
            if !self.store.is_served(resource).await? {
                return Err(IssueError::Resource(resource.clone()));
            }
            if !audience.contains(resource) {
                audience.push(resource.clone());
            }
        }
        Ok(audience)
    }

    fn lifetime(&self, client: &Client, asked: Option<Duration>) -> Result<Duration, IssueError> {
        let longest = self.lifetimes.longest;
        let Some(lifetime) = asked else {
            // A client that was given more before the server allowed less gets what there is.
            let registered = client.access_token_lifetime;
            return Ok(registered.unwrap_or(self.lifetimes.default).min(longest));
        };
        if lifetime < Duration::from_secs(1) || lifetime > longest {
            return Err(IssueError::Lifetime { longest });
        }
        Ok(lifetime)
    }
}

/// The scope asked for, or all the client is registered for.
fn granted_scope(client: &Client, asked: Option<&Scope>) -> Result<Scope, IssueError> {
    let Some(asked) = asked else {
        return Ok(client.scope.clone());
    };
    match asked.iter().find(|value| !client.scope.contains(value)) {
        Some(value) => Err(IssueError::Scope(value.to_owned())),
        None => Ok(asked.clone()),
    }
}
