//! A resource server's own token (RFC 9701 section 4, RFC 6749 section 4.4).

use avouch_oauth::scope::Scope;
use avouch_oauth::secret::IssuedSecret;

use super::{Issuance, IssueError, ShownKeys, binding};
use crate::id::TokenId;
use crate::keys::Signer;
use crate::opaque_token::TokenKind;
use crate::records::{CallerToken, ResourceServer, TokenBinding};
use crate::storage::{CallerStore, CallerTokenStore, TokenStore};

/// The one thing that the token of an RS allows, as a scope value.
pub const INTROSPECTION_SCOPE: &str = "introspect";

/// A token that an RS gets for itself, durably kept.
#[derive(Debug)]
pub struct IssuedToCaller {
    /// The token: for its owner's eyes.
    pub token: IssuedSecret,
    /// What is kept of it.
    pub record: CallerToken,
}

/// Issues a token that is good for introspection by this RS, and for nothing
/// else. The token is bound to what was shown.
pub async fn issue_for_resource_server<S, K>(
    issuance: &Issuance<'_, S, K>,
    resource_server: &ResourceServer,
    scope: Option<&Scope>,
    shown: ShownKeys,
) -> Result<IssuedToCaller, IssueError>
where
    S: TokenStore + CallerStore + CallerTokenStore,
    K: Signer,
{
    let beyond = scope.and_then(|scope| scope.iter().find(|value| *value != INTROSPECTION_SCOPE));
    if let Some(value) = beyond {
        return Err(IssueError::Scope(value.to_owned()));
    }
    let confirmation = binding::bind(TokenBinding::Optional, issuance.sender_constrained, shown)?;
    let token = issuance.mint.mint(TokenKind::Caller, issuance.random)?;
    let record = CallerToken {
        hash: token.hash(),
        id: TokenId::generate(issuance.random)?,
        resource_server: resource_server.id.clone(),
        confirmation,
        issued_at: issuance.now,
        expires_at: issuance.now.after(issuance.lifetimes.default),
    };
    issuance.store.insert_caller_token(&record).await?;
    Ok(IssuedToCaller {
        token: IssuedSecret::new(token.expose()),
        record,
    })
}
