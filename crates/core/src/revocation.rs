//! Revocation by a client (RFC 7009).

use avouch_oauth::secret::PresentedToken;
use thiserror::Error;

use crate::id::{ClientId, TokenId};
use crate::introspection::{Sought, find};
use crate::own_tokens::OwnTokens;
use crate::storage::{Revoked, StoreError, TokenStore};
use crate::time::Timestamp;

/// What a revocation request came to. All but an error is a 200 on the wire
/// (RFC 7009 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The token, if it is one of ours.
    pub token: Option<TokenId>,
    /// What became of it.
    pub outcome: Revoked,
}

/// Why a token was not revoked.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// It belongs to another client (RFC 7009 section 2.1).
    #[error("the token was issued to another client")]
    ForeignToken,
    /// The store failed: it may or may not be revoked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes a client's own token. When this returns, no RS sees it active.
pub async fn revoke(
    presented: &PresentedToken,
    client: &ClientId,
    own: OwnTokens<'_>,
    tokens: &impl TokenStore,
    now: Timestamp,
) -> Result<Revocation, RevokeError> {
    let Sought::Found(found) = find(presented, own, tokens).await? else {
        return Ok(Revocation {
            token: None,
            outcome: Revoked::Unknown,
        });
    };
    if found.token.client != *client {
        return Err(RevokeError::ForeignToken);
    }
    let outcome = tokens.revoke_token(&found.token.hash, now).await?;
    Ok(Revocation {
        token: Some(found.token.id.clone()),
        outcome,
    })
}
