//! Looking the token up, once it is known to be made here.

use std::sync::Arc;

use avouch_oauth::secret::PresentedToken;

use crate::own_tokens::OwnTokens;
use crate::records::FoundToken;
use crate::storage::{StoreError, TokenStore};

/// What became of looking for a presented token.
#[derive(Clone, Debug)]
pub enum Sought {
    /// It is kept.
    Found(Arc<FoundToken>),
    /// This server never made it: told without a look-up.
    NeverIssued,
    /// It was made here, but it is not kept (any more).
    NotKept,
}

/// Finds what is known of a presented token.
pub async fn find(
    presented: &PresentedToken,
    own: OwnTokens<'_>,
    tokens: &impl TokenStore,
) -> Result<Sought, StoreError> {
    let Some(hash) = own.recognise(presented.expose()) else {
        return Ok(Sought::NeverIssued);
    };
    Ok(tokens
        .find(&hash)
        .await?
        .map_or(Sought::NotKept, Sought::Found))
}
