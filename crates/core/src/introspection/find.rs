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
    find_evenly(presented, own, tokens, &|_| true).await
}

/// The same, by steps that are the same for every token that was made here and is not good, by
/// `is_good` (requirement TIM-01).
pub async fn find_evenly(
    presented: &PresentedToken,
    own: OwnTokens<'_>,
    tokens: &impl TokenStore,
    is_good: &(dyn Fn(&FoundToken) -> bool + Sync),
) -> Result<Sought, StoreError> {
    let Some(hash) = own.recognise(presented.expose()) else {
        return Ok(Sought::NeverIssued);
    };
    Ok(tokens
        .find_evenly(&hash, is_good)
        .await?
        .map_or(Sought::NotKept, Sought::Found))
}
