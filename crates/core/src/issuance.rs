//! Issuing access tokens: for a subject, as an existing login system orders,
//! and for a client itself (RFC 6749 section 4.4).

mod audience;
mod binding;
mod for_client;
mod for_resource_server;
mod for_subject;
mod jwt;

use std::sync::Arc;
use std::time::Duration;

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::confirmation::Confirmation;
use avouch_oauth::introspection::MAX_TOKEN_LENGTH;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use avouch_oauth::secret::IssuedSecret;
use thiserror::Error;

use crate::id::{GrantId, ResourceServerId, TokenId};
use crate::keys::{Signer, SignerError};
use crate::opaque_token::{TokenHash, TokenKind, TokenMint};
use crate::records::{AccessToken, Client, Grant, ResourceServer, TokenFormat, UnderlyingGrant};
use crate::storage::{CallerStore, StoreError, TokenStore};
use crate::time::Timestamp;

use audience::Audience;

pub use binding::ShownKeys;
pub use for_client::issue_for_client;
pub use for_resource_server::{INTROSPECTION_SCOPE, IssuedToCaller, issue_for_resource_server};
pub use for_subject::{SubjectOrder, issue_for_subject};
pub use jwt::{Disclosure, JwtTokens};

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
    pub token: IssuedSecret,
    /// What is kept of it.
    pub record: AccessToken,
    /// What can be read in it; `None` for an opaque token, which says nothing.
    pub disclosure: Option<Disclosure>,
}

/// Why no token was issued, by who has to act.
#[derive(Debug, Error)]
pub enum IssueError {
    /// More scope than the client is registered for.
    #[error("the scope value {0} is not among those the client is registered for")]
    Scope(String),
    /// No resource named, none meant by the scope, and the client has no list of its own.
    #[error(
        "name the resource the token is for: this client is registered for any, and no resource \
         server is meant by the scope alone"
    )]
    NoResource,
    /// The client is registered for no resource at all.
    #[error("this client is registered for no resource: register it for some, or for any")]
    NoResourceOpen,
    /// A resource that no RS serves or this client may not ask for.
    #[error("the resource {0} is not served here or not open to this client")]
    Resource(ResourceIdentifier),
    /// Resource servers that want tokens of different forms.
    #[error(
        "the resources belong to resource servers that take access tokens of different forms; \
         ask for a token for each"
    )]
    FormatsDiffer,
    /// A JWT that several RSs would read, each the other's part.
    #[error(
        "a JWT access token can be read by all it is for, so it is for one resource server; \
         ask for a token for each"
    )]
    SeveralServers,
    /// The admin API beside another resource, whose server would get to see the token.
    #[error(
        "an access token for the admin API is for nothing else: ask for one with {0} as its only \
         resource"
    )]
    AdminAlone(ResourceIdentifier),
    /// A JWT for an RS that an administrator has stopped: it could not be
    /// kept from believing it.
    #[error("the resource server of {0} is suspended")]
    Suspended(ResourceIdentifier),
    /// The RS's release policy lets nothing of the token be known.
    #[error("the release policy of {0} keeps all of this token from it")]
    Withheld(ResourceServerId),
    /// A JWT longer than a token may be at introspection.
    #[error(
        "as a JWT the token would be longer than {MAX_TOKEN_LENGTH} bytes; grant less in it, or \
         have it issued opaque"
    )]
    TooLong,
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
    /// A client whose tokens are bound shows no key.
    #[error(
        "the access tokens of this client are bound to a DPoP key: send a proof in the DPoP \
         header (an order names its thumbprint)"
    )]
    NoProof,
    /// A client whose tokens are bound shows no certificate.
    #[error(
        "the access tokens of this client are bound to its certificate: ask over mutual TLS (an \
         order names its thumbprint)"
    )]
    NoCertificate,
    /// Nothing to bind the token to, on a server that issues none unbound.
    #[error(
        "this server issues no unbound access tokens: send a proof in the DPoP header, or ask over \
         mutual TLS (an order names a thumbprint)"
    )]
    Unbound,
    /// There is no such client.
    #[error("there is no client {0}")]
    UnknownClient(String),
    /// No active key to sign a JWT with.
    #[error("there is no active {0} key to sign access tokens with")]
    NoKey(SignatureAlgorithm),
    /// The key is there but does not answer.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// No random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed; whether the token was kept is not known, and it is not given out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the issuing functions work with.
