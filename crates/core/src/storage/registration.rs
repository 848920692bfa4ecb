//! Initial access tokens.

use super::StoreError;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;
use crate::records::InitialAccessToken;
use crate::time::Timestamp;

/// Keeps initial access tokens.
pub trait InitialAccessTokenStore {
    /// Keeps a new one.
    fn insert_initial_access_token(
        &self,
        token: &InitialAccessToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Finds one that is live at this instant: not expired, not withdrawn, not
    /// used up.
    fn find_initial_access_token(
        &self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<InitialAccessToken>, StoreError>> + Send;

    /// Takes one use, if one is left; `false` if not. Two callers never get
    /// the same last use.
    fn use_initial_access_token(
        &self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Every one that is not withdrawn, in the order of ids.
    fn list_initial_access_tokens(
        &self,
    ) -> impl Future<Output = Result<Vec<InitialAccessToken>, StoreError>> + Send;

    /// Withdraws one; `false` if there is none.
    fn remove_initial_access_token(
        &self,
        id: &InitialAccessTokenId,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