pub struct Issuance<'a, S, K> {
    /// Where tokens and callers are kept.
    pub store: &'a S,
    /// Makes opaque tokens.
    pub mint: &'a TokenMint,
    /// Makes JWTs.
    pub jwt: JwtTokens<'a, K>,
    /// The form of tokens where neither RS nor client says.
    pub default_format: TokenFormat,
    /// Where randomness comes from.
    pub random: &'a dyn SecureRandom,
    /// How long tokens live.
    pub lifetimes: Lifetimes,
    /// Whether no token goes out that is bound to nothing.
    pub sender_constrained: bool,
    /// The resource identifier of the server's own admin API, where it is to be had. No RS serves
    /// it.
    pub admin: Option<&'a ResourceIdentifier>,
    /// The instant of issue.
    pub now: Timestamp,
}

/// What the new token is to hold beside what its grant says.
struct TokenTerms {
    scope: Scope,
    audience: Audience,
    authorization_details: AuthorizationDetails,
    confirmation: Option<Confirmation>,
    not_before: Option<Timestamp>,
    lifetime: Duration,
}

impl<S: TokenStore + CallerStore, K: Signer> Issuance<'_, S, K> {
    /// Keeps the grant with a fresh token; only then is the token given out.
    async fn issue(
        &self,
        grant: &Grant,
        client: &Client,
        terms: TokenTerms,
    ) -> Result<Issued, IssueError> {
        let expires_at = self.now.after(terms.lifetime);
        if terms.not_before.is_some_and(|start| start >= expires_at) {
            return Err(IssueError::NotBefore);
        }
        let Audience { resources, servers } = terms.audience;
        let format = self.format(client, &servers)?;
        let mut record = AccessToken {
            // Until there is a token; nothing is kept under it.
            hash: TokenHash::of(""),
            id: TokenId::generate(self.random)?,
            grant: grant.id.clone(),
            client: grant.client.clone(),
            scope: terms.scope,
            audience: resources,
            authorization_details: terms.authorization_details,
            confirmation: terms.confirmation,
            issued_at: self.now,
            not_before: terms.not_before,
            expires_at,
            revoked_at: None,
        };
        let (token, disclosure) = match format {
            TokenFormat::Opaque => {
                let token = self.mint.mint(TokenKind::Access, self.random)?;
                (IssuedSecret::new(token.expose()), None)
            }
            TokenFormat::Jwt => {
                let grant = UnderlyingGrant::from(grant);
                let signing = self.jwt.sign(&grant, &record, &servers, self.now);
                let (token, disclosure) = signing.await?;
                (token, Some(disclosure))
            }
        };
        // Both forms are found by the hash of the whole token: of a JWT that
        // makes every octet count, beyond what its signature covers.
        record.hash = TokenHash::of(token.expose());
        self.store.issue(grant, &record).await?;
        Ok(Issued {
            token,
            record,
            disclosure,
        })
    }

    fn fresh_grant_id(&self) -> Result<GrantId, IssueError> {
        Ok(GrantId::generate(self.random)?)
    }

    /// The form of the new token. The RSs come first, since they have to read
    /// it; those that say nothing take either, for they can always ask.
    fn format(
        &self,
        client: &Client,
        servers: &[Arc<ResourceServer>],
    ) -> Result<TokenFormat, IssueError> {
        if servers.is_empty() {
            // The admin API looks every token up: nothing need stand in it.
            return Ok(TokenFormat::Opaque);
        }
        let mut wanted = servers
            .iter()
            .filter_map(|server| server.access_tokens.value.format);
        match wanted.next() {
            Some(first) if wanted.all(|format| format == first) => Ok(first),
            Some(_) => Err(IssueError::FormatsDiffer),
            None => Ok(client.access_token_format.unwrap_or(self.default_format)),
        }
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
